/* The exercises of a notebook that are to be judged, and the cell that hands an answer over in place of its check. */
import { createRequire } from "node:module";
import path from "node:path";
import type { AnyFunction, Exercise } from "../../../lib/notebook/exercise/check";
import { withDrawn, type Draws } from "../../../lib/notebook/exercise/drawn";
import { ROOT } from "../../setup/project.mjs";
import { listLessons } from "../build/masters";
import type { Cell, CodeCell } from "../build/notebook";

export interface Task {
  /** "01-gate" */
  id: string;
  /** With the cases that are drawn. */
  exercise: Exercise<AnyFunction>;
  /** The source of a cell that hands the answer over. */
  handOver: string;
}

/** The first statement of a test cell, as all lessons have it. */
const CHECK = /^\s*await check\(\s*\w+,\s*(?<answer>\w+)\s*,?\s*\);/;

export function findCode(cells: readonly Cell[], gradeId: string): CodeCell | undefined {
  return cells.find(
    (cell): cell is CodeCell => cell.cell_type === "code" && cell.metadata.nbgrader?.grade_id === gradeId,
  );
}

/**
 * An exercise with what a notebook calls its answer. The learner's kernel gets to know the seed in the cell that hands the
 * answer over, and not before.
 *
 * @returns null where no lesson has the exercise
 */
export function taskOf(id: string, answer: string, draws: Draws): Task | null {
  const lesson = listLessons().find((name) => name.startsWith(id.slice(0, "01-".length)));
  if (lesson === undefined) return null;
  const index = path.join(ROOT, "lib", "lessons", lesson, "index.ts");
  const exports = Object.entries(createRequire(__filename)(index) as object);
  const found = exports.find((entry): entry is [string, Task["exercise"]] => isExercise(entry[1], id));
  if (found === undefined) return null;
  // Names of its own: no cell of another exercise declares them, so none is needed for them.
  const [handOver, exercise] = ["handOver", "exercise"].map((name) => `${name}${id.replaceAll("-", "_")}`);
  const lines = [
    `import { handOver as ${handOver} } from "./lib/notebook/exercise/handed";`,
    `import { ${found[0]} as ${exercise} } from "./lib/lessons/${lesson}";`,
    `await ${handOver}(${exercise}, ${answer}, ${JSON.stringify(draws)});`,
  ];
  return { id, exercise: withDrawn(found[1], draws), handOver: lines.join("\n") };
}

function isExercise(value: unknown, id: string): boolean {
  return typeof value === "object" && value !== null && "cases" in value && "id" in value && value.id === id;
}

/** The tasks of a notebook whose test cells are the teacher's own; a test cell of another form is none. */
export function tasksIn(cells: readonly Cell[], draws: Draws): Task[] {
  const tests = cells.filter((cell) => cell.cell_type === "code" && cell.metadata.nbgrader?.grade === true);
  return tests.flatMap(({ source, metadata }) => {
    const answer = CHECK.exec(source)?.groups?.answer;
    const id = metadata.nbgrader?.grade_id.replace(/-check$/, "");
    return (id === undefined || answer === undefined ? null : taskOf(id, answer, draws)) ?? [];
  });
}
