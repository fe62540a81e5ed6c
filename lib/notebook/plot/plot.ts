/**
 * Plots. `plot` takes a figure in Plotly's own terms, checks it against the course's rules (every plot has a title,
 * every axis of numbers a name with its unit), gives it the course's theme and shows it: JupyterLab draws it, and the
 * plain text beside it says in words what is drawn.
 */
import { display, type MimeBundle } from "../display";
import type { AxisLayout, Figure, Layout, Trace } from "./figure";
import { describeFigure } from "./alt-text";
import { withHover } from "./hover";
import { checkFigure } from "./rules";
import { toJson } from "./values";
import { CONFIG, TEMPLATE } from "./theme";

export type { AxisLayout, Figure, Frame, Layout, Numbers, Positions, Trace, TraceType } from "./figure";

export const PLOTLY_MIME = "application/vnd.plotly.v1+json";

const HEIGHT = 420;
/** Characters in a line: a title, the name of an axis along the width and along the height, a series' name. */
const LINE = { title: 64, x: 90, y: 44, name: 26 };
/** In pixels. A slider is between title and plot, where no label of an axis gets in its way. */
const TITLE_LINE_HEIGHT = 22;
const SLIDER_HEIGHT = 84;

/**
 * Shows a figure.
 *
 * @param options.height in pixels
 * @throws if the figure has no title, an axis of numbers has none, or a value is not something to draw
 */
export function plot(figure: Figure, options: { height?: number } = {}): void {
  display(plotBundle(figure, options));
}

/** The output that `plot` shows. @throws as plot */
export function plotBundle(figure: Figure, { height }: { height?: number } = {}): MimeBundle {
  checkFigure(figure);
  const { data, layout, frames } = figure;
  const dress = (traces: Trace[], own: Layout) =>
    traces.map((trace) => withWrappedName(withHover(trace, own, traces.length > 1)));
  const drawn = {
    data: dress(data, layout),
    layout: { template: TEMPLATE, ...dressed(layout), height: height ?? layout.height ?? HEIGHT },
    config: CONFIG,
    ...(frames === undefined
      ? {}
      : { frames: frames.map((frame) => ({ ...frame, data: dress(frame.data, { ...layout, ...frame.layout }) })) }),
  };
  return { [PLOTLY_MIME]: toJson(drawn, "figure"), "text/plain": describeFigure(figure) };
}

/** A layout with long texts wrapped, and room above the plot for the lines of the title. */
function dressed(layout: Layout): Layout {
  const text = wrapText(layout.title?.text ?? "", LINE.title);
  const lines = text.split("<br>").length;
  const top = 28 + TITLE_LINE_HEIGHT * lines + (layout.sliders === undefined ? 0 : SLIDER_HEIGHT);
  // Plotly puts a title of several lines higher than one of a single line, half out of the picture.
  const pad = { l: 12, t: lines > 1 ? 25 : 14 };
  const axes = Object.entries(layout).filter(([key]) => /^[xy]axis\d*$/.test(key)) as [string, AxisLayout][];
  return {
    margin: { l: 56, r: 24, t: top, b: 52 },
    ...layout,
    title: { pad, ...layout.title, text },
    ...Object.fromEntries(
      axes.map(([key, axis]) => [key, withWrappedTitle(axis, key.startsWith("x") ? LINE.x : LINE.y)]),
    ),
  };
}

function withWrappedTitle(axis: AxisLayout, length: number): AxisLayout {
  return axis.title === undefined
    ? axis
    : { ...axis, title: { ...axis.title, text: wrapText(axis.title.text, length) } };
}

function withWrappedName(trace: Trace): Trace {
  return trace.name === undefined ? trace : { ...trace, name: wrapText(trace.name, LINE.name) };
}

/** Text broken between words into lines of at most `length` characters, with Plotly's <br> between them. */
export function wrapText(text: string, length: number): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + 1 + word.length <= length) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join("<br>");
}
