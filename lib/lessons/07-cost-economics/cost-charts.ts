/**
 * Charts of amounts that are summed, uncertain or disputed: a waterfall of parts, values with their ranges, a
 * histogram, a tornado.
 */
import { axis, type Axis } from "../../notebook/plot/charts";
import type { Figure, Trace } from "../../notebook/plot/plot";
import { markName, verticalLine } from "../../notebook/plot/range-chart";
import { AXIS_LINE, COLOURS } from "../../notebook/plot/theme";

export { rangeChart, type RangedPoint } from "../../notebook/plot/range-chart";

/** Parts that add up, each standing on the ones before it, and their sum. */
export function waterfallChart(chart: {
  title: string;
  y: Axis;
  parts: { name: string; value: number }[];
  total: string; // the name of the sum
}): Figure {
  const { parts, total } = chart;
  const sum = parts.reduce((all, { value }) => all + value, 0);
  return {
    data: [
      {
        type: "waterfall",
        x: [...parts.map(({ name }) => name), total],
        y: [...parts.map(({ value }) => value), sum],
        measure: [...parts.map(() => "relative"), "total"],
        increasing: { marker: { color: COLOURS[0] } },
        totals: { marker: { color: COLOURS[1] } },
        connector: { line: { color: AXIS_LINE, width: 1 } },
      },
    ],
    layout: { title: { text: chart.title }, yaxis: axis(chart.y, [1, sum]), showlegend: false },
  };
}

/** The share of values in each of some equal bins, with vertical lines at some values. */
export function histogramChart(chart: {
  title: string;
  x: Axis;
  values: number[];
  bins: number;
  marks: { name: string; x: number }[];
  range?: [number, number]; // that the bins cover; all values where left out
}): Figure {
  const { values, bins } = chart;
  const [low, high] = chart.range ?? [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const width = (high - low) / bins || 1;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    if (value >= low && value <= high) counts[Math.min(bins - 1, Math.floor((value - low) / width))]++;
  }
  return {
    data: [
      {
        type: "bar",
        name: "draws",
        x: counts.map((_, i) => low + (i + 0.5) * width),
        y: counts.map((count) => count / values.length),
        width,
      },
    ],
    layout: {
      title: { text: chart.title },
      bargap: 0,
      xaxis: axis(chart.x, [low, high]),
      yaxis: axis({ title: "share of all draws", percent: true }, [0, 1]),
      shapes: chart.marks.map(({ x }) => verticalLine(x)),
      annotations: chart.marks.map(({ name, x }) => markName(name, x)),
      showlegend: false,
    },
  };
}

/** A bar for each assumption: the result with it at its low end and at its high end, to both sides of the base. */
export function tornadoChart(chart: {
  title: string;
  x: Axis;
  base: number;
  bars: { name: string; atLow: number; atHigh: number }[];
}): Figure {
  const { base, bars } = chart;
  const half = (name: string, end: "atLow" | "atHigh"): Trace => ({
    type: "bar",
    orientation: "h",
    name,
    base,
    x: bars.map((bar) => bar[end] - base),
    y: bars.map((bar) => bar.name),
  });
  return {
    data: [half("at its low end", "atLow"), half("at its high end", "atHigh")],
    layout: {
      title: { text: chart.title },
      barmode: "overlay",
      xaxis: axis(chart.x, [base]),
      yaxis: { autorange: "reversed" },
      shapes: [verticalLine(base)],
      showlegend: true,
    },
  };
}
