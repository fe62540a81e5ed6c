/*
 * The steps of npm test, in their order, and how each is run and counted. A step's program is a script in
 * node_modules, run by this Node: no shell, no PATH.
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { runNode } from "./children.mjs";
import { CHROMIUM_FOLDERS, bringChromium, broughtChromium } from "./chromium.mjs";
import { addCounts, countOne, countResult, countVitest } from "./count.mjs";
import { PROGRAMS, programArguments } from "./develop.mjs";
import { environment } from "./project.mjs";
import { errorLine } from "./say.mjs";
import { findAdapter } from "./webgpu.mjs";

/**
 * @typedef {import("./project.mjs").Project} Project
 * @typedef {import("./count.mjs").Count} Count
 * @typedef {import("./children.mjs").Screen} Screen
 * @typedef {object} Skipped
 * @property {string} why a step was left out: what the machine lacks
 * @typedef {object} Step
 * @property {string} name
 * @property {string} what
 * @property {string[]} [packages] lists of Python packages that it needs besides "dev"
 * @property {boolean} [light] whether it leaves a core idle much of its time (lanes.mjs)
 * @property {boolean} [alone] whether it changes what other steps use (lanes.mjs)
 * @property {(project: Project, screen: Screen, named: boolean) => Promise<Count | Skipped>} run named: whether a person
 *   asked for this step by its name, so that it fails where it would be skipped otherwise
 */

/**
 * @param {Project} project
 * @param {...string} names
 */
function module(project, ...names) {
  return path.join(project.root, "node_modules", ...names);
}

/**
 * @param {string} name of the project in vitest.config.ts
 * @returns {(project: Project, screen: Screen, named?: boolean, env?: NodeJS.ProcessEnv) => Promise<Count>}
 */
function vitest(name) {
  return async (project, screen, _named, env) => {
    const file = path.join(project.cache, "test", `${name}.json`);
    fs.rmSync(file, { force: true });
    const reports = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const program = module(project, "vitest", "vitest.mjs");
    const { code } = await runNode(project, [program, "run", "--project", name, ...reports], screen, { env });
    return countVitest(fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : null, code);
  };
}

/**
 * Why there is no browser, and whether it is the machine that lacks one; null if there is one.
 * @typedef {{ why: string, lacking: boolean } | null} Trouble
 */

/** @type {Promise<Trouble> | null} */
let asking = null;

/**
 * Sees to it that there is a browser: asked first, so that a machine without one gets one line and not a page of failed
 * tests. Steps that ask at the same time wait for the same answer: two would bring it into the same folder.
 * @param {Project} project
 * @param {Screen} screen
 * @returns {Promise<Trouble>}
 */
function browserTrouble(project, screen) {
  asking ??= lookForBrowser(project, screen).finally(() => (asking = null));
  return asking;
}

/**
 * @param {Project} project
 * @param {Screen} screen
 * @returns {Promise<Trouble>}
 */
async function lookForBrowser(project, screen) {
  const find =
    'try { require("./tools/course/build/chromium.ts").findChromium(); } ' +
    "catch (error) { console.log(error.message); process.exit(1); }";
  const { code, output } = await new Promise((resolve) => {
    let output = "";
    const options = { cwd: project.root, env: environment(project) };
    const child = spawn(process.execPath, ["--require", "tsx/cjs", "--eval", find], options);
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ code: 127, output: error.message }));
    child.on("close", (code) => resolve({ code, output: output.trim() }));
  });
  if (code === 0) return null;
  if (!output.startsWith("No Chromium found")) return { why: output, lacking: false };
  try {
    await bringChromium(project, (text) => screen.write(`${text} …\n`));
    return null;
  } catch (error) {
    return { why: errorLine(error), lacking: true };
  }
}

/**
 * A step of tests that need a browser.
 * @param {string} name of the project in vitest.config.ts
 * @returns {Step["run"]}
 */
function inBrowser(name) {
  return async (project, screen, named) => {
    const trouble = await browserTrouble(project, screen);
    if (trouble === null) return vitest(name)(project, screen);
    if (trouble.lacking && !named) return { why: trouble.why };
    screen.complain(`${trouble.why}\n`);
    return countOne(1);
  };
}

/**
 * Finds a GPU for the tests: the machine's own, else the software driver that comes with Chromium.
 * @param {Project} project
 * @param {Screen} screen
 * @returns {Promise<NodeJS.ProcessEnv | null>} what leads to it; null if there is none
 */
async function gpuEnvironment(project, screen) {
  if ((await findAdapter(project)) !== null) return { COURSE_GPU: "own" };
  await browserTrouble(project, screen);
  const brought = broughtChromium(project);
  const installed = [path.dirname(process.env.CHROMIUM_PATH ?? "/"), ...CHROMIUM_FOLDERS]
    .map((folder) => path.join(folder, "vk_swiftshader_icd.json"))
    .filter((file) => fs.existsSync(file))
    .map((file) => ({ VK_DRIVER_FILES: file }));
  const choices = brought === null ? installed : [...installed, { ...brought.env, VK_DRIVER_FILES: brought.driver }];
  for (const env of choices) if ((await findAdapter(project, env)) !== null) return env;
  return null;
}

/** @type {Step["run"]} */
async function webgpu(project, screen) {
  const { code } = await runNode(project, ["tools/run.mjs", "webgpu"], screen);
  if (code !== 0) return countOne(code);
  const env = await gpuEnvironment(project, screen);
  if (env !== null) return vitest("webgpu")(project, screen, true, env);
  screen.complain(
    "No GPU and no software driver found: install Chromium, which brings one, and the Vulkan loader (Debian, Ubuntu: " +
      "sudo apt install chromium libvulkan1), or let VK_DRIVER_FILES name a driver.\n",
  );
  return countOne(1);
}

/**
 * A step that is one program.
 * @param {keyof typeof PROGRAMS} name
 * @returns {Step["run"]}
 */
function program(name) {
  return async (project, screen) => {
    const { code } = await runNode(project, programArguments(project, PROGRAMS[name]), screen);
    return countOne(code);
  };
}

/**
 * A step that prints a line with its counts.
 * @param {...string} args of Node
 * @returns {Step["run"]}
 */
function counting(...args) {
  return async (project, screen) => {
    const { code, output } = await runNode(project, args, screen, { read: true });
    return countResult(output, code);
  };
}

/**
 * A step of several runs, one after the other. Where one can't even begin, neither can the next: it counts once.
 * @param {...(project: Project, screen: Screen) => Promise<Count>} runs
 * @returns {Step["run"]}
 */
function each(...runs) {
  return async (project, screen) => {
    const counts = [];
    for (const run of runs) {
      const count = await run(project, screen);
      counts.push(count);
      if (count.passed === 0) break;
    }
    return addCounts(counts);
  };
}

/** @type {Step[]} */
export const STEPS = [
  { name: "lint", what: "eslint over everything, no warnings", light: true, run: program("eslint") },
  { name: "layout", what: "lib, tests and tools are laid out as prettier does", light: true, run: program("layout") },
  { name: "types", what: "strict tsc over lib, tests, tools and lesson masters", light: true, run: program("types") },
  { name: "unit", what: "the tests of lib and of the notebook build", run: each(vitest("unit"), vitest("apart")) },
  { name: "kernel", what: "the kernel's traps", run: vitest("kernel") },
  { name: "setup", what: "the tests of npm start, reset and test", light: true, run: vitest("setup") },
  {
    name: "notebooks",
    what: "every notebook is what its master generates, and shows what its cells compute",
    run: async (project, screen, named) => {
      // The learner's notebooks run in the step browser, where there is one: then only what the answers change runs here.
      const part = named || (await browserTrouble(project, screen)) !== null ? [] : ["--answers"];
      return counting(module(project, "tsx/dist/cli.mjs"), "test/notebooks/check.ts", ...part)(project, screen, named);
    },
  },
  { name: "browser", what: "a lesson in JupyterLab, in a headless browser", run: inBrowser("browser") },
  { name: "site", what: "the built site, and the course in a browser tab", run: inBrowser("site") },
  {
    name: "nodes",
    what: "the kernel's traps on other Node versions (only with --nodes)",
    light: true,
    run: counting("test/kernel/nodes.mjs"),
  },
  {
    name: "webgpu",
    what: "the programs for the GPU, on Chromium's software driver where there is none (only with --webgpu)",
    alone: true, // what it installs, useBackend("auto") would take in the other steps
    run: webgpu,
  },
  {
    name: "teaching",
    what: "assignments through nbgrader, lessons as jobs, the files of deploy/ (only with --teaching)",
    packages: ["rerun", "deploy"],
    light: true,
    run: vitest("teaching"),
  },
  {
    name: "hub",
    what: "a small class on a real JupyterHub (only with --hub; Linux, as root)",
    light: true,
    run: counting("tools/run.mjs", "hub-test", "--users", "3"),
  },
];

/** Steps that run only when asked for. */
export const EXTRA_STEPS = ["nodes", "webgpu", "teaching", "hub"];
