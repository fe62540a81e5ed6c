/**
 * Lessons run from the top in a tab and show what they show in Node: printed text the same, drawn numbers within rounding
 * (tools/course/build/drift.ts), cells whose output depends on the machine left out. Three lessons, of which one trains;
 * SITE_ALL=1 runs all, SITE_ALL=04,05 those.
 */
import { afterAll, describe, expect, it } from "vitest";
import { outputDrift } from "../../tools/course/build/drift";
import { listLessons, notebookFile } from "../../tools/course/build/masters";
import {
  hasTag,
  PLOTLY,
  readNotebook,
  type CodeCell,
  type Notebook,
  type Output,
} from "../../tools/course/build/notebook";
import { bytesSent, openWorker, stopServing } from "./built-worker";
import type { Ran, WorkerPage } from "./worker-page";

/** Quick ones, of which 00 has the exercises' index and 01 loads v3-mini. */
const USUAL = ["00", "01", "07"];

const asked = process.env.SITE_ALL;
const lessons = listLessons().filter((lesson) => {
  const wanted = asked === undefined ? USUAL : asked === "1" ? [] : asked.split(",");
  return wanted.length === 0 || wanted.includes(lesson.slice(0, 2));
});

afterAll(stopServing);

/** The outputs of a cell as a notebook keeps them: an output that is replaced stands where it first stood. */
function outputsOf({ stdout, stderr, displays, error }: Ran): Output[] {
  const shown = new Map<string, Output>();
  for (const [i, { data, metadata, transient }] of displays.entries()) {
    if (metadata.course === "loading") continue;
    shown.set(transient.display_id ?? String(i), { output_type: "display_data", data, metadata });
  }
  const streams = { stdout, stderr };
  return [
    ...(["stdout", "stderr"] as const).flatMap((name): Output[] =>
      streams[name] === "" ? [] : [{ output_type: "stream", name, text: streams[name] }],
    ),
    ...shown.values(),
    ...(error === null ? [] : [{ output_type: "error" as const, ...error }]),
  ];
}

/** Why it is not webgpu that computes is told in the words of the place. */
function withoutReason(notebook: Notebook): Notebook {
  return JSON.parse(JSON.stringify(notebook).replaceAll(/no webgpu: [^;]*; /g, "")) as Notebook;
}

/** Runs all cells of a notebook; calls `after` behind each. */
async function runAll(
  kernel: WorkerPage,
  notebook: Notebook,
  name: string,
  after: (ran: Ran) => void,
): Promise<Notebook> {
  const cells: Notebook["cells"] = [];
  for (const cell of notebook.cells) {
    if (cell.cell_type !== "code") {
      cells.push(cell);
      continue;
    }
    const ran = await kernel.execute(cell.source, name);
    after(ran);
    cells.push({ ...cell, outputs: outputsOf(ran) } satisfies CodeCell);
  }
  return { ...notebook, cells };
}

describe.each(lessons)("lesson %s", (lesson) => {
  it("runs from the top without an error, with Node's results", async () => {
    const notebook = readNotebook(notebookFile(lesson, "solved"));
    const sentBefore = await bytesSent();
    const kernel = await openWorker();
    const begin = performance.now();
    let firstPlot = 0;
    const fresh = await runAll(kernel, notebook, `${lesson}.ipynb`, ({ displays }) => {
      if (firstPlot === 0 && displays.some(({ data }) => PLOTLY in data)) firstPlot = performance.now() - begin;
    });
    const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(1);
    const megabytes = (((await bytesSent()) - sentBefore) / 1e6).toFixed(1);
    console.log(
      `${lesson}: ready after ${seconds(kernel.readyAfter)} s, first plot ${seconds(firstPlot)} s later, ` +
        `all after ${seconds(performance.now() - begin)} s, ${megabytes} MB`,
    );
    await kernel.close();
    const outputs = fresh.cells.flatMap((cell) => (cell.cell_type === "code" ? cell.outputs : []));
    expect(outputs.filter(({ output_type }) => output_type === "error")).toEqual([]);
    expect(outputDrift(withoutReason(notebook), withoutReason(fresh))).toEqual([]);
  }, 600_000);
});

it("cells as the lesson has them run unchecked, and are known when another is checked", async () => {
  const lesson = listLessons().find((one) => one.startsWith("01")) ?? "";
  const { cells } = readNotebook(notebookFile(lesson, "unsolved"));
  const sources = cells.flatMap(({ cell_type, source }) => (cell_type === "code" ? [source] : []));
  expect(sources[1]).toMatch(/^const routedExperts = 256;/m);
  const kernel = await openWorker();
  for (const source of sources.slice(0, 3)) expect((await kernel.execute(source)).error).toBeNull();
  await kernel.post({ type: "spare" });
  const wrong = "const words: string = routedExperts;";
  expect((await kernel.execute(wrong)).error?.evalue).toBe("1:7 - Type 'number' is not assignable to type 'string'.");
  expect(await kernel.complete("routedEx")).toContain("routedExperts");
  expect((await kernel.execute("let count = routedExperts; count += 1; console.log(count);")).stdout).toBe("257\n");
  await kernel.start();
  for (const source of [...sources.slice(0, 2), wrong]) await kernel.execute(source);
  expect((await kernel.execute(wrong)).error?.evalue).toMatch(/^1:7 - Type 'number'/);
  await kernel.start();
  await kernel.execute(sources[0]);
  expect((await kernel.execute(sources[2])).error?.evalue).toMatch(/Cannot find name 'routedExperts'/);
  await kernel.close();
});

it("an exercise ladder: the stub, the right answer, a loop that never ends", async () => {
  const [lesson = ""] = listLessons().filter((one) => one.startsWith("01"));
  const unsolved = readNotebook(notebookFile(lesson, "unsolved"));
  const solved = readNotebook(notebookFile(lesson, "solved"));
  const sourceOf = (notebook: Notebook, id: string) => notebook.cells.find((cell) => cell.id === id)?.source ?? "";
  const kernel = await openWorker();
  const check = async () => (await kernel.execute(sourceOf(unsolved, "01-gate-check"))).displays[0]?.data["text/plain"];
  const until = unsolved.cells.findIndex((cell) => cell.id === "01-gate");
  for (const cell of unsolved.cells.slice(0, until)) {
    if (cell.cell_type === "code" && !hasTag(cell, "timing")) await kernel.execute(cell.source);
  }
  await kernel.execute(sourceOf(unsolved, "01-gate"));
  expect(await check()).toMatch(/^○ .*not solved yet/i);
  const right = sourceOf(solved, "01-gate");
  await kernel.execute(right);
  expect(await check()).toMatch(/^✔/);
  const [, name = ""] = /function (\w+)/.exec(right) ?? [];
  await kernel.execute(`${right}\nconst judgedBefore = ${name};`);
  expect((await kernel.execute(`${right.replace(/return [^;]+;/, "while (true) {}")}`)).error).toBeNull();
  expect(await check()).toMatch(/^✘[^]*had not come back after/);
  await kernel.close();
});
