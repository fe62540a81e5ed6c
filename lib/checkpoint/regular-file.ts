/** What lies at a path, asked before it is opened: a pipe would wait for ever, a device never end. */
import { statSync, type BigIntStats } from "node:fs";
import { dirname, resolve } from "node:path";
import { shorten } from "./shorten";

/**
 * The size of a file in bytes.
 *
 * @throws if it is missing, cannot be looked at, or is no regular file
 */
export function fileSize(path: string): number {
  const found = look(path);
  if (found === null) throw new Error(`${path}: there is no such file`);
  if (found.isDirectory()) throw new Error(`${path}: it is a folder; a file is needed here`);
  if (!found.isFile()) throw new Error(`${path}: it is no regular file but a pipe or a device`);
  return Number(found.size);
}

/**
 * Whether something is there.
 *
 * @throws if that cannot be found out, for want of permission
 */
export function isThere(path: string): boolean {
  return look(path) !== null;
}

/** @throws if there is no folder at the path, or it cannot be looked at */
export function checkFolder(path: string): void {
  if (!look(path)?.isDirectory()) throw new Error(`${path}: there is no such folder`);
}

/**
 * Whether two paths lead to one place, through links or by another spelling too. Of a place that is not there yet, the
 * folder counts in which it would be made.
 */
export function samePlace(one: string, other: string): boolean {
  const [a, b] = [one, other].map(placeOf);
  return a.rest === b.rest && a.found.dev === b.found.dev && a.found.ino === b.found.ino;
}

/** The nearest part of a path that exists, and what follows it. */
function placeOf(path: string): { found: BigIntStats; rest: string } {
  const whole = resolve(path);
  for (let at = whole; ; at = dirname(at)) {
    const found = look(at);
    if (found !== null || at === dirname(at))
      return { found: found ?? statSync(at, BIG), rest: whole.slice(at.length) };
  }
}

const BIG = { bigint: true } as const; // numbers of files can be larger than a number holds exactly

/** @returns null if nothing is there */
function look(path: string): BigIntStats | null {
  try {
    return statSync(path, BIG);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    if (code === "EACCES" || code === "EPERM") throw new Error(`${path}: permission denied: it cannot be read`);
    if (code === "ELOOP") throw new Error(`${path}: its links lead in a circle`);
    if (code === "ENAMETOOLONG") throw new Error(`${shorten(path)}: a name in this path is too long`);
    throw new Error(`${path}: it cannot be read (${code})`);
  }
}

/**
 * Does what opens a file; adds its path to what the system says.
 *
 * @throws as `use`
 */
export function opening<T>(path: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM") throw new Error(`${path}: permission denied: it cannot be read`);
    if (code === undefined || message.includes(path)) throw error;
    throw new Error(`${path}: ${message}`);
  }
}
