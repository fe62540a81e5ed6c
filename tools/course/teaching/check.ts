/*
 * npm run check [-- LESSON or FILE …]
 *
 * Runs the exercises of a learner's notebooks in the real kernel and says of each what its check says in the lesson. Only
 * answers that are begun run, and what they need; the rest of the lesson does not.
 */
import fs from "node:fs";
import path from "node:path";
import { exercisesIn, type ListedExercise } from "../../../lib/notebook/exercise/announced";
import { isStubSource } from "../../../lib/notebook/exercise/progress";
import { execute } from "../build/execute";
import { listLessons } from "../build/masters";
import { readNotebook, type Cell, type CodeCell, type Notebook } from "../build/notebook";
import { command, fromCaller, readCall, toCaller } from "../../cli";
import { projectAt, ROOT } from "../../setup/project.mjs";
import { printedText } from "../build/verify";
import { neededCells } from "./needed-cells";

const HELP = `npm run check [-- LESSON or FILE …]

Checks your answers to the exercises; without a name, those of all your lessons in work/.

  LESSON   01: your copy of lesson 01 in work/
  FILE     a notebook of yours`;

const CELL_SECONDS = 120;

interface Verdict {
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

function find(cells: Cell[], id: string): CodeCell | undefined {
  return cells.find((cell): cell is CodeCell => cell.cell_type === "code" && cell.metadata.nbgrader?.grade_id === id);
}

/** The error that a cell ended with. */
function errorOf(cell: CodeCell | undefined): string | undefined {
  const error = cell?.outputs.find((output) => output.output_type === "error");
  return error === undefined ? undefined : `${error.ename}: ${error.evalue}`.split("\n")[0];
}

function verdict(exercise: ListedExercise, cells: Cell[]): Verdict {
  const [answer, test] = [find(cells, exercise.id), find(cells, `${exercise.id}-check`)];
  const failed = errorOf(answer);
  if (failed !== undefined) return { exercise, status: "wrong", message: `its cell fails. ${failed}` };
  const [heading, ...rest] = test === undefined ? [""] : printedText(test).trim().split("\n");
  if (heading.startsWith("✔")) return { exercise, status: "solved", message: "" };
  const message = rest.filter((line) => !line.startsWith("Stuck?")).join("\n    ");
  if (heading.startsWith("✘")) return { exercise, status: "wrong", message };
  return { exercise, status: "wrong", message: errorOf(test) ?? "its check did not answer" };
}

async function checkNotebook(file: string): Promise<Verdict[]> {
  const exercises = exercisesOf(file);
  const notebook = readNotebook(file);
  const { cells } = notebook;
  const begun = exercises.filter(({ id }) => {
    const answer = find(cells, id);
    return answer !== undefined && find(cells, `${id}-check`) !== undefined && !isStubSource(answer.source);
  });
  let ran: Cell[] = [];
  if (begun.length > 0) {
    const roots = begun
      .flatMap(({ id }) => [id, `${id}-check`])
      .map((id) => cells.indexOf(find(cells, id) as CodeCell));
    const part: Notebook = { ...notebook, cells: neededCells(cells, roots).map((i) => cells[i]) };
    ran = (await execute(part, file, undefined, CELL_SECONDS, "go on")).notebook.cells;
  }
  return exercises.map((exercise) =>
    begun.includes(exercise) ? verdict(exercise, ran) : { exercise, status: "open", message: "not begun" },
  );
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
