/*
 * npm run lesson -- 07 -p gpuHourPrice=3 --out out.ipynb
 *
 * Runs a lesson with other parameters, or with a grid of them. All mistakes in the call are found before anything runs.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parametersOf } from "../../../lib/notebook/parameters";
import { figureOf } from "../../../lib/notebook/result";
import { command, fromCaller, toCaller } from "../../cli";
import { execute } from "../build/execute";
import { listLessons, notebookFile } from "../build/masters";
import { readNotebook, writeNotebook, type Notebook } from "../build/notebook";
import { executionFailures } from "../build/verify";
import { projectAt, ROOT } from "../../setup/project.mjs";
import { duration } from "../../setup/say.mjs";
import { HELP, readLessonArguments, type LessonArguments } from "./arguments";
import { lessonDigest, readNote, readResults, run, runKey, type Lesson } from "./run";
import { whileLocked } from "./lock";
import { csvOf, rowsOf, summary } from "./summary";
import { fileName, sweep } from "./sweep";
import { label, listing, readAxes, readValues, type Axis, type Values } from "./values";

/** Where the lessons are; tests have some of their own. */
const NOTEBOOKS = process.env.COURSE_NOTEBOOKS ?? path.join(ROOT, "notebooks");

/** @throws {Error} if there is no such lesson, or no such notebook */
function findLesson(wanted: string): Lesson {
  const own = wanted.endsWith(".ipynb");
  const file = fromCaller(wanted);
  if (own && !fs.existsSync(file)) throw new Error(`there is no notebook ${wanted}`);
  const number = /^\d\d?/.exec(path.basename(wanted))?.[0].padStart(2, "0");
  if (own && number === undefined) throw new Error(`${wanted}: the name of a lesson's copy begins with its number`);
  const lessons = listLessons([own ? `${number}-` : wanted.replace(/^\d$/, "0$&")], NOTEBOOKS);
  if (lessons.length > 1) throw new Error(`"${wanted}" is the beginning of several lessons: ${lessons.join(", ")}`);
  const [name] = lessons;
  const master = fs.readFileSync(path.join(NOTEBOOKS, "source", `${name}.ts`), "utf8");
  return { name, file: own ? file : notebookFile(name, "unsolved", NOTEBOOKS), specs: parametersOf(master, name) };
}

/** @throws {Error} if a file is there that no run has made: it may be somebody's work */
function requireFree(out: string, beside: string[]): void {
  if (readNote(out) !== null) return; // and what lies beside it is of that run
  const taken = [out, ...beside].find((file) => fs.existsSync(file));
  if (taken === undefined) return;
  throw new Error(`${toCaller(taken)} exists and is no run of a lesson; give another name with --out`);
}

/** The files that a sweep writes as data, beside its notebook. */
const dataFiles = (out: string) => [".csv", ".json"].map((ending) => out.replace(/\.ipynb$/, ending));

/** Draws a picture beside each plot, as the build does, or says in one line why there is none. */
async function drawImages(notebook: Notebook): Promise<void> {
  const png = await import("../build/png").catch(() => null);
  if (png === null) {
    console.log("The plots have no images beside them: npm run build installs what draws them");
    return;
  }
  const renderer = new png.Renderer();
  try {
    await png.addImages(notebook, renderer);
  } catch (error) {
    const [why] = (error instanceof Error ? error.message : String(error)).split("\n");
    console.log(`The plots have no images beside them: ${why}`);
  } finally {
    await renderer.close();
  }
}

async function runOnce(lesson: Lesson, values: Values, out: string, signal: AbortSignal): Promise<void> {
  const key = runKey(lessonDigest(lesson), values);
  const begin = Date.now();
  await run(
    lesson,
    values,
    out,
    { kind: "run", lesson: lesson.name, key },
    {
      signal,
      onCell: ({ done, total }) => {
        if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${lesson.name}: cell ${done} of ${total}`);
      },
      finish: async (executed) => {
        if (process.stdout.isTTY) process.stdout.write("\r\x1b[K");
        await drawImages(executed);
      },
    },
  );
  const shown = label(values);
  console.log(`${lesson.name}${shown === "" ? "" : ` with ${shown}`}: ${duration(Date.now() - begin)}`);
  for (const result of readResults(out)) console.log(`  ${result.name}: ${figureOf(result)}`);
}

async function runSweep(lesson: Lesson, axes: Axis[], fixed: Values, out: string, jobs: number, signal: AbortSignal) {
  const folder = out.replace(/\.ipynb$/, ".points");
  const { points, failures } = await sweep(lesson, axes, fixed, { folder, jobs, signal });
  if (points.length === 0) throw new Error(`no point could be run; the first: ${failures[0]?.message}`);
  if (points.every(({ results }) => results.length === 0)) {
    throw new Error(`the runs show no results; they are in ${toCaller(folder)}`);
  }
  const notebook = summary({ lesson: lesson.name, axes, fixed, points, failures });
  const { notebook: executed } = await execute(notebook, out);
  const problems = executionFailures(executed);
  if (problems.length > 0) throw new Error(`the summary could not be made: ${problems[0]}`);
  await drawImages(executed);
  const key = runKey(lessonDigest(lesson), fixed);
  executed.metadata = { ...executed.metadata, course: { kind: "sweep", lesson: lesson.name, key } };
  writeNotebook(out, executed);
  const [csv, json] = dataFiles(out);
  fs.writeFileSync(csv, csvOf(points));
  fs.writeFileSync(json, `${JSON.stringify({ lesson: lesson.name, fixed, points: rowsOf(points) }, null, 2)}\n`);
  if (failures.length > 0) process.exitCode = 1;
  console.log(
    `${points.length} points${failures.length > 0 ? `, ${failures.length} failed` : ""}; as data in ${toCaller(csv)} and ${toCaller(json)}`,
  );
}

/** The names of the figures that a lesson declares as its results; what is computed in a name is an ellipsis. */
function declaredResults(lesson: Lesson): string[] {
  const code = readNotebook(lesson.file).cells.filter((cell) => cell.cell_type === "code");
  const calls = code.flatMap(({ source }) => [...source.matchAll(/\bresult\(\s*(["'`])(.+?)\1/g)]);
  return calls.map(([, , name]) => name.replace(/\$\{.*?\}/g, "…"));
}

/** @throws {Error} if the lesson says of no figure that it is a result */
function requireResults(lesson: Lesson): void {
  if (declaredResults(lesson).length === 0)
    throw new Error(
      `${lesson.name} declares no results (a cell with result(name, value, unit)), so a sweep has nothing to compare`,
    );
}

async function work(args: LessonArguments, signal: AbortSignal): Promise<void> {
  const lesson = findLesson(args.lesson);
  if (args.list) {
    const results = declaredResults(lesson);
    return console.log(`${listing(lesson.specs)}\n\nresults: ${results.length === 0 ? "none" : results.join("; ")}`);
  }
  const fixed = readValues(lesson.specs, args.values);
  const axes = readAxes(lesson.specs, args.sweeps);
  const both = axes.find(({ spec }) => spec.name in fixed);
  if (both !== undefined) throw new Error(`${both.spec.name} is both given and swept`);
  if (axes.length > 0) requireResults(lesson);
  const out = args.out === undefined ? defaultOut(lesson, axes, fixed) : fromCaller(args.out);
  await whileLocked(out, async () => {
    requireFree(out, axes.length > 0 ? dataFiles(out) : []);
    if (axes.length === 0) await runOnce(lesson, fixed, out, signal);
    else await runSweep(lesson, axes, fixed, out, args.jobs ?? os.availableParallelism(), signal);
  });
  console.log(toCaller(out));
}

/** A name that says with which values: 07-cost-economics.pricePerHour=3.run.ipynb; swept ones as 1+2+3. */
function defaultOut({ name }: Lesson, axes: Axis[], fixed: Values): string {
  const swept = Object.fromEntries(axes.map(({ spec, values }) => [spec.name, values.join("+")]));
  const values = { ...fixed, ...swept };
  const said = Object.keys(values).length === 0 ? "" : `.${fileName(values)}`;
  return path.join(projectAt(ROOT).work, `${name}${said}.${axes.length > 0 ? "sweep" : "run"}.ipynb`);
}

export const main = command("lesson", HELP, async (args) => {
  const stopped = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => stopped.abort());
  try {
    await work(readLessonArguments(args), stopped.signal);
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
    console.error("\nStopped. What is finished stays; the same command goes on from there.");
    process.exit(130);
  }
});
