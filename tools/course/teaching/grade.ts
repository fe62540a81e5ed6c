/*
 * npm run grade -- DIR
 *
 * Grades what lies in a course folder's submitted/. Each submission is made gradable, run by nbgrader, and read back from
 * nbgrader's gradebook; whatever it does, the next one is graded.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { command, fromCaller, readCall, readNumber, toCaller } from "../../cli";
import { duration } from "../../setup/say.mjs";
import { misplaced, readCourse, type CourseFolder } from "./course-folder";
import { failurePage, makePages, pageOf, titlesOf } from "./feedback";
import type { Book } from "./grade-table";
import { knownProblem, writeStamp } from "./graded";
import { CANNOT_SEE } from "./look";
import { asked, complaintOf, grader, requireCourse } from "./nbgrader";
import { prepare, readMaster, writePrepared, type Master, type Prepared } from "./prepare";
import { LARGEST_SEED, seedsOf } from "./seeds";
import { summary, withoutFiles, writeTables } from "./tables";

const HELP = `npm run grade -- DIR [options]

Grades the submissions of an nbgrader course folder: a table for each assignment in DIR/grades/, a page for each submission
in DIR/feedback/, and DIR/grading.log. The gradebook is nbgrader's own.

Answers are also called on cases that nobody has seen. They are drawn from a seed: each submission's own, made of what was
handed in and of the assignment's seed, which is kept in DIR/seeds.json and written in the log.

  --assignment NAME   only this one
  --roster FILE       the class (default: DIR/roster.csv, if there is one): id,first_name,last_name,email,lms_user_id
  --anonymous         tables and log without names
  --again             also what is graded already
  --seed N            the assignments' seed from now on; who was graded by another one is graded again
  --minutes N         time for one submission (default 15)
  --jobs N            submissions at the same time (default: the machine's cores)
  --help              this text`;

const OPTIONS = {
  assignment: { type: "string" },
  roster: { type: "string" },
  anonymous: { type: "boolean", default: false },
  again: { type: "boolean", default: false },
  seed: { type: "string" },
  minutes: { type: "string", default: "15" },
  jobs: { type: "string", default: String(os.availableParallelism()) },
} as const;

/** What nbgrader itself needs before and after a submission's cells run. */
const OWN_SECONDS = 60;

/** Appends to the log of a course folder. */
type Log = (text: string) => void;

/** Grades one submission; returns why it could not be graded, or null. */
async function grade(folder: string, prepared: Prepared, minutes: number, log: Log): Promise<string | null> {
  const { student, assignment, autograded } = prepared.submission;
  writePrepared(prepared);
  let { problem } = prepared;
  let lasting = true; // a failure of the machine is tried again
  if (problem === null) {
    const seconds = Math.ceil(minutes * 60);
    const call = [student, assignment, process.execPath, String(seconds), String(prepared.seed)];
    const ended = await grader("autograde", call, folder, seconds + OWN_SECONDS);
    if (ended.code === null) problem = `it was not done after ${minutes} minutes (more: --minutes)`;
    else if (ended.code !== 0) {
      problem = complaintOf(ended);
      lasting = false;
      log(ended.stderr);
    }
  }
  if (problem !== null) {
    fs.rmSync(autograded, { recursive: true, force: true });
    const recorded = await grader("autograde", [student, assignment, "--failed"], folder);
    if (recorded.code !== 0) log(recorded.stderr);
    lasting &&= recorded.code === 0;
  }
  if (lasting) writeStamp(prepared, problem, minutes);
  return problem;
}

/**
 * The assignments that are asked for, each with its versions.
 * @param seed theirs from now on, if it is given
 * @throws {Error} if there is no such one
 */
function mastersOf({ assignments, root }: CourseFolder, only: string | undefined, seed?: number): Map<string, Master> {
  const names = assignments.map(({ name }) => name);
  if (only !== undefined && !names.includes(only)) {
    throw new Error(`there is no assignment ${only}; there are ${names.join(", ") || "none"}`);
  }
  const wanted = assignments.filter(({ name, release }) => (only ?? name) === name && fs.existsSync(release));
  const seeds = seedsOf(
    root,
    wanted.map(({ name }) => name),
    seed,
  );
  return new Map(
    wanted.map((assignment) => [assignment.name, readMaster(assignment, root, seeds.get(assignment.name)!)]),
  );
}

/** The roster's file; undefined if there is none. @throws {Error} if the one that was named is missing */
function rosterOf(folder: string, named: string | undefined): string | undefined {
  const file = named === undefined ? path.join(folder, "roster.csv") : fromCaller(named);
  if (fs.existsSync(file)) return file;
  if (named !== undefined) throw new Error(`there is no roster ${named}`);
  return undefined;
}

export const main = command("grade", HELP, async (args) => {
  const { values, positionals } = readCall(args, OPTIONS, { positionals: true });
  if (positionals.length !== 1) throw new Error("name one course folder, as --help says");
  const minutes = readNumber("--minutes", values.minutes, { above: 0 });
  const jobs = readNumber("--jobs", values.jobs, { whole: true, least: 1 });
  const seed = readNumber("--seed", values.seed, { whole: true, least: 0, most: LARGEST_SEED });
  const folder = fromCaller(positionals[0]);
  requireCourse(folder);
  const roster = rosterOf(folder, values.roster);
  const course = await readCourse(folder);
  const masters = mastersOf(course, values.assignment, seed);
  const strays = misplaced(course);
  for (const stray of values.anonymous ? [] : strays) console.log(`not graded: ${stray}`);
  const all = course.submissions.flatMap((submission) => {
    const master = masters.get(submission.assignment);
    return master === undefined ? [] : [prepare(submission, master)];
  });
  if (all.length === 0 && roster === undefined) {
    throw new Error(
      `nothing was handed in: ${path.join(toCaller(course.submitted), "STUDENT", "LESSON", "LESSON.ipynb")}`,
    );
  }

  const log: Log = (text) => fs.appendFileSync(path.join(folder, "grading.log"), `${text.trimEnd()}\n`);
  log(`\n${new Date().toISOString()} npm run grade: ${all.length} submissions`);
  for (const [name, master] of masters) log(`${name}: the seed is ${master.seed}`);
  const problems = new Map<Prepared, string | null>();
  for (const one of all) {
    const known = values.again ? undefined : knownProblem(one, minutes);
    if (known !== undefined) problems.set(one, known);
  }
  const waiting = all.filter((one) => !problems.has(one));
  if (problems.size > 0) console.log(`${problems.size} of ${all.length} are graded already.`);
  const nameOf = ({ submission }: Prepared) =>
    values.anonymous ? `submission ${all.findIndex((one) => one.submission === submission) + 1}` : submission.student;
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const begin = Date.now();
      const problem = await grade(folder, next, minutes, values.anonymous ? () => {} : log);
      problems.set(next, problem);
      const who = `${nameOf(next)} ${next.submission.assignment}`;
      const line = `${who}: ${problem ?? "graded"} (${duration(Date.now() - begin)})`;
      console.log(line);
      const remarks = values.anonymous ? withoutFiles(next.remarks) : next.remarks;
      log([line, ...remarks.map((one) => `  ${one}`), ...next.look.map((one) => `  look at: ${one}`)].join("\n"));
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));

  const book = await asked<Book>("book", roster === undefined ? [] : [roster], folder);
  const titles = Object.fromEntries([...masters].map(([name, { sheet }]) => [name, titlesOf(sheet)]));
  const graded = all.filter((one) => problems.get(one) === null).map(({ submission }) => submission);
  const failed = graded.length === 0 ? null : await makePages(folder, titles, graded);
  if (failed !== null) console.log(`not all pages of feedback could be made: ${failed}`);
  for (const [{ submission }, problem] of problems) {
    if (problem === null) continue;
    fs.mkdirSync(submission.feedback, { recursive: true });
    fs.writeFileSync(pageOf(submission), failurePage(submission, problem));
  }

  const results = all.map((one) => ({ ...one, problem: problems.get(one) ?? null }));
  const tables = writeTables(course, masters, book, results, { anonymous: values.anonymous });
  console.log(`\n${tables.files.map(toCaller).join("\n")}\n\n${summary(tables)}`);
  if (results.some(({ look }) => look.length > 0)) console.log(`\n${CANNOT_SEE}`);
});
