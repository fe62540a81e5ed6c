/*
 * The learner's copies. Lessons come in notebooks/; work/ holds the copies that are opened and changed, so that
 * fetching a newer course never meets a learner's work. What was copied is noted in work/.copies.json by digest of its
 * cells' sources; copies.mjs has the rule by which a copy is refreshed or a newer lesson is laid beside it. Nothing of the
 * learner's is ever overwritten. A copy comes with the lesson's outputs, but for those that answer a prediction.
 */
import fs from "node:fs";
import path from "node:path";
import { bringUpToDate, clearAnswers, freeName, sourcesOf } from "./copies.mjs";
import { SetupError, dayOf } from "./say.mjs";
import { digest } from "./stamps.mjs";

/**
 * @typedef {import("./project.mjs").Project} Project
 * @typedef {import("./copies.mjs").Copies} Copies
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
 * @param {string} folder
 * @param {string} base
 */
function freeNameIn(folder, base) {
  return freeName(base, (name) => fs.existsSync(path.join(folder, name)));
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
 * The digest of what a person writes into a notebook.
 * @param {Buffer} content
 */
export function sourcesDigest(content) {
  try {
    return digest(sourcesOf(JSON.parse(content.toString("utf8"))));
  } catch {
    return digest(content); // no notebook: all of it is the learner's
  }
}

/**
 * A lesson as it is copied: without the outputs that would answer a prediction before it is made.
 * @param {Buffer} content
 * @returns {Buffer}
 */
export function withoutAnswers(content) {
  /** @type {import("./copies.mjs").Notebook} */
  let notebook;
  try {
    notebook = JSON.parse(content.toString("utf8"));
  } catch {
    return content; // no notebook, so there is nothing to clear
  }
  return clearAnswers(notebook) === 0 ? content : Buffer.from(`${JSON.stringify(notebook, null, 1)}\n`);
}

/** @param {Buffer} content */
function digestsOf(content) {
  return { sources: sourcesDigest(content), file: digest(content) };
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
  const file = `${lesson}.ipynb`;
  const target = path.join(project.work, file);
  const copy = contentOf(target);
  const known = copies[lesson];
  const laid = known?.beside === undefined ? null : contentOf(path.join(project.work, known.beside));
  const step = bringUpToDate({
    lesson: digestsOf(content),
    known,
    copy: copy && digestsOf(copy),
    beside: laid && digestsOf(laid),
  });
  copies[lesson] = step.record;
  if (step.did === "nothing") return { lesson, did: step.did, file };
  const fresh = withoutAnswers(content);
  if (step.did !== "offered") {
    if (copy?.equals(fresh)) return { lesson, did: "nothing", file };
    writeWhole(target, fresh);
    return { lesson, did: step.did, file };
  }
  const beside = step.replaces && known?.beside ? known.beside : freeNameIn(project.work, `${lesson}.new`);
  writeWhole(path.join(project.work, beside), fresh);
  copies[lesson] = { ...step.record, beside };
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
    kept = freeNameIn(project.work, `${lesson}.${dayOf(now)}`);
    fs.renameSync(target, path.join(project.work, kept));
  }
  writeWhole(target, withoutAnswers(content));
  const copies = readCopies(project);
  copies[lesson] = { made: latest, from: digest(content) };
  writeCopies(project, copies);
  return { file, kept };
}
