/* Runs nbgrader in a course folder, with the project's own Python. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "../build/python";
import { environment, projectAt } from "../../setup/project.mjs";

const LEASH = path.resolve(__dirname, "../../setup/leash.mjs");

/** Settings of nbgrader, copied into each new course folder. */
export const CONFIG = path.join(__dirname, "nbgrader_config.py");

export interface Ended {
  /** null if it was ended because its time was over. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the project's Python; it ends when we do. */
export function runPython(args: string[], folder: string, seconds = Infinity): Promise<Ended> {
  const project = projectAt(ROOT);
  const env = environment(project);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [LEASH, project.python, ...args], {
      cwd: folder,
      // nbgrader starts a program of its own (alembic) by name.
      env: { ...env, PATH: [path.dirname(project.python), env.PATH].join(path.delimiter) },
      stdio: ["pipe", "pipe", "pipe"],
    });
    let [stdout, stderr, timedOut] = ["", "", false];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdin.on("error", () => {});
    const stop = () => {
      timedOut = true;
      child.stdin.end();
    };
    const timer = Number.isFinite(seconds) ? setTimeout(stop, seconds * 1000) : undefined;
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code: timedOut ? null : code, stdout, stderr });
    });
  });
}

export function nbgrader(args: string[], folder: string, seconds?: number): Promise<Ended> {
  return runPython(["-m", "nbgrader", ...args], folder, seconds);
}

/** What nbgrader said was wrong, in one line. */
export function complaintOf({ stderr }: Ended): string {
  const lines = stderr.split("\n").map((line) => line.replace(/^\[.*?\]\s*/, "").trim());
  const errors = stderr.split("\n").filter((line) => / ERROR\]|Error: /.test(line));
  const said = errors.map((line) => line.replace(/^\[.*?\]\s*/, "").trim()).find((line) => /\w+Error\b|Could not|No /.test(line));
  return said ?? lines.filter((line) => line !== "").at(-1) ?? "nbgrader failed and said nothing";
}

/** @throws {Error} if the folder is no course folder */
export function requireCourse(folder: string): void {
  if (!fs.existsSync(path.join(folder, "nbgrader_config.py"))) {
    throw new Error(`${folder} is no course folder (it has no nbgrader_config.py): npm run assignment -- LESSON --out DIR makes one`);
  }
}

/** npm runs scripts in the project's root; a path is meant from where npm was called. */
export const fromCaller = (file: string) => path.resolve(process.env.INIT_CWD ?? process.cwd(), file);
