/*
 * npm test: sets up, runs the steps one after the other, adds up. The last line is always "N passed, N failed".
 */
import { readTestArguments } from "./arguments.mjs";
import { addCounts } from "./count.mjs";
import { ROOT, projectAt } from "./project.mjs";
import { Report, duration, errorLine } from "./say.mjs";
import { SETUP_STEPS, setUp, stopInstalling, whenStopped } from "./setup.mjs";
import { EXTRA_STEPS, STEPS } from "./test-steps.mjs";

/** @typedef {import("./count.mjs").Count} Count */

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
  --help         this text

Steps:
${list}`;
}

/** @param {Count} count */
function describe({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/**
 * Sets up and runs the steps; an error on the way counts as one failure.
 * @param {string[]} names
 * @param {string[]} named those that a person asked for by name
 * @returns {Promise<Count>}
 */
async function runSteps(names, named) {
  const project = projectAt(ROOT);
  const counts = [];
  const summary = [];
  const steps = STEPS.filter((step) => names.includes(step.name));
  try {
    const installed = whenStopped(stopInstalling);
    await setUp(project, new Report(SETUP_STEPS), {
      extra: ["tests", "dev", ...steps.flatMap(({ packages }) => packages ?? [])],
    });
    installed();
  } catch (error) {
    console.error(errorLine(error));
    return { passed: 0, failed: 1, skipped: 0 };
  }
  for (const { name, what, run } of steps) {
    console.log(`\n== ${name}: ${what}`);
    const begin = Date.now();
    const count = await run(project, named.includes(name));
    if ("why" in count) {
      summary.push(`${name.padEnd(10)} skipped: ${count.why}`);
    } else {
      counts.push(count);
      summary.push(`${name.padEnd(10)} ${describe(count)} (${duration(Date.now() - begin)})`);
    }
    console.log(summary.at(-1));
  }
  console.log(`\n${summary.join("\n")}\n`);
  return addCounts(counts);
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
  const { passed, failed } = await runSteps(wanted.steps, wanted.named);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
