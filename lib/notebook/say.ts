/** Sentences with computed figures in them: a cell says what its numbers mean, in Markdown, beside the numbers. */
import { display } from "./display";
import { DOLLAR, textDollars } from "./html";

/** Stands for a dollar sign of a value until formulas are found: a character that no text has. */
const VALUE_DOLLAR = "\u{F0024}";

/**
 * Shows text as Markdown: say`It is **${percent(share)}**.` Line breaks of the source are spaces; an empty line starts a
 * new paragraph, a line that begins with "- " an item of a list. Dollars in values are dollars; in the text around them,
 * $x_i$ is a formula, and a dollar without a partner is one.
 */
export function say(texts: TemplateStringsArray, ...values: readonly (string | number | bigint | boolean)[]): void {
  const source = texts.reduce((all, part, i) => `${all}${String(values[i - 1]).replaceAll("$", VALUE_DOLLAR)}${part}`);
  const text = source
    .trim()
    .split(/\n\s*\n/)
    .map(joinLines)
    .join("\n\n");
  display({ "text/markdown": markdown(text), "text/plain": withoutMarks(text).replaceAll(VALUE_DOLLAR, "$") });
}

/** Where a value's dollar stands in code it is itself, since nothing is special there. */
function markdown(text: string): string {
  return textDollars(text)
    .replace(/`[^`\n]+`/g, (code) => code.replaceAll(VALUE_DOLLAR, "$"))
    .replaceAll(VALUE_DOLLAR, DOLLAR);
}

function joinLines(paragraph: string): string {
  return paragraph
    .split("\n")
    .map((line) => line.trim())
    .reduce((all, line) => `${all}${line.startsWith("- ") ? "\n" : " "}${line}`);
}

/** Markdown as it is read: without the marks for bold, italics, code and links. */
function withoutMarks(markdown: string): string {
  return markdown
    .replace(/\[([^\]]+)\]\([^)\s]+\)/g, "$1")
    .replace(/\*\*([^*]+)\*\*/g, "$1")
    .replace(/(?<![\w*])\*(?! )([^*\n]+?)(?<! )\*(?![\w*])/g, "$1")
    .replace(/`([^`\n]+)`/g, "$1");
}
