/**
 * The kinds of picture that lessons draw, as Plotly figures: lines, bars, heatmaps, squares. They hold what every picture
 * of the course has in common, so that a lesson's cell says only what it shows. Colours come from theme.ts.
 */
import type { AxisLayout, Figure, Trace } from "./figure";
import { AXIS_LINE, GRID } from "./theme";

export interface Axis {
  title: string;
  log?: boolean;
  percent?: boolean; // values are shares of 1
}

export interface Series {
  name: string;
  x: number[];
  y: number[];
  text?: string[]; // shown when the pointer is on a point
  dashed?: boolean;
  points?: boolean; // points without a line
}

/** A linear or logarithmic axis of numbers. */
export function axis({ title, log = false, percent = false }: Axis, values: number[]): AxisLayout {
  const ticks = log ? logTicks(Math.min(...values), Math.max(...values)) : null;
  const written = (value: number) => (percent ? `${short(100 * value)}%` : short(value));
  return {
    title: { text: title },
    type: log ? "log" : "linear",
    ...(ticks === null ? {} : { tickmode: "array", tickvals: ticks, ticktext: ticks.map(written) }),
    ...(percent ? { tickformat: percentFormat(values) } : {}),
  };
}

/** As many digits as tell the ticks of the axis apart: an axis has at least five over its values. */
function percentFormat(values: number[]): string {
  const finite = values.filter(Number.isFinite);
  const step = finite.length === 0 ? 1 : (Math.max(...finite) - Math.min(...finite)) / 5;
  const digits = step > 0 ? Math.min(8, Math.max(0, Math.ceil(-Math.log10(100 * step)))) : 0;
  return digits === 0 ? ".0%" : `.${digits}~%`;
}

/** 1, 2 and 5 times the powers of ten from low to high; the powers alone where that would be crowded. */
function logTicks(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const powers = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, i) => Number(`1e${first + i}`)); // 10 ** -4 is not 1e-4 everywhere
  return powers.length > 5 ? powers : powers.flatMap((power) => [power, 2 * power, 5 * power]);
}

/** A tick's text: "5000", "20K", "1M", "2B", "3T", and powers of ten where there is no such word. */
function short(value: number): string {
  if (value !== 0 && (Math.abs(value) >= 1e15 || Math.abs(value) <= 1e-4)) return power(value);
  const [unit, name] =
    value >= 1e12
      ? [1e12, "T"]
      : value >= 1e9
        ? [1e9, "B"]
        : value >= 1e6
          ? [1e6, "M"]
          : value >= 1e4
            ? [1e3, "K"]
            : [1, ""];
  return `${Number((value / unit).toPrecision(3))}${name}`;
}

/** 2e23 as Plotly sets it: 2×10²³. */
function power(value: number): string {
  const [digits, exponent] = value.toExponential(2).split("e").map(Number);
  return `${digits === 1 ? "" : `${digits}×`}10<sup>${exponent}</sup>`;
}

/** Lines or points over a common x. */
export function lineChart(chart: { title: string; x: Axis; y: Axis; series: Series[] }): Figure {
  return {
    data: chart.series.map(({ name, x, y, text, dashed = false, points = false }): Trace => ({
      type: "scatter",
      name,
      x,
      y,
      ...(text === undefined ? {} : { text }),
      mode: points ? "markers" : x.length > 20 ? "lines" : "lines+markers",
      line: { dash: dashed ? "dash" : "solid" },
      ...(points ? { marker: { size: 9 } } : {}),
    })),
    layout: {
      title: { text: chart.title },
      xaxis: axis(
        chart.x,
        chart.series.flatMap(({ x }) => x),
      ),
      yaxis: axis(
        chart.y,
        chart.series.flatMap(({ y }) => y),
      ),
      showlegend: chart.series.length > 1,
    },
  };
}

/** Horizontal bars, one group for each label, the first label on top. */
export function barChart(chart: {
  title: string;
  x: Axis;
  labels: string[];
  series: { name: string; values: number[] }[];
}): Figure {
  return {
    data: chart.series.map(({ name, values }): Trace => ({
      type: "bar",
      orientation: "h",
      name,
      x: values,
      y: chart.labels,
    })),
    layout: {
      title: { text: chart.title },
      barmode: "group",
      xaxis: axis(
        chart.x,
        chart.series.flatMap(({ values }) => values),
      ),
      yaxis: { autorange: "reversed" },
      showlegend: chart.series.length > 1,
    },
  };
}

/** A table of values as colours, the first row on top; null leaves a gap. */
export function heatmapChart(chart: {
  title: string;
  x: { title: string; labels?: (string | number)[] };
  y: { title: string; labels?: (string | number)[] };
  values: (number | null)[][];
  text?: string[][]; // written into the cells
  colour: { title: string; range?: [number, number] };
  dividers?: number[]; // vertical lines before these columns
}): Figure {
  const { values, text, colour, dividers = [] } = chart;
  const columns = values[0].map((_, i) => i);
  const ticks = ({ labels }: { labels?: (string | number)[] }) =>
    labels === undefined
      ? {}
      : { tickmode: "array", tickvals: labels.map((_, i) => i), ticktext: labels.map(String), tickangle: 0 };
  return {
    data: [
      {
        type: "heatmap",
        x: columns,
        y: values.map((_, i) => i),
        z: values,
        ...(text === undefined ? {} : { text, texttemplate: "%{text}" }),
        ...(colour.range === undefined ? {} : { zmin: colour.range[0], zmax: colour.range[1] }),
        colorbar: { title: { text: colour.title } },
        hoverongaps: false,
        xgap: columns.length > 40 ? 0 : 1,
        ygap: 1,
      },
    ],
    layout: {
      title: { text: chart.title },
      xaxis: { title: { text: chart.x.title }, showgrid: false, zeroline: false, ...ticks(chart.x) },
      yaxis: {
        title: { text: chart.y.title },
        showgrid: false,
        zeroline: false,
        autorange: "reversed",
        ...ticks(chart.y),
      },
      shapes: dividers.map((column) => ({
        type: "line",
        xref: "x",
        yref: "paper",
        x0: column - 0.5,
        x1: column - 0.5,
        y0: 0,
        y1: 1,
        line: { width: 1, color: AXIS_LINE },
      })),
    },
  };
}

/** How much of its place a square fills. */
const SQUARE = 0.8;

/** Whole squares for each value that add up to those of the sum: the largest remainders are rounded up. */
export function squaresFor(values: readonly number[], unit: number): number[] {
  const counts = values.map((value) => Math.floor(value / unit));
  const all = Math.round(values.reduce((sum, value) => sum + value, 0) / unit);
  const byRemainder = values.map((_, i) => i).sort((a, b) => (values[b] % unit) - (values[a] % unit) || a - b);
  const missing = all - counts.reduce((sum, count) => sum + count, 0);
  for (const i of byRemainder.slice(0, missing)) counts[i]++;
  return counts;
}

/** Squares in rows, each worth `unit`, coloured by part; the rounding leaves the number of squares right. */
export function waffleChart(
  title: string,
  parts: { name: string; value: number; idle?: boolean }[],
  { unit, columns }: { unit: number; columns: number },
): Figure {
  const counts = squaresFor(
    parts.map(({ value }) => value),
    unit,
  );
  const bounds = counts.map((_, i) => counts.slice(0, i + 1).reduce((sum, count) => sum + count, 0));
  return {
    data: parts.map(({ name, value, idle = false }, i): Trace => {
      const squares = Array.from({ length: bounds[i] - (bounds[i - 1] ?? 0) }, (_, k) => (bounds[i - 1] ?? 0) + k);
      return {
        // Bars, which grow and shrink with the axes: markers keep their pixels, and merge in a narrow column.
        type: "bar",
        name,
        x: squares.map((square) => square % columns),
        base: squares.map((square) => Math.floor(square / columns)),
        y: squares.map(() => SQUARE),
        width: SQUARE,
        hoverinfo: "name",
        ...(idle ? { marker: { color: GRID } } : {}),
        ...(squares.length === 0 && value > 0 ? { visible: "legendonly" } : {}),
      };
    }),
    layout: {
      title: { text: title },
      // The picture, not the ranges, gives way where the column has another shape: so it grows again with the column.
      xaxis: {
        visible: false,
        scaleanchor: "y",
        range: [-0.5, columns - 0.5],
        constrain: "domain",
        constraintoward: "left",
      },
      yaxis: {
        visible: false,
        range: [Math.ceil(bounds[bounds.length - 1] / columns), 0],
        constrain: "domain",
        constraintoward: "top",
      },
      barmode: "overlay",
      showlegend: true,
      // Below, so that the squares have the width of a narrow column to themselves and don't run into each other.
      legend: { orientation: "h", x: 0, xanchor: "left", y: 0, yanchor: "top" },
    },
  };
}

/** Named points on a plane of two logarithmic axes, with a diagonal y = slope · x and levels of y to compare with. */
export function planeChart(chart: {
  title: string;
  x: string;
  y: string;
  points: { name: string; x: number; y: number; place?: string }[]; // where its name stands: "bottom right"
  diagonal: { name: string; slope: number };
  levels: { name: string; y: number }[];
}): Figure {
  const xs = chart.points.map(({ x }) => x);
  const ends = [Math.min(...xs) / 3, Math.max(...xs) * 6]; // room for names
  const ys = [...chart.points, ...chart.levels].map(({ y }) => y);
  return {
    data: [
      {
        type: "scatter",
        mode: "lines",
        name: chart.diagonal.name,
        x: ends,
        y: ends.map((x) => x * chart.diagonal.slope),
        line: { dash: "dash", color: AXIS_LINE },
      },
      {
        type: "scatter",
        mode: "markers+text",
        name: "models",
        x: xs,
        y: chart.points.map(({ y }) => y),
        text: chart.points.map(({ name }) => name),
        textposition: chart.points.some(({ place }) => place !== undefined)
          ? chart.points.map(({ place }) => place ?? "top center")
          : "top center",
        marker: { size: 11 },
        cliponaxis: false,
      },
    ],
    layout: {
      title: { text: chart.title },
      xaxis: { ...axis({ title: chart.x, log: true }, ends), range: ends.map(Math.log10) },
      yaxis: axis({ title: chart.y, log: true }, ys),
      shapes: chart.levels.map(({ y }) => ({
        type: "line",
        xref: "paper",
        yref: "y",
        x0: 0,
        x1: 1,
        y0: y,
        y1: y,
        line: { dash: "dot", width: 1, color: AXIS_LINE },
      })),
      annotations: chart.levels.map(({ name, y }) => ({
        text: name,
        xref: "paper",
        x: 0,
        y: Math.log10(y),
        xanchor: "left",
        yanchor: "bottom",
        showarrow: false,
      })),
      showlegend: true,
    },
  };
}
