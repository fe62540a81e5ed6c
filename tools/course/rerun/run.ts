/*
 * One run of a lesson with other parameters, by papermill (run.py). The output is written beside its place and moved
 * there when it is whole: what lies under a run's name is a finished run.
 */
import fs from "node:fs";
import path from "node:path";
import type { ParameterSpec } from "../../../lib/notebook/parameter-spec";
import { parametersSeen } from "../../../lib/notebook/parameters";
import { resultsIn, type Result } from "../../../lib/notebook/result";
import { bundles, readNotebook, writeNotebook, type Notebook } from "../build/notebook";
import { toCaller } from "../../cli";
import { lastWords, runPython } from "../../python";
import { ROOT } from "../../setup/project.mjs";
import { digest } from "../../setup/stamps.mjs";
import { withOneParametersCell } from "./parameters-cell";
import { typeOf, type Values } from "./values";

/** The lesson that is run. */
export interface Lesson {
  name: string;
  /** The notebook. */
  file: string;
  specs: ParameterSpec[];
}

/** What a run's notebook says of itself. */
export interface Note {
  kind: "run" | "sweep";
  lesson: string;
  /** Of the lesson's cells, of lib and data, and of the parameters: a run with the same key need not be repeated. */
  key: string;
  /** The values that the lesson itself ran with, as checkParameters got them. */
  parameters?: Values;
}

export interface Progress {
  done: number;
  total: number;
}

/** A cell of the lesson failed. */
export class RunFailed extends Error {}

type Event =
  | { event: "cell"; done: number; total: number }
  | { event: "failed"; cell: number; message: string }
  | { event: "done"; seconds: number };

/** Digest of everything that a run depends on besides its parameters. */
export function lessonDigest(lesson: Lesson): string {
  const cells = readNotebook(lesson.file).cells.map(({ source }) => source);
  const files = ["lib", "data"].flatMap((folder) => filesIn(path.join(ROOT, folder)));
  return digest(JSON.stringify([cells, files.map((file) => [file, digest(fs.readFileSync(file))])]));
}

function filesIn(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      return entry.isDirectory() ? filesIn(file) : [file];
    });
}

export function runKey(lesson: string, values: Values): string {
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  return digest(JSON.stringify([lesson, sorted]));
}

/** What a notebook says of itself; null if it is no run of ours, or there is none. */
export function readNote(file: string): Note | null {
  try {
    return (readNotebook(file).metadata as { course?: Note }).course ?? null;
  } catch {
    return null;
  }
}

/** The results that a run's notebook holds. */
export function readResults(file: string): Result[] {
  return resultsIn(shownIn(readNotebook(file)));
}

function shownIn(notebook: Notebook): Record<string, unknown>[] {
  return notebook.cells.flatMap((cell) => (cell.cell_type === "code" ? bundles(cell) : []));
}

/**
 * The values that a lesson ran with, held to those that were asked for.
 *
 * @throws {RunFailed} if it ran with another value, or did not say with which
 */
export function usedParameters(executed: Notebook, asked: Values): Values {
  const seen = parametersSeen(shownIn(executed));
  if (seen.length === 0) throw new RunFailed("checkParameters did not run, so nothing says which values were used");
  for (const [name, value] of Object.entries(asked)) {
    const other = seen.find((values) => values[name] !== value);
    if (other === undefined) continue;
    const way = "no other cell may declare it, and checkParameters must be given it";
    throw new RunFailed(`${name} was asked to be ${value}, but the lesson ran with ${other[name]}: ${way}`);
  }
  return seen[seen.length - 1];
}

/**
 * Runs a lesson.
 * @param signal ends it; the kernel goes with it
 * @throws {RunFailed} if a cell failed: the notebook with the error is kept as NAME.failed.ipynb
 */
export async function run(
  lesson: Lesson,
  values: Values,
  output: string,
  note: Note,
  {
    signal,
    onCell = () => {},
    finish = () => {},
  }: {
    signal?: AbortSignal;
    onCell?: (progress: Progress) => void;
    /** What is still done to a notebook that ran, before it gets its name. */
    finish?: (executed: Notebook) => void | Promise<void>;
  } = {},
): Promise<void> {
  const running = output.replace(/\.ipynb$/, ".running.ipynb");
  const failed = output.replace(/\.ipynb$/, ".failed.ipynb");
  const job = output.replace(/\.ipynb$/, ".job.json");
  const types = Object.fromEntries(lesson.specs.map((spec) => [spec.name, typeOf(spec)]));
  fs.mkdirSync(path.dirname(output), { recursive: true });
  const content = { input: running, output: running, parameters: values, types, seconds: null, folder: ROOT };
  let failure: string | null = null;
  try {
    writeNotebook(running, withOneParametersCell(readNotebook(lesson.file), lesson.specs, toCaller(lesson.file)));
    fs.writeFileSync(job, JSON.stringify(content));
    const onLine = (line: string) => {
      const event = JSON.parse(line) as Event;
      if (event.event === "cell") onCell(event);
      if (event.event === "failed") failure = `cell ${event.cell}: ${event.message}`;
    };
    const { code, stderr } = await runPython([path.join(__dirname, "run.py"), job], { onLine, signal });
    signal?.throwIfAborted();
    if (failure !== null) throw new RunFailed(failure);
    if (code !== 0) throw new Error(`papermill ended with ${code}: ${lastWords(stderr).at(-1)}`);
    const executed = readNotebook(running);
    const parameters = usedParameters(executed, values);
    executed.metadata = { ...executed.metadata, course: { ...note, parameters } };
    await finish(executed);
    writeNotebook(running, executed);
    fs.renameSync(running, output);
  } catch (error) {
    if (!(error instanceof RunFailed)) throw error;
    fs.renameSync(running, failed);
    throw new RunFailed(`${error.message} (see ${toCaller(failed)})`);
  } finally {
    for (const file of [running, job]) fs.rmSync(file, { force: true });
  }
}
