/*
 * What a teacher should look at before trusting a grade: code of a learner that reaches for the right answer or around the
 * check. It reads what stands in the notebook; CANNOT_SEE says what that leaves out.
 */
import type { Cell, Notebook } from "../../build/notebook";
import { codeOf } from "../tokens";
import { lookAtCell, type Known } from "./cell";
import { namesDeclaredBy, namesUsedBy } from "../needed-cells";

/** What no reading of the notebook can find. */
export const CANNOT_SEE =
  "Look at reads the code of each notebook. It cannot see an answer copied by hand from a friend or from the solutions, " +
  "what a program puts together while it runs, or a function of lib that does the same under another name.";

/** What is known of a lesson besides the notebook that was handed in. */
export interface Lesson {
  /** What learners got, and what they may have worked in besides: the lesson itself where a sheet was given out. */
  given: Notebook[];
  /** The teacher's version, its answers solved. */
  solved: Notebook;
  /** Functions of lib that an exercise's reference is made of. */
  answers: Map<string, Set<string>>;
}

const idOf = (cell: Cell) => cell.metadata.nbgrader?.grade_id;
const isCode = (cell: Cell) => cell.cell_type === "code";

const EXERCISE = /^await check \( (\w+) ,/;

const SOLVED_OR = /\bsolvedOr \( (\w+)/g;

/** Cells of the lesson that give the right answer where it is not solved, moved before the answer that they stand for. */
function solvedTooEarly({ cells }: Notebook, lessons: Cell[]): string[] {
  const answerOf = new Map(
    lessons.flatMap((cell) => {
      const exercise = EXERCISE.exec(codeOf(cell.source))?.[1];
      return exercise === undefined ? [] : [[exercise, idOf(cell)?.replace(/-check$/, "")] as const];
    }),
  );
  return cells.flatMap((cell, at) =>
    isCode(cell)
      ? [...codeOf(cell.source).matchAll(SOLVED_OR)].flatMap(([, exercise]) => {
          const id = answerOf.get(exercise);
          const answer = cells.findIndex((one) => id !== undefined && idOf(one) === id);
          return at < answer ? [`${id} stands below a cell that gives the right answer, solvedOr(${exercise}, …)`] : [];
        })
      : [],
  );
}

/** @returns a remark for each, without repeats */
export function lookAt(submitted: Notebook, { given, solved, answers }: Lesson): string[] {
  const lessons = given.flatMap(({ cells }) => cells.filter(isCode));
  const theirs = new Set(lessons.map(({ source }) => codeOf(source)));
  const own = submitted.cells.filter(
    (cell) => isCode(cell) && !cell.metadata.nbgrader?.grade && !theirs.has(codeOf(cell.source)),
  );
  const exercises = new Set(lessons.flatMap(({ source }) => EXERCISE.exec(codeOf(source))?.[1] ?? []));
  const imported = new Set(lessons.flatMap(({ source }) => [...namesDeclaredBy(source)]));
  const declaredBy = own.map(({ source }) => [...namesDeclaredBy(source, { imports: false })]);
  // By a cell and those before it: what a later one declares means nothing here.
  const declaredUpTo = (cell: Cell) => new Set(declaredBy.slice(0, own.indexOf(cell) + 1).flat());
  const honest = new Map(solved.cells.map((cell) => [idOf(cell), namesUsedBy(cell.source)]));
  const anywhere = new Set([...answers.keys()].flatMap((id) => [...(honest.get(id) ?? [])]));
  const of = (cell: Cell): Known => {
    const id = idOf(cell) ?? "";
    const names = answers.has(id) ? [...(answers.get(id) ?? [])] : [...answers.values()].flatMap((some) => [...some]);
    const allowed = answers.has(id) ? honest.get(id) : anywhere;
    return {
      exercises,
      imported,
      declared: declaredUpTo(cell),
      answers: new Set(names.filter((name) => !allowed?.has(name))),
    };
  };
  const remarks = own.flatMap((cell) => {
    const before = lessons.find(({ id }) => id === cell.id && idOf(cell) === undefined); // a cell of the lesson, edited
    const always = before === undefined ? [] : lookAtCell(before.source, of(cell));
    const found = lookAtCell(cell.source, of(cell)).filter((what) => !always.includes(what));
    return found.map((what) => `${idOf(cell) ?? "a cell"} ${what}`);
  });
  return [...new Set([...remarks, ...solvedTooEarly(submitted, lessons)])];
}
