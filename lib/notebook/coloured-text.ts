/**
 * Text of which each piece has a colour that says something, with a key, and more to read where a piece is pointed at.
 * Colour is never alone: kinds also differ in their underline, and the plain text gives the same counts.
 */
import { display, type MimeBundle } from "./display";
import { escapeHtml, LINE, plainHtml } from "./html";
import { COLOURS } from "./plot/theme";

export interface ColouredPiece<K extends string> {
  text: string;
  /** One of the legend's kinds. Without a legend: what it belongs to ("expert 17"), "" if to nothing. */
  kind: K;
  /** Shown when the piece is pointed at. */
  hover?: string;
}

/**
 * Shows text in colours.
 *
 * @param legend what each kind means, in order; the first is set plainly, and all are counted above the text. Without a
 *   legend, kinds speak for themselves: the most frequent get the eight colours, the others stay bare, and the shares
 *   stand below.
 * @throws {Error} if a piece has a kind that the legend lacks, or the legend has more kinds than there are underlines
 */
export function colouredText<K extends string>(
  caption: string,
  pieces: readonly ColouredPiece<K>[],
  legend?: Record<K, string>,
): void {
  display(colouredTextBundle(caption, pieces, legend));
}

/** The output that `colouredText` shows; errors as there. */
export function colouredTextBundle<K extends string>(
  caption: string,
  pieces: readonly ColouredPiece<K>[],
  legend?: Record<K, string>,
): MimeBundle {
  const key = legend === undefined ? frequentKinds(pieces) : legendKinds(caption, pieces, legend);
  const styles = new Map(key.map(({ kind, style }) => [kind, style]));
  const span = (text: string, kind: string, hover?: string) => {
    const style = styles.get(kind);
    const styled = style === undefined ? "" : ` style="${style}"`;
    return `<span${styled}${hover === undefined ? "" : ` title="${escapeHtml(hover)}"`}>${plainHtml(text)}</span>`;
  };
  const shown = ({ text, kind, hover }: ColouredPiece<string>) => {
    if (hover === undefined) return text;
    // What can be pointed at has to be seen.
    return text === "\n" ? "↵\n" : text === " " && styles.get(kind) !== PLAIN ? "␣" : text;
  };
  const keyHtml = key.map(({ kind, says }) => span(says, kind)).join(" &nbsp; ");
  const textHtml = joined(pieces)
    .map((piece) => span(shown(piece), piece.kind, piece.hover))
    .join("");
  const blocks = [`<div style="margin: 4px 0">${keyHtml}</div>`, `<div style="${MONOSPACE}">${textHtml}</div>`];
  const plain = [
    key.map(({ says }) => says).join(legend === undefined ? ", " : " · "),
    pieces.map(({ text }) => text).join(""),
  ];
  if (legend === undefined) for (const parts of [blocks, plain]) parts.reverse();
  const html = [
    `<div style="border-left: 2px solid ${LINE}; padding-left: 12px; margin: 4px 0; line-height: 1.9">`,
    `<div style="font-weight: bold; margin-bottom: 4px">${plainHtml(caption)}</div>`,
    ...blocks,
    "</div>",
  ];
  return { "text/html": html.join(""), "text/plain": [caption, ...plain].join("\n") };
}

/** An entry of the key. */
interface Entry {
  kind: string;
  /** CSS; undefined for what stays bare. */
  style?: string;
  /** "accepted: 12" */
  says: string;
}

const MONOSPACE = "font-family: monospace; white-space: pre-wrap; overflow-wrap: anywhere";
const PLAIN = "opacity: 0.75";
const UNDERLINES = ["solid", "dotted", "double", "dashed"];

/** The i-th colour, light enough behind the text of both themes. */
function coloured(i: number): string {
  const colour = COLOURS[i];
  const underline = `text-decoration: underline ${UNDERLINES[i % UNDERLINES.length]} ${colour}`;
  return `background-color: ${colour}59; ${underline}; text-decoration-thickness: 2px`;
}

/** The legend's kinds, with how often each is there. */
function legendKinds<K extends string>(
  caption: string,
  pieces: readonly ColouredPiece<K>[],
  legend: Record<K, string>,
): Entry[] {
  const kinds = Object.keys(legend) as K[];
  const most = UNDERLINES.length + 1;
  if (kinds.length > most) {
    throw new Error(`colouredText "${caption}": ${kinds.length} kinds; at most ${most} can be told apart`);
  }
  const counts = countsOf(pieces);
  const odd = [...counts.keys()].find((kind) => !kinds.includes(kind));
  if (odd !== undefined) throw new Error(`colouredText "${caption}": the legend has no kind "${odd}"`);
  return kinds.map((kind, i) => {
    return { kind, style: i === 0 ? PLAIN : coloured(i - 1), says: `${legend[kind]}: ${counts.get(kind) ?? 0}` };
  });
}

/** As many of the most frequent kinds as there are colours, and the rest in one entry, with their shares. */
function frequentKinds(pieces: readonly ColouredPiece<string>[]): Entry[] {
  const ranked = [...countsOf(pieces.filter(({ kind }) => kind !== ""))].sort((a, b) => b[1] - a[1]);
  const sum = (some: typeof ranked) => some.reduce((all, [, count]) => all + count, 0);
  const share = (some: typeof ranked) => `${((100 * sum(some)) / sum(ranked)).toFixed(0)}%`;
  const rest = ranked.slice(COLOURS.length);
  return [
    ...ranked.slice(0, COLOURS.length).map((one, i) => {
      return { kind: one[0], style: coloured(i), says: `${one[0]} ${share([one])}` };
    }),
    ...(rest.length === 0 ? [] : [{ kind: "", says: `${rest.length} others ${share(rest)}` }]),
  ];
}

function countsOf<K extends string>(pieces: readonly ColouredPiece<K>[]): Map<K, number> {
  const counts = new Map<K, number>();
  for (const { kind } of pieces) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** One piece for neighbours of one kind, unless they can be pointed at. */
function joined(pieces: readonly ColouredPiece<string>[]): ColouredPiece<string>[] {
  const all: ColouredPiece<string>[] = [];
  for (const piece of pieces) {
    const last = all[all.length - 1];
    if (last?.kind === piece.kind && last.hover === undefined && piece.hover === undefined) last.text += piece.text;
    else all.push({ ...piece });
  }
  return all;
}
