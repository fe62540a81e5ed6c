/**
 * Runs Python programs, with the project's own Python and in the set-up's environment: every folder that Jupyter writes
 * to is inside the project. A program ends when we do, whatever ends us.
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { Mistakes } from "./cli";
import { environment, projectAt, ROOT } from "./setup/project.mjs";

const LEASH = path.join(ROOT, "tools", "setup", "leash.mjs");

/** What several of our programs import. */
const SHARED = path.join(ROOT, "tools", "python");

export interface PythonOptions {
  /** Another Python than the project's. */
  python?: string;
  /** The folder to run in; default the project's root. */
  folder?: string;
  /** Gets each line of stdout as it comes; the lines are then not kept. */
  onLine?: (line: string) => void;
  /** Ends the program. */
  signal?: AbortSignal;
}

export interface Ended {
  /** null if the signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a program to its end.
 *
 * @param args what stands behind "python" in a command line
 * @throws {Error} if it can't be started
 */
export function runPython(args: string[], options: PythonOptions = {}): Promise<Ended> {
  const { python, folder = ROOT, onLine, signal } = options;
  const project = projectAt(ROOT);
  const program = python ?? project.python;
  const env = environment(project);
  return new Promise((resolve, reject) => {
    if (python === undefined && !fs.existsSync(program)) {
      throw new Error("There is no .venv yet: run npm test once, it makes one.");
    }
    const child = spawn(process.execPath, [LEASH, program, ...args], {
      cwd: folder,
      // Programs of .venv start others of it by name.
      env: { ...env, PYTHONPATH: SHARED, PATH: [path.dirname(project.python), env.PATH].join(path.delimiter) },
      stdio: ["pipe", "pipe", "pipe"],
      detached: process.platform !== "win32", // Ctrl-C is for us: we let go of the leash
    });
    const end = () => void child.stdin.end();
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8");
    child.stderr.setEncoding("utf8");
    if (onLine === undefined) child.stdout.on("data", (text: string) => (stdout += text));
    else readline.createInterface({ input: child.stdout }).on("line", onLine);
    child.stderr.on("data", (text: string) => (stderr += text));
    child.stdin.on("error", () => {});
    child.on("error", reject);
    child.on("close", (code) => {
      signal?.removeEventListener("abort", end);
      resolve({ code: signal?.aborted ? null : code, stdout, stderr });
    });
  });
}

/**
 * Runs a program that must end well.
 *
 * @returns what it printed
 * @throws {Mistakes} its last words, if it did not
 */
export async function outputOf(args: string[], options: PythonOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runPython(args, options);
  options.signal?.throwIfAborted();
  if (code === 0) return stdout;
  throw new Mistakes(lastWords(stderr.trim() || `${path.basename(args[0])} ended with ${code}`));
}

/** What a program said at its end; of Python's traceback only the error itself, and of a full disk what to do. */
export function lastWords(stderr: string): string[] {
  const lines = stderr.trim().split("\n");
  if (/No space left on device|Disk quota exceeded/.test(stderr)) return ["the disk is full: free some space"];
  return stderr.includes("Traceback (most recent call last)") ? lines.slice(-1) : lines.slice(-12);
}
