/** Sentences with computed figures in them: a cell says what its numbers mean, in Markdown, beside the numbers. */
import { display } from "./display";

/**
 * Shows text as Markdown: say`It is **${percent(share)}**.` Line breaks of the source are spaces; an empty line starts a
 * new paragraph, a line that begins with "- " an item of a list.
 */
export function say(texts: TemplateStringsArray, ...values: readonly (string | number | bigint | boolean)[]): void {
  const source = texts.reduce((all, part, i) => `${all}${String(values[i - 1])}${part}`);
  const text = source
    .trim()
    .split(/\n\s*\n/)
    .map(joinLines)
    .join("\n\n");
  display({ "text/markdown": text, "text/plain": withoutMarks(text) });
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
