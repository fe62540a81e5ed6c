import { describe, expect, it } from "vitest";
import { describeFigure } from "../../../lib/notebook/plot/alt-text";
import { axis, heatmapChart, lineChart, planeChart, squaresFor, waffleChart } from "../../../lib/notebook/plot/charts";
import type { AxisLayout } from "../../../lib/notebook/plot/plot";

type Trace = Record<string, unknown> & { x: number[]; y: number[]; base: number[]; width: number; visible?: string };
const axisTexts = ({ ticktext }: AxisLayout) => ticktext as string[];
const traces = (figure: { data: unknown[] }) => figure.data as Trace[];

it("squares are rounded by the largest remainders and add up to the whole", () => {
  expect(squaresFor([2.22, 2.55, 3.3], 1)).toEqual([2, 3, 3]);
  expect(squaresFor([0.4, 0.4, 0.2], 1)).toEqual([1, 0, 0]);
  expect(squaresFor([5e9, 3e9], 1e9)).toEqual([5, 3]);
});

describe("waffleChart", () => {
  const parts = [
    { name: "a", value: 20.4 },
    { name: "b", value: 0.1 },
    { name: "c", value: 4.6, idle: true },
  ];
  const figure = waffleChart("squares", parts, { unit: 1, columns: 10 });

  it("draws as many squares as the whole has units, whatever the parts round to", () => {
    expect(traces(figure).map((trace) => trace.x.length)).toEqual([20, 0, 5]);
  });

  it("gives every square its own place", () => {
    const places = traces(figure).flatMap(({ x, base }) => x.map((column, i) => `${column},${base[i]}`));
    expect(new Set(places).size).toBe(25);
    expect(Math.max(...traces(figure).flatMap(({ x }) => x))).toBe(9);
  });

  it("leaves a gap beside every square, of a size that follows the axes", () => {
    for (const { type, width, y } of traces(figure)) {
      expect(type).toBe("bar");
      expect([width, ...y].every((side) => side === width && side > 0.5 && side < 1)).toBe(true);
    }
    expect(figure.layout).toMatchObject({ xaxis: { scaleanchor: "y", range: [-0.5, 9.5] }, yaxis: { range: [3, 0] } });
  });

  it("is told in words by how many squares a part has", () => {
    expect(describeFigure(figure)).toBe("Plot: squares\n- a (bar): 20 bars\n- b (bar): 0 bars\n- c (bar): 5 bars");
  });

  it("keeps a part too small for a square in the legend", () => {
    const [, tiny] = traces(
      waffleChart(
        "",
        [
          { name: "a", value: 3 },
          { name: "b", value: 0.2 },
        ],
        { unit: 1, columns: 3 },
      ),
    );
    expect(tiny.visible).toBe("legendonly");
  });
});

describe("lineChart", () => {
  it("shows a legend only where there is something to tell apart", () => {
    const series = { name: "one", x: [1, 2], y: [3, 4] };
    const axis = { title: "" };
    expect(lineChart({ title: "", x: axis, y: axis, series: [series] }).layout).toMatchObject({ showlegend: false });
    expect(lineChart({ title: "", x: axis, y: axis, series: [series, series] }).layout).toMatchObject({
      showlegend: true,
    });
  });
});

describe("an axis", () => {
  it("gives shares the digits that tell its ticks apart", () => {
    const format = (...values: number[]) => axis({ title: "", percent: true }, values).tickformat;
    expect([format(0, 1), format(0, 0.3), format(0, 0.05), format(0.5, 0.5), format()]).toEqual(Array(5).fill(".0%"));
    expect(format(-0.004, 0.001)).toBe(".1~%");
    expect(format(0, 2e-5)).toBe(".4~%");
  });

  it("writes its powers of ten as people do", () => {
    const ticks = (low: number, high: number, percent = false) =>
      axisTexts(axis({ title: "", log: true, percent }, [low, high]));
    expect(ticks(1e3, 1e9)).toEqual(["1000", "10K", "100K", "1M", "10M", "100M", "1B"]);
    expect(ticks(1e21, 1e23)).toEqual(
      expect.arrayContaining(["10<sup>21</sup>", "2×10<sup>21</sup>", "10<sup>23</sup>"]),
    );
    expect(ticks(1e12, 1e13)).toEqual(["1T", "2T", "5T", "10T", "20T", "50T"]);
    expect(ticks(1e-7, 1e-1)[0]).toBe("10<sup>-7</sup>");
    expect(ticks(0.01, 0.1, true)).toEqual(["1%", "2%", "5%", "10%", "20%", "50%"]);
  });
});

describe("heatmapChart", () => {
  it("puts the first row on top and lines before the named columns", () => {
    const { layout } = heatmapChart({
      title: "",
      x: { title: "" },
      y: { title: "" },
      values: [[1, null]],
      colour: { title: "" },
      dividers: [1],
    });
    expect(layout).toMatchObject({ yaxis: { autorange: "reversed" }, shapes: [{ x0: 0.5, x1: 0.5 }] });
  });
});

describe("planeChart", () => {
  it("draws the diagonal of dense models through the whole plane", () => {
    const points = [
      { name: "a", x: 10, y: 5 },
      { name: "b", x: 1000, y: 900 },
    ];
    const [diagonal] = traces(
      planeChart({ title: "", x: "", y: "", points, diagonal: { name: "", slope: 0.5 }, levels: [] }),
    );
    expect(diagonal.x).toEqual([10 / 3, 6000]);
    expect(diagonal.y).toEqual([5 / 3, 3000]);
  });
});
