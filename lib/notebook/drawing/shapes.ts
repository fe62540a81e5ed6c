/**
 * Boxes, arrows and labels as pieces of SVG. Whoever draws says where things stand; there is no layout engine.
 *
 * A drawing is shown on white and on a dark page, like a plot, so its background is transparent: boxes bring their own
 * fill, with text that stands out on it, and what lies outside of boxes has the colours of plots. No meaning hangs on a
 * colour alone: what a box is also stands in its words, and what is cached has a second border.
 */
import { escapeHtml } from "../html";
import { COLOURS, TEXT } from "../plot/theme";

export type Point = readonly [x: number, y: number];

/** Fill and text of each kind of box. The test of this folder computes their contrast. */
export const KINDS = {
  value: { fill: "#e2e5ea", text: "#1b1d21" }, // numbers that flow
  step: { fill: COLOURS[0], text: "#ffffff" }, // a computation
  choice: { fill: COLOURS[2], text: "#ffffff" }, // the router, positions: what the text around explains
  shared: { fill: COLOURS[3], text: "#06130c" }, // the same weights in several places, or for every token
  cached: { fill: COLOURS[1], text: "#231304" }, // what is kept for later tokens
} as const;

export type Kind = keyof typeof KINDS;

/** A box around its centre, with one line of text or several. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  text: string | readonly string[];
  kind: Kind;
}

const SIZE = 13;
const LINE_HEIGHT = 17;

export const top = ({ x, y, height }: Box): Point => [x, y - height / 2];
export const bottom = ({ x, y, height }: Box): Point => [x, y + height / 2];
export const left = ({ x, y, width }: Box): Point => [x - width / 2, y];
export const right = ({ x, y, width }: Box): Point => [x + width / 2, y];

/**
 * Text with c^{KV}_{t} as raised and lowered letters, as SVG. Shifts are in pixels: not every browser knows
 * `baseline-shift`.
 */
export function richText(text: string, size = SIZE): string {
  let shifted = 0;
  const pieces = text.split(/([\^_](?:\{[^}]*\}|.))/).filter((piece) => piece !== "");
  return pieces
    .map((piece) => {
      const mark = /^([\^_])\{?(.*?)\}?$/s.exec(piece);
      const wanted = mark === null ? 0 : mark[1] === "^" ? -0.38 * size : 0.25 * size;
      const dy = wanted - shifted;
      shifted = wanted;
      const attributes = [
        ...(dy === 0 ? [] : [`dy="${Number(dy.toFixed(2))}"`]),
        ...(mark === null ? [] : [`font-size="${Math.round(0.75 * size)}"`]),
      ];
      return `<tspan${attributes.map((it) => ` ${it}`).join("")}>${escapeHtml(mark?.[2] ?? piece)}</tspan>`;
    })
    .join("");
}

/** The same text as it is read aloud or printed: without the marks. */
export function plainText(text: string): string {
  return text.replace(/[\^_](?:\{([^}]*)\}|(.))/g, (_, long: string | undefined, short: string | undefined) =>
    long === undefined ? (short ?? "") : long,
  );
}

function textLines(at: Point, lines: readonly string[], colour: string, anchor: string, weight = ""): string {
  const first = at[1] - ((lines.length - 1) * LINE_HEIGHT) / 2 + 0.35 * SIZE;
  return lines
    .map((line, i) => {
      const y = Number((first + i * LINE_HEIGHT).toFixed(1));
      return `<text x="${at[0]}" y="${y}" fill="${colour}" text-anchor="${anchor}"${weight}>${richText(line)}</text>`;
    })
    .join("\n");
}

/** A box; one that is cached has a second border. */
export function box({ x, y, width, height, text, kind }: Box): string {
  const { fill, text: colour } = KINDS[kind];
  const rectangle = (inset: number, paint: string) =>
    `<rect x="${x - width / 2 + inset}" y="${y - height / 2 + inset}" width="${width - 2 * inset}" ` +
    `height="${height - 2 * inset}" rx="${6 - inset / 2}" ${paint}/>`;
  const parts = [rectangle(0, `fill="${fill}"`)];
  if (kind === "cached") parts.push(rectangle(4, `fill="none" stroke="${colour}" stroke-width="1.5"`));
  parts.push(textLines([x, y], typeof text === "string" ? [text] : text, colour, "middle"));
  return parts.join("\n");
}

/** Words outside of boxes, around a height. */
export function label(
  at: Point,
  text: string | readonly string[],
  { anchor = "middle", bold = false }: { anchor?: "start" | "middle" | "end"; bold?: boolean } = {},
): string {
  return textLines(at, typeof text === "string" ? [text] : text, TEXT, anchor, bold ? ' font-weight="bold"' : "");
}

/** A line through points, with a head at the last one. */
export function arrow(
  points: readonly Point[],
  { dashed = false, head = true }: { dashed?: boolean; head?: boolean } = {},
): string {
  const [[fromX, fromY], [toX, toY]] = points.slice(-2);
  const [dx, dy] = [Math.sign(toX - fromX), Math.sign(toY - fromY)];
  const dashes = dashed ? ' stroke-dasharray="5 4"' : "";
  const line = `<polyline points="${points.join(" ")}" fill="none" stroke="${TEXT}" stroke-width="1.6"${dashes}/>`;
  if (!head) return line;
  // Arrows run along or across the page, so the head's corners are found by swapping.
  const back: Point = [toX - 8 * dx, toY - 8 * dy];
  const corners = [
    [toX, toY],
    [back[0] + 4 * dy, back[1] + 4 * dx],
    [back[0] - 4 * dy, back[1] - 4 * dx],
  ];
  return `${line}\n<polygon points="${corners.join(" ")}" fill="${TEXT}"/>`;
}

/** A circle with a sign in it, such as + where things are added. */
export function sign([x, y]: Point, text: string): string {
  const circle = `<circle cx="${x}" cy="${y}" r="11" fill="${KINDS.value.fill}"/>`;
  return `${circle}\n${textLines([x, y], [text], KINDS.value.text, "middle", ' font-weight="bold"')}`;
}

/** A dashed border around a part, from its left upper corner. */
export function frame([x, y]: Point, width: number, height: number): string {
  return (
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="none" stroke="${TEXT}" ` +
    'stroke-dasharray="5 4"/>'
  );
}
