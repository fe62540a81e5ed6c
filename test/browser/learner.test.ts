/**
 * What befalls a learner, in a small notebook of the tests' own: errors that come late, a re-run that is interrupted, an
 * answer that no longer compiles; windows of any width, the keyboard alone, a notebook opened again, the dark theme.
 */
import path from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { bundles, PLOTLY, PNG, readNotebook, writeNotebook, type Cell } from "../../tools/course/build/notebook";
import { openNotebook, type OpenNotebook } from "./open-lesson";

const NAME = "learner";

/** The cells, by their ids. */
const CELLS = {
  imports: `import { lineChart, plot, say, showSource, sliderPlot, table, waffleChart } from "./lib/notebook";
import { check } from "./lib/notebook/exercise/check";
import { shapeExercise } from "./lib/lessons/00-start-here/exercise-1-shape";`,
  values: `const kept = 41;
let steps = 1;
async function count(to: number): Promise<number> {
  let i = 0;
  console.log("counting to", to);
  while (i < to) { i++; await new Promise((resolve) => setTimeout(resolve, 10)); }
  return i;
}`,
  unawaited: `async function fails(): Promise<void> { throw new Error("nobody waits for me"); }
fails();`,
  timer: `setTimeout(() => { throw new Error("the timer failed"); }, 300);`,
  after: `console.log("still here:", kept + 1);`,
  counted: `const counted = await count(steps);`,
  more: `steps = 1_000_000;`,
  print: `console.log("counted to", counted);`,
  answer: `function productShape(a: number[], b: number[]): number[] {
  return [...a.slice(0, -1), b[b.length - 1]];
}`,
  check: `await check(shapeExercise, productShape);`,
  words: `table([{ part: "attention", parameters: 11 }, { part: "experts", parameters: 26 }]);
say\`Of these, **37** billion work, see \\\`lib/model/router.ts\\\`.\`;
showSource("lib/model/router.ts", "route");`,
  squares: `plot(waffleChart(
  "Which of the 671 billion parameters work on one single token?",
  [{ name: "attention", value: 11 }, { name: "experts", value: 26 }, { name: "idle", value: 634, idle: true }],
  { unit: 1, columns: 45 },
));`,
  slider: `sliderPlot({
  title: "What does the slider change?", parameter: "batch", unit: "tokens", values: [1, 2, 4, 8, 16], initial: 4,
  figure: (batch) => lineChart({
    title: "", x: { title: "step" }, y: { title: "loss (bits)" },
    series: [{ name: "loss", x: [0, 1, 2], y: [0, batch, batch * batch] }],
  }),
});`,
  line: `plot(lineChart({
  title: "How does a picture look that stands far below in its notebook?", x: { title: "step" }, y: { title: "loss (bits)" },
  series: [{ name: "first", x: [1, 2, 3], y: [1, 3, 2] }, { name: "second", x: [1, 2, 3], y: [2, 1, 4] }],
}));`,
};
type Id = keyof typeof CELLS;

const index = (id: Id) => Object.keys(CELLS).indexOf(id);
const PICTURES = (["squares", "slider", "line"] as const).map(index);

/** Exercises are known by what nbgrader's metadata call their cells. */
const GRADED: Partial<Record<Id, { grade_id: string; grade: boolean }>> = {
  answer: { grade_id: "00-shape", grade: false },
  check: { grade_id: "00-shape-check", grade: true },
};

function cell(id: string, source: string): Cell {
  const graded = GRADED[id as Id];
  const nbgrader = graded && { ...graded, locked: graded.grade, solution: !graded.grade, schema_version: 3 };
  return {
    cell_type: "code",
    id,
    metadata: nbgrader === undefined ? {} : { nbgrader },
    source,
    execution_count: null,
    outputs: [],
  };
}

describe("a learner in JupyterLab", () => {
  const file = path.join(inject("lab").work, `${NAME}.ipynb`);
  let open: OpenNotebook;
  const run = (id: Id) => open.lesson.run(index(id));
  const output = (id: Id) => open.lesson.output(index(id));

  beforeAll(async () => {
    writeNotebook(file, {
      cells: Object.entries(CELLS).map(([id, source]) => cell(id, source)),
      metadata: {
        kernelspec: { display_name: "TypeScript (course)", language: "typescript", name: "tslab" },
        language_info: { name: "typescript" },
      },
      nbformat: 4,
      nbformat_minor: 5,
    });
    open = await openNotebook(NAME);
    await run("imports");
    await run("values");
  });
  afterAll(() => open?.close());

  it("who forgets an await sees the error in its cell, and loses nothing", async () => {
    expect(await run("unawaited")).toContain("nobody waits for me");
    expect(await run("after")).toContain("still here: 42");
    expect(await open.lesson.popUps()).toEqual([]);
  });

  it("whose timer throws after its cell has ended sees the error there, and loses nothing", async () => {
    await run("timer");
    await expect.poll(() => output("timer")).toContain("the timer failed");
    expect(await run("after")).toContain("still here: 42");
    expect(await open.lesson.popUps()).toEqual([]);
  });

  it("who interrupts a re-run keeps what was computed before", async () => {
    await run("counted");
    await run("more");
    expect(await open.lesson.interrupt(index("counted"), "counting to 1000000")).toContain("interrupted");
    expect(await run("print")).toContain("counted to 1\n");
  });

  it("whose answer no longer compiles is not told that it is right", async () => {
    await run("answer");
    expect(await run("check")).toContain("✔");
    await open.lesson.write(index("answer"), CELLS.answer.replace("return", "retrun"));
    await run("answer");
    const said = await run("check");
    expect(said).not.toContain("✔");
    expect(said).toContain("cell");
    await open.lesson.write(index("answer"), CELLS.answer);
    await run("answer");
    expect(await run("check")).toContain("✔");
  });

  /** How wide a plot is drawn, and its column; and the smallest gap between two squares of a row. */
  const WIDTHS = `[...document.querySelectorAll(".jp-RenderedPlotly")].map((plot) => ({
    column: plot.clientWidth,
    drawn: plot.querySelector(".main-svg")?.clientWidth ?? 0,
  }))`;
  const GAP = `((squares) => Math.min(...squares.slice(1).map((next, i) => [next, squares[i]])
    .filter(([next, last]) => next.top === last.top).map(([next, last]) => next.left - last.right)))(
    [...document.querySelectorAll(".barlayer .point path")].map((path) => path.getBoundingClientRect()))`;
  const SPAN = `((squares) => Math.max(...squares.map(({ right }) => right)) - Math.min(...squares.map(({ left }) => left)))(
    [...document.querySelectorAll(".barlayer .point path")].map((path) => path.getBoundingClientRect()))`;
  /** How far the buttons of a plot reach into its title. */
  const covered = (id: Id) => `(([title, bar]) => title.right > bar.left && title.bottom > bar.top)(
    [".gtitle", ".modebar"].map((part) =>
      document.querySelectorAll(".jp-Notebook .jp-Cell")[${index(id)}].querySelector(part).getBoundingClientRect()))`;

  it("has pictures as wide as the column in any window, squares apart, and the title free", async () => {
    const { lesson } = open;
    for (const id of ["squares", "slider", "line"] as const) await run(id);
    expect((await lesson.drawnPlots(3)).map((plot) => plot.cell)).toEqual(PICTURES);
    type Measured = { plots: { column: number; drawn: number }[]; span: number };
    const measure = async () => (await lesson.page.evaluate(`({ plots: ${WIDTHS}, span: ${SPAN} })`)) as Measured;
    /** What the page shows once it is laid out for another width, and stands still. */
    const settled = async (): Promise<Measured> => {
      const isNew = ({ plots: [{ column }] }: Measured) => !columns.includes(column);
      const fits = ({ plots }: Measured) => plots.every(({ column, drawn }) => column === drawn);
      const stands = async () => {
        const before = await measure();
        await lesson.page.waitForTimeout(300);
        return isNew(before) && fits(before) && JSON.stringify(before) === JSON.stringify(await measure());
      };
      await expect.poll(stands).toBe(true);
      return measure();
    };
    const columns: number[] = [];
    const spans: number[] = [];
    for (const width of [700, 1800, 1024]) {
      await lesson.page.setViewportSize({ width, height: 768 });
      const { plots, span } = await settled();
      columns.push(plots[0].column);
      spans.push(span);
      const becomes = (what: string, expression: string) =>
        expect.poll(() => lesson.page.evaluate(expression), { message: `${what} at ${width}` });
      await becomes("squares", GAP).toBeGreaterThan(0.5);
      await lesson.cell(index("squares")).locator(".js-plotly-plot").hover();
      await open.screenshot(`window-${width}`);
      await becomes("title", LONGEST_TITLE).toBeLessThanOrEqual(1);
      if (width > 700) await becomes("title", covered("squares")).toBe(false);
    }
    const [narrow, wide, middle] = spans;
    expect(narrow < middle && middle < wide, `squares span ${spans.join(", ")} pixels`).toBe(true);
    await lesson.page.setViewportSize({ width: 1400, height: 1000 });
  });

  it("moves a slider by keys alone", async () => {
    const { lesson } = open;
    const { keyboard } = lesson.page;
    const at = () => lesson.slider(index("slider")).getAttribute("aria-valuetext");
    const focused = 'document.activeElement.getAttribute("role")';
    await lesson.cell(index("slider")).locator(".jp-InputPrompt").click();
    for (let tabs = 0; tabs < 20 && (await lesson.page.evaluate(focused)) !== "slider"; tabs++)
      await keyboard.press("Tab");
    expect(await lesson.page.evaluate(focused)).toBe("slider");
    const steps: [key: string, to: string][] = [
      ["ArrowRight", "8"],
      ["ArrowUp", "16"],
      ["ArrowRight", "16"],
      ["Home", "1"],
      ["ArrowLeft", "1"],
      ["End", "16"],
      ["ArrowDown", "8"],
    ];
    for (const [key, to] of steps) {
      const [from, drawn] = [await at(), await lesson.stillPicture(index("slider"))];
      await keyboard.press(key);
      await expect.poll(at).toBe(to);
      const picture = await (from === to
        ? lesson.stillPicture(index("slider"))
        : lesson.pictureOtherThan(index("slider"), drawn));
      expect(picture === drawn, `${key} from ${from} to ${to}`).toBe(from === to);
    }
    await open.screenshot("slider-by-keys");
    expect(await lesson.page.evaluate(focused)).toBe("slider");
  });

  it("moves a slider by the mouse", async () => {
    const { lesson } = open;
    const before = await lesson.stillPicture(index("slider"));
    await lesson.slide(index("slider"), 0.02);
    expect(await lesson.pictureOtherThan(index("slider"), before)).not.toBe(before);
    await expect.poll(() => lesson.slider(index("slider")).getAttribute("aria-valuetext")).toBe("1");
  });

  it("reads everything in the dark theme, and sees what is a link", async () => {
    const { lesson } = open;
    await run("words");
    await lesson.useTheme("JupyterLab Dark");
    // The theme's rules come a little after its name, and the page may be bare meanwhile.
    const found = async () =>
      (await lesson.page.evaluate(COLOURS)) as { text: string; colour: string; ground: string }[];
    await expect.poll(async () => (await found()).length).toBeGreaterThan(30);
    const pale = async () => (await found()).filter(({ colour, ground }) => contrast(rgb(colour), rgb(ground)) < 4);
    await expect.poll(pale).toEqual([]);
    await expect
      .poll(async () => new Set((await found()).map(({ ground }) => ground)))
      .not.toContain("rgb(255, 255, 255)");
    expect((await found()).length).toBeGreaterThan(30);
    await open.screenshot("dark");
    await lesson.cell(index("words")).locator("a > code").first().waitFor();
    const link = `document.querySelectorAll(".jp-Notebook .jp-Cell")[${index("words")}].querySelector("a > code")`;
    await expect.poll(() => lesson.page.evaluate(`getComputedStyle(${link}).textDecorationLine`)).toBe("underline");
  });

  it("finds the pictures of a saved notebook again, drawn for the window that it is opened in", async () => {
    const { lesson } = open;
    await lesson.page.setViewportSize({ width: 700, height: 768 });
    const saved = async () => {
      await lesson.save();
      const bundled = readNotebook(file).cells.flatMap((one) => (one.cell_type === "code" ? bundles(one) : []));
      return bundled.filter((data) => PLOTLY in data && PNG in data).length;
    };
    await expect.poll(saved, { interval: 1000 }).toBe(3);
    await lesson.page.setViewportSize({ width: 1400, height: 1000 });
    await lesson.page.reload();
    await lesson.page.waitForSelector(".jp-RenderedPlotly");
    for (const picture of PICTURES) await lesson.cell(picture).scrollIntoViewIfNeeded();
    const plots = await lesson.drawnPlots(3);
    expect(plots.map((plot) => [plot.cell, plot.drawnTraces >= plot.visibleTraces])).toEqual(
      PICTURES.map((picture) => [picture, true]),
    );
    const smallest = async () => Math.min(...(await lesson.plots()).flatMap(({ width, height }) => [width, height]));
    await expect.poll(smallest).toBeGreaterThan(330);
    await open.screenshot("reopened");
  });
});

/** The widest title of a plot, of its picture's width. */
const LONGEST_TITLE = `Math.max(...[...document.querySelectorAll("text.gtitle")].map((title) => {
  const [text, picture] = [title, title.ownerSVGElement].map((element) => element.getBoundingClientRect());
  return (text.right - picture.left) / picture.width;
}))`;

/** Texts of outputs with their colours, and the first ground behind them that one can't see through. */
const COLOURS = `(() => {
  const opaque = (colour) => !/^rgba\\(.*, 0(\\.\\d+)?\\)$/.test(colour) && colour !== "transparent";
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (opaque(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const own = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
  return [...document.querySelectorAll(".jp-OutputArea-output *")]
    .filter((element) => own(element) && element.getClientRects().length > 0 && !element.closest("style, .jp-RenderedText"))
    .map((element) => ({
      text: element.textContent,
      colour: getComputedStyle(element)[element instanceof SVGElement ? "fill" : "color"],
      ground: ground(element),
    }));
})()`;

function rgb(colour: string): number[] {
  return [...colour.matchAll(/[\d.]+/g)].slice(0, 3).map(([number]) => Number(number));
}

/** WCAG's contrast of two colours, 1 to 21. */
function contrast(a: number[], b: number[]): number {
  const light = (colour: number[]) => {
    const [r, g, blue] = colour.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  };
  const [dark, bright] = [light(a), light(b)].sort((x, y) => x - y);
  return (bright + 0.05) / (dark + 0.05);
}
