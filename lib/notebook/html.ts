/**
 * Small pieces of HTML that look right in JupyterLab's light and dark themes. No colour here depends on the background:
 * text takes the theme's colour, and a coloured sign has the same contrast on white and on black. JupyterLab strips
 * unknown styles from a notebook that it does not trust; what is used here survives.
 */

/** Green and red with a contrast of at least 4:1 on white and on JupyterLab's dark background (#111111). */
export const GOOD = "#2c8846";
export const BAD = "#d5453d";
/** Neither: not solved yet, a condition. Same contrast. */
export const NEUTRAL = "#777c85";
/** Lines between rows and around boxes: visible on both backgrounds, prominent on neither. */
export const LINE = "rgba(128, 128, 128, 0.4)";

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as HTML that shows exactly this text, in an attribute too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/**
 * A dollar sign that starts no formula, in HTML and in Markdown. JupyterLab looks for formulas twice: in the Markdown,
 * where an entity is none, and in the page made of it, where no formula reaches across the border of an element. (A
 * backslash helps the first time only.)
 */
export const DOLLAR = "<span>&#36;</span>";

/** Text as the content of an HTML element; dollars are dollars. */
export function plainHtml(text: string): string {
  return escapeHtml(text).replaceAll("$", DOLLAR);
}

/** The same, with text between backticks as code; line breaks stay. */
export function inlineHtml(text: string): string {
  return plainHtml(text)
    .replace(/`([^`\n]+)`/g, "<code>$1</code>")
    .replaceAll("\n", "<br>");
}

/** Markdown's code, in which all is text. */
const CODE = /(?<ticks>`+)(?!`)[^]*?(?<!`)\k<ticks>(?!`)/;
/** What a person means by a formula: no blanks beside its dollars, no digit behind it; after "$5", no words either. */
const FORMULA = new RegExp(
  [
    /\$\$[^$]+\$\$/,
    /\$(?![\s$\d])(?:\\.|[^$\n])*?(?<![\s\\])\$(?!\d)/,
    /\$(?=\d)(?:\\[a-z]+|(?<![a-z])[a-z](?![a-z])|[^$\n\\a-z])*(?<![\s\\])\$(?!\d)/i,
  ]
    .map(({ source }) => source)
    .join("|"),
);
const DOLLARS = new RegExp(`${CODE.source}|${FORMULA.source}|\\\\?\\$`, "gi");

/** Markdown in which every dollar is text unless it belongs to a formula such as $x_i$, or to code. */
export function textDollars(markdown: string): string {
  return markdown.replace(DOLLARS, (found) => (/^`|^\$./.test(found) ? found : DOLLAR));
}
