/** How a submission is found, and when it counts as another one. */
import fs from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { formatNotebook, readNotebook } from "../../tools/course/build/notebook";
import type { Submission } from "../../tools/course/teaching/course-folder";
import { knownProblem, writeStamp } from "../../tools/course/teaching/graded";
import { prepare, readMaster, writePrepared } from "../../tools/course/teaching/prepare";
import { temporaryFolder } from "../support/folder";

const newFolder = temporaryFolder();
const NAME = "00-start-here";
const solved = readNotebook(`notebooks/solutions/${NAME}.ipynb`);
for (const cell of solved.cells) if (cell.cell_type === "code") cell.outputs = [];
const text = formatNotebook(solved);

/** A course folder with one submission; its files by their names. */
function handIn(files: Record<string, string>) {
  const folder = newFolder();
  fs.writeFileSync(path.join(folder, "nbgrader_config.py"), "");
  const at = (step: string) => path.join(folder, step, "ML?2026 [a]*", NAME);
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(at("submitted"), name)), { recursive: true });
    fs.writeFileSync(path.join(at("submitted"), name), content);
  }
  const [submitted, prepared, autograded, feedback] = ["submitted", "prepared", "autograded", "feedback"].map(at);
  const submission: Submission = {
    ...{ student: "ML?2026 [a]*", assignment: NAME, submitted, prepared, autograded, feedback },
    ...{ time: null, timeProblem: null, due: null },
  };
  const files_ = { name: NAME, source: `notebooks/solutions/${NAME}.ipynb`, release: `notebooks/${NAME}.ipynb` };
  const master = readMaster(files_, folder, 7);
  return {
    submission,
    master,
    files: files_,
    folder,
    look: (changes: Partial<Submission> = {}) => prepare({ ...submission, ...changes }, master),
  };
}

it("takes the notebook that is meant, whatever it is called and wherever it lies", () => {
  const remarks = (files: Record<string, string>) => handIn(files).look().remarks;
  expect(remarks({ [`${NAME}.ipynb`]: text, "Untitled.ipynb": "{}", ".ipynb_checkpoints/x.ipynb": text })).toEqual([]);
  expect(remarks({ [`${NAME} (1).ipynb`]: text })).toEqual([`handed in as ${NAME} (1).ipynb`]);
  expect(remarks({ [`${NAME}.ipynb.json`]: text })).toEqual([`handed in as ${NAME}.ipynb.json`]);
  expect(remarks({ "mine/work.ipynb": text, "other.ipynb": "{}" })).toEqual([
    `handed in as ${path.join("mine", "work.ipynb")}`,
  ]);
  expect(remarks({ [`${NAME}.ipynb`]: text, [`${NAME} (1).ipynb`]: text })).toEqual([
    `${NAME} (1).ipynb is there too and was not graded`,
  ]);
});

it("says what is missing, and what to do", () => {
  const problem = (files: Record<string, string>) => handIn(files).look().problem;
  expect(problem({ "notes.txt": "" })).toBe(`there is no ${NAME}.ipynb in it`);
  expect(problem({ "a.ipynb": text, "b.ipynb": text })).toBe(
    `there is no ${NAME}.ipynb in it, but a.ipynb, b.ipynb: give the right one that name`,
  );
  expect(problem({ [`${NAME}.ipynb`]: "" })).toMatch(/^the file is empty/);
});

it("grades again what has another content, another time that matters, or other files, and nothing else", () => {
  const { submission, master, look } = handIn({ [`${NAME}.ipynb`]: text, "data/rows.csv": "1" });
  const first = look();
  expect(knownProblem(first, 15)).toBeUndefined();
  writePrepared(first);
  expect(fs.readFileSync(path.join(submission.prepared, "data/rows.csv"), "utf8")).toBe("1");
  writeStamp(first, null, 15);
  expect(knownProblem(first, 15)).toBeUndefined(); // nbgrader's own result is not there
  fs.mkdirSync(submission.autograded, { recursive: true });
  fs.writeFileSync(path.join(submission.autograded, `${NAME}.ipynb`), "{}");
  expect(knownProblem(look(), 15)).toBeNull();

  const file = path.join(submission.submitted, `${NAME}.ipynb`);
  fs.utimesSync(file, 2e9, 2e9);
  expect(knownProblem(look(), 15)).toBeNull();
  fs.writeFileSync(file, `\uFEFF${text.replaceAll("\n", "\r\n")}`);
  expect(knownProblem(look(), 15)).toBeNull();
  expect(knownProblem(look({ due: "2026-11-20 10:00:00 UTC" }), 15)).toBeNull();
  const [time, due] = ["2026-11-21 10:00:00 UTC", "2026-11-20 10:00:00 UTC"];
  expect(knownProblem(look({ time, due }), 15)).toBeUndefined();
  fs.writeFileSync(path.join(submission.submitted, "data/rows.csv"), "2");
  expect(knownProblem(look(), 15)).toBeUndefined();
  fs.writeFileSync(path.join(submission.submitted, "data/rows.csv"), "1");
  fs.writeFileSync(file, text.replace("meanSquare(rows", "meanSquare(lines"));
  fs.utimesSync(file, 1e9, 1e9); // an archive keeps the time of an older file
  expect(knownProblem(look(), 15)).toBeUndefined();
  expect(prepare(submission, { ...master, digest: "another sheet" }).digest).not.toBe(look().digest);
});

it("grades again by another seed, by which the cases are others", () => {
  const { master, submission, files, folder } = handIn({ [`${NAME}.ipynb`]: text });
  const by = (seed: number) => prepare(submission, readMaster(files, folder, seed));
  expect(by(master.seed)).toEqual(prepare(submission, master));
  expect(by(8).seed).not.toBe(by(7).seed);
  expect(by(8).digest).not.toBe(by(7).digest);
});

it("draws other cases for whatever is handed in next, and the same for the same work whenever it comes", () => {
  const { submission, look } = handIn({ [`${NAME}.ipynb`]: text });
  const { seed } = look();
  expect(look({ student: "another", time: "2026-11-21 10:00:00 UTC", due: "2026-11-20 10:00:00 UTC" }).seed).toBe(seed);
  fs.writeFileSync(path.join(submission.submitted, "timestamp.txt"), "2026-11-21 10:00:00 UTC");
  expect(look().seed).toBe(seed);
  const run = JSON.parse(text) as { cells: { metadata: object; outputs?: unknown[]; id?: string }[] };
  for (const cell of run.cells)
    Object.assign(cell.metadata, { collapsed: true, execution: { "iopub.status.busy": "now" } });
  fs.writeFileSync(path.join(submission.submitted, `${NAME}.ipynb`), JSON.stringify(run));
  fs.writeFileSync(path.join(submission.submitted, "Thumbs.db"), "");
  expect(look().seed).toBe(seed);
  fs.writeFileSync(path.join(submission.submitted, `${NAME}.ipynb`), text);
  fs.writeFileSync(path.join(submission.submitted, "table.json"), "[1]");
  const besides = look().seed;
  fs.rmSync(path.join(submission.submitted, "table.json"));
  fs.writeFileSync(
    path.join(submission.submitted, `${NAME}.ipynb`),
    text.replace("meanSquare(rows", "meanSquare(lines"),
  );
  expect(new Set([seed, besides, look().seed]).size).toBe(3);
});

it("tries once more with more time, and not what can't be graded at all", () => {
  const slow = handIn({ [`${NAME}.ipynb`]: text }).look();
  writePrepared(slow);
  writeStamp(slow, "it was not done after 15 minutes", 15);
  expect(knownProblem(slow, 15)).toBe("it was not done after 15 minutes");
  expect(knownProblem(slow, 30)).toBeUndefined();
  const none = handIn({ "notes.txt": "" }).look();
  writePrepared(none);
  writeStamp(none, none.problem, 15);
  expect(knownProblem(none, 30)).toBe(`there is no ${NAME}.ipynb in it`);
});
