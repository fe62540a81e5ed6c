/*
 * Runs other programs for the set-up: their output goes to .cache/setup.log, the last of it comes back so that an error
 * can be explained. No shell is involved, so no folder name needs quoting, and npm is run as the script that it is
 * (npm.cmd on Windows can't be started without a shell).
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { SetupError, again } from "./say.mjs";

/**
 * @typedef {object} Result
 * @property {number} code the exit code; -1 if it was ended by a signal, 127 if it could not be started
 * @property {string} output the last 200,000 characters of what it printed
 */

const KEPT = 200_000;

/** What runs a program so that it ends with us. */
const LEASH = fileURLToPath(new URL("leash.mjs", import.meta.url));

/** @type {Set<import("node:child_process").ChildProcessWithoutNullStreams>} */
const running = new Set();
let ending = false;

/** Ends what is being run and waits for it: an interrupted set-up leaves nothing behind that goes on installing. */
export async function endPrograms() {
  ending = true;
  const ends = [...running].map((child) => new Promise((resolve) => child.on("exit", resolve)));
  for (const child of running) child.stdin.end();
  await Promise.race([Promise.all(ends), new Promise((resolve) => setTimeout(resolve, 5000))]);
}

/**
 * Runs a program to its end.
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, log: string, onLine?: (line: string) => void }} options
 * @returns {Promise<Result>}
 */
export function runProgram(program, args, { cwd, env, log, onLine }) {
  fs.mkdirSync(path.dirname(log), { recursive: true });
  fs.appendFileSync(log, `\n$ ${program} ${args.join(" ")}\n`);
  return new Promise((resolve) => {
    let output = "";
    let rest = "";
    const child = spawn(process.execPath, [LEASH, program, ...args], { cwd, env, stdio: "pipe", windowsHide: true });
    running.add(child);
    child.stdin.on("error", () => {});
    const take = (/** @type {Buffer} */ chunk) => {
      const text = chunk.toString();
      output = (output + text).slice(-KEPT);
      fs.appendFileSync(log, text);
      if (onLine === undefined) return;
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? "";
      lines.forEach(onLine);
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => resolve({ code: 127, output: error.message }));
    child.on("close", (code) => {
      running.delete(child);
      // That an ended command failed is no news: nobody is told while we are on our way out.
      if (!ending) resolve({ code: code ?? -1, output });
    });
  });
}

/**
 * The program and first arguments that run npm: the npm we were started from, else the one that came with this Node,
 * else the one on the PATH.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} node the path of this Node
 * @returns {[string, string[]]}
 * @throws {SetupError} if there is no npm
 */
export function npmCommand(env = process.env, node = process.execPath) {
  const script = "npm-cli.js";
  if (env.npm_execpath !== undefined && path.basename(env.npm_execpath) === script) return [node, [env.npm_execpath]];
  const folder = path.dirname(node);
  const onPath = (env.PATH ?? env.Path ?? "").split(path.delimiter).filter((name) => name !== "");
  const places = [
    path.join(folder, "node_modules/npm/bin", script),
    path.join(folder, "../lib/node_modules/npm/bin", script),
    ...onPath.flatMap((name) => [path.join(name, "npm"), path.join(name, "node_modules/npm/bin", script)]),
  ];
  for (const place of places) {
    if (!fs.existsSync(place)) continue;
    const real = fs.realpathSync(place);
    if (path.basename(real) === script) return [node, [real]];
  }
  throw new SetupError(`npm is missing beside this Node (${node}): install Node with its npm, then ${again()}.`);
}

const OFFLINE = new RegExp(
  "ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|FETCH_ERROR|" +
    "NewConnectionError|ConnectTimeoutError|ReadTimeoutError|NameResolutionError|ProxyError|Max retries exceeded|" +
    "Temporary failure in name resolution|Failed to establish a new connection|Network is unreachable|" +
    "Connection broken",
);

/**
 * Why an install failed, as an error with one line that says what to do.
 * @param {"npm" | "Python"} kind whose packages
 * @param {string} output what the command printed
 * @param {string} log the log, relative to the project folder
 * @returns {SetupError}
 */
export function installError(kind, output, log) {
  if (/ENOSPC|No space left on device/.test(output)) {
    return new SetupError(`The disk is full: the course needs about 1 GB; free some space, then ${again()}.`);
  }
  if (OFFLINE.test(output)) {
    return new SetupError(
      `No network: the ${kind} packages could not be downloaded. Connect (behind a proxy, set HTTPS_PROXY), ` +
        `then ${again()}.`,
    );
  }
  const errors = output.split(/\r?\n/).filter((line) => /^(npm (error|ERR!)|ERROR:|error:)/.test(line.trim()));
  const first = errors.find((line) => !/^npm (error|ERR!) (code|errno|syscall|path)\b/.test(line)) ?? "";
  const why = first.replace(/^(npm (error|ERR!)|ERROR:|error:)\s*/, "").trim();
  const reason = why === "" ? "." : `: ${why}${/[.!?]$/.test(why) ? "" : "."}`;
  return new SetupError(`Installing the ${kind} packages failed${reason} See ${log}, then ${again()}.`);
}
