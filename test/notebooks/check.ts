/*
 * The notebooks' part of npm test: every committed notebook is what its master generates, its outputs are sound, it runs
 * from the top in the real kernel, its exercises say what they must, and a fresh run shows what the committed file shows.
 * One line a test, then RESULT with the counts; exit code 1 if a test failed.
 *
 * npx tsx test/notebooks/check.ts [--answers] [LESSON …]
 *
 * With --answers only what the answers of the solved notebooks can change is run: the rest is the learner's notebooks',
 * which run from the top in the browser's tests, and are judged there in the same way.
 */
import fs from "node:fs";
import path from "node:path";
import { outputDrift, sourceDrift } from "../../tools/course/build/drift";
import { execute, timingReport } from "../../tools/course/build/execute";
import {
  generate,
  listLessons,
  notebookFile,
  orphans,
  VERSIONS,
  type Generated,
  type Version,
} from "../../tools/course/build/masters";
import { readNotebook, type Notebook } from "../../tools/course/build/notebook";
import { ROOT } from "../../tools/setup/project.mjs";
import { executionFailures, missingImages, sizeFailures, verdictFailures } from "../../tools/course/build/verify";
import { answersPart, differsElsewhere } from "./answers-part";

/** Lessons that run at the same time. */
const AT_A_TIME = 2;

const count = { passed: 0, failed: 0 };

function report(name: string, failures: string[]): void {
  count[failures.length === 0 ? "passed" : "failed"]++;
  console.log(
    [`${failures.length === 0 ? "✔" : "✘"} ${name}`, ...failures.map((failure) => `    ${failure}`)].join("\n"),
  );
}

/** Runs a committed notebook, or a part of it, and compares what it shows. */
async function checkRun(name: string, committed: Notebook, lesson: string, version: Version): Promise<void> {
  try {
    const run = await execute(committed, path.relative(ROOT, notebookFile(lesson, version)));
    const failures = executionFailures(run.notebook);
    report(`${name} runs (${timingReport(run)[0]})`, failures);
    if (failures.length > 0) return;
    if (version === "solved") report(`${name}: every exercise check passes`, verdictFailures(run.notebook, "passed"));
    else report(`${name}: every exercise check says "not solved yet"`, verdictFailures(run.notebook, "not solved yet"));
    report(`${name} shows what its cells compute`, outputDrift(committed, run.notebook));
  } catch (error) {
    report(`${name} runs`, [error instanceof Error ? error.message : String(error)]);
  }
}

async function check(generated: Generated, version: Version, onlyAnswers: boolean): Promise<void> {
  const file = notebookFile(generated.lesson, version);
  const name = path.relative(ROOT, file);
  if (!fs.existsSync(file)) {
    report(`${name} is what its master generates`, [`there is no such file: npm run build -- ${generated.lesson}`]);
    return;
  }
  const committed = readNotebook(file);
  const drift = sourceDrift(committed, generated[version]);
  report(
    `${name} is what its master generates`,
    drift === null ? [] : [drift, `npm run build -- ${generated.lesson} makes it again from the master`],
  );
  report(`${name}: its saved outputs are whole`, [
    ...executionFailures(committed),
    ...missingImages(committed),
    ...sizeFailures(fs.statSync(file).size),
  ]);
  if (!onlyAnswers) return checkRun(name, committed, generated.lesson, version);
  const learners = notebookFile(generated.lesson, "unsolved");
  if (version === "unsolved" || !fs.existsSync(learners)) return;
  const learner = readNotebook(learners);
  report(`${name} shows elsewhere what the learner's shows`, differsElsewhere(committed, learner));
  const part = answersPart(committed, learner);
  const cells = `the ${part.cells.length} cells that its answers need or change`;
  await checkRun(`${name} (${cells})`, part, generated.lesson, version);
}

async function main(args: string[]): Promise<void> {
  const onlyAnswers = args.includes("--answers");
  const lessons = listLessons(args.filter((arg) => arg !== "--answers"));
  report(
    "every notebook has a master",
    orphans().map((name) => `notebooks/${name} has none in notebooks/source`),
  );
  report("there are lessons", lessons.length > 0 ? [] : ["notebooks/source holds no masters"]);
  const jobs = (await generate(lessons)).flatMap((generated) => VERSIONS.map((version) => ({ generated, version })));
  const worker = async (): Promise<void> => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      await check(job.generated, job.version, onlyAnswers);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}

main(process.argv.slice(2))
  .catch((error: unknown) =>
    report("the notebooks can be checked", [error instanceof Error ? error.message : String(error)]),
  )
  .finally(() => {
    console.log(`RESULT ${JSON.stringify(count)}`);
    process.exitCode = count.failed === 0 ? 0 : 1;
  });
