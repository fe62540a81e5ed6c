/*
 * The learner's copies. Lessons come in notebooks/; work/ holds the copies that are opened and changed, so that
 * fetching a newer course never meets a learner's work. What was copied is noted in work/.copies.json by digest of its
 * cells' sources: opening and saving writes outputs, counts and versions of the kernel into a file, and is no change. A
 * copy that nobody has changed may be refreshed, any other is the learner's, and a newer lesson is laid beside it.
 * Nothing of theirs is ever overwritten. A copy comes with the lesson's outputs, but for those that answer a prediction.
 */
import fs from "node:fs";
import path from "node:path";
import { SetupError, dayOf } from "./say.mjs";
import { digest } from "./stamps.mjs";

/**
 * @typedef {import("./project.mjs").Project} Project
 * @typedef {object} Copy
 * @property {string} made digest of the sources that the copy was made with; records of earlier versions have the file's
 * @property {string} [from] digest of the lesson's file at that time
 * @property {string} [offered] digest of the newer lesson's sources that was last laid beside it; earlier, the file's
 * @property {string} [beside] the name of that file
 * @typedef {Record<string, Copy>} Copies by lesson name
 */

const RECORD = ".copies.json";

/**
 * The names of the lessons, in order, such as "01-mixture-of-experts".
 * @param {Project} project
 * @returns {string[]}
 */
export function listLessons(project) {
  const names = fs.existsSync(project.notebooks) ? fs.readdirSync(project.notebooks) : [];
  return names
    .filter((name) => /^\d\d-.+\.ipynb$/.test(name))
    .map((name) => name.slice(0, -".ipynb".length))
    .sort();
}

/**
 * The lesson a person means by "1", "01", "01-mixture", or the file's name.
 * @param {string[]} lessons
 * @param {string} wanted
 * @returns {string}
 * @throws {SetupError} if there is none, or more than one
 */
export function findLesson(lessons, wanted) {
  const name = path.basename(wanted.replace(/\\/g, "/"), ".ipynb").replace(/^\d$/, "0$&");
  const exact = lessons.filter((lesson) => lesson === name);
  const found = exact.length > 0 ? exact : lessons.filter((lesson) => lesson.startsWith(name));
  if (found.length === 1) return found[0];
  const which =
    found.length === 0 ? `There is no lesson "${wanted}"` : `"${wanted}" is the beginning of several lessons`;
  throw new SetupError(`${which}: the lessons are ${(found.length === 0 ? lessons : found).join(", ")}.`);
}

/**
 * @param {Project} project
 * @returns {Copies} empty if there is no record, or none that can be read
 */
export function readCopies(project) {
  try {
    return /** @type {Copies} */ (JSON.parse(fs.readFileSync(path.join(project.work, RECORD), "utf8")));
  } catch {
    return {};
  }
}

/**
 * Writes a file whole or not at all.
 * @param {string} file
 * @param {string | Buffer} content
 */
function writeWhole(file, content) {
  const partial = `${file}.part`;
  fs.writeFileSync(partial, content);
  fs.renameSync(partial, file);
}

/**
 * @param {Project} project
 * @param {Copies} copies
 */
function writeCopies(project, copies) {
  writeWhole(path.join(project.work, RECORD), `${JSON.stringify(copies, null, 2)}\n`);
}

/**
 * The first name that no file has yet: base.ipynb, base-2.ipynb, base-3.ipynb …
 * @param {string} folder
 * @param {string} base
 */
function freeName(folder, base) {
  let name = `${base}.ipynb`;
  for (let number = 2; fs.existsSync(path.join(folder, name)); number++) name = `${base}-${number}.ipynb`;
  return name;
}

/**
 * The content of a file, null if there is none.
 * @param {string} file
 * @throws {SetupError} if it is a folder
 */
function contentOf(file) {
  const there = fs.statSync(file, { throwIfNoEntry: false });
  if (there?.isDirectory())
    throw new SetupError(`${file} is a folder: give it another name, a lesson's copy belongs there.`);
  return there === undefined ? null : fs.readFileSync(file);
}

/**
 * The digest of what a person writes into a notebook: its cells' sources, in their order. Empty cells don't count, since
 * JupyterLab adds one at the end when the last is run.
 * @param {Buffer} content
 */
export function sourcesDigest(content) {
  try {
    /** @type {{ cells: { cell_type: string, source: string | string[] }[] }} */
    const { cells } = JSON.parse(content.toString("utf8"));
    const sources = cells
      .map(({ cell_type, source }) => [cell_type, [source].flat().join("").replaceAll("\r\n", "\n")])
      .filter(([, source]) => source.trim() !== "");
    return digest(JSON.stringify(sources));
  } catch {
    return digest(content); // no notebook: all of it is the learner's
  }
}

/** How a lesson asks for a prediction, in Markdown, and where the section ends that answers it. */
const PREDICTION = /\*\*predict\b/i;
const HEADING = /^#{1,6} /m;

/**
 * A lesson as it is copied: without the outputs that would answer a prediction before it is made. That is what stands
 * between the question and the next heading.
 * @param {Buffer} content
 * @returns {Buffer}
 */
export function withoutAnswers(content) {
  /** @type {{ cells: { cell_type: string, source: string | string[], outputs?: unknown[], execution_count?: unknown }[] }} */
  let notebook;
  try {
    notebook = JSON.parse(content.toString("utf8"));
  } catch {
    return content; // no notebook, so there is nothing to clear
  }
  let [asked, cleared] = [false, 0];
  for (const cell of notebook.cells) {
    const source = [cell.source].flat().join("");
    if (cell.cell_type === "markdown") asked = PREDICTION.test(source) || (asked && !HEADING.test(source));
    else if (asked && (cell.outputs ?? []).length > 0) {
      Object.assign(cell, { outputs: [], execution_count: null });
      cleared++;
    }
  }
  return cleared === 0 ? content : Buffer.from(`${JSON.stringify(notebook, null, 1)}\n`);
}

/**
 * Whether a file's content is what a record tells of: by its sources, or by its bytes in an earlier version's record.
 * @param {Buffer | null} content
 * @param {string | undefined} recorded
 */
function isAsRecorded(content, recorded) {
  return content !== null && [sourcesDigest(content), digest(content)].some((found) => found === recorded);
}

/**
 * Brings one lesson's copy up to date.
 * @param {Project} project
 * @param {Copies} copies the lesson's entry is brought up to date as well
 * @param {string} lesson
 * @returns {{ lesson: string, did: "copied" | "refreshed" | "offered" | "nothing", file: string }}
 */
function syncLesson(project, copies, lesson) {
  const content = fs.readFileSync(path.join(project.notebooks, `${lesson}.ipynb`));
  const [latest, bytes, fresh] = [sourcesDigest(content), digest(content), withoutAnswers(content)];
  const file = `${lesson}.ipynb`;
  const target = path.join(project.work, file);
  const copy = contentOf(target);
  const known = copies[lesson];
  if (copy === null || sourcesDigest(copy) === latest || isAsRecorded(copy, known?.made)) {
    copies[lesson] = { made: latest, from: bytes };
    if (copy === null) {
      writeWhole(target, fresh);
      return { lesson, did: "copied", file };
    }
    // With the sources of the newest, a copy is refreshed only where the lesson's file has changed since it was made.
    const current = sourcesDigest(copy) === latest && [bytes, undefined].includes(known?.from ?? known?.made);
    if (current || copy.equals(fresh)) return { lesson, did: "nothing", file };
    writeWhole(target, fresh);
    return { lesson, did: "refreshed", file };
  }
  if ([known?.made, known?.offered].some((seen) => isAsRecorded(content, seen)))
    return { lesson, did: "nothing", file };
  // What was laid beside it before makes room for the newer one, unless the learner has begun to work in that.
  const before = known?.beside;
  const untouched = before !== undefined && isAsRecorded(contentOf(path.join(project.work, before)), known?.offered);
  const beside = untouched ? before : freeName(project.work, `${lesson}.new`);
  writeWhole(path.join(project.work, beside), fresh);
  copies[lesson] = { made: known?.made ?? "unknown", offered: latest, beside };
  return { lesson, did: "offered", file: beside };
}

/**
 * Makes the copies that are missing, refreshes those that are as they were made, and lays newer lessons beside the
 * others.
 * @param {Project} project
 * @returns {{ lesson: string, did: "copied" | "refreshed" | "offered" | "nothing", file: string }[]} one a lesson
 */
export function syncLessons(project) {
  fs.mkdirSync(project.work, { recursive: true });
  const copies = readCopies(project);
  const before = JSON.stringify(copies);
  const done = listLessons(project).map((lesson) => syncLesson(project, copies, lesson));
  if (JSON.stringify(copies) !== before) writeCopies(project, copies);
  return done;
}

/**
 * What syncLessons did, for a person.
 * @param {ReturnType<typeof syncLessons>} done
 */
export function describeSync(done) {
  const count = (/** @type {string} */ did) => done.filter((one) => one.did === did).length;
  const parts = [
    count("copied") > 0 ? `${count("copied")} copied to work/` : "",
    count("refreshed") > 0 ? `${count("refreshed")} in work/ brought up to date` : "",
    ...done.filter(({ did }) => did === "offered").map(({ lesson, file }) => `a newer ${lesson} lies in work/${file}`),
  ].filter((part) => part !== "");
  return parts.length > 0 ? parts.join(", ") : `${done.length} in work/, as you left them`;
}

/**
 * Gives a fresh copy of a lesson. A copy that differs is kept beside it under a dated name.
 * @param {Project} project
 * @param {string} lesson
 * @param {Date} now
 * @returns {{ file: string, kept: string | null }} kept: the old copy's new name, null if there was nothing to keep
 */
export function resetLesson(project, lesson, now) {
  fs.mkdirSync(project.work, { recursive: true });
  const content = fs.readFileSync(path.join(project.notebooks, `${lesson}.ipynb`));
  const latest = sourcesDigest(content);
  const file = `${lesson}.ipynb`;
  const target = path.join(project.work, file);
  const copy = contentOf(target);
  /** @type {string | null} */
  let kept = null;
  if (copy !== null && sourcesDigest(copy) !== latest) {
    kept = freeName(project.work, `${lesson}.${dayOf(now)}`);
    fs.renameSync(target, path.join(project.work, kept));
  }
  writeWhole(target, withoutAnswers(content));
  const copies = readCopies(project);
  copies[lesson] = { made: latest, from: digest(content) };
  writeCopies(project, copies);
  return { file, kept };
}
