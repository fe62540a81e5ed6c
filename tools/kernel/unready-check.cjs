/**
 * A check that is run in a kernel in which the cells above it have not run: the compiler knows none of its names, and would
 * say so in red, in place of what the check had found before. Here it becomes a cell that says what to run first and
 * keeps the record (lib/notebook/exercise/not-run.ts).
 */

/** The cell of a check, as every lesson has it. */
const CHECK = /^\s*await check\((?<exercise>\w+), (?<answer>\w+)\);\s*$/;

const MISSING = /^Cannot find name '([\w$]+)'\./;

/**
 * @param {string} code of a cell that did not compile
 * @param {unknown[][]} reports what the compiler said, as the executor passes it on: format, place, line, column, message
 * @returns {string | null} the cell to run in its place; null where it is no check, or fails for another reason
 */
function instead(code, reports) {
  const { exercise, answer } = CHECK.exec(code)?.groups ?? {};
  if (exercise === undefined || reports.length === 0) return null;
  const missing = reports.map((report) => MISSING.exec(String(report.at(-1)))?.[1]);
  const own = ["check", exercise, answer];
  if (!missing.every((name) => name !== undefined && own.includes(name))) return null;
  const names = [exercise, answer, missing].map((value) => JSON.stringify(value)).join(", ");
  return `import { notRun } from "./lib/notebook/exercise/not-run";\nnotRun(${names});`;
}

module.exports = { instead };
