/*
 * npm run assignment -- 01-mixture-of-experts --out DIR [--sheet]
 *
 * Makes DIR an nbgrader course folder, or adds a lesson to one: the source version, and the release version that nbgrader
 * cuts from it.
 */
import fs from "node:fs";
import path from "node:path";
import { command, fromCaller, readCall, toCaller } from "../../cli";
import { generate, listLessons } from "../build/masters";
import { readNotebook, writeNotebook } from "../build/notebook";
import { assignmentSource, isTest, problemSheet } from "./assignment-source";
import { masterFolder, readCourse } from "./course-folder";
import { complaintOf, CONFIG, grader } from "./nbgrader";

const HELP = `npm run assignment -- LESSON … --out DIR [--sheet]

Makes lessons into assignments of an nbgrader course folder.

  LESSON      01, or the beginning of its name
  --out DIR   the course folder; it is made if it is not there
  --sheet     only the exercises and the code that they need, not the whole lesson: graded in a tenth of the time
  --help      this text

Submissions belong at DIR/submitted/STUDENT/LESSON/LESSON.ipynb; npm run grade -- DIR grades them.`;

/** What nbgrader's release version must not hold. */
function leaks(file: string): string[] {
  const words = ["BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN", "gradedExercise"];
  const text = readNotebook(file)
    .cells.map(({ source }) => source)
    .join("\n");
  return words.filter((word) => text.includes(word));
}

export const main = command("assignment", HELP, async (args) => {
  const options = { out: { type: "string" }, sheet: { type: "boolean", default: false } } as const;
  const { values, positionals } = readCall(args, options, { positionals: true });
  if (positionals.length === 0 || values.out === undefined) {
    throw new Error("a lesson and --out DIR are needed, as --help says");
  }
  const lessons = listLessons(positionals.map((name) => name.replace(/^\d$/, "0$&")));
  const folder = fromCaller(values.out);
  fs.mkdirSync(folder, { recursive: true });
  const config = path.join(folder, "nbgrader_config.py");
  if (!fs.existsSync(config)) fs.copyFileSync(CONFIG, config);
  const course = await readCourse(folder);
  const file = (kind: "source" | "release", lesson: string) =>
    path.join(masterFolder(course, kind, lesson), `${lesson}.ipynb`);
  for (const { lesson, source } of await generate(lessons)) {
    const notebook = assignmentSource(values.sheet ? problemSheet(source) : source);
    writeNotebook(file("source", lesson), notebook);
    const cut = await grader("release", [lesson], folder);
    const release = file("release", lesson);
    if (cut.code !== 0) throw new Error(`${lesson}: ${complaintOf(cut)}`);
    const leaked = leaks(release);
    if (leaked.length > 0) throw new Error(`${lesson}: the release version holds ${leaked.join(", ")}`);
    const tests = notebook.cells.filter(isTest);
    const points = tests.reduce((sum, cell) => sum + (cell.metadata.nbgrader?.points ?? 0), 0);
    console.log(`${lesson}: ${tests.length} exercises, ${points} points`);
    for (const made of [file("source", lesson), release]) console.log(`  ${toCaller(made)}`);
  }
});
