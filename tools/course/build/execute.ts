/*
 * Runs a notebook from the top in the real kernel (execute.py does it with nbclient) and measures it. A temporary copy
 * is run, never the file itself. Cell times are wall time as a person waiting for Run All has it.
 */
import fs from "node:fs";
import path from "node:path";
import { outputOf } from "../../python";
import { projectAt, ROOT } from "../../setup/project.mjs";
import { firstLine, readNotebook, writeNotebook, type Notebook } from "./notebook";

/** Where the build keeps what it does not commit: notebooks under test, failed runs. */
export const SCRATCH = path.join(projectAt(ROOT).cache, "build");

export const CELL_TIMEOUT_SECONDS = 120;

/** What a person should have to wait for: Run All of a lesson, and its slowest cell. */
export const LESSON_BUDGET_SECONDS = 60;
export const CELL_BUDGET_SECONDS = 15;

export interface Run {
  notebook: Notebook;
  /** From starting the kernel to its being ready. */
  startSeconds: number;
  /** Wall time by cell number (from 0); only code cells that ran. */
  cellSeconds: Map<number, number>;
}

type Event = { event: "ready"; seconds: number } | { event: "cell"; index: number; seconds: number };

/**
 * @param place where the notebook lies, from the project's root; the kernel is told, as Jupyter tells it
 * @param onCell told after each cell that ran
 */
export async function execute(
  notebook: Notebook,
  place: string,
  onCell: (index: number, seconds: number) => void = () => {},
  timeoutSeconds: number = CELL_TIMEOUT_SECONDS,
  afterError: "stop" | "go on" = "stop",
): Promise<Run> {
  const name = `${process.pid}-${place.replace(/[\\/]/g, "-")}`;
  const source = path.join(SCRATCH, `${name}.in.ipynb`);
  const target = path.join(SCRATCH, `${name}.out.ipynb`);
  writeNotebook(source, notebook);
  const cellSeconds = new Map<number, number>();
  let startSeconds = 0;
  const onLine = (line: string) => {
    const event = JSON.parse(line) as Event;
    if (event.event === "ready") startSeconds = event.seconds;
    else {
      cellSeconds.set(event.index, event.seconds);
      onCell(event.index, event.seconds);
    }
  };
  const call = [source, target, ROOT, place, String(timeoutSeconds), afterError];
  await outputOf([path.join(__dirname, "execute.py"), ...call], { onLine });
  const executed = readNotebook(target);
  for (const file of [source, target]) fs.rmSync(file);
  return { notebook: executed, startSeconds, cellSeconds };
}

/** The total, the slowest cells, and what is over the budget of a person's patience. */
export function timingReport(run: Run): string[] {
  const slowest = [...run.cellSeconds].sort((a, b) => b[1] - a[1]).slice(0, 3);
  const total = [...run.cellSeconds.values()].reduce((sum, seconds) => sum + seconds, run.startSeconds);
  const report = [
    `Run All ${total.toFixed(1)} s, of which the kernel's start ${run.startSeconds.toFixed(1)} s` +
      (total > LESSON_BUDGET_SECONDS ? `: over the ${LESSON_BUDGET_SECONDS} s that a lesson should take` : ""),
  ];
  for (const [index, seconds] of slowest) {
    const over = seconds > CELL_BUDGET_SECONDS ? `: over the ${CELL_BUDGET_SECONDS} s of a cell` : "";
    report.push(`  ${seconds.toFixed(1)} s  cell ${index + 1} (${firstLine(run.notebook.cells[index])})${over}`);
  }
  return report;
}
