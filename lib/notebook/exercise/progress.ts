/**
 * How far a learner is with the exercises of the course. The learner's own notebooks say it, as they were last saved;
 * nothing is kept anywhere else.
 */
import fs from "node:fs";
import path from "node:path";
import { display } from "../display";
import { table } from "../table";
import { allExercises, type ListedExercise } from "./announced";

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

/** A cell of an .ipynb file, as far as it is read here. */
interface SavedCell {
  source: string | string[];
  metadata?: { nbgrader?: { grade_id?: string } };
  execution_count?: number | null;
  outputs?: { text?: string | string[]; data?: Record<string, unknown> }[];
}

const text = (value: unknown): string =>
  Array.isArray(value) ? value.join("") : typeof value === "string" ? value : "";

/** Whether an answer still is what the lesson came with. */
export function isStubSource(source: string): boolean {
  return /throw new Error\(["']Not implemented["']\)/.test(source);
}

/** How far the exercise is in one notebook. */
export function exerciseState(cells: readonly SavedCell[], id: string): ExerciseState {
  const find = (name: string) => cells.find((cell) => cell.metadata?.nbgrader?.grade_id === name);
  const [answer, check] = [find(id), find(`${id}-check`)];
  if (answer === undefined || isStubSource(text(answer.source))) return "not begun";
  const printed = (check?.outputs ?? [])
    .map((output) => text(output.text) + text(output.data?.["text/plain"]))
    .join("\n");
  if (!/^\s*[✔✘]/m.test(printed)) return "not checked yet";
  // Run after the check: what the check said was about an earlier answer.
  if ((answer.execution_count ?? 0) > (check?.execution_count ?? Infinity)) return "changed since the check";
  return /^\s*✔/m.test(printed) ? "solved" : "not right yet";
}

/** A lesson's notebooks in a folder: the learner's copy, and newer ones that were laid beside it. */
function readCopies(lesson: string, folder: string): SavedCell[][] {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  return names
    .filter((name) => name === `${lesson}.ipynb` || (name.startsWith(`${lesson}.new`) && name.endsWith(".ipynb")))
    .flatMap((name) => readCells(path.join(folder, name)));
}

/** The cells of one notebook, in a list; an empty list if it can't be read. */
function readCells(file: string): SavedCell[][] {
  try {
    const { cells } = JSON.parse(fs.readFileSync(file, "utf8")) as { cells?: SavedCell[] };
    return Array.isArray(cells) ? [cells] : [];
  } catch {
    return []; // being written, or no notebook
  }
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
