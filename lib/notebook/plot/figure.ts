/** A figure in Plotly's own terms. */

/** Kinds of traces that are drawn between two axes. */
export const CARTESIAN = [
  "scatter",
  "scattergl",
  "bar",
  "histogram",
  "box",
  "violin",
  "waterfall",
  "funnel",
  "heatmap",
  "contour",
  "histogram2d",
] as const;
/** Kinds that have no axes. */
export const WITHOUT_AXES = ["pie", "treemap", "sunburst", "sankey", "parcoords"] as const;

export type TraceType = (typeof CARTESIAN)[number] | (typeof WITHOUT_AXES)[number];

export type Numbers = ArrayLike<number | null>;
/** Positions on an axis: numbers, or names. */
export type Positions = Numbers | readonly (string | number)[];

/** One series of a figure. What is not listed here is passed on to Plotly as it is. */
export interface Trace {
  type: TraceType;
  name?: string;
  x?: Positions;
  y?: Positions;
  z?: ArrayLike<Numbers>;
  text?: string | readonly string[] | readonly (readonly string[])[];
  orientation?: "v" | "h";
  mode?: string;
  /** "x2" belongs to layout.xaxis2. */
  xaxis?: string;
  yaxis?: string;
  [attribute: string]: unknown;
}

export interface AxisLayout {
  title?: { text: string; [attribute: string]: unknown };
  visible?: boolean;
  type?: string;
  range?: readonly (number | null)[];
  autorange?: boolean | string;
  [attribute: string]: unknown;
}

/** Everything but the data. A title is a question that the plot answers. */
export interface Layout {
  title?: { text: string; [attribute: string]: unknown };
  xaxis?: AxisLayout;
  yaxis?: AxisLayout;
  height?: number;
  [attribute: string]: unknown;
}

export interface Frame {
  name: string;
  data: Trace[];
  layout?: Layout;
}

export interface Figure {
  data: Trace[];
  layout: Layout;
  frames?: Frame[];
}
