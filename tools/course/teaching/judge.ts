/*
 * What grader/judged_apart.py calls in place of nbgrader's own run of a submission: judges its exercises apart, and writes the
 * notebook as nbgrader has it after a run, each test cell with what the check says.
 *
 *     node --require tsx/cjs judge.ts NOTEBOOK RESULT SECONDS_PER_CELL SECONDS SEED
 */
import { GRADED_CASES } from "../../../lib/notebook/exercise/drawn";
import { readNotebook, writeNotebook, type Cell, type Output } from "../build/notebook";
import { judgeNotebook } from "./judge-notebook";
import { findCode, tasksIn } from "./judge-tasks";
import { outputsOf } from "./judge-verdict";

interface Limits {
  cellSeconds: number;
  seconds: number;
}

async function judge(source: string, target: string, limits: Limits, seed: number): Promise<void> {
  const notebook = readNotebook(source);
  const tasks = tasksIn(notebook.cells, { seed, count: GRADED_CASES });
  const { cells, verdicts } = await judgeNotebook(notebook, tasks, { cells: "all", ...limits });
  const said = new Map<Cell | undefined, Output[]>(
    verdicts.map((verdict) => {
      const test = findCode(cells, `${verdict.task.id}-check`);
      return [test, outputsOf(verdict, test?.metadata.nbgrader?.points ?? 0)];
    }),
  );
  writeNotebook(target, {
    ...notebook,
    cells: cells.map((cell) =>
      cell.cell_type === "code" && said.has(cell) ? { ...cell, outputs: said.get(cell)! } : cell,
    ),
  });
}

const [source, target, ...numbers] = process.argv.slice(2);
const [cellSeconds, seconds, seed] = numbers.map(Number);
void judge(source, target, { cellSeconds, seconds }, seed);
