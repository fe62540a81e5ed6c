/*
 * npm run lint, format, typecheck, unit: the programs of those who change the course. What they need is installed when
 * one of them is first run.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { ROOT, environment, projectAt } from "./project.mjs";
import { Report } from "./say.mjs";
import { SETUP_STEPS, setUp, stopInstalling, whenStopped } from "./setup.mjs";

/** What prettier lays out; masters are laid out by hand, so that an import of thirty names takes three lines of a cell. */
const LAID_OUT = ["{lib,test,tools}/**/*.{ts,js,mjs,cjs}", "*.{ts,mjs}"];

/**
 * The programs, as scripts in node_modules with their arguments: this Node runs them, no shell, no PATH.
 * @satisfies {Record<string, string[]>}
 */
export const PROGRAMS = {
  eslint: ["eslint/bin/eslint.js", "--max-warnings", "0", "."],
  layout: ["prettier/bin/prettier.cjs", "--check", "--log-level", "warn", ...LAID_OUT],
  format: ["prettier/bin/prettier.cjs", "--write", "--log-level", "warn", ...LAID_OUT],
  types: ["typescript/bin/tsc", "-p", "."],
  unit: ["vitest/vitest.mjs", "run", "--project", "unit", "--project", "apart"],
};

/** @type {Record<string, string[][]>} */
const COMMANDS = {
  lint: [PROGRAMS.eslint, PROGRAMS.layout],
  format: [PROGRAMS.format],
  typecheck: [PROGRAMS.types],
  unit: [PROGRAMS.unit],
};

/**
 * @param {import("./project.mjs").Project} project
 * @param {string[]} program
 */
export function programArguments(project, [script, ...args]) {
  return [path.join(project.root, "node_modules", ...script.split("/")), ...args];
}

/**
 * @param {string[]} argv what stands behind npm run lint --; the last program gets it
 * @returns {Promise<number>} the exit code
 */
export async function main(argv, name = process.argv[2]) {
  const project = projectAt(ROOT);
  const installed = whenStopped(stopInstalling);
  await setUp(project, new Report(SETUP_STEPS), { extra: name === "unit" ? ["dev", "tests"] : ["tests"] });
  installed();
  const programs = COMMANDS[name];
  for (const program of programs) {
    const args = [...programArguments(project, program), ...(program === programs.at(-1) ? argv : [])];
    const child = spawn(process.execPath, args, { cwd: project.root, env: environment(project), stdio: "inherit" });
    const code = await new Promise((resolve) => child.on("error", () => resolve(127)).on("close", resolve));
    if (code !== 0) return code ?? 1;
  }
  return 0;
}
