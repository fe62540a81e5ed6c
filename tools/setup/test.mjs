/*
 * npm test: sets up, runs the steps, one after the other or in lanes beside each other, adds up. The last line is always
 * "N passed, N failed".
 */
import { readTestArguments } from "./arguments.mjs";
import { LIVE, endChildren, keepingScreen } from "./children.mjs";
import { addCounts, countOne } from "./count.mjs";
import { inLanes } from "./lanes.mjs";
import { ROOT, projectAt } from "./project.mjs";
import { Report, duration, errorLine } from "./say.mjs";
import { SETUP_STEPS, setUp, stopInstalling, whenStopped } from "./setup.mjs";
import { EXTRA_STEPS, STEPS } from "./test-steps.mjs";

/**
 * @typedef {import("./count.mjs").Count} Count
 * @typedef {import("./test-steps.mjs").Step} Step
 */

function help() {
  const list = STEPS.map(({ name, what }) => `  ${name.padEnd(10)} ${what}`).join("\n");
  return `npm test [-- options]

Sets up what is missing and runs every test. Ends with "N passed, N failed".

  --only A,B     only these steps
  --browser      without a browser, and where none can be brought: the step fails instead of being skipped
  --nodes        also the kernel's tests on other Node versions
  --webgpu       also the programs for the GPU (installs the package webgpu, 132 MB)
  --teaching     also assignments, grading, and lessons as jobs
  --hub          also a small class on a real JupyterHub (Linux, as root)
  --lanes N      N steps at a time (default: 1), each shown whole when it has ended
  --help         this text

Steps:
${list}`;
}

/** @param {Count} count */
function describe({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/**
 * What failed, once more: it may stand far above.
 * @param {string} step
 * @param {string[]} failures
 */
function again(step, failures) {
  return failures.map((one) => `✘ ${step}  ${one.replace(/^✘ /, "")}`);
}

/** How often those who wait are told what runs, where a step is shown when it has ended. */
const NEWS_MINUTES = 1;

/** @param {Map<Step, number>} running with the times of their beginnings */
function tellRunning(running) {
  const steps = [...running].map(([{ name }, begin]) => `${name} (${duration(Date.now() - begin)})`);
  console.log(`… ${steps.join(", ")}`);
}

/**
 * Runs the steps.
 * @param {Step[]} steps
 * @param {string[]} named those that a person asked for by name
 * @param {number} lanes
 * @returns {Promise<Count>}
 */
async function runSteps(steps, named, lanes) {
  const project = projectAt(ROOT);
  /** @type {Map<Step, { line: string, count?: Count }>} */
  const results = new Map();
  /** @type {Map<Step, number>} */
  const running = new Map();
  const news = lanes > 1 ? setInterval(() => tellRunning(running), NEWS_MINUTES * 60_000) : undefined;
  await inLanes(steps, lanes, async (step) => {
    const { name, what, run } = step;
    const head = `\n== ${name}: ${what}`;
    const begin = Date.now();
    running.set(step, begin);
    const kept = lanes > 1 ? keepingScreen() : undefined;
    console.log(kept === undefined ? head : `… ${name} begins`);
    const count = await run(project, kept ?? LIVE, named.includes(name)).catch((error) => {
      (kept ?? LIVE).complain(`${errorLine(error)}\n`);
      return countOne(1);
    });
    running.delete(step);
    const result =
      "why" in count
        ? { line: `${name.padEnd(10)} skipped: ${count.why}` }
        : { line: `${name.padEnd(10)} ${describe(count)} (${duration(Date.now() - begin)})`, count };
    results.set(step, result);
    if (kept !== undefined) console.log(`${head}\n${kept.text().trimEnd()}`);
    console.log(result.line);
  });
  clearInterval(news);
  const inOrder = steps.flatMap((step) => results.get(step) ?? []);
  console.log(`\n${inOrder.map(({ line }) => line).join("\n")}\n`);
  const failed = steps.flatMap((step) => again(step.name, results.get(step)?.count?.failures ?? []));
  if (failed.length > 0) console.log(`Failed\n${failed.join("\n")}\n`);
  return addCounts(inOrder.flatMap(({ count }) => count ?? []));
}

/**
 * Sets up what the steps need and runs them; an error on the way counts as one failure.
 * @param {string[]} names
 * @param {string[]} named those that a person asked for by name
 * @param {number} lanes
 * @returns {Promise<Count>}
 */
async function setUpAndRun(names, named, lanes) {
  const steps = STEPS.filter((step) => names.includes(step.name));
  try {
    const installed = whenStopped(stopInstalling);
    await setUp(projectAt(ROOT), new Report(SETUP_STEPS), {
      extra: ["tests", "dev", ...steps.flatMap(({ packages }) => packages ?? [])],
    });
    installed();
  } catch (error) {
    console.error(errorLine(error));
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const ended = whenStopped(stopTesting);
  const count = await runSteps(steps, named, lanes);
  ended();
  return count;
}

let stopping = false;

/** Ends the steps that run, with this process. */
async function stopTesting() {
  if (stopping) return; // a terminal's Ctrl-C comes twice: npm passes it on
  stopping = true;
  console.error("\nStopped: ending what runs …");
  await endChildren();
  process.exit(130);
}

/**
 * @param {string[]} argv what stands behind npm test --
 * @returns {Promise<number>} the exit code
 */
export async function main(argv) {
  const names = STEPS.map(({ name }) => name);
  const wanted = readTestArguments(argv, names, EXTRA_STEPS);
  if (wanted.help) {
    console.log(help());
    return 0;
  }
  const { passed, failed } = await setUpAndRun(wanted.steps, wanted.named, wanted.lanes);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
