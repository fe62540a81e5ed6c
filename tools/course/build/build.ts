/*
 * npm run build [-- LESSON …] [--no-execute]
 *
 * Makes notebooks/NN-topic.ipynb (unsolved) and notebooks/solutions/NN-topic.ipynb from each master: generated, run from
 * the top in the real kernel, a png drawn beside each plot. A lesson that fails is not written. With --no-execute nothing
 * runs: cells that did not change keep the outputs they have, which is enough after an edit of the prose.
 */
import fs from "node:fs";
import path from "node:path";
import { command, readCall } from "../../cli";
import { ROOT } from "../../setup/project.mjs";
import { execute, SCRATCH, timingReport } from "./execute";
import { generate, listLessons, notebookFile, VERSIONS, type Version } from "./masters";
import { formatNotebook, keepOutputs, readNotebook, writeNotebook, type Notebook } from "./notebook";
import { addImages, Renderer } from "./png";
import { executionFailures, sizeFailures, verdictFailures } from "./verify";

const HELP = "npm run build [-- LESSON …] [--no-execute]   LESSON is the beginning of a name, such as 01";

async function executed(place: string, notebook: Notebook, renderer: Renderer): Promise<Notebook> {
  const count = notebook.cells.length;
  const run = await execute(notebook, place, (index, seconds) => {
    console.log(`  cell ${index + 1}/${count}  ${seconds.toFixed(2)} s`);
  });
  await addImages(run.notebook, renderer);
  for (const line of timingReport(run)) console.log(`  ${line}`);
  return run.notebook;
}

/** Builds one version of one lesson; returns what is wrong with it. */
async function build(lesson: string, version: Version, generated: Notebook, renderer: Renderer | null): Promise<string[]> {
  const file = notebookFile(lesson, version);
  const name = path.relative(ROOT, file);
  let notebook = generated;
  const failures: string[] = [];
  if (renderer === null) {
    if (fs.existsSync(file)) keepOutputs(notebook, readNotebook(file));
  } else {
    console.log(name);
    notebook = await executed(name, generated, renderer);
    failures.push(...executionFailures(notebook));
    if (failures.length === 0) {
      failures.push(...verdictFailures(notebook, version === "solved" ? "passed" : "not solved yet"));
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

export const main = command("build", HELP, async (args) => {
  const options = { "no-execute": { type: "boolean", default: false } } as const;
  const { values, positionals } = readCall(args, options, { positionals: true });
  const lessons = listLessons(positionals);
  const renderer = values["no-execute"] ? null : new Renderer();
  let failed = 0;
  try {
    for (const generated of await generate(lessons)) {
      for (const version of VERSIONS) {
        if ((await build(generated.lesson, version, generated[version], renderer)).length > 0) failed++;
      }
    }
  } finally {
    await renderer?.close();
  }
  if (failed > 0) console.log(`${failed} of ${2 * lessons.length} notebooks failed and were not replaced`);
  process.exitCode = failed === 0 ? 0 : 1;
});
