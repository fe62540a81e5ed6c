/*
 * npm run check [-- LESSON or FILE …]
 *
 * Runs the exercises of a learner's notebooks in the real kernel and says of each what its check says in the lesson. Only
 * answers that are begun run, and what they need; the rest of the lesson does not. They are judged as when they are graded,
 * on the cases of the lesson's own check.
 */
import fs from "node:fs";
import path from "node:path";
import { exercisesIn, type ListedExercise } from "../../../lib/notebook/exercise/announced";
import { LESSON_DRAWS } from "../../../lib/notebook/exercise/drawn";
import { isStubSource } from "../../../lib/notebook/exercise/progress";
import { listLessons } from "../build/masters";
import { readNotebook } from "../build/notebook";
import { command, fromCaller, readCall, toCaller } from "../../cli";
import { projectAt, ROOT } from "../../setup/project.mjs";
import { judgeNotebook } from "./judge-notebook";
import { findCode, taskOf } from "./judge-tasks";
import { said, type Verdict } from "./judge-verdict";

const HELP = `npm run check [-- LESSON or FILE …]

Checks your answers to the exercises; without a name, those of all your lessons in work/.

  LESSON   01: your copy of lesson 01 in work/
  FILE     a notebook of yours`;

const CELL_SECONDS = 60;
const NOTEBOOK_SECONDS = 240;

interface Line {
  exercise: ListedExercise;
  status: "solved" | "wrong" | "open";
  message: string;
}

function filesOf(names: string[]): string[] {
  const work = projectAt(ROOT).work;
  const inWork = (lesson: string) => path.join(work, `${lesson}.ipynb`);
  const files =
    names.length === 0
      ? listLessons()
          .map(inWork)
          .filter((file) => fs.existsSync(file))
      : names.flatMap((name) =>
          name.endsWith(".ipynb") ? [fromCaller(name)] : listLessons([name.replace(/^\d$/, "0$&")]).map(inWork),
        );
  const missing = files.find((file) => !fs.existsSync(file));
  if (missing !== undefined) throw new Error(`there is no notebook ${toCaller(missing)}`);
  if (files.length === 0) throw new Error("there are no lessons in work/ yet: npm start copies them there");
  return files;
}

/** The exercises of the lesson that a notebook is a copy of. */
function exercisesOf(file: string): ListedExercise[] {
  const number = /^\d\d-/.exec(path.basename(file))?.[0];
  if (number === undefined) throw new Error(`${file}: the name of a lesson's copy begins with its number`);
  const [lesson] = listLessons([number]);
  return exercisesIn(fs.readFileSync(path.join(ROOT, "notebooks", "source", `${lesson}.ts`), "utf8"), lesson);
}

/** What is said of an exercise that was judged. */
function line(exercise: ListedExercise, verdict: Verdict): Line {
  if (verdict.result.passed) return { exercise, status: "solved", message: "" };
  const [, ...rest] = said(verdict)["text/plain"].trim().split("\n");
  return { exercise, status: "wrong", message: rest.filter((text) => !text.startsWith("Stuck?")).join("\n    ") };
}

async function checkNotebook(file: string): Promise<Line[]> {
  const exercises = exercisesOf(file);
  const notebook = readNotebook(file);
  const begun = exercises.filter(({ id }) => {
    const answer = findCode(notebook.cells, id);
    return (
      answer !== undefined && findCode(notebook.cells, `${id}-check`) !== undefined && !isStubSource(answer.source)
    );
  });
  const tasks = begun.flatMap(({ id, names }) =>
    names === undefined ? [] : (taskOf(id, names.answer, LESSON_DRAWS) ?? []),
  );
  const terms = { cells: "needed", cellSeconds: CELL_SECONDS, seconds: NOTEBOOK_SECONDS, place: file } as const;
  const verdicts = tasks.length === 0 ? [] : (await judgeNotebook(notebook, tasks, terms)).verdicts;
  return exercises.map((exercise) => {
    const verdict = verdicts.find(({ task }) => task.id === exercise.id);
    return verdict === undefined ? { exercise, status: "open", message: "not begun" } : line(exercise, verdict);
  });
}

const SIGNS = { solved: "✔", wrong: "✘", open: "○" };

export const main = command("check", HELP, async (args) => {
  const { positionals: names } = readCall(args, {}, { positionals: true });
  let wrong = 0;
  for (const file of filesOf(names)) {
    console.log(toCaller(file));
    for (const { exercise, status, message } of await checkNotebook(file)) {
      const points = status === "solved" ? exercise.points : 0;
      console.log(`  ${SIGNS[status]} ${exercise.id} ${exercise.title}: ${points} of ${exercise.points} points`);
      if (status === "wrong") console.log(`    ${message}`);
      if (status === "wrong") wrong++;
    }
  }
  process.exitCode = wrong === 0 ? 0 : 1;
});
