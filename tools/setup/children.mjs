/*
 * The programs that npm test runs: what they print is shown as it comes, or kept until their step has ended; and they end
 * with us, together with all that they have started.
 */
import { spawn } from "node:child_process";
import { environment } from "./project.mjs";

/** A program that runs longer than this hangs: it is ended and has failed. */
const LIMIT_MINUTES = 40;

/** What gets this long to end by itself, and to clean up: the class on a hub has accounts to remove. */
const ENDING_SECONDS = 40;

const windows = process.platform === "win32";

/** @type {Map<import("node:child_process").ChildProcess, Promise<unknown>>} */
const running = new Map();
let ending = false;

/**
 * Where a step's programs print to.
 * @typedef {object} Screen
 * @property {boolean} live whether it is shown at once: programs then print by themselves
 * @property {(text: string) => void} write
 * @property {(text: string) => void} complain
 */

/** @type {Screen} */
export const LIVE = {
  live: true,
  write: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(text),
};

/** @returns {Screen & { text(): string }} one that keeps all that is printed, in its order */
export function keepingScreen() {
  /** @type {string[]} */
  const parts = [];
  const write = (/** @type {string} */ text) => void parts.push(text);
  return { live: false, write, complain: write, text: () => parts.join("") };
}

/**
 * Ends a program with those that it has started, unless they have left its group.
 * @param {import("node:child_process").ChildProcess} child
 * @param {"SIGTERM" | "SIGKILL"} signal
 */
function end(child, signal) {
  if (child.pid === undefined) return;
  try {
    if (windows) child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // It has ended by itself in the meantime.
  }
}

/** Ends all programs that run: asks them first. Comes back when they are gone; no other begins after that. */
export async function endChildren() {
  ending = true;
  const children = [...running];
  for (const [child] of children) end(child, "SIGTERM");
  const ends = Promise.all(children.map(([, ended]) => ended));
  await Promise.race([ends, new Promise((resolve) => setTimeout(resolve, ENDING_SECONDS * 1000).unref())]);
  for (const [child] of children) end(child, "SIGKILL"); // what is left of its group
}

/**
 * Runs Node on a script to its end, showing what it prints.
 * @param {import("./project.mjs").Project} project
 * @param {string[]} args
 * @param {Screen} screen
 * @param {{ read?: boolean, env?: NodeJS.ProcessEnv }} [options] read: whether to return what it prints on stdout; env:
 *   what is added to the environment
 * @returns {Promise<{ code: number, output: string }>}
 */
export function runNode(project, args, screen, { read = false, env = {} } = {}) {
  let output = "";
  const piped = read || !screen.live;
  const colours = piped && process.stdout.isTTY ? { FORCE_COLOR: "1" } : {};
  const child = spawn(process.execPath, args, {
    cwd: project.root,
    env: { ...environment(project), ...colours, ...env },
    stdio: ["ignore", piped ? "pipe" : "inherit", screen.live ? "inherit" : "pipe"],
    detached: !windows, // a group of its own, so that all of it can be ended
  });
  const limit = setTimeout(() => end(child, "SIGKILL"), LIMIT_MINUTES * 60_000);
  child.stdout?.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
    if (read) output += text;
    screen.write(text);
  });
  child.stderr?.setEncoding("utf8").on("data", (/** @type {string} */ text) => screen.complain(text));
  /** @type {Promise<{ code: number, output: string }>} */
  const ended = new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: 127, output: error.message }));
    child.on("close", (code) => resolve({ code: code ?? -1, output }));
  });
  running.set(child, ended);
  return new Promise((resolve) => {
    void ended.then((result) => {
      clearTimeout(limit);
      running.delete(child);
      // That an ended program failed is no news, and nothing follows it.
      if (!ending) resolve(result);
    });
  });
}
