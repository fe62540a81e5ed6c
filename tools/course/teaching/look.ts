/*
 * What a teacher should look at before trusting a grade. A check runs in the learner's own process, where the library is
 * at hand too: whoever wants to can reach the right answer. That can't be prevented, but it stands in the notebook.
 */
import type { Cell, Notebook } from "../build/notebook";
import { isTest } from "./assignment-source";

/** Ways to the right answer, or around the check, that have no place in an answer. */
const WAYS: [pattern: RegExp, what: string][] = [
  [/\.reference\b/, "reads the exercise's reference"],
  [/\.misconceptions\b|\.cases\b|\.accept\b/, "reads the exercise's cases"],
  [/\bsolvedOr\b/, "uses solvedOr"],
  [/\b(assertSolved|evaluate|defineExercise)\b/, "uses the check's own functions"],
  [/lib\/lessons\//, "imports from lib/lessons"],
  [/\brequire\s*\(|\bimport\s*\(/, "loads modules"],
  [/\bprocess\b|\bglobalThis\b|\beval\b|\bnew Function\b/, "reaches out of the notebook"],
  [/node:(fs|vm|child_process)|NBGRADER/, "reaches out of the notebook"],
];

const idOf = (cell: Cell) => cell.metadata.nbgrader?.grade_id;

/** @returns a remark for each, without repeats */
export function lookAt(submitted: Notebook, release: Notebook): string[] {
  const given = new Set(release.cells.map(({ source }) => source.trim()));
  const own = submitted.cells.filter((cell) => cell.cell_type === "code" && !given.has(cell.source.trim()));
  const remarks = own
    .filter((cell) => !isTest(cell))
    .flatMap((cell) => {
      const where = idOf(cell) ?? "a cell";
      return WAYS.filter(([pattern]) => pattern.test(cell.source)).map(([, what]) => `${where} ${what}`);
    });
  for (const test of release.cells.filter(isTest)) {
    const theirs = submitted.cells.find((cell) => idOf(cell) === idOf(test));
    if (theirs === undefined) remarks.push(`the test cell ${idOf(test)} is missing`);
    else if (theirs.source.trim() !== test.source.trim()) remarks.push(`the test cell ${idOf(test)} was edited`);
  }
  return [...new Set(remarks)];
}
