/**
 * How far a learner is with the exercises of the course. The learner's own notebooks say it, as they were last saved;
 * nothing is kept anywhere else.
 */
import { host } from "../../host";
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

/**
 * Where an exercise begins in its notebook, as the part of an address behind the file's name: the cell of its heading, or
 * else of its answer; null if the notebook has no such exercise. JupyterLab finds a cell by its id. It would find a
 * heading by its text as well, but not one with a sign beyond ASCII in it, such as the dot of "Exercise 1 · …".
 */
export function exerciseAnchor(cells: readonly SavedCell[], id: string): string | null {
  const at = cells.findIndex((cell) => cell.metadata?.nbgrader?.grade_id === id);
  if (at < 0) return null;
  const isHeading = ({ cell_type, source }: SavedCell) => cell_type === "markdown" && /^#/m.test(text(source));
  const target = at > 0 && isHeading(cells[at - 1]) ? cells[at - 1] : cells[at];
  return target.id === undefined ? null : `#cell-id=${target.id}`;
}

interface Copy {
  name: string;
  cells: SavedCell[];
}

/** A lesson's notebooks in a folder: the learner's copy, and newer ones that were laid beside it. */
function readCopies(lesson: string, folder: string): Copy[] {
  const names = host.look(folder) === null ? [] : host.list(folder);
  return names
    .filter((name) => name === `${lesson}.ipynb` || (name.startsWith(`${lesson}.new`) && name.endsWith(".ipynb")))
    .flatMap((name) => {
      const cells = readCells(host.paths.join(folder, name));
      return cells === null ? [] : [{ name, cells }];
    });
}

export interface ExerciseProgress extends ListedExercise {
  state: ExerciseState;
  /** From the folder of the notebooks to the exercise in the copy that counts; null without a copy. */
  link: string | null;
}

/**
 * How far a learner is with each exercise.
 * @param folder where their notebooks are
 */
export function progressIn(folder: string, exercises = allExercises()): ExerciseProgress[] {
  const notebooks = new Map<string, Copy[]>();
  return exercises.map((exercise) => {
    const { lesson, id } = exercise;
    const copies = notebooks.get(lesson) ?? readCopies(lesson, folder);
    notebooks.set(lesson, copies);
    const states = copies.map(({ cells }) => exerciseState(cells, id));
    const state = ORDER.find((one) => states.includes(one)) ?? "lesson not opened";
    const counts = copies[states.indexOf(state)] as Copy | undefined;
    const link = counts === undefined ? null : `${counts.name}${exerciseAnchor(counts.cells, id) ?? ""}`;
    return { ...exercise, state, link };
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
  const folder = host.paths.dirname(host.notebook() ?? "work/lesson.ipynb");
  const progress = progressIn(folder);
  const links = progress.map(({ link }) => link);
  table(progressRows(progress), { caption: "All exercises", columns: { exercise: { links }, title: { links } } });
  const sum = progressSum(progress);
  display({ "text/markdown": `Solved: **${sum}**.`, "text/plain": `Solved: ${sum}.` });
}
