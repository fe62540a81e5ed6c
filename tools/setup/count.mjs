/*
 * What a test step's run counts for. A step that crashed, said nothing or ran no test has failed once, whatever it
 * printed: a run never looks better than it was.
 */

/** @typedef {{ passed: number, failed: number, skipped: number }} Count */

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
 * @property {{ status: string, assertionResults: { status: string }[] }[]} testResults one for each file
 */

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
    },
    code,
  );
}

/**
 * Counts a step that prints a line such as RESULT {"passed":3,"failed":0}; the last one is meant.
 * @param {string} output
 * @param {number} code
 * @returns {Count}
 */
export function countResult(output, code) {
  const lines = [...output.matchAll(/^RESULT \{"passed":(\d+),"failed":(\d+)\}\s*$/gm)];
  const [, passed, failed] = lines.at(-1) ?? ["", "0", "0"];
  return honest({ passed: Number(passed), failed: Number(failed), skipped: 0 }, code);
}

/**
 * @param {Count[]} counts
 * @returns {Count}
 */
export function addCounts(counts) {
  const sum = (/** @type {keyof Count} */ key) => counts.reduce((total, count) => total + count[key], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}
