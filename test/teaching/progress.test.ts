/** The index in lesson 00 and `npm run progress` say the same of the same notebooks. */
import fs from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { showExercises } from "../../lib/notebook/exercise/progress";
import { shownText } from "../notebook/captured";
import { temporaryFolder } from "../support/folder";
import { ROOT, runScript, startScript } from "./course";

const newFolder = temporaryFolder();

it("the terminal prints what the lesson shows", async () => {
  const work = newFolder();
  for (const lesson of ["01-mixture-of-experts", "02-load-balancing"]) {
    const from = lesson.startsWith("01") ? "notebooks/solutions" : "notebooks";
    fs.cpSync(path.join(ROOT, from, `${lesson}.ipynb`), path.join(work, `${lesson}.ipynb`));
  }
  const before = process.env.JPY_SESSION_NAME;
  process.env.JPY_SESSION_NAME = path.join(work, "00-start-here.ipynb");
  try {
    const lesson = (await shownText(showExercises)).split("\n").filter((line) => line.trim() !== "");
    const { stdout, status } = await runScript("tools/course/teaching/progress.ts", [work]);
    const terminal = stdout.split("\n").filter((line) => line.trim() !== "");
    expect(status).toBe(0);
    expect(terminal.length).toBeGreaterThan(20);
    expect(lesson.filter((line) => line !== "All exercises")).toEqual(terminal);
    expect(terminal.join("\n")).toMatch(/01-gate .*✔ solved[^]*02-.*○ not begun[^]*07-.*lesson not opened/);
  } finally {
    if (before === undefined) delete process.env.JPY_SESSION_NAME;
    else process.env.JPY_SESSION_NAME = before;
  }
});

it("takes lessons by their numbers, and folders by their names", async () => {
  const work = newFolder();
  fs.cpSync(path.join(ROOT, "notebooks/solutions/04-fp8-training.ipynb"), path.join(work, "04-fp8-training.ipynb"));
  const progress = (...args: string[]) => runScript("tools/course/teaching/progress.ts", args);
  const one = await progress("4", work);
  expect(one.status).toBe(0);
  expect(one.stdout).toMatch(/^04-decode .*✔ solved$/m);
  expect(one.stdout).not.toMatch(/^0[^4]-/m);
  expect(one.stdout).toContain("Solved: 5 of 5 exercises");
  expect((await progress("04", "00-start", work)).stdout).toContain("Solved: 5 of 8 exercises");
  const [unknown, nowhere] = [await progress("77"), await progress(path.join(work, "nowhere"))];
  expect([unknown.status, unknown.stderr]).toEqual([1, expect.stringContaining("No lesson begins with 77")]);
  expect([nowhere.status, nowhere.stderr]).toEqual([1, expect.stringMatching(/^progress: there is no folder .*\n$/)]);
});

it("ends quietly when its reader has had enough", async () => {
  const { child, ended } = startScript("tools/course/teaching/progress.ts", [newFolder()]);
  child.stdout.destroy();
  const { status, stderr } = await ended;
  expect([status, stderr]).toEqual([0, ""]);
});
