/** The optional Python side of the benchmark: an environment of its own, made only when it is asked for. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.join(__dirname, "..", "..");
const VENV = path.join(ROOT, ".cache", "bench-venv");
export const PYTHON = path.join(VENV, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
const INSTALLED = path.join(VENV, "installed.txt"); // what was installed to its end
const PACKAGES = ["torch==2.13.0", "transformers==5.23.0", "ml_dtypes==0.6.0", "accelerate==1.15.0"];

/** Makes the environment with torch, transformers and ml_dtypes, unless it is there. */
export function prepareTorch(say: (text: string) => void): void {
  const run = (command: string, args: string[]) => execFileSync(command, args, { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  if (!existsSync(PYTHON)) {
    say("making a Python environment in .cache/bench-venv");
    run(process.platform === "win32" ? "python" : "python3", ["-m", "venv", VENV]);
  }
  const wanted = PACKAGES.join("\n");
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, "utf8") === wanted) return;
  say(`installing ${PACKAGES.join(", ")} (hundreds of megabytes, once)`);
  run(PYTHON, ["-m", "pip", "install", "--quiet", ...PACKAGES]);
  writeFileSync(INSTALLED, wanted);
}

/** Runs a script of tools/bench with that Python; it prints one line of JSON. */
export function runTorch<Result = { milliseconds: number }>(script: string): Result {
  const output = execFileSync(PYTHON, [path.join(__dirname, script)], { cwd: ROOT, encoding: "utf8" });
  return JSON.parse(output.trim().split("\n").pop()!) as Result;
}
