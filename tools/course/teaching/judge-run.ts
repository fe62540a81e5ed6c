/* Runs cells of a learner's notebook in a kernel of their own (run_cells.py): within limits, and never in this process. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { ROOT } from "../../setup/project.mjs";
import { lastWords, runPython } from "../../python";
import { readNotebook, writeNotebook, type Cell, type Notebook } from "../build/notebook";

/** What ended a run before its last cell. */
export interface Trouble {
  kind: "ended" | "busy" | "flood" | "garbled" | "memory" | "time";
  /** The number, from 0, of the cell that ran then. */
  cell: number;
}

export interface Ran {
  cells: Cell[];
  trouble: Trouble | null;
}

export interface Limits {
  /** Seconds for each cell. */
  cellSeconds: readonly number[];
  /** Seconds for all of them. */
  seconds: number;
  /** What the kernel may take, with all that it starts. */
  megabytes: number;
  /** Where the notebook lies, for the kernel to know. */
  place?: string;
}

/** Three times what lesson 01 takes, run to its end. */
export const MEGABYTES = 3000;

/**
 * @returns the cells with their outputs; those behind a trouble have none
 * @throws {Error} if there is no kernel to run them
 */
export async function runCells(notebook: Notebook, limits: Limits): Promise<Ran> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "course-cells-"));
  const [source, target] = ["in", "out"].map((name) => path.join(folder, `${name}.ipynb`));
  const { cellSeconds, seconds, megabytes, place = "" } = limits;
  const settings = { folder: ROOT, place, cell_seconds: cellSeconds, seconds, megabytes };
  try {
    writeNotebook(source, notebook);
    const call = [path.join(__dirname, "run_cells.py"), source, target, JSON.stringify(settings)];
    const { code, stdout, stderr } = await runPython(call);
    if (code === 0) {
      const { trouble } = JSON.parse(stdout) as { trouble: Trouble | null };
      return { cells: readNotebook(target).cells, trouble };
    }
    // A cell that ends whoever started its kernel lets nobody say so; a signal's code is above 128.
    if ((code ?? 0) > 128) return { cells: notebook.cells, trouble: { kind: "ended", cell: 0 } };
    throw new Error(lastWords(stderr).join(" "));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
