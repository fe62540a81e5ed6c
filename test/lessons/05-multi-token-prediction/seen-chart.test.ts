import { expect, it } from "vitest";
import { whoSeesWhatChart } from "../../../lib/lessons/05-multi-token-prediction/seen-chart";
import { PLOTLY_MIME, plotBundle } from "../../../lib/notebook/plot/plot";

it("has a legend entry for each kind, and no scale of colours", () => {
  const figure = whoSeesWhatChart(2);
  expect(plotBundle(figure)[PLOTLY_MIME]).toBeDefined();
  expect(figure.layout.showlegend).toBe(true);
  expect(figure.data.map(({ name, type }) => [name, type])).toEqual([
    ["seen", "scatter"],
    ["predicted", "scatter"],
  ]);
});

it("gives each predictor one token to predict, right after what a module has seen and behind a gap for a head", () => {
  const [seen, predicted] = whoSeesWhatChart(2).data;
  const newest = [0, 1, 2, 3, 4].map((row) =>
    Math.max(...Array.from(seen.x as number[]).filter((_, i) => (seen.y as number[])[i] === row)),
  );
  expect(newest).toEqual([0, 1, 2, 0, 0]); // main model, modules 1 and 2, heads 2 and 3
  expect(predicted.x).toEqual([1, 2, 3, 2, 3]);
});
