/** What lies at a path, asked before it is opened: a pipe would wait for ever, a device never end. */
import { host } from "../host";
import type { Found } from "../host/host";
import { shorten } from "./shorten";

/**
 * The size of a file in bytes.
 *
 * @throws if it is missing, cannot be looked at, or is no regular file
 */
export function fileSize(path: string): number {
  const found = look(path);
  if (found === null) throw new Error(`${path}: there is no such file`);
  if (found.kind === "folder") throw new Error(`${path}: it is a folder; a file is needed here`);
  if (found.kind !== "file") throw new Error(`${path}: it is no regular file but a pipe or a device`);
  return found.size;
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
  if (look(path)?.kind !== "folder") throw new Error(`${path}: there is no such folder`);
}

/** @returns null if nothing is there */
function look(path: string): Found | null {
  try {
    return host.look(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
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
