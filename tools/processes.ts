/** Commands that make many runs: several at the same time, each by a process of its own that computes on one core. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { readJson } from "../lib/checkpoint/json-file";

/** Does all jobs in order, up to `count` of them at a time. */
export async function severalAtOnce<Job>(
  jobs: readonly Job[],
  count: number,
  work: (job: Job) => Promise<void>,
): Promise<void> {
  const left = [...jobs];
  const worker = async () => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) await work(job);
  };
  await Promise.all(Array.from({ length: count }, worker));
}

/**
 * Runs a command of this project in another process, with --out to a file that is read and then removed.
 *
 * @throws if the command fails
 */
export async function resultOf(name: string, args: string[]): Promise<unknown> {
  const folder = mkdtempSync(join(os.tmpdir(), `${name}-`));
  try {
    const out = join(folder, "result.json");
    const child = spawn(process.execPath, [process.argv[1], name, ...args, "--out", out], { stdio: "inherit" });
    const code = await new Promise((resolve, reject) => child.on("error", reject).on("exit", resolve));
    if (code !== 0) throw new Error(`a process of its own for ${args.join(" ")} failed`);
    return readJson(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
