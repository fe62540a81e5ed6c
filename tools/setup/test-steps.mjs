/*
 * The steps of npm test, in their order, and how each is run and counted. A step's program is a script in
 * node_modules, run by this Node: no shell, no PATH.
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { countOne, countResult, countVitest } from "./count.mjs";
import { environment } from "./project.mjs";

/**
 * @typedef {import("./project.mjs").Project} Project
 * @typedef {import("./count.mjs").Count} Count
 * @typedef {object} Step
 * @property {string} name
 * @property {string} what
 * @property {string[]} [packages] lists of Python packages that it needs besides "dev"
 * @property {(project: Project) => Promise<Count>} run
 */

/** A step that takes longer than this hangs: it is ended and has failed. */
const LIMIT_MINUTES = 40;

/**
 * Runs Node on a script to its end, showing what it prints.
 * @param {Project} project
 * @param {string[]} args
 * @param {boolean} read whether to return what it prints on stdout
 * @returns {Promise<{ code: number, output: string }>}
 */
function runNode(project, args, read) {
  return new Promise((resolve) => {
    let output = "";
    const colours = read && process.stdout.isTTY ? { FORCE_COLOR: "1" } : {};
    const child = spawn(process.execPath, args, {
      cwd: project.root,
      env: { ...environment(project), ...colours },
      stdio: ["ignore", read ? "pipe" : "inherit", "inherit"],
      timeout: LIMIT_MINUTES * 60_000,
      killSignal: "SIGKILL",
    });
    child.stdout?.on("data", (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
      process.stdout.write(chunk);
    });
    child.on("error", (error) => resolve({ code: 127, output: error.message }));
    child.on("close", (code) => resolve({ code: code ?? -1, output }));
  });
}

/**
 * @param {Project} project
 * @param {...string} names
 */
function module(project, ...names) {
  return path.join(project.root, "node_modules", ...names);
}

/**
 * @param {string} name of the project in vitest.config.ts
 * @returns {Step["run"]}
 */
function vitest(name) {
  return async (project) => {
    const file = path.join(project.cache, "test", `${name}.json`);
    fs.rmSync(file, { force: true });
    const reports = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const program = module(project, "vitest", "vitest.mjs");
    const { code } = await runNode(project, [program, "run", "--project", name, ...reports], false);
    return countVitest(fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : null, code);
  };
}

/** @type {Step["run"]} */
async function browser(project) {
  // Asked first, so that a machine without a browser gets this one line and not a page of failed tests.
  const find =
    'try { require("./tools/course/build/chromium.ts").findChromium(); } ' +
    "catch (error) { console.error(error.message); process.exit(1); }";
  const { code } = await runNode(project, ["--require", "tsx/cjs", "--eval", find], false);
  return code === 0 ? vitest("browser")(project) : countOne(code);
}

/** What prettier lays out; masters are laid out by hand, so that an import of thirty names takes three lines of a cell. */
const LAID_OUT = ["{lib,test,tools}/**/*.{ts,js,mjs,cjs}", "*.{ts,mjs}"];

/** @type {Step[]} */
export const STEPS = [
  {
    name: "lint",
    what: "eslint over everything, no warnings",
    run: async (project) =>
      countOne(
        (await runNode(project, [module(project, "eslint/bin/eslint.js"), "--max-warnings", "0", "."], false)).code,
      ),
  },
  {
    name: "layout",
    what: "lib, tests and tools are laid out as prettier does",
    run: async (project) => {
      const prettier = [module(project, "prettier/bin/prettier.cjs"), "--check", "--log-level", "warn", ...LAID_OUT];
      return countOne((await runNode(project, prettier, false)).code);
    },
  },
  {
    name: "types",
    what: "strict tsc over lib, tests, tools and lesson masters",
    run: async (project) =>
      countOne((await runNode(project, [module(project, "typescript/bin/tsc"), "-p", "."], false)).code),
  },
  { name: "unit", what: "the tests of lib and of the notebook build", run: vitest("unit") },
  { name: "kernel", what: "the kernel's traps", run: vitest("kernel") },
  { name: "setup", what: "the tests of npm start, reset and test", run: vitest("setup") },
  {
    name: "notebooks",
    what: "every notebook is what its master generates and runs from the top",
    run: async (project) => {
      const args = [module(project, "tsx/dist/cli.mjs"), "test/notebooks/check.ts"];
      const { code, output } = await runNode(project, args, true);
      return countResult(output, code);
    },
  },
  { name: "browser", what: "a lesson in JupyterLab, in a headless browser", run: browser },
  {
    name: "nodes",
    what: "the kernel's traps on other Node versions (only with --nodes)",
    run: async (project) => {
      const { code, output } = await runNode(project, ["test/kernel/nodes.mjs"], true);
      return countResult(output, code);
    },
  },
  {
    name: "webgpu",
    what: "the programs for the GPU, on Chromium's software driver where there is none (only with --webgpu)",
    run: async (project) => {
      const { code } = await runNode(project, ["tools/run.mjs", "webgpu"], false);
      return code === 0 ? vitest("webgpu")(project) : countOne(code);
    },
  },
  {
    name: "teaching",
    what: "assignments through nbgrader, lessons as jobs, the files of deploy/ (only with --teaching)",
    packages: ["rerun", "deploy"],
    run: vitest("teaching"),
  },
  {
    name: "hub",
    what: "a small class on a real JupyterHub (only with --hub; Linux, as root)",
    run: async (project) => {
      const { code, output } = await runNode(project, ["tools/run.mjs", "hub-test", "--users", "3"], true);
      return countResult(output, code);
    },
  },
];

/** Steps that run only when asked for. */
export const EXTRA_STEPS = ["nodes", "webgpu", "teaching", "hub"];
