/* Which of a notebook's cells is the answer to an exercise: the marked one, a copy of it, its halves, or one of its name. */
import ts from "@tslab/typescript-for-tslab";
import type { Cell, CodeCell, Notebook } from "../../build/notebook";
import { isTest } from "../assignment-source";
import { namesDeclaredBy } from "../needed-cells";
import { codeOf } from "../tokens";

export const gradeId = (cell: Cell) => cell.metadata.nbgrader?.grade_id;

/** An exercise of a sheet. */
export interface SheetExercise {
  id: string;
  answer: CodeCell;
  test: CodeCell;
  /** What the answer's cell declares. */
  names: Set<string>;
}

export function sheetExercises(sheet: Notebook): SheetExercise[] {
  return sheet.cells.filter(isTest).map((test) => {
    const id = (gradeId(test) ?? "").replace(/-check$/, "");
    const answer = sheet.cells.find((cell): cell is CodeCell => cell.cell_type === "code" && gradeId(cell) === id);
    if (answer === undefined) throw new Error(`the sheet has no answer for ${gradeId(test)}`);
    return { id, answer, test, names: namesDeclaredBy(answer.source, { imports: false }) };
  });
}

const isWhole = (source: string) =>
  (ts.transpileModule(source, { reportDiagnostics: true, compilerOptions: { target: ts.ScriptTarget.ES2022 } })
    .diagnostics?.length ?? 0) === 0;

const isStub = (cell: Cell, { answer }: SheetExercise) =>
  cell.source.trim() === "" || codeOf(cell.source) === codeOf(answer.source);

export interface Found {
  /** The cell that is graded, by its place; -1 if there is none. */
  at: number;
  source: string;
  /** Cells that it replaces, by their places. */
  instead: number[];
  /** The place of another exercise's cell that it stands in; then it has none of its own. */
  within?: number;
  remarks: string[];
}

/** Whether a cell without a mark may be the answer: it declares what the answer's cell declares. */
function declares(cell: Cell, { names }: SheetExercise): boolean {
  if (cell.cell_type !== "code") return false;
  const theirs = namesDeclaredBy(cell.source, { imports: false });
  return names.size > 0 && [...names].every((name) => theirs.has(name));
}

/** @param marks what each cell is marked as: an exercise's id, or its test's; undefined where it bears none */
export function findAnswer(cells: Cell[], exercise: SheetExercise, marks: (string | undefined)[]): Found {
  const places = (which: (mark: string | undefined) => boolean) => [...cells.keys()].filter((i) => which(marks[i]));
  const marked = places((mark) => mark === exercise.id);
  const { id } = exercise;
  const remarks: string[] = [];
  const begun = marked.filter((i) => !isStub(cells[i], exercise));
  const stubs = marked.filter((i) => !begun.includes(i));
  const retyped = begun.some((i) => cells[i].cell_type !== "code");
  if (retyped) remarks.push(`${id}: its cell was no code any more, it is again`);
  const joined = begun.map((i) => cells[i].source).join("\n");
  if (begun.length > 1 && isWhole(joined) && begun.some((i) => !isWhole(cells[i].source))) {
    remarks.push(`${id}: its cell was split, its parts are joined`);
    return { at: begun[0], source: joined, instead: [...begun, ...stubs], remarks };
  }
  const fitting = begun.filter((i) => declares({ ...exercise.answer, source: cells[i].source }, exercise));
  const at = fitting.at(-1) ?? begun.at(-1);
  if (at !== undefined) {
    if (fitting.length > 1) remarks.push(`${id}: answered more than once, the last answer is graded`);
    return { at, source: cells[at].source, instead: stubs, remarks };
  }
  const elsewhere = (which: (mark: string | undefined) => boolean) =>
    places(which).findLast((i) => declares(cells[i], exercise) && !isStub(cells[i], exercise));
  const other = elsewhere((mark) => mark === undefined || mark.endsWith("-check")) ?? elsewhere(() => true);
  if (other !== undefined) {
    const where = marks[other] === undefined ? "a cell of its own" : `the cell of ${marks[other]}`;
    remarks.push(`${id}: the answer stands in ${where}, which is graded`);
    return { at: other, source: cells[other].source, instead: stubs, remarks };
  }
  if (marked.length === 0)
    remarks.push(`${id}: its cell is missing, and no other declares ${[...exercise.names].join(", ")}`);
  return { at: stubs.at(-1) ?? -1, source: exercise.answer.source, instead: stubs.slice(0, -1), remarks };
}

/** The same answers, of those that stand in one cell the first or the cell's own there, the others within it. */
export function apart(answers: Found[], exercises: SheetExercise[], marks: (string | undefined)[]): Found[] {
  return answers.map((one, i) => {
    const same = [...answers.keys()].filter((j) => answers[j].at === one.at);
    const owner = same.find((j) => marks[one.at] === exercises[j].id) ?? same[0];
    if (one.at < 0 || owner === i) return one;
    return { ...one, at: -1, within: one.at, source: `// The answer stands in the cell of ${exercises[owner].id}.` };
  });
}
