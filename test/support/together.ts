/** Calls of a command that need no process of their own: one for all of them. */
import { spawnSync } from "node:child_process";
import path from "node:path";

export interface Called {
  /** The exit code that the process would have. */
  code: number | null;
  out: string;
  err: string;
}

const ROOT = path.resolve(__dirname, "../..");

/**
 * Calls a command of tools/commands/ once with each list of arguments, in their order.
 *
 * @throws with what the process said if it did not come to its end
 */
export function callTogether(command: string, calls: string[][]): Called[] {
  const file = path.join("tools", "commands", `${command}.ts`);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", path.join("test", "support", "calls.ts"), file],
    { cwd: ROOT, encoding: "utf8", input: JSON.stringify(calls), maxBuffer: 2 ** 26 },
  );
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Called[];
}
