/** The optional Python side of the benchmark: an environment of its own, made only when it is asked for. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { outputOf } from "../python";
import { ROOT } from "../setup/project.mjs";

const VENV = path.join(ROOT, ".cache", "bench-venv");
export const PYTHON = path.join(VENV, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
const INSTALLED = path.join(VENV, "installed.txt"); // what was installed to its end
const PACKAGES = ["torch==2.13.0", "transformers==5.23.0", "ml_dtypes==0.6.0", "accelerate==1.15.0"];

/** Makes the environment with torch, transformers and ml_dtypes, unless it is there. */
export async function prepareTorch(say: (text: string) => void): Promise<void> {
  if (!existsSync(PYTHON)) {
    say("making a Python environment in .cache/bench-venv");
    await outputOf(["-m", "venv", VENV]);
  }
  const wanted = PACKAGES.join("\n");
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, "utf8") === wanted) return;
  say(`installing ${PACKAGES.join(", ")} (hundreds of megabytes, once)`);
  await outputOf(["-m", "pip", "install", "--quiet", ...PACKAGES], { python: PYTHON });
  writeFileSync(INSTALLED, wanted);
}

/** Runs a script of tools/bench with that Python; it prints one line of JSON. */
export async function runTorch<Result = { milliseconds: number }>(script: string): Promise<Result> {
  const output = await outputOf([path.join(__dirname, script)], { python: PYTHON });
  return JSON.parse(output.trim().split("\n").pop()!) as Result;
}
