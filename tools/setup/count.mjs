/*
 * What a test step's run counts for. A step that crashed, said nothing or ran no test has failed once, whatever it
 * printed: a run never looks better than it was.
 */
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { ROOT } from "./project.mjs";

/**
 * @typedef {object} Count
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string[]} [failures] what failed, where the step names it, and the first words of why
 */

/**
 * @param {Count} count
 * @param {number} code the step's exit code
 * @returns {Count}
 */
function honest(count, code) {
  const silent = count.failed === 0 && (code !== 0 || count.passed === 0);
  return silent ? { ...count, failed: 1 } : count;
}

/**
 * A step that is one test.
 * @param {number} code
 * @returns {Count}
 */
export function countOne(code) {
  return code === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

/**
 * @typedef {object} VitestReport the part of vitest's JSON report that is read here
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {FileReport[]} testResults one for each file
 *
 * @typedef {object} FileReport
 * @property {string} status
 * @property {string} [name] the file
 * @property {string} [message] why it could not be loaded
 * @property {{ status: string, fullName?: string, failureMessages?: string[] }[]} assertionResults
 */

/** Of a long message, what is shown at the end of npm test. */
const FIRST_WORDS = 300;

/**
 * @param {string} name
 * @param {string | undefined} why
 */
function failure(name, why) {
  const words = stripVTControlCharacters(why ?? "").trim();
  const line = words.split("\n", 1)[0].slice(0, FIRST_WORDS);
  return line === "" ? name : `${name}\n    ${line}`;
}

/**
 * @param {FileReport[]} files
 * @returns {string[]}
 */
function failuresOf(files) {
  return files.flatMap(({ status, name, message, assertionResults }) => {
    const file = name === undefined ? "a file" : path.relative(ROOT, name);
    const failed = assertionResults.filter((one) => one.status === "failed");
    const tests = failed.map((one) => failure(`${file} > ${one.fullName ?? "a test"}`, one.failureMessages?.[0]));
    return status === "failed" && tests.length === 0 ? [failure(file, message)] : tests;
  });
}

/** @param {string[]} failures */
function named(failures) {
  return failures.length === 0 ? {} : { failures };
}

/**
 * Counts a vitest run. A file that could not be loaded holds no failed test, but is one.
 * @param {VitestReport | null} report null if vitest wrote none
 * @param {number} code
 * @returns {Count}
 */
export function countVitest(report, code) {
  if (report === null) return honest({ passed: 0, failed: 0, skipped: 0 }, code);
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((one) => one.status === "failed"),
  );
  return honest(
    {
      passed: report.numPassedTests,
      failed: report.numFailedTests + broken.length,
      skipped: report.numPendingTests + report.numTodoTests,
      ...named(failuresOf(report.testResults)),
    },
    code,
  );
}

/** Lines of ✘, with what stands indented below them, and vitest's own lines. */
const FAILED = /^(?:✘ .*(?:\n {4}.*)*| FAIL .*)/gm;

/**
 * Counts a step that prints a line such as RESULT {"passed":3,"failed":0}; the last one is meant.
 * @param {string} output
 * @param {number} code
 * @returns {Count}
 */
export function countResult(output, code) {
  const lines = [...output.matchAll(/^RESULT \{"passed":(\d+),"failed":(\d+)\}\s*$/gm)];
  const [, passed, failed] = lines.at(-1) ?? ["", "0", "0"];
  const failures = (stripVTControlCharacters(output).match(FAILED) ?? []).map((text) => text.trim());
  return honest({ passed: Number(passed), failed: Number(failed), skipped: 0, ...named(failures) }, code);
}

/**
 * @param {Count[]} counts
 * @returns {Count}
 */
export function addCounts(counts) {
  const sum = (/** @type {"passed" | "failed" | "skipped"} */ key) =>
    counts.reduce((total, count) => total + count[key], 0);
  const failures = counts.flatMap((count) => count.failures ?? []);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped"), ...named(failures) };
}
