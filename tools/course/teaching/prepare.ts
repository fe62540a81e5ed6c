/*
 * A submission before nbgrader sees it: found, made gradable, looked at, and known by its content, so that it is graded
 * again when it is another and only then.
 */
import fs from "node:fs";
import path from "node:path";
import { ROOT } from "../../setup/project.mjs";
import { digest } from "../../setup/stamps.mjs";
import { formatNotebook, readNotebook, type Notebook } from "../build/notebook";
import type { Assignment, Submission } from "./course-folder";
import { lookAt, type Lesson } from "./look";
import { libAnswers } from "./look/lib-answers";
import { repair } from "./repair";
import { gradeId } from "./repair/answers";
import { NotGradable, readSubmission } from "./repair/read";
import { submissionSeed } from "./seeds";

/** An assignment's versions, read once for all its submissions. */
export interface Master {
  sheet: Notebook;
  lesson: Lesson;
  /** The whole lesson, where the sheet is a part of one. */
  whole: Notebook;
  /** The assignment's, of which each submission has its own. */
  seed: number;
  /** Changes whenever a grade might. */
  digest: string;
}

export function readMaster({ name, source, release }: Assignment, folder: string, seed: number): Master {
  const sheet = readNotebook(release);
  const file = path.join(ROOT, "notebooks", `${name}.ipynb`);
  const whole = fs.existsSync(file) ? readNotebook(file) : sheet;
  const config = fs.readFileSync(path.join(folder, "nbgrader_config.py"), "utf8");
  const answers = libAnswers(path.join(ROOT, "lib", "lessons", name));
  return {
    sheet,
    lesson: { given: [sheet, whole], solved: readNotebook(source), answers },
    whole,
    seed,
    digest: digest(`${config}${fs.readFileSync(source, "utf8")}${seed}`),
  };
}

export interface Prepared {
  submission: Submission;
  /** Of the cases that are drawn. */
  seed: number;
  /** What nbgrader grades; null if it can't be graded. */
  notebook: Notebook | null;
  /** Why it can't be graded. */
  problem: string | null;
  /** What was found and mended. */
  remarks: string[];
  /** What a teacher should look at. */
  look: string[];
  digest: string;
}

/** Files below a folder, but for those that editors and platforms leave. */
function filesIn(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !/^(\.|__MACOSX|__pycache__|Thumbs\.db$|desktop\.ini$)/i.test(name))
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      return entry.isDirectory() ? filesIn(file) : entry.isFile() ? [file] : [];
    })
    .sort();
}

/** What was handed in with the notebook, such as data. */
const filesBeside = (folder: string) =>
  filesIn(folder).filter((file) => !/\.ipynb$|(^|[/\\])timestamp\.txt$/.test(file));

/** The notebook that is meant, whatever it is called. @throws {NotGradable} if there is none, or no saying which */
function findNotebook({ submitted, assignment }: Submission, sheet: Notebook): { bytes: Buffer; remarks: string[] } {
  const name = `${assignment}.ipynb`;
  const notebooks = filesIn(submitted).filter((file) => /\.ipynb(\.json|\.txt)?$/i.test(file));
  const shown = (file: string) => path.relative(submitted, file);
  const exact = notebooks.find((file) => shown(file) === name);
  if (exact !== undefined) {
    const others = notebooks.filter((file) => file !== exact && path.basename(file).startsWith(assignment));
    const remarks = others.map((file) => `${shown(file)} is there too and was not graded`);
    return { bytes: fs.readFileSync(exact), remarks };
  }
  const ids = new Set(sheet.cells.flatMap((cell) => gradeId(cell) ?? []));
  const fits = notebooks.filter((file) => {
    try {
      return readSubmission(fs.readFileSync(file)).cells.some((cell) => ids.has(gradeId(cell) ?? ""));
    } catch {
      return false;
    }
  });
  const [only] = fits.length === 0 ? notebooks : fits;
  if (only === undefined) throw new NotGradable(`there is no ${name} in it`);
  if (Math.max(fits.length, fits.length === 0 ? notebooks.length : 1) > 1) {
    const which = (fits.length === 0 ? notebooks : fits).map(shown).join(", ");
    throw new NotGradable(`there is no ${name} in it, but ${which}: give the right one that name`);
  }
  return { bytes: fs.readFileSync(only), remarks: [`handed in as ${shown(only)}`] };
}

/** What was written, without what editors and runs leave in a notebook: the same work draws the same cases. */
function workIn({ cells }: Notebook): string {
  return JSON.stringify(cells.map(({ cell_type, source }) => [cell_type, source]));
}

/** Reads a submission; changes nothing. */
export function prepare(submission: Submission, master: Master): Prepared {
  const { time, due, timeProblem, submitted } = submission;
  const late = time !== null && due !== null && time > due ? due : "";
  const others = filesBeside(submitted).map((file) => digest(fs.readFileSync(file)));
  const known = (content: string, work: string) => ({
    seed: submissionSeed(master.seed, digest([work, ...others].join("\n"))),
    digest: digest([master.digest, late, time, content, ...others].join("\n")),
  });
  const remarks = timeProblem === null ? [] : [timeProblem];
  try {
    const { bytes, remarks: ofFile } = findNotebook(submission, master.sheet);
    const { notebook, remarks: ofCells } = repair(master.sheet, readSubmission(bytes), master.whole);
    remarks.push(...ofFile, ...ofCells);
    const look = lookAt(notebook, master.lesson);
    return { submission, notebook, problem: null, remarks, look, ...known(formatNotebook(notebook), workIn(notebook)) };
  } catch (error) {
    if (!(error instanceof NotGradable)) throw error;
    const { message } = error;
    return { submission, notebook: null, problem: message, remarks, look: [], ...known(message, message) };
  }
}

/** Writes what nbgrader is to grade: the notebook, the files beside it, and the time in a form that it reads. */
export function writePrepared({ submission, notebook }: Prepared): void {
  const { submitted, prepared, assignment, time } = submission;
  fs.rmSync(prepared, { recursive: true, force: true });
  fs.mkdirSync(prepared, { recursive: true });
  for (const file of filesBeside(submitted)) {
    const copy = path.join(prepared, path.relative(submitted, file));
    fs.mkdirSync(path.dirname(copy), { recursive: true });
    fs.copyFileSync(file, copy);
  }
  if (time !== null) fs.writeFileSync(path.join(prepared, "timestamp.txt"), time);
  if (notebook !== null) fs.writeFileSync(path.join(prepared, `${assignment}.ipynb`), formatNotebook(notebook));
}
