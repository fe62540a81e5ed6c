import { describe, expect, it } from "vitest";
import {
  histogramChart,
  rangeChart,
  tornadoChart,
  waterfallChart,
} from "../../../lib/lessons/07-cost-economics/cost-charts";
import { plotBundle } from "../../../lib/notebook/plot/plot";

type Trace = Record<string, unknown> & { x: number[]; y: number[] };
const traces = (figure: { data: unknown[] }) => figure.data as Trace[];
const x = { title: "cost (dollars)" };

describe("waterfallChart", () => {
  it("ends in the sum of its parts", () => {
    const figure = waterfallChart({
      title: "?",
      y: x,
      parts: [
        { name: "a", value: 3 },
        { name: "b", value: 4 },
      ],
      total: "all",
    });
    expect(traces(figure)[0]).toMatchObject({
      x: ["a", "b", "all"],
      y: [3, 4, 7],
      measure: ["relative", "relative", "total"],
    });
  });
});

describe("rangeChart", () => {
  const figure = rangeChart({
    title: "?",
    x: { ...x, log: true },
    series: [
      {
        name: "basis",
        points: [
          { label: "run", value: 20, low: 10, high: 50 },
          { label: "other", value: 7 },
        ],
      },
    ],
    labels: ["run", "other"],
    marks: [{ name: "mark", x: 100 }],
  });

  it("reaches from low to high, and nowhere without a range", () => {
    expect(traces(figure)[0].error_x).toMatchObject({ array: [30, 0], arrayminus: [10, 0] });
  });

  it("places the name of a line where a logarithmic axis wants it, in powers of ten", () => {
    expect(figure.layout.annotations).toMatchObject([{ text: "mark", x: 2 }]);
    expect(figure.layout.shapes).toMatchObject([{ x0: 100, x1: 100 }]);
  });

  it("keeps the rules of the house", () => {
    expect(() => plotBundle(figure)).not.toThrow();
  });
});

describe("histogramChart", () => {
  it("counts every value once, as a share", () => {
    const { y, x: middles } = traces(histogramChart({ title: "?", x, values: [0, 1, 1, 10], bins: 5, marks: [] }))[0];
    expect(y).toEqual([0.75, 0, 0, 0, 0.25]);
    expect(middles).toEqual([1, 3, 5, 7, 9]);
  });

  it("leaves out what lies beyond its range, but not from the whole", () => {
    const { y } = traces(
      histogramChart({ title: "?", x, values: [0, 1, 2, 99], bins: 2, marks: [], range: [0, 2] }),
    )[0];
    expect(y).toEqual([0.25, 0.5]);
  });
});

describe("tornadoChart", () => {
  it("draws both ends from the base", () => {
    const [low, high] = traces(tornadoChart({ title: "?", x, base: 10, bars: [{ name: "a", atLow: 7, atHigh: 15 }] }));
    expect([low.x, high.x]).toEqual([[-3], [5]]);
    expect([low.base, high.base]).toEqual([10, 10]);
  });
});
