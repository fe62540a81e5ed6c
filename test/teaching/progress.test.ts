/** The index in lesson 00 and `npm run progress` say the same of the same notebooks. */
import fs from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { showExercises } from "../../lib/notebook/exercise/progress";
import { shownText } from "../notebook/captured";
import { temporaryFolder } from "../support/folder";
import { ROOT, runScript } from "./course";

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
