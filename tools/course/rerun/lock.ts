/*
 * Two runs that write the same files would do everything twice, and each would tell of what it happened to see. The first
 * leaves a lock beside its notebook, which says who it is; the second is refused. A lock whose process is gone, because it
 * was killed, is taken over.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { toCaller } from "../../cli";

interface Holder {
  pid: number;
  host: string;
  /** ISO date. */
  since: string;
}

/** Where the lock of a notebook's runs lies. */
export function lockOf(out: string): string {
  return out.replace(/\.ipynb$/, ".lock");
}

/**
 * Does some work while nobody else may write a notebook or the runs beside it.
 *
 * @param out the notebook
 * @throws {Error} if another process is at it, naming that
 */
export async function whileLocked<T>(out: string, work: () => Promise<T>): Promise<T> {
  const file = lockOf(out);
  take(file, out);
  try {
    return await work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function take(file: string, out: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const mine: Holder = { pid: process.pid, host: os.hostname(), since: new Date().toISOString() };
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      return fs.writeFileSync(file, JSON.stringify(mine), { flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const text = readIfThere(file);
    if (text === null) continue; // let go of in the meantime
    const holder = parse(text);
    if (holder === null || !isGone(holder)) throw new Error(refusal(file, out, holder));
    removeStale(file, text);
  }
  throw new Error(refusal(file, out, null));
}

function refusal(file: string, out: string, holder: Holder | null): string {
  const who = holder === null ? "another run" : `process ${holder.pid} on ${holder.host}, since ${holder.since},`;
  return `${who} is writing ${toCaller(out)}: wait for it, or give another name with --out (if none is, delete ${toCaller(file)})`;
}

/** Takes a lock away, if it is still the one that was read: another may have taken it over in the meantime. */
function removeStale(file: string, text: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return; // somebody else has removed it
  }
  if (fs.readFileSync(aside, "utf8") !== text) fs.linkSync(aside, file);
  fs.rmSync(aside);
}

function readIfThere(file: string): string | null {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

function parse(text: string): Holder | null {
  try {
    const { pid, host, since } = JSON.parse(text) as Partial<Holder>;
    return pid === undefined || host === undefined || since === undefined ? null : { pid, host, since };
  } catch {
    return null; // being written
  }
}

/** Whether a lock was left behind; of another machine's nobody here can tell. */
function isGone({ pid, host }: Holder): boolean {
  if (host !== os.hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
