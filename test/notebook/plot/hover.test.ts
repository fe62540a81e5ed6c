/** What stands beside the pointer is words. */
import { expect, it } from "vitest";
import { barChart, heatmapChart, lineChart, waffleChart } from "../../../lib/notebook/plot/charts";
import { PLOTLY_MIME, plotBundle, type Figure } from "../../../lib/notebook/plot/plot";

interface Drawn {
  data: { hovertemplate?: string }[];
}
const hovers = (figure: Figure) =>
  (plotBundle(figure)[PLOTLY_MIME] as Drawn).data.map(({ hovertemplate }) => hovertemplate);

const one = { name: "V3", x: [1], y: [2] };
const axes = { x: { title: "batch (log scale)", log: true }, y: { title: "time (ms)" } };

it("names the axes, and the series where there are several", () => {
  expect(hovers(lineChart({ title: "t", ...axes, series: [one] }))).toEqual([
    "batch: %{x}<br>time (ms): %{y}<extra></extra>",
  ]);
  expect(hovers(lineChart({ title: "t", ...axes, series: [one, { ...one, text: ["here"] }] }))).toEqual([
    "batch: %{x}<br>time (ms): %{y}<extra>%{fullData.name}</extra>",
    "%{text}<br>batch: %{x}<br>time (ms): %{y}<extra>%{fullData.name}</extra>",
  ]);
});

it("names bars by what they stand for, and cells by row, column and value", () => {
  const bars = barChart({ title: "t", x: { title: "share" }, labels: ["a"], series: [{ name: "s", values: [1] }] });
  expect(hovers(bars)).toEqual(["%{y}<br>share: %{x}<extra></extra>"]);
  const cells = heatmapChart({
    title: "t",
    x: { title: "expert", labels: ["B5"] },
    y: { title: "token", labels: ["patient"] },
    values: [[0.2]],
    text: [["0.20"]],
    colour: { title: "weight" },
  });
  expect(hovers(cells)).toEqual(["token: %{y}<br>expert: %{x}<br>weight: %{z}<extra></extra>"]);
});

it("leaves what a figure says itself, and what has no axes to name", () => {
  const own = lineChart({ title: "t", ...axes, series: [one] });
  expect(hovers({ ...own, data: [{ ...own.data[0], hovertemplate: "mine" }] })).toEqual(["mine"]);
  expect(hovers(waffleChart("t", [{ name: "a", value: 2 }], { unit: 1, columns: 2 }))).toEqual([undefined]);
});
