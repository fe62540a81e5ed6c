/*
 * The npm packages, exactly as package-lock.json lists them: for a learner those that lessons and commands run on, and
 * what tests and builds need besides once one of them asks for it. npm ci empties node_modules first, so a half-finished
 * one needs no repair. The stamp is written when the packages have been loaded once.
 */
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { installError, npmCommand, runProgram } from "./programs.mjs";
import { environment } from "./project.mjs";
import { SetupError, again } from "./say.mjs";
import { digest, readStamp, removeStamp, stampHolds, writeStamp } from "./stamps.mjs";

/** @typedef {import("./project.mjs").Project} Project */

/** Loads modules in a process of its own. */
const TRIAL = fileURLToPath(new URL("trial.cjs", import.meta.url));

/** What a lesson's kernel and the commands load. */
export const NEEDED = [
  "@tensorflow/tfjs",
  "@tensorflow/tfjs-backend-wasm",
  "esbuild",
  "tsx/cjs",
  "zeromq",
  "tslab/dist/converter.js",
];

/** What the steps of npm test start. */
export const NEEDED_BY_TESTS = ["typescript", "eslint", "prettier", "vitest/package.json", "playwright-core"];

/**
 * npm's settings that a person may have for other projects, and that would leave half of the packages out, put them
 * elsewhere, or only pretend.
 */
const AS_LISTED = [
  "--global=false",
  "--dry-run=false",
  "--package-lock=true",
  "--package-lock-only=false",
  "--install-strategy=hoisted",
  "--include=optional",
];

/** npm would try a dead network for minutes. What it has downloaded is kept, so trying again goes on from there. */
const PATIENCE = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"];

/**
 * What node_modules depends on: the lock file, and the Node whose binaries it holds.
 * @param {Project} project
 * @param {{ modules: string, platform: string, arch: string }} node
 * @param {boolean} tests whether it holds what tests and builds need
 * @returns {import("./stamps.mjs").Stamp}
 */
export function packagesStamp(project, node, tests) {
  return {
    lock: digest(fs.readFileSync(path.join(project.root, "package-lock.json"))),
    node: `${node.platform}-${node.arch}-${node.modules}`,
    ...(tests ? { tests: "yes" } : {}),
  };
}

/**
 * Installs the npm packages if they are not there as the lock file lists them.
 * @param {Project} project
 * @param {{ tests: boolean }} options tests: with what tests and builds need; what was installed once stays
 * @param {(text: string) => void} say
 * @returns {Promise<string>} what was done
 * @throws {SetupError} no network, a full disk, packages that can't be loaded, …
 */
export async function setUpPackages(project, { tests }, say) {
  const folder = path.join(project.root, "node_modules");
  const { versions, platform, arch } = process;
  const before = readStamp(folder);
  const withTests = tests || before?.tests === "yes";
  const wanted = packagesStamp(project, { modules: versions.modules, platform, arch }, withTests);
  if (stampHolds(before, wanted)) return "already installed";
  const hadGpu = fs.existsSync(path.join(folder, "webgpu"));
  const size = withTests ? "with what tests and builds need, about 380 MB" : "about 250 MB";
  say(`installing what package-lock.json lists, ${size}`);
  removeStamp(folder);
  const [npm, first] = npmCommand();
  const options = { cwd: project.root, env: environment(project), log: project.log };
  const args = ["ci", ...AS_LISTED, withTests ? "--include=dev" : "--omit=dev", "--loglevel=error", ...PATIENCE];
  const { code, output } = await runProgram(npm, [...first, ...args], options);
  if (code !== 0) throw installError("npm", output, path.relative(project.root, project.log));
  removeSourceMaps(folder);
  const names = withTests ? [...NEEDED, ...NEEDED_BY_TESTS] : NEEDED;
  const trial = await runProgram(process.execPath, [TRIAL, ...names], options);
  if (trial.code !== 0) {
    throw new SetupError(
      `The npm packages are installed but can't be loaded (${trial.output.trim().split("\n")[0]}): look for settings ` +
        `in npm config list and NODE_OPTIONS that are meant for other projects, then ${again()}.`,
    );
  }
  writeStamp(folder, wanted);
  return hadGpu ? "installed; for the GPU run npm run webgpu once more" : "installed";
}

/**
 * Half of what npm installs is maps from compiled code to sources that are not there: nothing here reads them.
 * @param {string} folder
 */
export function removeSourceMaps(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) removeSourceMaps(file);
    else if (entry.isFile() && /\.[cm]?js\.map$/.test(entry.name)) fs.rmSync(file);
  }
}
