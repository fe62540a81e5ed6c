/** What the course ships of long runs: by what command, when and on what machine it was made, so that it can be traced. */
import { existsSync, mkdirSync } from "node:fs";
import os from "node:os";
import { dirname } from "node:path";
import { FilesAside } from "../lib/checkpoint/files-aside";
import { readJson } from "../lib/checkpoint/json-file";
import { writeJson } from "../lib/checkpoint/json-write";
import type { RunRecord } from "../lib/training/record";

/** @param name as npm run knows the command */
export function commandLine(name: string, args: readonly string[]): string {
  return [`npm run ${name}`, ...(args.length === 0 ? [] : ["--", ...args])].join(" ");
}

export function machineOf(backend: string, gpu: string | null = null): RunRecord["machine"] {
  return {
    backend,
    gpu,
    processor: os.cpus()[0]?.model ?? "unknown",
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** What the file holds, where it was made with the same corpus, configuration and options; else `empty`. */
export function openRecorded<T extends { run: Pick<RunRecord, "corpus" | "config" | "options"> }>(
  file: string,
  empty: T,
): T {
  if (!existsSync(file)) return empty;
  const found = readJson(file) as unknown as T;
  const settings = ({ run: { corpus, config, options } }: T) => JSON.stringify({ corpus, config, options });
  return settings(found) === settings(empty) ? found : empty;
}

/** Writes it aside and then in place: whatever happens, the file is the one before or the whole new one. */
export function saveRecorded(file: string, record: object): void {
  mkdirSync(dirname(file), { recursive: true });
  const files = new FilesAside();
  try {
    writeJson(files.aside(file), record);
    files.commit();
  } finally {
    files.discard();
  }
}
