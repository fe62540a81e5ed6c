/*
 * npm run grade -- DIR
 *
 * Grades what lies in a course folder's submitted/: nbgrader runs each submission, here only one after the other is
 * started, given its time, and written into grades.csv. Whatever a submission does, the next one is graded.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { command, fromCaller, readCall, readNumber, toCaller } from "../../cli";
import { runPython } from "../../python";
import { readNotebook } from "../build/notebook";
import { duration } from "../../setup/say.mjs";
import { csv, type Row } from "./grade-table";
import { lookAt } from "./look";
import { autograde } from "./judge-autograde";
import { complaintOf, nbgrader, requireCourse } from "./nbgrader";

const HELP = `npm run grade -- DIR [options]

Grades the submissions of an nbgrader course folder: DIR/grades.csv, and a page for each in DIR/feedback/.

  --assignment NAME   only this one
  --again             also what is graded already
  --minutes N         time for one submission (default 15)
  --jobs N            submissions at the same time (default: the machine's cores)
  --help              this text`;

interface Submission {
  student: string;
  assignment: string;
}

interface Settings {
  folder: string;
  minutes: number;
}

const fileOf = (folder: string, kind: string, { student, assignment }: Submission) =>
  path.join(folder, kind, student, assignment, `${assignment}.ipynb`);

const subfolders = (folder: string) =>
  fs.existsSync(folder)
    ? fs
        .readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort()
    : [];

/** What was handed in for the folder's assignments. */
function submissions(folder: string, only: string | undefined): Submission[] {
  const assignments = subfolders(path.join(folder, "source"));
  if (only !== undefined && !assignments.includes(only)) {
    throw new Error(`there is no assignment ${only}; there are ${assignments.join(", ") || "none"}`);
  }
  return subfolders(path.join(folder, "submitted")).flatMap((student) =>
    subfolders(path.join(folder, "submitted", student))
      .filter((assignment) => assignments.includes(assignment) && (only ?? assignment) === assignment)
      .map((assignment) => ({ student, assignment })),
  );
}

function isGraded(folder: string, submission: Submission): boolean {
  const [submitted, graded] = ["submitted", "autograded"].map((kind) => fileOf(folder, kind, submission));
  return (
    fs.existsSync(graded) && fs.existsSync(submitted) && fs.statSync(graded).mtimeMs > fs.statSync(submitted).mtimeMs
  );
}

/** Grades one submission; returns why it could not be graded, or null. */
async function grade({ folder, minutes }: Settings, submission: Submission): Promise<string | null> {
  const { student, assignment } = submission;
  const file = fileOf(folder, "submitted", submission);
  if (!fs.existsSync(file)) return `there is no ${assignment}.ipynb in it`;
  try {
    readNotebook(file);
  } catch {
    return "it is no notebook";
  }
  const which = [assignment, "--student", student, "--force"];
  const graded = await autograde(which, folder, minutes * 60);
  if (graded.code === null) return `it was not done after ${minutes} minutes`;
  return graded.code === 0 ? null : complaintOf(graded);
}

/** Makes the pages for what is graded, all of an assignment at once: nbgrader's start takes longer than a page. */
async function makeFeedback(folder: string, assignments: string[]): Promise<void> {
  for (const assignment of assignments) {
    const made = await nbgrader(["generate_feedback", assignment, "--force"], folder, 1800);
    if (made.code !== 0) console.log(`${assignment}: not all feedback pages could be made (${complaintOf(made)})`);
  }
}

/** Remarks about a submission; none if it can't be read. */
function remarks(folder: string, submission: Submission): string[] {
  const { assignment } = submission;
  try {
    const release = readNotebook(path.join(folder, "release", assignment, `${assignment}.ipynb`));
    return lookAt(readNotebook(fileOf(folder, "submitted", submission)), release);
  } catch {
    return [];
  }
}

interface Gradebook {
  assignments: { name: string; exercises: { id: string; of: number }[] }[];
  submissions: { student: string; assignment: string; exercises: { id: string; points: number; of: number }[] }[];
}

async function readGradebook(folder: string): Promise<Gradebook> {
  const address = `sqlite:///${path.join(folder, "gradebook.db")}?timeout=120`;
  const { code, stdout, stderr } = await runPython([path.join(__dirname, "grades.py"), address, "deepseek-v3"], {
    folder,
  });
  if (code !== 0) throw new Error(`the gradebook can't be read: ${stderr.trim().split("\n").at(-1)}`);
  return JSON.parse(stdout) as Gradebook;
}

/** A submission's row: its points in the gradebook, or none if it could not be graded. */
function row(book: Gradebook, { student, assignment }: Submission, problem: string | null, notes: string[]): Row {
  const exercises = book.assignments.find(({ name }) => name === assignment)?.exercises ?? [];
  const found = book.submissions.find((entry) => entry.student === student && entry.assignment === assignment);
  const points = exercises.map(({ id, of }) => {
    const graded = problem !== null ? undefined : found?.exercises.find((entry) => entry.id === id);
    return { id, points: graded?.points ?? 0, of };
  });
  return { student, assignment, exercises: points, notes: [...(problem === null ? [] : [problem]), ...notes] };
}

export const main = command("grade", HELP, async (args) => {
  const options = {
    assignment: { type: "string" },
    again: { type: "boolean", default: false },
    minutes: { type: "string", default: "15" },
    jobs: { type: "string", default: String(os.availableParallelism()) },
  } as const;
  const { values, positionals } = readCall(args, options, { positionals: true });
  if (positionals.length !== 1) throw new Error("name one course folder, as --help says");
  const minutes = readNumber("--minutes", values.minutes, { above: 0 });
  const jobs = readNumber("--jobs", values.jobs, { whole: true, least: 1 });
  const folder = fromCaller(positionals[0]);
  requireCourse(folder);
  const all = submissions(folder, values.assignment);
  if (all.length === 0)
    throw new Error(
      `nothing was handed in: ${path.join(positionals[0], "submitted", "STUDENT", "LESSON", "LESSON.ipynb")}`,
    );
  const waiting = all.filter((submission) => values.again || !isGraded(folder, submission));
  if (waiting.length < all.length) console.log(`${all.length - waiting.length} of ${all.length} are graded already.`);
  const problems = new Map<Submission, string | null>();
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const begin = Date.now();
      const problem = await grade({ folder, minutes }, next);
      problems.set(next, problem);
      console.log(`${next.student} ${next.assignment}: ${problem ?? "graded"} (${duration(Date.now() - begin)})`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  await makeFeedback(folder, [
    ...new Set([...problems].filter(([, problem]) => problem === null).map(([one]) => one.assignment)),
  ]);
  const book = await readGradebook(folder);
  const rows = all.map((submission) =>
    row(book, submission, problems.get(submission) ?? null, remarks(folder, submission)),
  );
  const file = path.join(folder, "grades.csv");
  fs.writeFileSync(file, csv(rows));
  console.log(`\n${toCaller(file)}\n${csv(rows).trimEnd()}`);
});
