/*
 * npm run setup, and the steps that npm start and npm test share with it: npm packages, Python environment, kernel.
 * Each does nothing when its work has been done.
 */
import fs from "node:fs";
import path from "node:path";
import { SETUP_HELP, readSetupArguments } from "./arguments.mjs";
import { requireUsableFolder } from "./folder.mjs";
import { endPrograms } from "./programs.mjs";
import { setUpKernel } from "./kernel.mjs";
import { setUpPackages } from "./packages.mjs";
import { ROOT, projectAt } from "./project.mjs";
import { findPython, requirementList, setUpPython, venvWorks } from "./python.mjs";
import { Report, SetupError, again } from "./say.mjs";

export const SETUP_STEPS = 3;

/** The name of the npm packages of tests and builds among what is extra. */
const TESTS = "tests";

/**
 * Sets up what is missing.
 * @param {import("./project.mjs").Project} project
 * @param {import("./say.mjs").Report} report
 * @param {{ extra?: string[] }} options extra: what there is to have besides what a learner needs: "tests", the npm
 *   packages of tests and builds, and lists of Python packages; "dev" is what building and testing need, "rerun" npm run
 *   lesson, "hub" a class on JupyterHub
 * @throws {import("./say.mjs").SetupError} which says what is missing and what to do
 */
export async function setUp(project, report, { extra = [] }) {
  requireUsableFolder(project.root);
  fs.rmSync(project.log, { force: true });
  const lists = extra.filter((name) => name !== TESTS);
  // Whether there is a Python is known at once: better said now than after minutes of downloading.
  if (!venvWorks(project)) findPython(project);
  await report.step("npm packages", (say) => setUpPackages(project, { tests: lists.length < extra.length }, say));
  await report.step("Python", (say) => setUpPython(project, { extra: lists }, say));
  await report.step("TypeScript kernel", async () => setUpKernel(project));
}

/**
 * Calls stop when a person or the system ends this process, or when npm, which started it, is gone.
 * @param {() => unknown} stop
 * @returns {() => void} takes that back
 */
export function whenStopped(stop) {
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  for (const signal of signals) process.on(signal, stop);
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid !== parent && stop(), 1000).unref();
  // Started without npm, it may outlive the shell that started it: nohup node tools/run.mjs start & is nobody's mistake.
  if (process.env.npm_lifecycle_event === undefined) clearInterval(watch);
  return () => {
    clearInterval(watch);
    for (const signal of signals) process.off(signal, stop);
  };
}

/** Ends an install that is under way, with this process. */
export async function stopInstalling() {
  console.error(`\nStopped. To go on from here, ${again()}.`);
  await endPrograms();
  process.exit(130);
}

/**
 * Sets up and starts nothing; for images, dev containers and classes.
 * @param {string[]} argv what stands behind npm run setup --
 */
export async function main(argv) {
  const project = projectAt(ROOT);
  const { help, extra } = readSetupArguments(argv);
  if (help) {
    console.log(SETUP_HELP);
    return;
  }
  const unknown = extra.find(
    (name) => name !== TESTS && !fs.existsSync(path.join(project.root, requirementList(name))),
  );
  if (unknown !== undefined) throw new SetupError(`There is no ${requirementList(unknown)}.`);
  const installed = whenStopped(stopInstalling);
  await setUp(project, new Report(SETUP_STEPS), { extra });
  installed();
}
