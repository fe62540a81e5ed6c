/**
 * Two charts for hardware: a roofline, with operations under the roofs of a chip, and a timeline, with tasks in rows.
 */
import { axis } from "../../notebook/plot/charts";
import type { Figure, Trace } from "../../notebook/plot/plot";
import { AXIS_LINE, COLOURS, TEXT } from "../../notebook/plot/theme";

export interface Roof {
  name: string;
  peak: number; // FLOP/s
  bandwidth: number; // bytes/s
}

export interface RooflinePoint {
  name: string;
  intensity: number; // FLOPs per byte
  rate: number; // FLOP/s
  /** Its share of the whole, shown by the size of its mark. */
  share?: number;
}

const SCALE = 1e12; // shown in TFLOP/s

/** A chip's roofs as lines, operations as marks; both axes logarithmic. */
export function rooflineChart(chart: {
  title: string;
  roofs: Roof[];
  series: { name: string; points: RooflinePoint[] }[];
  intensities: [low: number, high: number];
}): Figure {
  const [low, high] = chart.intensities;
  const roofs = chart.roofs.map(({ name, peak, bandwidth }, i): Trace => ({
    type: "scatter",
    mode: "lines",
    name,
    x: [low, peak / bandwidth, high],
    y: [low * bandwidth, peak, peak].map((rate) => rate / SCALE),
    line: { color: TEXT, width: 1.5, dash: i === 0 ? "solid" : "dash" }, // colours are for operations
  }));
  const series = chart.series.map(({ name, points }, i): Trace => ({
    type: "scatter",
    mode: "markers",
    name,
    x: points.map(({ intensity }) => intensity),
    y: points.map(({ rate }) => rate / SCALE),
    text: points.map((point) => point.name),
    hovertemplate: "%{text}<br>%{x:.3~g} FLOPs per byte, %{y:.3~g} TFLOP/s<extra></extra>",
    marker: {
      color: COLOURS[i % COLOURS.length],
      size: points.map(({ share }) => (share === undefined ? 9 : 8 + 30 * Math.sqrt(share))),
      sizemode: "diameter",
      opacity: 0.85,
    },
    cliponaxis: false,
  }));
  return {
    data: [...roofs, ...series],
    layout: {
      title: { text: chart.title },
      xaxis: axis({ title: "intensity (FLOPs per byte, log scale)", log: true }, [low, high]),
      yaxis: axis(
        { title: "rate (TFLOP/s, log scale)", log: true },
        roofs.flatMap(({ y }) => y as number[]),
      ),
      showlegend: true,
    },
  };
}

export interface TimelineTask {
  row: string;
  kind: string; // decides its colour
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
  /** Where the axis ends; at the end of the last task where left out. */
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
      uniformtext: { minsize: 9, mode: "hide" }, // leaves out labels that have no room
      xaxis: { title: { text: `time (${chart.unit})` }, range: [0, until] },
      yaxis: { type: "category", categoryorder: "array", categoryarray: chart.rows, autorange: "reversed" },
      showlegend: true,
    },
  };
}
