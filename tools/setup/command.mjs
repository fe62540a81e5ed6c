/*
 * Runs a command in this process. Those of the set-up are JavaScript that needs nothing but Node; all others are
 * TypeScript, which tsx compiles as it is loaded, and what they need is set up first.
 */
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT, projectAt, sortNodeOptions } from "./project.mjs";
import { Report, SetupError, again, finish } from "./say.mjs";
import { SETUP_STEPS, setUp, stopInstalling, whenStopped } from "./setup.mjs";

const require = createRequire(import.meta.url);

/** Shows a step only if it had something to do; on stderr, so that a command's own output can be piped. */
const quiet = {
  write: (/** @type {string} */ text) => {
    if (!/: (already .*|\.venv .* is ready)\n$/.test(text)) process.stderr.write(text);
  },
};

/** Options of Node with which no TypeScript command can run. */
const IMPOSSIBLE = /^--(frozen-intrinsics|disable-proto|(experimental-)?permission|no-addons)/;

/**
 * This process runs with the options of NODE_OPTIONS (what it starts does not).
 * @throws {SetupError} if it can't
 */
function requireNodeOptions() {
  const wrong = sortNodeOptions(process.env.NODE_OPTIONS ?? "").dropped.find((option) => IMPOSSIBLE.test(option));
  if (wrong !== undefined) {
    throw new SetupError(`NODE_OPTIONS holds ${wrong}, with which the course can't run: unset it, then ${again()}.`);
  }
}

/**
 * Sets up what a TypeScript command needs, if anything, and makes Node read TypeScript.
 * @param {string[] | undefined} needs lists of Python packages besides requirements.txt; undefined: nothing is set up
 * @throws {SetupError}
 */
async function prepare(needs) {
  requireNodeOptions();
  if (needs !== undefined) {
    const installed = whenStopped(stopInstalling);
    await setUp(projectAt(ROOT), new Report(SETUP_STEPS, quiet), { extra: needs });
    installed();
  }
  // A person's settings for other projects, which tsx and its compiler would follow.
  for (const name of Object.keys(process.env)) if (/^(TSX_|ESBUILD_)/.test(name)) delete process.env[name];
  try {
    require("tsx/cjs");
  } catch {
    throw new SetupError(`The course is not set up yet: run npm run setup, then ${again()}.`);
  }
}

/**
 * @param {{ file: string, needs?: string[] }} command file: seen from tools/
 * @param {string[]} args
 */
export async function runCommand({ file, needs }, args) {
  const { log } = projectAt(ROOT);
  const script = path.join(ROOT, "tools", file);
  if (file.endsWith(".mjs")) {
    // Whoever reads our output may go away before us, as head does: the work is done all the same.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
    const { main } = await import(pathToFileURL(script).href);
    await finish(log, () => main(args));
  } else if (await finish(log, () => prepare(needs))) {
    await require(script).main(args);
  }
}
