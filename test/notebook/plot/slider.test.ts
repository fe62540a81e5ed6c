import { describe, expect, it } from "vitest";
import { barChart, lineChart } from "../../../lib/notebook/plot/charts";
import {
  PLOTLY_MIME,
  type AxisLayout,
  type Figure,
  type Frame,
  type Layout,
  type Trace,
} from "../../../lib/notebook/plot/plot";
import { sliderPlot, type SliderPlot } from "../../../lib/notebook/plot/slider";
import { captured } from "../captured";

interface Drawn {
  data: Trace[];
  layout: Layout;
  frames: Frame[];
}
interface Control {
  active: number;
  steps: {
    label: string;
    method: string;
    args: [string[], { mode: string; frame: { duration: number; redraw: boolean } }];
  }[];
}

const parabola = (k: number): Figure =>
  lineChart({
    title: "",
    x: { title: "x" },
    y: { title: "y" },
    series: [{ name: "f", x: [0, 1, 2], y: [0, k, 4 * k] }],
  });
const options: SliderPlot<number> = {
  title: "How steep?",
  parameter: "factor",
  unit: "",
  values: [1, 2, 5],
  initial: 2,
  figure: parabola,
};

async function drawnBy<V extends number | string>(slider: SliderPlot<V>): Promise<Drawn> {
  const { shown } = await captured(() => sliderPlot(slider));
  expect(shown).toHaveLength(1);
  return shown[0].bundle[PLOTLY_MIME] as Drawn;
}
const control = ({ layout }: Drawn) => (layout.sliders as Control[])[0];

describe("sliderPlot", () => {
  it("shows values as people write them, and the unit where it suits every value", async () => {
    const drawn = await drawnBy({
      ...options,
      parameter: "batch",
      unit: "sequences",
      values: [1, 0.30000000000000004, 2e6, 1e14],
      initial: 1,
    });
    const { steps, currentvalue } = control(drawn) as Control & { currentvalue: object };
    expect(steps.map(({ label }) => label)).toEqual(["1", "0.3", "2,000,000", "1e14"]);
    expect(steps.map(({ args }) => args[0][0])).toEqual(drawn.frames.map(({ name }) => name));
    expect(currentvalue).toMatchObject({ prefix: "batch (sequences): " });
    expect(currentvalue).not.toHaveProperty("suffix");
  });

  it("has one frame and one step for each value, and shows the initial one", async () => {
    const drawn = await drawnBy(options);
    expect(drawn.frames.map(({ name, data }) => [name, data[0].y])).toEqual([
      ["1", [0, 1, 4]],
      ["2", [0, 2, 8]],
      ["5", [0, 5, 20]],
    ]);
    expect(control(drawn).active).toBe(1);
    expect(drawn.data[0].y).toEqual([0, 2, 8]);
    expect(control(drawn).steps.map(({ args }) => args[0])).toEqual([["1"], ["2"], ["5"]]);
  });

  it("redraws at once, without animation", async () => {
    for (const { method, args } of control(await drawnBy(options)).steps) {
      expect([method, args[1].mode, args[1].frame]).toEqual(["animate", "immediate", { duration: 0, redraw: true }]);
    }
  });

  it("keeps one range for all positions, which holds the data of every one", async () => {
    const { layout } = await drawnBy(options);
    const [low, high] = layout.yaxis?.range as number[];
    expect(low).toBeLessThanOrEqual(0);
    expect(high).toBeGreaterThanOrEqual(20);
    expect(high).toBeLessThan(25);
  });

  it("draws bars from zero, and leaves an axis of names alone", async () => {
    const figure = (k: number) =>
      barChart({ title: "", x: { title: "share" }, labels: ["a", "b"], series: [{ name: "s", values: [3 * k, 4] }] });
    const { layout } = await drawnBy({ ...options, figure });
    expect((layout.xaxis as AxisLayout).range).toEqual([0, 15.75]);
    expect((layout.yaxis as AxisLayout).range).toBeUndefined();
  });

  it("takes its title from the slider at every position", async () => {
    const drawn = await drawnBy({
      ...options,
      figure: (k) => ({ ...parabola(k), layout: { ...parabola(k).layout, title: { text: `k ${k}` } } }),
    });
    expect(drawn.layout.title?.text).toBe("How steep?");
    expect(drawn.frames.filter(({ layout }) => layout?.title !== undefined)).toEqual([]);
  });

  it("carries what else changes in the layout, and resets what only another position has", async () => {
    const figure = (k: number): Figure => {
      const { data, layout } = parabola(k);
      return { data, layout: { ...layout, ...(k === 5 ? { shapes: [{ type: "line" }] } : {}) } };
    };
    const { frames } = await drawnBy({ ...options, figure });
    expect(frames.map(({ layout }) => layout?.shapes)).toEqual([null, null, [{ type: "line" }]]);
  });

  it("says in words what the slider does", async () => {
    const { shown } = await captured(() => sliderPlot({ ...options, unit: "per token" }));
    expect(shown[0].bundle["text/plain"]).toContain("Slider: factor = 1, 2, 5 per token; shown is 2.");
  });

  it("takes names as values", async () => {
    const drawn = await drawnBy({
      ...options,
      values: ["flat", "steep"],
      initial: "steep",
      figure: (name) => parabola(name === "flat" ? 1 : 9),
    });
    expect(drawn.data[0].y).toEqual([0, 9, 36]);
  });

  it("refuses what cannot be drawn, by the plot's title", () => {
    expect(() => sliderPlot({ ...options, initial: 3 })).toThrow(
      '"How steep?": the initial factor 3 is not one of 1, 2, 5',
    );
    expect(() => sliderPlot({ ...options, values: [2] })).toThrow("at least two values");
    expect(() => sliderPlot({ ...options, values: [2, 2] })).toThrow("twice");
    const other = (k: number): Figure => ({ ...parabola(k), data: k === 5 ? [] : parabola(k).data });
    expect(() => sliderPlot({ ...options, figure: other })).toThrow("factor = 5");
  });
});
