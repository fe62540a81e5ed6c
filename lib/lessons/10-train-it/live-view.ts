/** What is seen while a run trains: its loss, and where the tokens go; two pictures that grow. */
import { newOutput } from "../../notebook/display";
import { heatmapChart, lineChart } from "../../notebook/plot/charts";
import { plotBundle, type Figure } from "../../notebook/plot/plot";
import { mean } from "../../statistics/interval";
import type { History } from "./my-run";

/** The loss against the steps, of the next token and of the one after it. */
export function lossChart({ moments }: History, steps: number): Figure {
  const x = moments.map(({ step }) => step);
  const further = moments.flatMap(({ mtpBitsPerByte }) => (mtpBitsPerByte === null ? [] : [mtpBitsPerByte]));
  const figure = lineChart({
    title: "What does it still not know?",
    x: { title: "step" },
    y: { title: "training loss (bits per byte)" },
    series: [
      { name: "the next byte", x, y: moments.map(({ bitsPerByte }) => bitsPerByte) },
      ...(further.length === 0 ? [] : [{ name: "the byte after it", x, y: further, dashed: true }]),
    ],
  });
  const { xaxis } = figure.layout as { xaxis: object };
  return { ...figure, layout: { ...figure.layout, xaxis: { ...xaxis, range: [0, steps] } } };
}

/** The share of the mean load that each expert of one router gets, from report to report. */
export function loadsChart({ moments, routers }: History, router: number): Figure {
  const rows = moments.map(({ loads }) => loads[router]); // [moments][E]
  const relative = rows.map((loads) => {
    const even = mean(loads);
    return loads.map((load) => load / even);
  });
  const experts = rows[0].map((_, e) => e);
  return heatmapChart({
    title: `Which experts are busy? Router of ${routers[router]}`,
    x: { title: "report, from the first to the last" },
    y: { title: "expert" },
    values: experts.map((e) => relative.map((loads) => loads[e])),
    colour: { title: "times the<br>mean load", range: [0, 2] },
  });
}

/** The last router of the main model: the module's own comes behind it. */
export function shownRouter({ routers }: History): number {
  return routers.filter((name) => name !== "MTP").length - 1;
}

/** Two outputs that are drawn anew each time: at most once in so many seconds, and when the run is at its end. */
export function liveView(steps: number, everySeconds = 2): (history: History) => void {
  const [loss, loads] = [newOutput(), newOutput()];
  let drawn = -Infinity;
  return (history) => {
    const last = history.moments[history.moments.length - 1];
    if (last === undefined) return;
    const now = performance.now();
    if (last.step < steps && now - drawn < 1000 * everySeconds) return;
    drawn = now;
    loss.show(plotBundle(lossChart(history, steps), { height: 300 }));
    loads.show(plotBundle(loadsChart(history, shownRouter(history)), { height: 300 }));
  };
}
