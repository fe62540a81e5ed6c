import { describe, expect, it } from "vitest";
import { heatmapPanels } from "../../../lib/lessons/02-load-balancing/load-charts";
import { plotBundle, PLOTLY_MIME } from "../../../lib/notebook/plot/plot";

describe("heatmapPanels", () => {
  const panel = (name: string) => ({
    name,
    values: [
      [1, 2, null],
      [3, 4, 5],
    ],
  });
  const figure = heatmapPanels({
    title: "Which?",
    x: "expert",
    y: { title: "step", labels: [10, 20] },
    panels: [panel("a"), panel("b"), panel("c")],
    colour: { title: "share", range: [0, 5] },
  });

  it("passes the rules of plots and keeps one scale", () => {
    expect(plotBundle(figure)[PLOTLY_MIME]).toBeDefined();
    expect(figure.data.map(({ coloraxis }) => coloraxis)).toEqual(["coloraxis", "coloraxis", "coloraxis"]);
  });

  it("gives each panel a part of the width that no other has", () => {
    const domains = ["xaxis", "xaxis2", "xaxis3"].map((key) => (figure.layout[key] as { domain: number[] }).domain);
    expect(domains[0][0]).toBe(0);
    expect(domains[2][1]).toBeCloseTo(1, 9);
    expect(domains[0][1]).toBeLessThan(domains[1][0]);
    expect(domains[1][1]).toBeLessThan(domains[2][0]);
  });
});
