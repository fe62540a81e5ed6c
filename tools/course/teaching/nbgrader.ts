/* Runs nbgrader in a course folder. */
import fs from "node:fs";
import path from "node:path";
import { runPython, type Ended } from "../../python";

/** Settings of nbgrader, copied into each new course folder. */
export const CONFIG = path.join(__dirname, "nbgrader_config.py");

/** @param seconds after which it is ended */
export function nbgrader(args: string[], folder: string, seconds?: number): Promise<Ended> {
  const signal = seconds === undefined ? undefined : AbortSignal.timeout(seconds * 1000);
  return runPython(["-m", "nbgrader", ...args], { folder, signal });
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
