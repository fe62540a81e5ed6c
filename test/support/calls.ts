/**
 * node --import tsx test/support/calls.ts FILE: a command called many times in one process, where starting one for each
 * call would take most of the time. Reads the calls' arguments as JSON from stdin, and writes what became of each.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { Called } from "./together";

const { main } = createRequire(__filename)(path.resolve(process.argv[2])) as { main(args: string[]): Promise<void> };

/** Runs one call; what it writes is kept. */
async function call(args: string[]): Promise<Called> {
  const called: Called = { code: 0, out: "", err: "" };
  const streams = [
    { stream: process.stdout, key: "out" },
    { stream: process.stderr, key: "err" },
  ] as const;
  const writes = streams.map(({ stream }) => stream.write);
  for (const { stream, key } of streams) {
    stream.write = ((text: string | Uint8Array, ...rest: unknown[]) => {
      called[key] += text.toString();
      const done = rest.at(-1);
      if (typeof done === "function") process.nextTick(done);
      return true;
    }) as typeof stream.write;
  }
  try {
    await main(args);
    called.code = Number(process.exitCode ?? 0);
  } finally {
    streams.forEach(({ stream }, i) => (stream.write = writes[i]));
    process.exitCode = undefined;
    process.removeAllListeners("SIGINT");
  }
  return called;
}

async function callAll(calls: string[][]): Promise<void> {
  const results: Called[] = [];
  for (const args of calls) results.push(await call(args));
  process.stdout.write(JSON.stringify(results));
}

void callAll(JSON.parse(readFileSync(0, "utf8")) as string[][]);
