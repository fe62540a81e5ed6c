/*
 * Finds figures that somebody typed into a lesson's prose. A figure belongs into a cell that computes it or into data/,
 * where it has a source; one that is typed stays when the computation or the source changes. A quoted figure may be
 * typed if its sentence, or the end of its paragraph, names the source.
 *
 * Prose is the markdown of a master and the fixed text of its say`…` (what stands between ${ and } is computed).
 *
 * A figure is a number, in digits, with
 *   - a currency before it or a unit behind it ("$5.6M", "54 days", "35%", "11 times", "37B"),
 *   - or a point and decimals ("3.35"),
 *   - or four digits and more ("2,048"), unless it is a year.
 * No figures are: formulas between $ signs, code, addresses, headings' numbers; numbers of sections, tables, pages,
 * lessons and the like; dates; numbers within a name ("H800", "GPT-4", "Llama 3.1 405B"); numbers in words; the line
 * under an exercise's title; the table of claims, whose rows begin with a claim's id and say what others said.
 *
 * A source is a link, or a bracket that names a publication or a place in one ("(the report, table 1)"), in the same
 * sentence or at the end of the paragraph.
 */

export interface TypedFigure {
  line: number; // of the master, where the paragraph begins
  cell: number; // of the notebook, from 1
  sentence: string;
  figure: string;
}

interface Paragraph {
  line: number;
  cell: number;
  text: string;
}

const UNITS = [
  "%",
  "‰",
  "per cent",
  "percent",
  "times",
  "-?fold",
  "×",
  "[KMBT]",
  "thousand",
  "million",
  "billion",
  "trillion",
  "dollars?",
  "francs?",
  "euros?",
  "cents?",
  "[kMGTPE]?i?B",
  "bytes?",
  "bits?",
  "[GTPE]?FLOPs?",
  "[GTPE]FLOPS",
  "FLOP/s",
  "[GT]B/s",
  "(?:GPU-|H800-|H100-|A100-)?hours?",
  "days?",
  "weeks?",
  "months?",
  "years?",
  "minutes?",
  "seconds?",
  "m?s",
  "µs",
  "tokens?",
  "parameters?",
  "GPUs?",
  "nodes?",
  "layers?",
  "experts?",
  "people",
  "researchers?",
  "runs?",
  "W",
  "kW",
  "MW",
  "[kMG]?Wh",
  "SMs",
  "pairs?",
  "texts?",
  "steps?",
].join("|");
const NUMBER = String.raw`\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?`;
/** 1 currency, 2 number, 3 unit. A number behind a letter, point or hyphen is part of a name: V3, B.1, GPT-4. */
const FIGURE = new RegExp(
  String.raw`(?<![\w.#/-])((?:US)?[$€£]\s?|(?:CHF|USD|EUR)\s)?(${NUMBER})(?:[ -]?(${UNITS})(?![\w/]))?(?![\w.]*\w)`,
  "gu",
);
const MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)";

/** What looks like a figure and is none, with what stands in its place. */
const NO_FIGURES: [RegExp, string][] = [
  [/```[\s\S]*?```/g, " "],
  [/`[^`\n]*`/g, "code"],
  [/\\\$/g, "USD "], // a dollar sign that is one
  [/\$\$[\s\S]*?\$\$/g, "formula"],
  [/\$[^$\n]+?\$/g, "formula"],
  [/<[^>]+>/g, " "],
  [/^#+\s+(?:\d+\s*[.·]\s*)?/g, ""],
  [
    new RegExp(
      String.raw`\b(?:[Ss]ections?|[Tt]ables?|[Ee]quations?|[Ff]igures?|[Pp]ages?|[Ll]essons?|[Ee]xercises?|[Aa]ppendix|` +
        String.raw`[Cc]hapters?|[Ss]teps?|[Vv]ersions?|[Hh]int|[Cc]ase|[Pp]art|[Dd]ay|[Pp]ull request|[Ii]ssue)\s+` +
        String.raw`#?[A-Z]?\.?\d[\d.]*(?:\s*(?:,|and|to|or|–|-)\s*\d[\d.]*)*`,
      "g",
    ),
    "place",
  ],
  [
    new RegExp(String.raw`\b(?:\d{1,2}(?:\s?[–-]\s?\d{1,2})?\s+)?${MONTH}(?:\s+\d{4})?(?:\s+\d{1,2},\s+\d{4})?\b`, "g"),
    "date",
  ],
  [
    // Families of models, machines and licences, with the versions and sizes that belong to the name.
    new RegExp(
      String.raw`\b(?:Llama|Mixtral|Mistral|Qwen|GPT|Gemini|Claude|Apertus|OLMo|BLOOM|SmolLM|DeepSeek|Switch|Grok|PaLM|` +
        String.raw`Kimi|GLM|Pythia|Ascend|CloudMatrix|Apache|CUDA|Definition|Licen[cs]e|PyTorch|Python|Node|EAGLE|CC)[\w.-]*` +
        String.raw`(?:[ -](?:v?\d[\w.]*\w|\d|Ultra|Pro|Sonnet|Opus|Turbo|Maverick|Scout))+`,
      "g",
    ),
    "name",
  ],
  [/\b(?:405B|8x7B)\b/g, "name"],
];

const LINK = /\[[^\]]*\]\([^)\s]+\)/;
/** A bracket that says where something is from. */
const SOURCE = new RegExp(
  String.raw`\((?=[^()]*\b(?:report|paper|README|card|documentation|docs|article|release|configuration|announcement|` +
    String.raw`transcript|data/|arXiv|et al|section|table|page|figure|appendix|equation)\b)[^()]*(?:\([^()]*\)[^()]*)*\)`,
);

/** All typed figures of a master. */
export function typedFigures(master: string): TypedFigure[] {
  return paragraphs(master).flatMap(({ line, cell, text }) => {
    if (isExempt(text)) return [];
    if (namesSource(lastBracket(text))) return [];
    return sentences(text)
      .filter((sentence) => !namesSource(sentence))
      .flatMap((sentence) => figuresIn(sentence).map((figure) => ({ line, cell, sentence, figure })));
  });
}

/**
 * Paragraphs with two amounts like $5M or \\$5M. Jupyter reads what stands between two dollar signs as a formula, escaped
 * or not: write "5 million dollars".
 */
export function amountsReadAsFormulas(master: string): { line: number; text: string }[] {
  const amount = /\\\$\d|\$\d[\d.,]*(?:[KMB]| million| billion| an?)\b/g;
  return paragraphs(master)
    .filter(({ text }) => (text.replace(/`[^`]*`/g, "").match(amount) ?? []).length > 1)
    .map(({ line, text }) => ({ line, text }));
}

/** The message for a figure: where it is, and the ways out. */
export function describeTypedFigure(file: string, { line, cell, sentence, figure }: TypedFigure): string {
  return (
    `${file}:${line}, cell ${cell}: "${figure}" is typed into the prose: "${sentence}" ` +
    "Compute it in a cell and say`…${it}…`, or read it from data/ with fact(); a quoted figure needs its source in the " +
    "same sentence, as a link or in brackets: (the report, table 1)."
  );
}

function namesSource(text: string): boolean {
  return LINK.test(text) || SOURCE.test(text);
}

/** The bracket at the very end of a paragraph: it speaks for all of it. */
function lastBracket(text: string): string {
  return /\([^()]*(?:\([^()]*\)[^()]*)*\)[.*_]*$/.exec(text)?.[0] ?? "";
}

function isExempt(text: string): boolean {
  const claim = /^\|\s*`[a-z0-9-]+`\s*\|/; // a row of the claims' table
  const rating = /difficulty \d of \d · \d+ minutes/;
  return claim.test(text) || rating.test(text) || /^\|[\s:|-]+\|$/.test(text);
}

/** The figures of a sentence as they stand there. */
export function figuresIn(sentence: string): string[] {
  let text = sentence.replace(/\]\([^)\s]+\)/g, "]"); // addresses
  for (const [pattern, instead] of NO_FIGURES) text = text.replace(pattern, instead);
  return [...text.matchAll(FIGURE)]
    .filter(([, currency, number, unit]) => {
      const value = Number(number.replaceAll(",", ""));
      const year = /^(?:1[5-9]|20)\d\d$/.test(number);
      return currency !== undefined || unit !== undefined || number.includes(".") || (value >= 1000 && !year);
    })
    .map(([figure]) => figure.trim());
}

function sentences(paragraph: string): string[] {
  return paragraph.split(/(?<=[.!?:;]["”*_)]*)\s+(?=["“*_([]*[A-Z`])/u);
}

/** The prose of a master: paragraphs, items of lists, rows of tables. */
function paragraphs(master: string): Paragraph[] {
  const found: Paragraph[] = [];
  const lines = master.split("\n");
  let [cell, markdown] = [0, false];
  let open: Paragraph | null = null;
  const close = () => {
    if (open !== null) found.push(open);
    open = null;
  };
  lines.forEach((line, i) => {
    if (line.startsWith("// %%")) {
      close();
      cell++;
      markdown = line.includes("[markdown]");
      return;
    }
    if (!markdown) return;
    const text = line.replace(/^\/\/ ?/, "").trim();
    if (text === "" || /^([-*>|#]|\d+\.)(\s|$)/.test(text) || text.startsWith("|")) close();
    if (text === "") return;
    open = open === null ? { line: i + 1, cell, text } : { ...open, text: `${open.text} ${text}` };
    if (text.startsWith("|") || text.startsWith("#")) close();
  });
  close();
  return [...found, ...spoken(master)].sort((a, b) => a.line - b.line);
}

/** The fixed texts of say`…`, by paragraph; computed values leave a word in their place. */
function spoken(master: string): Paragraph[] {
  const found: Paragraph[] = [];
  for (const match of master.matchAll(/^\s*say`((?:[^`\\]|\\.)*)`;/gm)) {
    const before = master.slice(0, match.index);
    let line = before.split("\n").length;
    const cell = before.match(/^\/\/ %%/gm)?.length ?? 0;
    for (const text of withoutValues(match[1]).split(/\n\s*\n/)) {
      found.push({ line, cell, text: text.replace(/\s+/g, " ").trim() });
      line += text.split("\n").length + 1;
    }
  }
  return found;
}

/** A template without what it computes. A number or unit right beside a computed value counts as computed with it. */
function withoutValues(template: string): string {
  let [result, depth] = ["", 0];
  for (let i = 0; i < template.length; i++) {
    if (depth === 0 && template.startsWith("${", i)) {
      [result, depth] = [`${result}computed`, 1];
      i++;
    } else if (depth > 0) {
      depth += template[i] === "{" ? 1 : template[i] === "}" ? -1 : 0;
    } else result += template[i];
  }
  return result.replace(/\\`/g, "`");
}
