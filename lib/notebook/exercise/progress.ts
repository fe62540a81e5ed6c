/**
 * How far a learner is with the exercises of the course. The learner's own notebooks say it, as they were last saved;
 * nothing is kept anywhere else.
 */
import fs from "node:fs";
import path from "node:path";
import { display } from "../display";
import { table } from "../table";
import { allExercises, type ListedExercise } from "./announced";
import { findCell, keptJudgement, readCells, savedText as text, sourceHash, type SavedCell } from "./standing";

/** How far a learner is with one. */
export type ExerciseState =
  "solved" | "changed since the check" | "not right yet" | "not checked yet" | "not begun" | "lesson not opened";

/** Of several copies of a lesson, the one that is furthest counts. */
const ORDER: ExerciseState[] = [
  "solved",
  "changed since the check",
  "not right yet",
  "not checked yet",
  "not begun",
  "lesson not opened",
];

/** Whether an answer still is what the lesson came with: its throw is there, and not in a comment. */
export function isStubSource(source: string): boolean {
  const code = source.replace(/\/\*[^]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  return /throw new Error\(["']Not implemented["']\)/.test(code);
}

/**
 * How far the exercise is in one notebook. What counts is the answer that the check has judged: its output carries the
 * hash of that source. Outputs of earlier versions carry none; there, the order in which the cells ran has to do.
 */
export function exerciseState(cells: readonly SavedCell[], id: string): ExerciseState {
  const [answer, check] = [findCell(cells, id), findCell(cells, `${id}-check`)];
  if (answer === undefined) return "not begun";
  const source = text(answer.source);
  const outputs = check?.outputs ?? [];
  const printed = outputs.map((output) => text(output.text) + text(output.data?.["text/plain"])).join("\n");
  const record = keptJudgement(cells, id);
  const judged = record?.source ?? null;
  const verdict = record?.verdict ?? /^\s*([✔✘])/m.exec(printed)?.[1];
  if (verdict !== undefined && judged === sourceHash(source)) return verdict === "✔" ? "solved" : "not right yet";
  if (isStubSource(source)) return "not begun";
  if (verdict === undefined) return "not checked yet";
  if (judged !== null || ranAfter(answer, check)) return "changed since the check";
  return verdict === "✔" ? "solved" : "not right yet";
}

function ranAfter(answer: SavedCell, check: SavedCell | undefined): boolean {
  return (answer.execution_count ?? 0) > (check?.execution_count ?? Infinity);
}

/** A lesson's notebooks in a folder: the learner's copy, and newer ones that were laid beside it. */
function readCopies(lesson: string, folder: string): SavedCell[][] {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  return names
    .filter((name) => name === `${lesson}.ipynb` || (name.startsWith(`${lesson}.new`) && name.endsWith(".ipynb")))
    .flatMap((name) => {
      const cells = readCells(path.join(folder, name));
      return cells === null ? [] : [cells];
    });
}

export interface ExerciseProgress extends ListedExercise {
  state: ExerciseState;
}

/**
 * How far a learner is with each exercise.
 * @param folder where their notebooks are
 */
export function progressIn(folder: string, exercises = allExercises()): ExerciseProgress[] {
  const notebooks = new Map<string, SavedCell[][]>();
  return exercises.map((exercise) => {
    const { lesson, id } = exercise;
    const copies = notebooks.get(lesson) ?? readCopies(lesson, folder);
    notebooks.set(lesson, copies);
    const states = copies.map((cells) => exerciseState(cells, id));
    return { ...exercise, state: ORDER.find((state) => states.includes(state)) ?? "lesson not opened" };
  });
}

/** A sign for each state, to find it at a glance. */
const SIGNS: Record<ExerciseState, string> = {
  solved: "✔",
  "changed since the check": "✎",
  "not right yet": "✘",
  "not checked yet": "…",
  "not begun": "○",
  "lesson not opened": "○",
};

/** "3 of 8 exercises, 5 of 19 points" */
export function progressSum(progress: readonly ExerciseProgress[]): string {
  const points = (all: readonly ExerciseProgress[]) => all.reduce((sum, exercise) => sum + exercise.points, 0);
  const solved = progress.filter(({ state }) => state === "solved");
  return `${solved.length} of ${progress.length} exercises, ${points(solved)} of ${points(progress)} points`;
}

/** The rows of the index, for a table. */
export function progressRows(progress: readonly ExerciseProgress[]) {
  return progress.map(({ id, title, kind, difficulty, minutes, points, state }) => ({
    exercise: id,
    title,
    kind,
    difficulty: "●".repeat(difficulty),
    minutes,
    points,
    state: `${SIGNS[state]} ${state}`,
  }));
}

/** Shows the index in a lesson: all exercises of the course, and how far the notebooks beside this one are. */
export function showExercises(): void {
  const folder = path.dirname(process.env.JPY_SESSION_NAME ?? "work/lesson.ipynb");
  const progress = progressIn(folder);
  table(progressRows(progress), { caption: "All exercises" });
  const sum = progressSum(progress);
  display({ "text/markdown": `Solved: **${sum}**.`, "text/plain": `Solved: ${sum}.` });
}
