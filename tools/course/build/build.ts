/*
 * npm run build [-- LESSON …]
 *
 * Makes notebooks/NN-topic.ipynb (unsolved) and notebooks/solutions/NN-topic.ipynb from each master: generated, run
 * from the top in the real kernel, a png drawn beside each plot. A lesson that fails is not written; of the others it
 * says what they show otherwise than the notebooks that they replace.
 */
import fs from "node:fs";
import path from "node:path";
import { command, fromCaller, readCall, toCaller } from "../../cli";
import { ROOT } from "../../setup/project.mjs";
import { addChanges, changes, describeChanges, NO_CHANGES, type Changes } from "./changes";
import { execute, SCRATCH, timingReport } from "./execute";
import { generate, listLessons, notebookFile, VERSIONS, type Version } from "./masters";
import { formatNotebook, keepOutputs, readNotebook, writeNotebook, type Notebook } from "./notebook";
import { addImages, Renderer } from "./png";
import { executionFailures, sizeFailures, verdictFailures } from "./verify";

const HELP = `npm run build [-- LESSON …] [options]

Makes the notebooks of lessons from their masters in notebooks/source/, and says what changed in their results.

  LESSON          the beginning of a name, such as 01; all lessons where none is named
  --unchanged     a changed result is a failure: the notebook is not replaced
  --no-execute    runs nothing: cells that did not change keep their outputs, which is enough after an edit of the prose
  --compare DIR   builds nothing: compares the notebooks that are there with those of DIR, another notebooks/ folder
  --help          this text`;

interface Build {
  /** null: nothing is run. */
  renderer: Renderer | null;
  unchanged: boolean;
}

async function executed(place: string, notebook: Notebook, renderer: Renderer): Promise<Notebook> {
  const count = notebook.cells.length;
  const run = await execute(notebook, place, (index, seconds) => {
    console.log(`  cell ${index + 1}/${count}  ${seconds.toFixed(2)} s`);
  });
  await addImages(run.notebook, renderer);
  for (const line of timingReport(run)) console.log(`  ${line}`);
  return run.notebook;
}

/** Says what a notebook shows otherwise than before; returns the changes that are failures. */
function report(before: Notebook, after: Notebook, unchanged: boolean): string[] {
  const found = changes(before, after);
  console.log(`  ${describeChanges(found)}`);
  if (unchanged) return found.changed;
  for (const change of found.changed) console.log(`  ${change}`);
  return [];
}

/** Builds one version of one lesson; returns what is wrong with it. */
async function build(
  lesson: string,
  version: Version,
  generated: Notebook,
  { renderer, unchanged }: Build,
): Promise<string[]> {
  const file = notebookFile(lesson, version);
  const name = path.relative(ROOT, file);
  const before = fs.existsSync(file) ? readNotebook(file) : null;
  let notebook = generated;
  const failures: string[] = [];
  if (renderer === null) {
    if (before !== null) keepOutputs(notebook, before);
  } else {
    console.log(name);
    notebook = await executed(name, generated, renderer);
    failures.push(...executionFailures(notebook));
    if (failures.length === 0) {
      failures.push(...verdictFailures(notebook, version === "solved" ? "passed" : "not solved yet"));
      if (before !== null) failures.push(...report(before, notebook, unchanged));
    }
  }
  const bytes = Buffer.byteLength(formatNotebook(notebook));
  failures.push(...sizeFailures(bytes));
  const target = failures.length === 0 ? file : path.join(SCRATCH, `failed-${version}-${lesson}.ipynb`);
  writeNotebook(target, notebook);
  console.log(`${failures.length === 0 ? "✔" : "✘"} ${path.relative(ROOT, target)} (${Math.ceil(bytes / 1000)} KB)`);
  for (const failure of failures) console.log(`  ${failure}`);
  return failures;
}

/** @returns how many notebooks failed */
async function buildAll(lessons: string[], options: Build): Promise<number> {
  let failed = 0;
  try {
    for (const generated of await generate(lessons)) {
      for (const version of VERSIONS) {
        if ((await build(generated.lesson, version, generated[version], options)).length > 0) failed++;
      }
    }
  } finally {
    await options.renderer?.close();
  }
  if (failed > 0) console.log(`${failed} of ${2 * lessons.length} notebooks failed and were not replaced`);
  return failed;
}

/**
 * Compares the notebooks of lessons with those of another folder.
 * @returns how many are not the same
 */
function compareAll(lessons: string[], folder: string): number {
  const jobs = lessons.flatMap((lesson) => VERSIONS.map((version) => ({ lesson, version })));
  const found = jobs.map(({ lesson, version }): Changes => {
    const [before, after] = [notebookFile(lesson, version, folder), notebookFile(lesson, version)];
    console.log(path.relative(ROOT, after));
    const missing = [before, after].filter((file) => !fs.existsSync(file));
    const all =
      missing.length > 0
        ? { ...NO_CHANGES, changed: missing.map((file) => `there is no ${toCaller(file)}`) }
        : changes(readNotebook(before), readNotebook(after));
    console.log([describeChanges(all), ...all.changed].map((line) => `  ${line}`).join("\n"));
    return all;
  });
  console.log(`all ${found.length} notebooks: ${describeChanges(addChanges(found))}`);
  return found.filter(({ changed }) => changed.length > 0).length;
}

export const main = command("build", HELP, async (args) => {
  const flag = { type: "boolean", default: false } as const;
  const options = { unchanged: flag, "no-execute": flag, compare: { type: "string" } } as const;
  const { values, positionals } = readCall(args, options, { positionals: true });
  const { unchanged, compare, "no-execute": noExecute } = values;
  if (noExecute && unchanged) throw new Error("--unchanged compares the results of a run: leave out --no-execute");
  const lessons = listLessons(positionals);
  if (compare !== undefined) {
    const folder = fromCaller(compare);
    if (!fs.existsSync(folder)) throw new Error(`--compare: there is no folder ${toCaller(folder)}`);
    process.exitCode = compareAll(lessons, folder) === 0 ? 0 : 1;
    return;
  }
  const failed = await buildAll(lessons, { renderer: noExecute ? null : new Renderer(), unchanged });
  process.exitCode = failed === 0 ? 0 : 1;
});
