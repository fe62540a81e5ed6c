/** The symbols of formulas in Markdown: $s_{i,t} + b_i$ has s and b. */

/** The formulas of a text, code aside. In a master, give the text of its Markdown cells. */
export function formulasIn(markdown: string): string[] {
  const prose = markdown.replace(/```[^]*?```/g, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\$\$([^$]+)\$\$|(?<![\\$\w])\$(?![\s\d])((?:\\.|[^$\n\\])+?)\$(?![\w$])/g)].map(
    ([, block, inline]) => block ?? inline,
  );
}

/** The prose of a master's Markdown cells. */
export function proseOf(master: string): string {
  const cells = master.split(/^(?=\/\/ %%)/m).filter((cell) => cell.startsWith("// %% [markdown]"));
  return cells.map((cell) => cell.replace(/^\/\/ ?/gm, "")).join("\n");
}

/** Commands that are letters; all others are signs or change the look of what follows. */
const GREEK =
  "alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi " +
  "varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega ell";
const LETTER = `(?:\\\\(?:${GREEK.split(" ").join("|")})(?![a-zA-Z])|[A-Za-z])`;
const SYMBOL = new RegExp(`(${LETTER})((?:'|[_^](?:\\{[^{}]*\\}|\\\\[a-zA-Z]+|.))*)`, "g");

/**
 * The symbols of a formula, each as a name without its indices: c^{KV}_{t} and c_t^{KV} are c^{KV}, s_{i,t} is s, d_h is
 * d_h. A raised label is a part of the name if it is made of capital letters; so is a prime, and a lowered h, c or r
 * beside n, d, N or K, as the reports write sizes.
 */
export function symbolsIn(formula: string): string[] {
  const plain = formula
    .replace(/\\(?:text|mathrm|operatorname|textit|textbf|mathit)\*?\s*\{[^{}]*\}/g, " ")
    .replace(/\\(?:mathbf|boldsymbol|bm|hat|bar|tilde|mathcal|vec|widehat)\s*\{([^{}]*)\}/g, "$1")
    .replace(/\\(?:mathbf|boldsymbol|bm|hat|bar|tilde|mathcal|vec)\s*/g, "")
    .replace(/\^\s*\{?\\(?:top|intercal|prime)\}?/g, "")
    .replace(/\\begin\{\w+\}|\\end\{\w+\}/g, " ")
    .replace(/\^\{?T\}?/g, "");
  return [...plain.matchAll(new RegExp(`\\\\[a-zA-Z]+|${SYMBOL.source}`, "g"))].flatMap((match) => {
    const again = new RegExp(`^${SYMBOL.source}`).exec(plain.slice(match.index));
    return again === null ? [] : [nameOf(again[1], again[2])];
  });
}

function nameOf(letter: string, marks: string): string {
  const raised = /\^\{?([A-Z]{1,3})\}?(?![a-z])/.exec(marks)?.[1];
  const lowered = /_\{?([hcrs])\}?(?![a-z,])/.exec(marks)?.[1];
  const isSize = /^[ndNK]$/.test(letter) && lowered !== undefined;
  const prime = marks.includes("'") ? "'" : "";
  return `${letter}${prime}${isSize ? `_${lowered}` : ""}${raised === undefined ? "" : `^{${raised}}`}`;
}
