/**
 * A check that is run in a kernel in which the cells above it have not run: the compiler knows none of its names, and would
 * say so in red, in place of what the check had found before. Here it becomes a cell that says what to run first and
 * keeps the record (lib/notebook/exercise/not-run.ts).
 *
 * And a cell that collects a learner's answers, of which one does not compile yet: it goes on without that one.
 */

/** The cell of a check, as every lesson has it. */
const CHECK = /^\s*await check\((?<exercise>\w+), (?<answer>\w+)\);\s*$/;

/** The record of answers that are collected, by their names: ownParts({ rmsNorm, rotate }). */
const COLLECTION = /\bownParts\(\{ (?<names>\w+(?:, \w+)*) \}\)/;

const MISSING = /^Cannot find name '([\w$]+)'\./;

/**
 * @param {string} code of a cell that did not compile
 * @param {unknown[][]} reports what the compiler said, as the executor passes it on: format, place, line, column, message
 * @returns {string | null} the cell to run in its place; null where it is neither, or fails for another reason
 */
function instead(code, reports) {
  const missing = reports.map((report) => MISSING.exec(String(report.at(-1)))?.[1]);
  /** @param {string[]} names */
  const onlyLacks = (names) =>
    missing.length > 0 && missing.every((name) => name !== undefined && names.includes(name));
  const { exercise, answer } = CHECK.exec(code)?.groups ?? {};
  if (exercise !== undefined && onlyLacks(["check", exercise, answer])) {
    const names = [exercise, answer, missing].map((value) => JSON.stringify(value)).join(", ");
    return `import { notRun } from "./lib/notebook/exercise/not-run";\nnotRun(${names});`;
  }
  const collected = COLLECTION.exec(code)?.groups?.names.split(", ") ?? [];
  if (!onlyLacks(collected)) return null;
  const there = collected.filter((name) => !missing.includes(name));
  return code.replace(COLLECTION, `ownParts({ ${there.join(", ")} })`);
}

module.exports = { instead };
