/*
 * What the set-up shows: numbered steps with the time they take, and an error as one line that says what to do. On a
 * terminal a step's line is redrawn each second, elsewhere a line is printed when a step has something to say.
 */
import fs from "node:fs";
import path from "node:path";
import { asTyped } from "./node-version.mjs";

/** Something a person can put right. The message is the one line they see: what is wrong, and what to do. */
export class SetupError extends Error {}

/** @returns {string} the command to try again, such as "run npm start again" */
export function again(event = process.env.npm_lifecycle_event) {
  return `run ${asTyped(event ?? "start")} again`;
}

/** @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  return seconds < 10 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
}

/**
 * A day for the name of a file: 2026-11-03.
 * @param {Date} date
 */
export function dayOf(date) {
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/**
 * One line, whatever a message holds.
 * @param {string} text
 */
export function oneLine(text) {
  return text.replace(/\s+/g, " ").trim();
}

/** Numbered steps: report.step("Python", async (say) => { say("installing"); return "installed"; }). */
export class Report {
  #number = 0;

  /**
   * @param {number} total how many steps there will be
   * @param {{ write(text: string): unknown, isTTY?: boolean, columns?: number }} stream
   */
  constructor(total, stream = process.stdout) {
    this.total = total;
    this.stream = stream;
  }

  /**
   * Does one step and says how it went.
   * @param {string} title
   * @param {(say: (text: string) => void) => Promise<string>} work returns what to say at the end
   */
  async step(title, work) {
    const { stream } = this;
    const head = `[${++this.#number}/${this.total}] ${title}: `;
    const begin = Date.now();
    let now = "";
    const draw = () => {
      const line = `${head}${now} (${Math.round((Date.now() - begin) / 1000)} s)`;
      stream.write(`\r\x1b[K${line.slice(0, (stream.columns || 80) - 1)}`);
    };
    const timer = stream.isTTY ? setInterval(() => now && draw(), 1000) : undefined;
    try {
      const done = await work((text) => {
        now = text;
        if (stream.isTTY) draw();
        else stream.write(`${head}${text} …\n`);
      });
      const took = now === "" ? "" : ` (${duration(Date.now() - begin)})`;
      stream.write(`${stream.isTTY ? "\r\x1b[K" : ""}${head}${done}${took}\n`);
    } catch (error) {
      if (stream.isTTY) stream.write("\r\x1b[K");
      throw error;
    } finally {
      clearInterval(timer);
    }
  }
}

/** @type {Record<string, string>} */
const SYSTEM_ERRORS = {
  ENOSPC: "The disk is full: the course needs about 1 GB; free some space",
  EACCES: "A file of this folder can't be written: make the folder yours",
  EPERM: "A file of this folder can't be changed: close what is using it (JupyterLab, an editor)",
  EBUSY: "A file of this folder is in use: close what is using it (JupyterLab, an editor)",
  EROFS: "This folder can't be written to: move the course to one that can",
};

/**
 * The one line that a person sees for an error.
 * @param {unknown} error
 * @returns {string}
 */
export function errorLine(error) {
  if (error instanceof SetupError) return oneLine(error.message);
  const { code, path: file } = /** @type {NodeJS.ErrnoException} */ (error ?? {});
  const known = code === undefined ? undefined : SYSTEM_ERRORS[code];
  if (known !== undefined) return oneLine(`${known}, then ${again()}. ${file ? `(${code} ${file})` : ""}`);
  return oneLine(`The set-up stopped: ${error instanceof Error ? error.message : String(error)}`);
}

/**
 * Runs a command's work. An error is printed as one line, exit code 1; the stack of an unexpected one goes to the log.
 * @param {string} log
 * @param {() => Promise<number | void>} work returns the exit code, 0 if nothing
 * @returns {Promise<boolean>} whether it came to its end
 */
export async function finish(log, work) {
  try {
    process.exitCode = (await work()) ?? 0;
    return true;
  } catch (error) {
    console.error(errorLine(error));
    if (!(error instanceof SetupError) && error instanceof Error) {
      try {
        fs.mkdirSync(path.dirname(log), { recursive: true });
        fs.appendFileSync(log, `${error.stack}\n`);
      } catch {
        // The folder can't be written: the line above has said so.
      }
    }
    process.exitCode = 1;
    return false;
  }
}
