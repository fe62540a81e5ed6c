/*
 * What makes an executed notebook a good one: every code cell ran, in order, without an error or a word on stderr;
 * every plot carries its png; every exercise check says what it must. All of it reads the notebook alone, so the same
 * functions judge a fresh run and a committed file. A complaint names the cell's number (as a reader counts, prose
 * included), its first line and the message.
 */
import { stripVTControlCharacters } from "node:util";
import { bundles, firstLine, PLOTLY, PNG, type CodeCell, type Notebook } from "./notebook";

export const MAX_BYTES = 3_000_000;

/** A failing cell in words: "cell 7 of 30 (`const x = 1;`): message". */
export function complaint(notebook: Notebook, index: number, message: string): string {
  return `cell ${index + 1} of ${notebook.cells.length} (${firstLine(notebook.cells[index])}): ${message}`;
}

function codeCells(notebook: Notebook): { cell: CodeCell; index: number }[] {
  return notebook.cells.flatMap((cell, index) => (cell.cell_type === "code" ? [{ cell, index }] : []));
}

/** An error's text without colours and without the stack, which names the kernel's own files. */
function brief(text: string): string {
  const plain = stripVTControlCharacters(text).split("\n");
  return plain
    .filter((line) => line.trim() !== "" && !/^\s+at /.test(line))
    .slice(0, 8)
    .join("\n      ");
}

/** What went wrong in one cell: an error, a text on stderr, or null. */
function cellError(cell: CodeCell): string | null {
  for (const output of cell.outputs) {
    if (output.output_type === "error") return brief(`${output.ename}: ${output.evalue}`);
  }
  const stderr = cell.outputs
    .flatMap((o) => (o.output_type === "stream" && o.name === "stderr" ? [o.text] : []))
    .join("");
  return stderr === "" ? null : `it printed to stderr: ${brief(stderr)}`;
}

/**
 * The cells that failed: those that threw or printed to stderr, and those that were skipped or ran out of order. Cells
 * that did not run because an earlier one failed are counted, not listed.
 */
export function executionFailures(notebook: Notebook): string[] {
  const failures: string[] = [];
  let expected = 1;
  let failed = false;
  let notRun = 0;
  for (const { cell, index } of codeCells(notebook)) {
    const error = cellError(cell);
    if (error !== null) {
      failures.push(complaint(notebook, index, error));
      failed ||= cell.outputs.some((output) => output.output_type === "error");
    } else if (cell.execution_count === null) {
      if (failed) notRun++;
      else failures.push(complaint(notebook, index, "it was skipped: it has no execution count"));
    } else if (cell.execution_count !== expected) {
      failures.push(complaint(notebook, index, `it ran as number ${cell.execution_count}, not as number ${expected}`));
    }
    if (cell.execution_count !== null) expected = cell.execution_count + 1;
  }
  if (notRun > 0) failures.push(`${notRun} code ${notRun === 1 ? "cell" : "cells"} after it did not run`);
  return failures;
}

/** Plots without an image: a code host would show nothing there. */
export function missingImages(notebook: Notebook): string[] {
  return codeCells(notebook).flatMap(({ cell, index }) =>
    bundles(cell).some((data) => PLOTLY in data && typeof data[PNG] !== "string")
      ? [complaint(notebook, index, "a plot has no image/png beside it; npm run build draws it")]
      : [],
  );
}

export type Verdict = "passed" | "wrong" | "not solved yet";

const VERDICTS: readonly [RegExp, Verdict][] = [
  [/^\s*✔/m, "passed"],
  [/^\s*✘/m, "wrong"],
  [/not solved yet/i, "not solved yet"],
];

/** Everything a cell printed as plain text. */
export function printedText(cell: CodeCell): string {
  const parts = cell.outputs.map((output) => {
    if (output.output_type === "stream") return output.name === "stdout" ? output.text : "";
    if (output.output_type === "error") return "";
    const text = output.data["text/plain"];
    return typeof text === "string" ? `${text}\n` : "";
  });
  return parts.join("");
}

/** Check cells (nbgrader's `grade`) whose verdict is not the expected one. */
export function verdictFailures(notebook: Notebook, expected: Verdict): string[] {
  return codeCells(notebook).flatMap(({ cell, index }) => {
    if (!cell.metadata.nbgrader?.grade) return [];
    const text = printedText(cell);
    const verdict = VERDICTS.find(([pattern]) => pattern.test(text))?.[1] ?? "nothing";
    if (verdict === expected) return [];
    return [complaint(notebook, index, `the check says "${verdict}", not "${expected}": ${text.trim().slice(0, 200)}`)];
  });
}

/** A complaint when the file is larger than a code host likes to show. */
export function sizeFailures(bytes: number): string[] {
  if (bytes < MAX_BYTES) return [];
  return [`it is ${(bytes / 1e6).toFixed(2)} MB; the limit is ${MAX_BYTES / 1e6} MB: plot fewer points or frames`];
}
