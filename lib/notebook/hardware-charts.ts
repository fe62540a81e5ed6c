/**
 * Two kinds of picture for hardware: a roofline, with operations under the roofs of a chip, and a timeline, with tasks
 * in rows. They know numbers only.
 */
import type { Figure, Trace } from "./plot";
import { AXIS_LINE } from "./theme";

export interface Roof {
  name: string;
  peak: number; // FLOP/s
  bandwidth: number; // bytes/s
}

export interface RooflinePoint {
  name: string;
  intensity: number; // FLOPs a byte
  rate: number; // FLOP/s
  /** Share of the whole that it stands for: decides the size of its mark. */
  share?: number;
}

const SCALE = 1e12; // shown in TFLOP/s

/** Where names stand around marks, in turn, so that neighbours don't write over each other. */
const AROUND = ["top center", "bottom center", "top left", "bottom right", "middle left", "middle right"];

/** A chip's roofs as lines, operations as marks; both axes logarithmic. */
export function rooflineChart(chart: {
  title: string;
  roofs: Roof[];
  series: { name: string; points: RooflinePoint[]; named?: boolean }[];
  intensities: [low: number, high: number];
}): Figure {
  const [low, high] = chart.intensities;
  const roofs = chart.roofs.map(({ name, peak, bandwidth }): Trace => ({
    type: "scatter",
    mode: "lines",
    name,
    x: [low, peak / bandwidth, high],
    y: [low * bandwidth, peak, peak].map((rate) => rate / SCALE),
  }));
  const series = chart.series.map(({ name, points, named = false }): Trace => ({
    type: "scatter",
    mode: named ? "markers+text" : "markers",
    name,
    x: points.map(({ intensity }) => intensity),
    y: points.map(({ rate }) => rate / SCALE),
    text: points.map((point) => point.name),
    ...(named ? { textposition: points.map((_, i) => AROUND[i % AROUND.length]) } : {}),
    hovertemplate: "%{text}<br>%{x:.3~g} FLOPs a byte, %{y:.3~g} TFLOP/s<extra></extra>",
    marker: { size: points.map(({ share }) => (share === undefined ? 9 : 7 + 30 * Math.sqrt(share))), opacity: 0.85 },
    cliponaxis: false,
  }));
  return {
    data: [...roofs, ...series],
    layout: {
      title: { text: chart.title },
      xaxis: { title: { text: "intensity (FLOPs a byte, log scale)" }, type: "log" },
      yaxis: { title: { text: "rate (TFLOP/s, log scale)" }, type: "log" },
      showlegend: true,
    },
  };
}

export interface TimelineTask {
  row: string;
  kind: string; // a colour each
  start: number;
  end: number;
  label?: string;
}

/** Tasks as bars in rows, the first row on top; one colour for each kind, in the order given. */
export function timelineChart(chart: {
  title: string;
  unit: string;
  rows: string[];
  kinds: string[];
  tasks: TimelineTask[];
  /** End of the axis; without it, of the last task. */
  until?: number;
}): Figure {
  const until = chart.until ?? Math.max(...chart.tasks.map(({ end }) => end));
  return {
    data: chart.kinds.map((kind): Trace => {
      const tasks = chart.tasks.filter((task) => task.kind === kind);
      return {
        type: "bar",
        orientation: "h",
        name: kind,
        y: tasks.map(({ row }) => row),
        base: tasks.map(({ start }) => start),
        x: tasks.map(({ start, end }) => end - start),
        text: tasks.map(({ label = "" }) => label),
        textposition: "inside",
        insidetextanchor: "middle",
        textangle: 0,
        hoverinfo: "name+text",
        marker: { line: { width: 0.5, color: AXIS_LINE } },
      };
    }),
    layout: {
      title: { text: chart.title },
      barmode: "overlay",
      bargap: 0.12,
      xaxis: { title: { text: `time (${chart.unit})` }, range: [0, until] },
      yaxis: { type: "category", categoryorder: "array", categoryarray: chart.rows, autorange: "reversed" },
      showlegend: true,
    },
  };
}
