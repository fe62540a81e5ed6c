/*
 * How notebooks begin: a name for the first cell, for the first two, and so on (as-built.ts).
 */
import { fingerprint } from "../lab/fingerprint.mjs";

/**
 * The name of what has run, with one cell more.
 * @param {string} run "" if nothing has
 * @param {string} code
 */
export const withCell = (run, code) => fingerprint(`${run}\n${code}`);

/**
 * @param {{ cells: { cell_type: string, source: string | string[] }[] }[]} notebooks
 * @returns {string[]} each name once: a lesson and its solution begin alike
 */
export function beginningsOf(notebooks) {
  /** @type {Set<string>} */
  const names = new Set();
  for (const { cells } of notebooks) {
    let run = "";
    for (const { cell_type, source } of cells) {
      const code = [source].flat().join("");
      // JupyterLab does not run a cell without a source.
      if (cell_type === "code" && code.trim() !== "") names.add((run = withCell(run, code)));
    }
  }
  return [...names];
}
