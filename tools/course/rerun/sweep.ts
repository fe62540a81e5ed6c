/*
 * A grid of runs. Each point's notebook has a place of its own; a point whose notebook is there, made from the same
 * lesson, the same lib and the same values, is finished and is not run again. So a sweep may be stopped, or killed, at
 * any moment.
 */
import fs from "node:fs";
import path from "node:path";
import type { Result } from "../../../lib/notebook/result";
import { duration } from "../../setup/say.mjs";
import { digest } from "../../setup/stamps.mjs";
import { lessonDigest, readNote, readResults, run, RunFailed, runKey, type Lesson, type Progress } from "./run";
import { grid, label, type Axis, type Values } from "./values";

/** A finished point. */
export interface Point {
  values: Values;
  results: Result[];
}

export interface Failure {
  values: Values;
  message: string;
}

interface Planned {
  values: Values;
  file: string;
  key: string;
}

/** A file name that says the values; where that would be too long or odd, their digest. */
export function fileName(values: Values): string {
  const name = Object.entries(values)
    .map(([key, value]) => `${key}=${value}`)
    .join("_");
  return /^[\w.=+-]{1,120}$/.test(name) ? name : digest(name).slice(0, 16);
}

/** Tells how far a sweep is: a line for each point, and on a terminal one that is redrawn. */
class Reporter {
  #running = new Map<string, Progress>();
  #finished = 0;
  #begin = Date.now();

  constructor(
    private total: number,
    private toRun: number,
  ) {}

  line(text: string): void {
    process.stdout.write(`${process.stdout.isTTY ? "\r\x1b[K" : ""}${text}\n`);
  }

  progress(name: string, progress: Progress): void {
    this.#running.set(name, progress);
    if (!process.stdout.isTTY) return;
    const cells = [...this.#running.values()].map(({ done, total }) => `${Math.floor((100 * done) / total)}%`);
    process.stdout.write(`\r\x1b[K${this.#finished} of ${this.toRun}, running: ${cells.join(", ")}${this.#left()}`);
  }

  finished(name: string, number: number, how: string): void {
    this.#running.delete(name);
    this.#finished++;
    this.line(`[${number}/${this.total}] ${name}: ${how}${this.#left()}`);
  }

  #left(): string {
    const left = this.toRun - this.#finished;
    if (this.#finished === 0 || left === 0) return "";
    return `, about ${duration(((Date.now() - this.#begin) / this.#finished) * left)} left`;
  }
}

/** Removes what a killed sweep was writing; nobody else is at it, since its folder is locked. */
function removeLeftovers(folder: string): void {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  for (const name of names.filter((file) => /\.(running\.ipynb|job\.json)$/.test(file))) {
    fs.rmSync(path.join(folder, name), { force: true });
  }
}

/**
 * Runs what is not finished yet.
 *
 * @param fixed values that are the same in all points
 * @returns all points in the grid's order, and those that failed
 * @throws when the signal ends it; what is finished stays
 */
export async function sweep(
  lesson: Lesson,
  axes: Axis[],
  fixed: Values,
  { folder, jobs, signal }: { folder: string; jobs: number; signal: AbortSignal },
): Promise<{ points: Point[]; failures: Failure[] }> {
  const made = lessonDigest(lesson);
  const planned = grid(axes).map((values): Planned => {
    const file = path.join(folder, `${fileName(values)}.ipynb`);
    return { values, file, key: runKey(made, { ...fixed, ...values }) };
  });
  removeLeftovers(folder);
  const waiting = planned.filter(({ file, key }) => readNote(file)?.key !== key);
  const ready = planned.length - waiting.length;
  if (ready > 0) console.log(`${ready} of ${planned.length} points were finished before and are not run again.`);
  const failures: Failure[] = [];
  const reporter = new Reporter(planned.length, waiting.length);
  let number = ready;
  let broken = false; // something that is no failure of a point: no further one is begun
  const worker = async (): Promise<void> => {
    for (let point = waiting.shift(); point !== undefined && !broken; point = waiting.shift()) {
      signal.throwIfAborted();
      const { values, file, key } = point;
      const name = label(values);
      const begin = Date.now();
      const onCell = (progress: Progress) => reporter.progress(name, progress);
      try {
        const note = { kind: "run", lesson: lesson.name, key } as const;
        await run(lesson, { ...fixed, ...values }, file, note, { signal, onCell });
        reporter.finished(name, ++number, duration(Date.now() - begin));
      } catch (error) {
        if (!(error instanceof RunFailed)) {
          broken = true;
          throw error;
        }
        fs.rmSync(file, { force: true }); // of an older lesson
        failures.push({ values, message: error.message });
        reporter.finished(name, ++number, `failed, ${error.message.split("\n")[0]}`);
      }
    }
  };
  // All are waited for, so that each tidies up what it was writing.
  const ends = await Promise.allSettled(Array.from({ length: Math.min(jobs, waiting.length) }, worker));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  const points = planned
    .filter(({ file, key }) => readNote(file)?.key === key)
    .map(({ values, file }) => ({ values, results: readResults(file) }));
  return { points, failures };
}
