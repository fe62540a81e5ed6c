/*
 * Judges the exercises of one notebook apart from it. Its cells run in a kernel in which each test cell only hands over
 * what the answer gives; the verdicts are found here. Where that kernel comes to harm, each exercise that is not judged
 * yet runs once more in a kernel of its own, with only those cells that it needs: so what hangs, floods, exits or fills
 * the memory costs its own exercise only.
 */
import type { Cell, CodeCell, Notebook } from "../build/notebook";
import { useBackend } from "../../../lib/tensor/backend";
import { MEGABYTES, runCells, type Ran } from "./judge-run";
import { findCode, type Task } from "./judge-tasks";
import { handedBy, verdictOn, type Verdict } from "./judge-verdict";
import { neededCells } from "./needed-cells";

export interface Terms {
  /** Which cells run: all, or those that the exercises need. */
  cells: "all" | "needed";
  /** Seconds for each cell. */
  cellSeconds: number;
  /** Seconds for the notebook. */
  seconds: number;
  /** Where the notebook lies, for the kernel to know. */
  place?: string;
}

export interface Judged {
  /** All cells, in their order, those that ran with what they showed. */
  cells: Cell[];
  verdicts: Verdict[];
}

/** Seconds to compile what a cell imports, on a busy machine; they come to what the cell itself may take. */
const COMPILING = 20;

/** Loaded before any cell of the notebook runs, so that what it keeps of JavaScript is what Node has. */
const FIRST = 'import "./lib/notebook/exercise/handed";';

/** @throws {Error} if there is no kernel, or an exercise is broken */
export async function judgeNotebook(notebook: Notebook, tasks: Task[], terms: Terms): Promise<Judged> {
  await useBackend();
  const until = Date.now() + terms.seconds * 1000;
  const { cells } = notebook;
  const handing = cells.map((cell) => {
    const task = tasks.find(({ id }) => findCode(cells, `${id}-check`) === cell);
    return task === undefined ? cell : { ...cell, source: task.handOver };
  });
  const indices = (task: Task) => [task.id, `${task.id}-check`].flatMap((id) => indexOf(cells, id));
  const run = async (which: number[]): Promise<Ran> => {
    const ran = await runSome({ ...notebook, cells: handing }, which, tasks, terms, (until - Date.now()) / 1000);
    return { ...ran, cells: ran.cells.map((cell, i) => ({ ...cell, source: cells[i].source })) };
  };
  const first = await run(terms.cells === "all" ? [...cells.keys()] : neededCells(handing, tasks.flatMap(indices)));
  const verdicts: Verdict[] = [];
  const shown = [...first.cells];
  let harmed = first.trouble !== null || tasks.some((task) => handedBy(task, first).length > 1);
  for (const task of tasks) {
    const verdict = await verdictOn(task, first);
    harmed ||= verdict.final && verdict.result.status === "wrong"; // a loop that was given up may run on
    const again = harmed && !verdict.final && Date.now() < until;
    const alone = again ? await run(neededCells(handing, indices(task))) : null;
    verdicts.push(alone === null ? verdict : await verdictOn(task, alone));
    alone?.cells.forEach((cell, i) => {
      if (!hasRun(shown[i])) shown[i] = cell;
    });
  }
  return { cells: shown, verdicts };
}

const hasRun = (cell: Cell) => cell.cell_type === "code" && (cell.execution_count !== null || cell.outputs.length > 0);

function indexOf(cells: Cell[], gradeId: string): number[] {
  const cell = findCode(cells, gradeId);
  return cell === undefined ? [] : [cells.indexOf(cell)];
}

/** Runs some of the cells; the others come back without outputs. */
async function runSome(
  { cells, ...rest }: Notebook,
  which: number[],
  tasks: Task[],
  { cellSeconds, place }: Terms,
  seconds: number,
): Promise<Ran> {
  const first: CodeCell = {
    cell_type: "code",
    id: "before-all",
    metadata: {},
    source: FIRST,
    execution_count: null,
    outputs: [],
  };
  const secondsFor = (cell: Cell): number => {
    const task = tasks.find(({ handOver }) => handOver === cell.source);
    if (task !== undefined) return Math.min(cellSeconds, secondsToHandOver(task)) + COMPILING;
    return cellSeconds + (imports(cell) ? COMPILING : 0);
  };
  const part = [first, ...which.map((i) => cells[i])];
  const limits = { cellSeconds: part.map(secondsFor), seconds, megabytes: MEGABYTES, place };
  const { cells: ran, trouble } = await runCells({ ...rest, cells: part }, limits);
  const all = cells.map((cell): Cell =>
    cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell,
  );
  which.forEach((at, i) => (all[at] = ran[i + 1]));
  return { cells: all, trouble: trouble && { ...trouble, cell: trouble.cell === 0 ? -1 : which[trouble.cell - 1] } };
}

function secondsToHandOver({ exercise }: Task): number {
  return Math.ceil(exercise.cases.length * (exercise.seconds ?? 10));
}

const imports = ({ source }: Cell) => /^\s*import\b/m.test(source);
