/*
 * Commands that need more than npm start installs: what is missing is set up first, then the script runs, in this
 * process's place and with its exit code.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { ROOT, environment, projectAt } from "./project.mjs";
import { Report, finish } from "./say.mjs";
import { SETUP_STEPS, setUp, stopInstalling, whenStopped } from "./setup.mjs";

/** Shows a step only if it had something to do; on stderr, so that a command's own output can be piped. */
function quietStream() {
  return {
    write: (/** @type {string} */ text) => {
      if (!/: (already .*|\.venv .* is ready)\n$/.test(text)) process.stderr.write(text);
    },
  };
}

/**
 * Runs a TypeScript file of the project with tsx.
 * @param {string} script relative to the project's root
 * @param {string[]} args
 * @returns {Promise<number>} its exit code
 */
function runScript(script, args) {
  const project = projectAt(ROOT);
  const tsx = path.join(ROOT, "node_modules", "tsx", "dist", "cli.mjs");
  return new Promise((resolve) => {
    // A Ctrl-C in the terminal reaches the script as well; it decides what happens then.
    const wait = () => {};
    process.on("SIGINT", wait);
    const child = spawn(process.execPath, [tsx, path.join(ROOT, script), ...args], {
      env: environment(project),
      stdio: "inherit",
    });
    const pass = () => void child.kill("SIGTERM");
    process.on("SIGTERM", pass);
    child.on("error", () => resolve(127)).on("close", (code) => resolve(code ?? 1));
  });
}

/**
 * @param {string[]} extra lists of Python packages besides requirements.txt
 * @param {string} script
 * @param {string[]} args
 */
export function runWith(extra, script, args) {
  return finish(projectAt(ROOT).log, async () => {
    const installed = whenStopped(stopInstalling);
    await setUp(projectAt(ROOT), new Report(SETUP_STEPS, quietStream()), { extra });
    installed();
    return runScript(script, args);
  });
}
