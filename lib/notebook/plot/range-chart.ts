/** Values with their ranges, in rows: costs between two estimates, differences with their intervals. */
import { axis, type Axis } from "./charts";
import type { Figure, Trace } from "./figure";
import { AXIS_LINE } from "./theme";

/** A value and its range. */
export interface RangedPoint {
  label: string; // the row
  value: number;
  low?: number;
  high?: number;
}

/** Values in rows, the first row on top, with a bar from low to high where these are given. */
export function rangeChart(chart: {
  title: string;
  x: Axis;
  series: { name: string; points: RangedPoint[] }[];
  labels: string[];
  marks?: { name: string; x: number }[]; // vertical lines
}): Figure {
  const { series, labels, marks = [] } = chart;
  const all = series.flatMap(({ points }) => points.flatMap(({ value, low, high }) => [low ?? value, high ?? value]));
  return {
    data: series.map(({ name, points }): Trace => ({
      type: "scatter",
      mode: "markers",
      name,
      x: points.map(({ value }) => value),
      y: points.map(({ label }) => label),
      marker: { size: 11 },
      error_x: {
        type: "data",
        symmetric: false,
        array: points.map(({ value, high }) => (high ?? value) - value),
        arrayminus: points.map(({ value, low }) => value - (low ?? value)),
        thickness: 2,
        width: 5,
      },
    })),
    layout: {
      title: { text: chart.title },
      xaxis: axis(chart.x, [...all, ...marks.map(({ x }) => x)]),
      yaxis: { categoryorder: "array", categoryarray: labels, autorange: "reversed" },
      shapes: marks.map(({ x }) => verticalLine(x)),
      annotations: marks.map(({ name, x }) => markName(name, chart.x.log ? Math.log10(x) : x)),
      showlegend: series.length > 1,
    },
  };
}

/** A dotted line at x, from top to bottom. */
export function verticalLine(x: number): object {
  return {
    type: "line",
    xref: "x",
    yref: "paper",
    x0: x,
    x1: x,
    y0: 0,
    y1: 1,
    line: { dash: "dot", width: 1.5, color: AXIS_LINE },
  };
}

/** A name above a vertical line. On a logarithmic axis plotly wants x as its power of ten. */
export function markName(name: string, x: number): object {
  return { text: name, x, xref: "x", y: 1, yref: "paper", yanchor: "bottom", showarrow: false };
}
