/**
 * Text of which each piece has a colour that says something, with a legend, and more to read where it is pointed at.
 * Colour is never alone: each kind also has an underline of its own, and the plain text gives counts.
 */
import { display, type MimeBundle } from "../../notebook/display";
import { escapeHtml } from "../../notebook/html";
import { COLOURS } from "../../notebook/plot/theme";

export interface ColouredPiece<K extends string> {
  text: string;
  /** One of the legend's kinds. */
  kind: K;
  /** Shown when the piece is pointed at. */
  hover?: string;
}

const UNDERLINES = ["none", "solid", "dotted", "double", "dashed"] as const;

/**
 * Shows text in colours.
 *
 * @param legend what each kind means, in order; the first is set plainly
 * @throws {Error} if a piece has a kind that the legend lacks, or there are more kinds than underlines
 */
export function colouredText<K extends string>(
  caption: string,
  pieces: readonly ColouredPiece<K>[],
  legend: Record<K, string>,
): void {
  display(colouredTextBundle(caption, pieces, legend));
}

/** The output that `colouredText` shows; errors as there. */
export function colouredTextBundle<K extends string>(
  caption: string,
  pieces: readonly ColouredPiece<K>[],
  legend: Record<K, string>,
): MimeBundle {
  const kinds = Object.keys(legend) as K[];
  if (kinds.length > UNDERLINES.length) {
    throw new Error(`colouredText "${caption}": ${kinds.length} kinds; at most ${UNDERLINES.length} can be told apart`);
  }
  const odd = pieces.find(({ kind }) => !kinds.includes(kind));
  if (odd !== undefined) throw new Error(`colouredText "${caption}": the legend has no kind "${odd.kind}"`);
  const styles = Object.fromEntries(kinds.map((kind, i) => [kind, styleOf(i)])) as Record<K, string>;
  const span = (kind: K, text: string, hover?: string) => {
    const title = hover === undefined ? "" : ` title="${escapeHtml(hover)}"`;
    return `<span style="${styles[kind]}"${title}>${escapeHtml(text)}</span>`;
  };
  const body = pieces.map(({ text, kind, hover }) => {
    const shown = text === "\n" ? "↵\n" : text === " " && kind !== kinds[0] ? "␣" : text;
    return span(kind, shown, hover);
  });
  const count = (kind: K) => pieces.filter((piece) => piece.kind === kind).length;
  const keys = kinds.map((kind) => span(kind, `${legend[kind]} (${count(kind)})`));
  const html = [
    `<div style="font-weight: bold; margin: 4px 0">${escapeHtml(caption)}</div>`,
    `<div style="margin: 4px 0">${keys.join(" &nbsp; ")}</div>`,
    `<div style="font-family: monospace; white-space: pre-wrap; line-height: 1.7">${body.join("")}</div>`,
  ];
  const plain = [caption, kinds.map((kind) => `${legend[kind]}: ${count(kind)}`).join(" · ")];
  return { "text/html": html.join(""), "text/plain": [...plain, pieces.map(({ text }) => text).join("")].join("\n") };
}

/** The theme's colours differ in lightness; the first kind keeps the page's own. */
function styleOf(i: number): string {
  if (i === 0) return "opacity: 0.75";
  const colour = COLOURS[i - 1];
  return `background-color: ${colour}38; text-decoration: underline ${UNDERLINES[i]} ${colour}; text-decoration-thickness: 2px`;
}
