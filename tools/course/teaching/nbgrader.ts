/* nbgrader, run in a course folder through its own Python API and with the folder's configuration. */
import fs from "node:fs";
import path from "node:path";
import { runPython, type Ended } from "../../python";

/** Settings of nbgrader, copied into each new course folder. */
export const CONFIG = path.join(__dirname, "nbgrader_config.py");

/**
 * Runs one of the programs in grader/ in a course folder.
 * @param seconds after which it is ended
 */
export function grader(program: string, args: string[], folder: string, seconds?: number): Promise<Ended> {
  const signal = seconds === undefined ? undefined : AbortSignal.timeout(seconds * 1000);
  return runPython([path.join(__dirname, "grader", `${program}.py`), ...args], { folder, signal });
}

/**
 * What a program in grader/ prints as JSON.
 * @throws {Error} with what nbgrader said, if it failed
 */
export async function asked<T>(program: string, args: string[], folder: string): Promise<T> {
  const ended = await grader(program, args, folder);
  if (ended.code !== 0) throw new Error(`nbgrader can't read ${path.basename(folder)}: ${complaintOf(ended)}`);
  return JSON.parse(ended.stdout) as T;
}

/** What nbgrader said was wrong, in one line. */
export function complaintOf({ stderr }: Ended): string {
  const lines = stderr.split("\n").map((line) => line.replace(/^\[.*?\]\s*/, "").trim());
  const errors = stderr.split("\n").filter((line) => / ERROR\]|Error: /.test(line));
  const said = errors
    .map((line) => line.replace(/^\[.*?\]\s*/, "").trim())
    .find((line) => /\w+Error\b|Could not|No /.test(line));
  return said ?? lines.filter((line) => line !== "").at(-1) ?? "nbgrader failed and said nothing";
}

/** @throws {Error} if the folder is no course folder */
export function requireCourse(folder: string): void {
  if (!fs.existsSync(path.join(folder, "nbgrader_config.py"))) {
    throw new Error(
      `${folder} is no course folder (it has no nbgrader_config.py): npm run assignment -- LESSON --out DIR makes one`,
    );
  }
}
