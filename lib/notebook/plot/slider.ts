/**
 * A plot with a slider. The kernel cannot answer a moving slider (it has no comms), so the figure for every value is
 * computed ahead of time and stored as a Plotly frame; the page switches between frames by itself, also without a
 * kernel. Axes of numbers keep one range for all frames, so that only the data moves.
 */
import { display } from "../display";
import { whole } from "../format";
import type { AxisLayout, Figure, Frame, Layout, Trace } from "./figure";
import { PLOTLY_MIME, plotBundle } from "./plot";
import { axesInUse, axisKey, holdsNames } from "./rules";
import { AXIS_LINE, COLOURS, TEXT } from "./theme";

export interface SliderPlot<V extends number | string> {
  /** The question that the picture answers, for all values. */
  title: string;
  /** What the slider changes: "active experts". */
  parameter: string;
  /** Its unit, or "". */
  unit: string;
  values: readonly V[];
  /** The value that is shown first; one of `values`. */
  initial: V;
  /** The figure for a value. Its own title is not shown; all figures need the same traces in the same order. */
  figure: (value: V) => Figure;
  /** In pixels, slider included. */
  height?: number;
}

const HEIGHT = 500;

/**
 * Computes the figure for each value and shows them with a slider.
 *
 * @throws if `initial` is not among the values, there are fewer than two or two are the same, figures differ in
 * their traces, or one breaks the rules of `plot`
 */
export function sliderPlot<V extends number | string>(options: SliderPlot<V>): void {
  const { title, parameter, values, initial, height = HEIGHT } = options;
  if (values.length < 2)
    throw new Error(`sliderPlot "${title}": a slider needs at least two values, got ${values.length}`);
  const repeated = values.find((value, i) => values.findIndex((other) => String(other) === String(value)) < i);
  if (repeated !== undefined) throw new Error(`sliderPlot "${title}": ${parameter} ${repeated} is there twice`);
  const active = values.indexOf(initial);
  if (active < 0)
    throw new Error(`sliderPlot "${title}": the initial ${parameter} ${initial} is not one of ${values.join(", ")}`);
  const figures = values.map((value) => options.figure(value));
  figures.forEach((figure, i) => checkTraces(title, figures[active], figure, `${parameter} = ${values[i]}`));

  const ranges = sharedRanges(figures);
  const layouts = figures.map(({ layout }) => ({ ...withRanges(layout, ranges), title: { text: title } }));
  const names = values.map(String);
  const bundle = plotBundle(
    {
      data: figures[active].data,
      layout: { ...layouts[active], sliders: [slider(options, active)] },
      frames: figures.map(({ data }, i): Frame => ({ name: names[i], data, ...ownLayout(layouts, i) })),
    },
    { height },
  );
  const unit = options.unit === "" ? "" : ` ${options.unit}`;
  const text = `${bundle["text/plain"]}\nSlider: ${parameter} = ${names.join(", ")}${unit}; shown is ${initial}.`;
  display({ [PLOTLY_MIME]: bundle[PLOTLY_MIME], "text/plain": text });
}

function slider<V extends number | string>({ parameter, unit, values }: SliderPlot<V>, active: number): object {
  return {
    active,
    currentvalue: {
      // The unit before the value: "1 sequences" would be wrong, and Plotly knows one suffix for all values.
      prefix: `${parameter}${unit === "" ? "" : ` (${unit})`}: `,
      xanchor: "left",
      font: { size: 14, color: TEXT },
    },
    x: 0,
    y: 1,
    yanchor: "bottom",
    pad: { t: 0, b: 12 },
    bgcolor: COLOURS[0],
    activebgcolor: COLOURS[1],
    bordercolor: AXIS_LINE,
    tickcolor: AXIS_LINE,
    font: { color: TEXT, size: 12 },
    transition: { duration: 0 },
    steps: values.map((value) => ({
      label: label(value),
      method: "animate",
      args: [[String(value)], { mode: "immediate", frame: { duration: 0, redraw: true }, transition: { duration: 0 } }],
    })),
  };
}

/** A value as a tick of the slider shows it. */
function label(value: number | string): string {
  if (typeof value === "string") return value;
  if (!Number.isInteger(value)) return String(Number(value.toPrecision(4)));
  if (Math.abs(value) < 10_000) return String(value);
  return Math.abs(value) < 1e12 ? whole(value) : value.toExponential().replace("e+", "e");
}

/** A frame replaces the traces it finds: they must be as many and of the same kinds, or parts of the last one stay. */
function checkTraces(title: string, first: Figure, figure: Figure, at: string): void {
  const kinds = ({ data }: Figure) => data.map(({ type }) => type).join(", ");
  if (kinds(first) !== kinds(figure)) {
    throw new Error(
      `sliderPlot "${title}": every figure needs the same traces; ` +
        `at ${at} they are [${kinds(figure)}], first they are [${kinds(first)}]`,
    );
  }
}

/** A figure's values of the layout's parts that differ between figures; a part that only others have is reset. */
function ownLayout(layouts: Layout[], i: number): { layout?: Layout } {
  const keys = [...new Set(layouts.flatMap((layout) => Object.keys(layout)))];
  const changing = keys.filter((key) =>
    layouts.some((layout) => JSON.stringify(layout[key]) !== JSON.stringify(layouts[0][key])),
  );
  if (changing.length === 0) return {};
  return {
    layout: Object.fromEntries(
      changing.map((key) => [
        key,
        withAllKeys(
          layouts.map((layout) => layout[key]),
          i,
        ),
      ]),
    ),
  };
}

/** The i-th of some values; if they are objects, with null for the keys that only others have. */
function withAllKeys(values: unknown[], i: number): unknown {
  const own = values[i] ?? null;
  const objects = values.filter(
    (value): value is object => typeof value === "object" && value !== null && !Array.isArray(value),
  );
  if (Array.isArray(own) || (own !== null && typeof own !== "object") || objects.length === 0) return own;
  const empty = Object.fromEntries(objects.flatMap((object) => Object.keys(object)).map((key) => [key, null]));
  return { ...empty, ...own };
}

type Range = [number, number];

/** For each axis of plain numbers without a range of its own: one that holds the data of all figures. */
function sharedRanges(figures: Figure[]): Map<string, Range> {
  const ranges = new Map<string, Range>();
  for (const key of axesInUse(figures.flatMap(({ data }) => data))) {
    const axes = figures.map(({ layout }) => layout[key] as AxisLayout | undefined);
    const log = axes[0]?.type === "log";
    if (figures.some(({ layout }, i) => !isFree(axes[i], layout, log))) continue;
    const range = rangeOf(
      figures.flatMap(({ data }) => data),
      key,
      log,
    );
    if (range !== null) ranges.set(key, range);
  }
  return ranges;
}

function isFree(axis: AxisLayout | undefined, layout: Layout, log: boolean): boolean {
  const stacked = layout.barmode === "stack" || layout.barmode === "relative";
  return (
    axis?.range === undefined &&
    axis?.autorange === undefined &&
    axis?.visible !== false &&
    !stacked &&
    (axis?.type === "log") === log &&
    (log || axis?.type === undefined || axis.type === "linear")
  );
}

/** The range of an axis over all traces, with a margin; in powers of ten on a logarithmic axis. Null if it is unclear. */
function rangeOf(data: Trace[], key: string, log: boolean): Range | null {
  const letter = key.startsWith("x") ? "x" : "y";
  const onAxis = data.filter((trace) => axisKey(letter, trace) === key);
  if (!onAxis.every((trace) => rangeIsPlain(trace, letter))) return null;
  const all = onAxis.flatMap((trace) => Array.from(trace[letter] ?? []));
  const values = all.filter((v): v is number => typeof v === "number" && Number.isFinite(v) && (!log || v > 0));
  if (values.length === 0) return null;
  const bars = onAxis.some(({ type }) => type === "bar");
  const points = [...values, ...(bars && !log ? [0] : [])].map((value) => (log ? Math.log10(value) : value));
  const low = points.reduce((a, b) => Math.min(a, b));
  const high = points.reduce((a, b) => Math.max(a, b));
  const margin = (high - low || Math.abs(high) || 1) * 0.05;
  return [bars && low === 0 ? 0 : low - margin, bars && high === 0 ? 0 : high + margin];
}

/** Whether the positions alone say how far a trace reaches: points and lines, and the lengths of bars. */
function rangeIsPlain(trace: Trace, letter: "x" | "y"): boolean {
  const positions = trace[letter];
  if (positions === undefined || holdsNames(positions)) return false;
  if (trace.type === "bar") return (trace.orientation === "h") === (letter === "x");
  return trace.type === "scatter" || trace.type === "scattergl";
}

function withRanges(layout: Layout, ranges: Map<string, Range>): Layout {
  const axes = [...ranges].map(([key, range]) => [key, { ...(layout[key] as AxisLayout | undefined), range }] as const);
  return { ...layout, ...Object.fromEntries(axes) };
}
