/*
 * A notebook that was handed in, made into one that can be graded: each exercise's answer under its mark, the sheet's own
 * test behind it, and nothing missing that these need. What was done is told; the file that was handed in stays as it is.
 */
import { digest } from "../../../setup/stamps.mjs";
import type { Cell, CodeCell, Notebook } from "../../build/notebook";
import { isTest } from "../assignment-source";
import { namesDeclaredBy, neededCells } from "../needed-cells";
import { codeOf } from "../tokens";
import { apart, findAnswer, gradeId, sheetExercises, type Found, type SheetExercise } from "./answers";
import { NotGradable } from "./read";

export interface Repaired {
  notebook: Notebook;
  /** What was found and done, a line each; none if the notebook was as it should be. */
  remarks: string[];
}

/** A cell's mark, where it has lost its metadata by its id, which the sheet's cells have from it. */
function marks(cells: Cell[], known: Set<string>): (string | undefined)[] {
  const own = cells.map((cell) => (known.has(gradeId(cell) ?? "") ? gradeId(cell) : undefined));
  return cells.map(({ id }, i) => own[i] ?? (known.has(id) && !own.includes(id) ? id : undefined));
}

function plain(cell: Cell): Cell {
  const metadata = { ...cell.metadata };
  delete metadata.nbgrader;
  return { ...cell, metadata };
}

/** The same cells, each with an id of its own. */
function withIds(cells: Cell[]): Cell[] {
  const taken = new Set(cells.flatMap((cell) => gradeId(cell) ?? []));
  return cells.map((cell, i) => {
    if (gradeId(cell) !== undefined) return { ...cell, id: gradeId(cell) as string };
    const good = /^[\w-]{1,64}$/.test(cell.id) && !taken.has(cell.id);
    const id = good ? cell.id : `cell-${i}-${digest(cell.source).slice(0, 8)}`;
    taken.add(id);
    return { ...cell, id };
  });
}

/** The tests' places: behind the answer, and not before where the learner has them. */
function testsBehind(exercises: SheetExercise[], answers: Found[], marked: (string | undefined)[]) {
  const behind = new Map<number, SheetExercise[]>();
  let last = -1;
  exercises.forEach((exercise, i) => {
    const answer = answers[i].within ?? answers[i].at;
    const at = Math.max(answer, answer < 0 ? last : marked.lastIndexOf(`${exercise.id}-check`));
    behind.set(at, [...(behind.get(at) ?? []), exercise]);
    last = Math.max(last, at);
  });
  return behind;
}

/** Code cells of the sheet that its exercises need and that the notebook has not, put in where the sheet has them. */
function putBack(cells: Cell[], sheet: Notebook): { cells: Cell[]; missing: CodeCell[] } {
  const roots = sheet.cells.flatMap((cell, i) => (gradeId(cell) === undefined ? [] : [i]));
  const needed = neededCells(sheet.cells, roots).filter((i) => !roots.includes(i));
  const missing: CodeCell[] = [];
  let result = cells;
  let place = 0;
  for (const i of needed) {
    const cell = sheet.cells[i] as CodeCell;
    const later = new Set(sheet.cells.slice(i).filter(isTest).map(gradeId)); // the tests that may need it
    const firstTest = result.findIndex((one) => isTest(one) && later.has(gradeId(one)));
    const before = result.slice(0, firstTest).filter((one) => one.cell_type === "code" && gradeId(one) === undefined);
    const there = new Set(before.flatMap(({ source }) => [...namesDeclaredBy(source)]));
    const same = result.findIndex((one) => one.id === cell.id || codeOf(one.source) === codeOf(cell.source));
    if ([...namesDeclaredBy(cell.source)].every((name) => there.has(name))) {
      if (same >= 0) place = Math.max(place, same + 1);
      continue;
    }
    missing.push(cell);
    result = [...result.slice(0, place), plain(cell), ...result.slice(place)];
    place++;
  }
  return { cells: result, missing };
}

/** Without the cells of the whole lesson that a sheet leaves out, and that nothing of the learner needs. */
function withoutLesson(cells: Cell[], sheet: Notebook, lesson: Notebook): Cell[] {
  const codes = (notebook: Notebook) =>
    new Set(notebook.cells.filter((cell) => cell.cell_type === "code").map(({ source }) => codeOf(source)));
  const [ofLesson, ofSheet] = [codes(lesson), codes(sheet)];
  const only = (cell: Cell) => {
    const code = codeOf(cell.source);
    return cell.cell_type === "code" && gradeId(cell) === undefined && ofLesson.has(code) && !ofSheet.has(code);
  };
  const kept = new Set(
    neededCells(
      cells,
      [...cells.keys()].filter((i) => !only(cells[i])),
    ),
  );
  return cells.filter((_, i) => kept.has(i));
}

/**
 * @param sheet the release version of the assignment
 * @param submitted what readSubmission made of the file
 * @param lesson the whole lesson, if the sheet is a part of it
 * @throws {NotGradable} if it holds none of the sheet's exercises
 */
export function repair(sheet: Notebook, submitted: Notebook, lesson: Notebook = sheet): Repaired {
  const exercises = sheetExercises(sheet);
  const { cells } = submitted;
  const remarks: string[] = [];
  const marked = marks(cells, new Set(exercises.flatMap(({ id }) => [id, `${id}-check`])));
  const places = (id: string) => [...cells.keys()].filter((i) => marked[i] === id);
  const found = exercises.map((exercise) => findAnswer(cells, exercise, marked));
  const answers = apart(found, exercises, marked);
  const others = cells.map(gradeId).filter((id): id is string => id !== undefined && /^\d\d-/.test(id));
  const strangers = [...new Set(others.filter((id) => !exercises.some((one) => id.replace(/-check$/, "") === one.id)))];
  if (answers.every(({ at }) => at < 0)) {
    const whose =
      strangers.length === 0 ? "" : `; it holds ${strangers[0]}, so it may be of lesson ${strangers[0].slice(0, 2)}`;
    throw new NotGradable(`none of this assignment's exercises is in it${whose}: hand in the right notebook`);
  }
  for (const exercise of exercises) {
    const theirs = places(`${exercise.id}-check`);
    const edited = theirs.some((i) => codeOf(cells[i].source) !== codeOf(exercise.test.source));
    if (theirs.length === 0) remarks.push(`${exercise.id}: its test cell was missing, it is back`);
    else if (theirs.length > 1)
      remarks.push(`${exercise.id}: its test cell was there ${theirs.length} times, once is enough`);
    else if (edited) remarks.push(`${exercise.id}: its test cell was edited, the sheet's own is used`);
  }
  answers.forEach((answer) => remarks.push(...answer.remarks));
  if (strangers.length > 0) remarks.push(`exercises of another assignment are not graded: ${strangers.join(", ")}`);

  const behind = testsBehind(exercises, answers, marked);
  const tests = new Set([...cells.keys()].filter((i) => marked[i]?.endsWith("-check")));
  const dropped = new Set(answers.flatMap(({ at, instead }) => instead.filter((i) => i !== at)));
  const out: Cell[] = [];
  for (let i = -1; i < cells.length; i++) {
    const which = answers.findIndex(({ at }) => at === i);
    if (i >= 0 && which >= 0) out.push({ ...exercises[which].answer, source: answers[which].source });
    else if (i >= 0 && !tests.has(i) && !dropped.has(i)) out.push(plain(cells[i]));
    for (const exercise of behind.get(i) ?? []) {
      const { at, source } = answers[exercises.indexOf(exercise)];
      if (at < 0) out.push({ ...exercise.answer, source });
      out.push(exercise.test);
    }
  }
  const whole = putBack(out, sheet);
  for (const { source } of whole.missing) {
    remarks.push(
      `a cell that the exercises need was missing, it is back: ${source.trim().split("\n", 1)[0].slice(0, 60)}`,
    );
  }
  const short = lesson === sheet ? whole.cells : withoutLesson(whole.cells, sheet, lesson);
  return { notebook: { ...submitted, metadata: sheet.metadata, cells: withIds(short) }, remarks };
}
