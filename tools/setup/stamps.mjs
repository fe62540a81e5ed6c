/*
 * How the set-up knows what it has done: a stamp inside the folder it tells of (node_modules, .venv), written last.
 * Whoever removes or rebuilds the folder takes the stamp along, and a set-up that was cut off left none, so it is
 * done again.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

/** @typedef {Record<string, string>} Stamp */

const NAME = ".course-stamp.json";

/**
 * The SHA-256 of a file, or of text.
 * @param {string | Buffer} content
 */
export function digest(content) {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * @param {string} folder
 * @returns {Stamp | null} null if there is none, or none that can be read
 */
export function readStamp(folder) {
  try {
    return /** @type {Stamp} */ (JSON.parse(fs.readFileSync(path.join(folder, NAME), "utf8")));
  } catch {
    return null;
  }
}

/**
 * @param {string} folder
 * @param {Stamp} stamp
 */
export function writeStamp(folder, stamp) {
  fs.writeFileSync(path.join(folder, NAME), `${JSON.stringify(stamp, null, 2)}\n`);
}

/** @param {string} folder */
export function removeStamp(folder) {
  fs.rmSync(path.join(folder, NAME), { force: true });
}

/**
 * Whether a stamp says all that is wanted (it may say more).
 * @param {Stamp | null} stamp
 * @param {Stamp} wanted
 */
export function stampHolds(stamp, wanted) {
  return stamp !== null && Object.entries(wanted).every(([key, value]) => stamp[key] === value);
}
