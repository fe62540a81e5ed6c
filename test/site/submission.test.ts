/** A lesson solved in a browser tab, downloaded there, and graded by npm run grade as any submission is. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readNotebook, type Notebook } from "../../tools/course/build/notebook";
import { Course, isAnswer, readSolutions, runScript, solutions } from "../teaching/course";
import { Site } from "./site-page";

const LESSON = "00-start-here";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "course-tab-"));
const course = new Course(folder);
let site: Site;
let downloaded: Notebook;

beforeAll(async () => {
  await readSolutions([LESSON]);
  const made = await runScript("tools/course/teaching/assignment.ts", [LESSON, "--out", folder]);
  expect(made.stderr).toBe("");
  site = await Site.open();
  const lesson = await site.notebook(`${LESSON}.ipynb`);
  const release = readNotebook(path.join(site.folder, "run/files", `${LESSON}.ipynb`));
  const places = release.cells.flatMap((cell, index) => (isAnswer(cell) ? [index] : []));
  // All exercises but the first are solved, and the lesson is run as a learner does.
  const right = solutions(LESSON);
  for (const [number, index] of places.entries()) if (number > 0) await lesson.write(index, right[number].source);
  await lesson.runAll();
  await lesson.save();
  const download = lesson.page.waitForEvent("download");
  await lesson.page.evaluate('window.jupyterapp.commands.execute("docmanager:download")');
  const file = path.join(folder, "submitted", "ada", LESSON, `${LESSON}.ipynb`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  await (await download).saveAs(file);
  downloaded = readNotebook(file);
  const graded = await runScript("tools/course/teaching/grade.ts", [folder, "--minutes", "6"]);
  expect([graded.status, graded.stderr]).toEqual([0, ""]);
});

afterAll(async () => {
  await site?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

it("is whole: the cells' ids and nbgrader's metadata, the answers, what the checks said", () => {
  const release = course.release(LESSON);
  const graded = ({ cells }: Notebook) =>
    cells.flatMap(({ metadata }) => (metadata.nbgrader === undefined ? [] : [metadata.nbgrader.grade_id]));
  expect(graded(downloaded)).toEqual(graded(release));
  const answers = downloaded.cells.filter(isAnswer).map(({ source }) => source);
  expect(answers.slice(1)).toEqual(
    solutions(LESSON)
      .slice(1)
      .map(({ source }) => source),
  );
});

it("gets the points of the exercises that are solved, and nothing else to look at", () => {
  const points = course
    .release(LESSON)
    .cells.flatMap(({ metadata }) => (metadata.nbgrader?.grade ? [metadata.nbgrader.points ?? 0] : []));
  const of = points.reduce((a, b) => a + b, 0);
  expect(course.grades().get(`ada ${LESSON}`)).toMatchObject({ points: of - points[0], of, notes: "" });
});
