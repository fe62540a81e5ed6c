import { describe, expect, it } from "vitest";
import {
  plot,
  plotBundle,
  PLOTLY_MIME,
  wrapText,
  type Figure,
  type Layout,
  type Trace,
} from "../../../lib/notebook/plot/plot";
import { captured } from "../captured";

const axes = { xaxis: { title: { text: "batch (tokens)" } }, yaxis: { title: { text: "time (ms)" } } };
const line: Trace = { type: "scatter", name: "measured", x: [1, 2, 4], y: [3.5, 1, 2] };
const figure = (changes: { data?: Trace[]; layout?: Partial<Layout> } = {}): Figure => ({
  data: changes.data ?? [line],
  layout: { title: { text: "How long does a step take?" }, ...axes, ...changes.layout },
});

interface Drawn {
  data: Trace[];
  layout: Layout & { template: { layout: Layout } };
}
const drawn = (of: Figure, options?: { height?: number }) => plotBundle(of, options)[PLOTLY_MIME] as Drawn;

describe("plot", () => {
  it("shows one output: the figure and its description", async () => {
    const { shown } = await captured(() => plot(figure()));
    expect(shown.map(({ bundle }) => Object.keys(bundle).sort())).toEqual([[PLOTLY_MIME, "text/plain"]]);
  });

  it("says in words what is drawn", () => {
    expect(plotBundle(figure())["text/plain"].split("\n")).toEqual([
      "Plot: How long does a step take?",
      "x: batch (tokens)",
      "y: time (ms)",
      "- measured (line): 3 points, x 1 to 4, y 1 to 3.5",
    ]);
  });

  it("names bars one by one, and the size of a table of colours", () => {
    const bars: Trace = { type: "bar", orientation: "h", name: "parameters", x: [12, 3.14159], y: ["head", "router"] };
    const hidden = { xaxis: { visible: false }, yaxis: { visible: false } };
    const heat: Trace = { type: "heatmap", z: [new Float32Array([1, NaN]), [2, 7]] };
    expect(plotBundle(figure({ data: [bars] }))["text/plain"]).toContain("parameters (bar): head 12, router 3.14");
    expect(plotBundle(figure({ data: [heat], layout: hidden }))["text/plain"]).toContain(
      "2 rows × 2 columns, values 1 to 7",
    );
  });

  it("turns typed arrays into lists and what JSON cannot say into gaps", () => {
    const { data } = drawn(
      figure({ data: [{ ...line, x: new Float32Array([1, 0.1, 3]), y: [NaN, Infinity, -Infinity] }] }),
    );
    expect(data[0].x).toEqual([1, 0.1, 3]);
    expect(data[0].y).toEqual([null, null, null]);
  });

  it("is 420 pixels high unless said", () => {
    expect(drawn(figure()).layout.height).toBe(420);
    expect(drawn(figure(), { height: 300 }).layout.height).toBe(300);
  });

  it("keeps the background transparent and the legend beside the data", () => {
    const { layout } = drawn(figure()).layout.template;
    expect([layout.paper_bgcolor, layout.plot_bgcolor]).toEqual(["rgba(0, 0, 0, 0)", "rgba(0, 0, 0, 0)"]);
    const legend = layout.legend as { x: number; xanchor: string };
    expect(legend.x).toBeGreaterThan(1);
    expect(legend.xanchor).toBe("left");
  });

  it("leaves fitting to JupyterLab: a responsive figure there folds up when its slider moves", () => {
    const { config } = plotBundle(figure())[PLOTLY_MIME] as { config: Record<string, unknown> };
    expect(config.responsive ?? false).toBe(false);
  });

  it("uploads nothing, and leaves it to JupyterLab to follow the width", () => {
    const { config } = plotBundle(figure())[PLOTLY_MIME] as { config: Record<string, unknown> };
    expect(config.showSendToCloud).toBe(false);
    expect(config.responsive ?? false).toBe(false); // a responsive figure folds up when its slider moves
  });

  it("wraps long titles and gives their lines room", () => {
    const long = drawn(figure({ layout: { title: { text: "word ".repeat(40).trim() } } })).layout;
    expect(long.title?.text.split("<br>").every((text) => text.length <= 64)).toBe(true);
    const top = (layout: Layout) => (layout.margin as { t: number }).t;
    expect(top(long)).toBeGreaterThan(top(drawn(figure()).layout));
    const distance = (layout: Layout) => (layout.title?.pad as { t: number }).t;
    expect(distance(long)).toBeGreaterThan(distance(drawn(figure()).layout));
  });
});

describe("plot refuses", () => {
  it.each<[string, Figure, string]>([
    ["a figure without a title", figure({ layout: { title: { text: " " } } }), "no title"],
    ["an axis of numbers without a title", figure({ layout: { yaxis: {} } }), "yaxis has no title"],
    ["a second axis without a title", figure({ data: [line, { ...line, yaxis: "y2" }] }), "yaxis2 has no title"],
    ["a figure without data", figure({ data: [] }), "no data"],
    ["a kind of trace that it does not know", figure({ data: [{ ...line, type: "scater" as "scatter" }] }), '"scater"'],
    [
      "a function among the data",
      figure({ data: [{ ...line, text: (() => "") as unknown as string }] }),
      "text is a function",
    ],
    ["an object of a class", figure({ data: [{ ...line, x: new Map() as unknown as number[] }] }), "is a Map"],
  ])("%s", (_, wrong, message) => {
    expect(() => plotBundle(wrong)).toThrow(message);
  });

  it("no axis of names without a title, and no hidden axis", () => {
    expect(() => plotBundle(figure({ data: [{ ...line, x: ["a", "b", "c"] }], layout: { xaxis: {} } }))).not.toThrow();
    expect(() => plotBundle(figure({ layout: { xaxis: { visible: false } } }))).not.toThrow();
  });
});

describe("wrapText", () => {
  it("breaks between words only, and loses none", () => {
    expect(wrapText("one two three", 7)).toBe("one two<br>three");
    expect(wrapText("extraordinarily", 5)).toBe("extraordinarily");
  });
});
