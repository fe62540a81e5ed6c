import { describe, expect, it } from "vitest";
import { rooflineChart, timelineChart } from "../../../lib/lessons/06-hardware-and-communication/hardware-charts";
import { plotBundle } from "../../../lib/notebook/plot/plot";

describe("rooflineChart", () => {
  const figure = rooflineChart({
    title: "How fast?",
    roofs: [{ name: "FP8", peak: 2000e12, bandwidth: 4e12 }],
    series: [{ name: "operations", points: [{ name: "a", intensity: 10, rate: 40e12, share: 0.25 }] }],
    intensities: [1, 10_000],
  });

  it("draws the roof with its ridge, in TFLOP/s", () => {
    expect(figure.data[0]).toMatchObject({ x: [1, 500, 10_000], y: [4, 2000, 2000] });
    expect(figure.data[1]).toMatchObject({ x: [10], y: [40], text: ["a"], marker: { size: [23] } });
  });

  it("obeys the rules of plots", () => {
    expect(plotBundle(figure)["text/plain"]).toContain("Plot: How fast?");
  });
});

describe("timelineChart", () => {
  const figure = timelineChart({
    title: "Who waits?",
    unit: "units",
    rows: ["rank 0", "rank 1"],
    kinds: ["forward", "backward"],
    tasks: [
      { row: "rank 0", kind: "forward", start: 0, end: 1, label: "0" },
      { row: "rank 1", kind: "backward", start: 1, end: 3 },
    ],
  });

  it("draws each kind as a trace of bars that start where the task starts", () => {
    expect(figure.data.map(({ name }) => name)).toEqual(["forward", "backward"]);
    expect(figure.data[1]).toMatchObject({ base: [1], x: [2], y: ["rank 1"], text: [""] });
    expect(figure.layout.xaxis?.range).toEqual([0, 3]);
  });

  it("obeys the rules of plots", () => {
    expect(plotBundle(figure)["text/plain"]).toContain("Plot: Who waits?");
  });
});
