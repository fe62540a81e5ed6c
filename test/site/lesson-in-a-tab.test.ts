/**
 * A lesson open in JupyterLite, as a learner has it: solved, run from the top, downloaded, and graded by npm run grade as
 * any submission is. While it is graded, what befalls a learner in the open lesson: errors, endless loops, Interrupt. (The
 * kernel alone is asked much more in kernel.test.ts.)
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundles, PLOTLY, readNotebook, type Notebook } from "../../tools/course/build/notebook";
import type { LessonPage } from "../browser/lesson-page";
import { Course, isAnswer, readSolutions, runScript, solutions, type Ended } from "../teaching/course";
import { Site } from "./site-page";

const LESSON = "00-start-here";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "course-tab-"));
const course = new Course(folder);
let site: Site;
let lesson: LessonPage;
let released: Notebook;
let downloaded: Notebook;
let grading: Promise<Ended>;

beforeAll(async () => {
  const assigned = (async () => {
    await readSolutions([LESSON]);
    const made = await runScript("tools/course/teaching/assignment.ts", [LESSON, "--out", folder]);
    expect(made.stderr).toBe("");
  })();
  site = await Site.open();
  lesson = await site.notebook(`${LESSON}.ipynb`);
  released = readNotebook(path.join(site.folder, "run/files", `${LESSON}.ipynb`));
  await assigned;
});

afterAll(async () => {
  await site?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const place = (id: string) => released.cells.findIndex((cell) => cell.id === id);

/** A cell's output; JupyterLab lays out only what is in view. */
async function shown(index: number): Promise<string> {
  await lesson.cell(index).scrollIntoViewIfNeeded();
  await expect.poll(() => lesson.output(index)).not.toBe("");
  return lesson.output(index);
}

/** Writes a cell anew and runs it. */
async function said(index: number, text: string): Promise<string> {
  await lesson.write(index, text);
  return lesson.run(index);
}

describe("a lesson whose exercises are solved, all but the first", () => {
  it("runs from the top, without an error, and draws its plots", async () => {
    const places = released.cells.flatMap((cell, index) => (isAnswer(cell) ? [index] : []));
    const right = solutions(LESSON);
    for (const [number, index] of places.entries()) if (number > 0) await lesson.write(index, right[number].source);
    await lesson.runAll();
    expect(await lesson.errors()).toEqual([]);
    const figures = readNotebook(`notebooks/${LESSON}.ipynb`).cells.flatMap((cell) =>
      cell.cell_type === "code" ? bundles(cell).filter((data) => PLOTLY in data) : [],
    );
    const plots = await lesson.drawnPlots(figures.length);
    expect(plots.length).toBe(figures.length);
    for (const { visibleTraces, drawnTraces } of plots) expect(drawnTraces).toBeGreaterThanOrEqual(visibleTraces);
    expect(await shown(place("00-shape-check"))).toMatch(/^○ .*not solved yet/i);
    expect(await shown(place("00-leak-check"))).toMatch(/^✔/);
  });

  it("is downloaded whole: the cells' ids and nbgrader's metadata, the answers, what the checks said", async () => {
    await lesson.save();
    const download = lesson.page.waitForEvent("download");
    await lesson.page.evaluate('window.jupyterapp.commands.execute("docmanager:download")');
    const file = path.join(folder, "submitted", "ada", LESSON, `${LESSON}.ipynb`);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    await (await download).saveAs(file);
    downloaded = readNotebook(file);
    grading = runScript("tools/course/teaching/grade.ts", [folder, "--minutes", "20"]);
    const graded = ({ cells }: Notebook) =>
      cells.flatMap(({ metadata }) => (metadata.nbgrader === undefined ? [] : [metadata.nbgrader.grade_id]));
    expect(graded(downloaded)).toEqual(graded(course.release(LESSON)));
    const answers = downloaded.cells.filter(isAnswer).map(({ source }) => source);
    expect(answers.slice(1)).toEqual(
      solutions(LESSON)
        .slice(1)
        .map(({ source }) => source),
    );
  });
});

describe("in the open lesson", () => {
  /** A cell that nothing else needs. */
  let spare = -1;
  beforeAll(() => {
    spare = released.cells.findIndex(({ source }) => source === "console.log(String(backend));");
    expect(spare).toBeGreaterThan(0);
  });

  it("an error of types and a typo are told in one line, in red, and the cell does not run", async () => {
    expect(await said(spare, 'console.log("ran");\nconst two: number = "2";')).toBe(
      "2:7 - Type 'string' is not assignable to type 'number'.",
    );
    expect(await said(spare, "matrixSise + 1;")).toBe(
      "1:1 - Cannot find name 'matrixSise'. Did you mean 'matrixSize'?",
    );
    await expect.poll(async () => (await lesson.errors()).length).toBe(1);
  });

  it("20,000 lines come whole, and the page goes on", async () => {
    await said(spare, 'for (let i = 0; i < 20_000; i++) console.log("line " + i);');
    const shown = async () => {
      const lines = (await lesson.output(spare)).trim().split("\n"); // which the page draws in pieces
      return [lines.length, lines[0], lines.at(-1)];
    };
    await expect.poll(shown).toEqual([20_000, "line 0", "line 19999"]);
    expect(await said(spare, '"goes on"')).toContain("goes on");
  });

  it("a tensor that leaks and a loop that never ends are told by the check, and the lesson goes on", async () => {
    const [leak, shape] = [place("00-leak"), place("00-shape")];
    await said(leak, "function meanSquare(rows: tf.Tensor2D): tf.Tensor1D {\n  return rows.square().mean(1);\n}");
    expect(await lesson.run(place("00-leak-check"))).toMatch(/^✘[^]*tensor/);
    await said(shape, "function productShape(a: number[], b: number[]): number[] {\n  while (true) {}\n}");
    const check = "await check({ ...shapeExercise, seconds: 1 }, productShape);";
    expect(await said(place("00-shape-check"), check)).toMatch(/^✘[^]*had not come back after 1 second/);
    expect(await said(spare, "matrixSize")).toContain("256");
  });

  it("Interrupt ends a loop that awaits, and nothing is lost; one that lets nothing in, and says what is", async () => {
    await lesson.write(spare, 'console.log("on and on");\nwhile (true) await new Promise((r) => setTimeout(r, 10));');
    expect(await lesson.interrupt(spare, "on and on")).toContain("The cell was interrupted.");
    expect(await said(spare, "matrixSize")).toContain("256");
    await lesson.write(spare, 'console.log("round and round");\nawait null;\nwhile (true) {}');
    expect(await lesson.interrupt(spare, "round and round")).toContain("the kernel was ended and started anew");
    expect(await said(spare, '"goes on"')).toContain("goes on");
    expect(await said(spare, "matrixSize")).toContain("Cannot find name 'matrixSize'");
  });
});

it("in a window as narrow as a phone's a lesson has the room", async () => {
  const page = await site.context.newPage();
  await page.setViewportSize({ width: 390, height: 850 });
  await page.goto(`${site.url}run/lab/index.html?path=01-mixture-of-experts.ipynb`);
  const text = page.locator(".jp-Notebook .jp-RenderedMarkdown").first();
  await expect.poll(async () => (await text.boundingBox())?.width ?? 0, { timeout: 120_000 }).toBeGreaterThan(190);
  await page.close();
});

it("the submission gets the points of the exercises that are solved, and nothing else to look at", async () => {
  const { status, stderr } = await grading;
  expect([status, stderr]).toEqual([0, ""]);
  const points = course
    .release(LESSON)
    .cells.flatMap(({ metadata }) => (metadata.nbgrader?.grade ? [metadata.nbgrader.points ?? 0] : []));
  const of = points.reduce((a, b) => a + b, 0);
  expect(course.grades().get(`ada ${LESSON}`)).toMatchObject({ points: of - points[0], of, look: "", remarks: "" });
});

it("nothing was asked of any other host, and no error went uncaught", () => {
  expect([site.strangers, site.uncaught]).toEqual([[], []]);
});
