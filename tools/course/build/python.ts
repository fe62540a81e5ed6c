/*
 * Starts the Python helpers beside this file with the project's own Python, in the set-up's environment: every folder
 * that Jupyter writes to is inside the project.
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { environment, projectAt } from "../../setup/project.mjs";

export const ROOT = path.resolve(__dirname, "../../..");

const project = projectAt(ROOT);

/** Where the build keeps what it does not commit: notebooks under test, failed runs. */
export const SCRATCH = path.join(project.cache, "build");

/**
 * Runs one helper and returns what it printed.
 * @param onLine gets each line of stdout as it comes; the lines are then not kept
 * @throws if the helper exits with an error: its last words are the message
 */
export function runPython(script: string, args: string[], onLine?: (line: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    if (!fs.existsSync(project.python)) throw new Error("There is no .venv yet: run npm test once, it makes one.");
    const child = spawn(project.python, [path.join(__dirname, script), ...args], {
      cwd: ROOT,
      env: environment(project),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    if (onLine === undefined) child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    else readline.createInterface({ input: child.stdout }).on("line", onLine);
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(stderr.trim().split("\n").slice(-12).join("\n") || `${script} ended with ${code ?? signal}`));
    });
  });
}
