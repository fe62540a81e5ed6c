/*
 * The learner's copies. Lessons come in notebooks/; work/ holds the copies that are opened and changed, so that
 * fetching a newer course never meets a learner's work. What was copied is noted in work/.copies.json by digest: a
 * copy that is still as it was made may be refreshed, any other is the learner's, and a newer lesson is laid beside
 * it. Nothing of theirs is ever overwritten.
 */
import fs from "node:fs";
import path from "node:path";
import { SetupError } from "./say.mjs";
import { digest } from "./stamps.mjs";

/**
 * @typedef {import("./project.mjs").Project} Project
 * @typedef {object} Copy
 * @property {string} made digest of the lesson that the copy was made from
 * @property {string} [offered] digest of the newer lesson that was last laid beside it
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

/** @param {string} file */
function digestOf(file) {
  return fs.existsSync(file) ? digest(fs.readFileSync(file)) : null;
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
  const latest = digest(content);
  const file = `${lesson}.ipynb`;
  const target = path.join(project.work, file);
  const copy = digestOf(target);
  const known = copies[lesson];
  if (copy === latest || copy === null || copy === known?.made) {
    copies[lesson] = { made: latest };
    if (copy === latest) return { lesson, did: "nothing", file };
    writeWhole(target, content);
    return { lesson, did: copy === null ? "copied" : "refreshed", file };
  }
  if (known?.made === latest || known?.offered === latest) return { lesson, did: "nothing", file };
  // What was laid beside it before makes room for the newer one, unless the learner has begun to work in that.
  const before = known?.beside;
  const untouched = before !== undefined && digestOf(path.join(project.work, before)) === known?.offered;
  const beside = untouched ? before : freeName(project.work, `${lesson}.new`);
  writeWhole(path.join(project.work, beside), content);
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
  const latest = digest(content);
  const file = `${lesson}.ipynb`;
  const target = path.join(project.work, file);
  const copy = digestOf(target);
  /** @type {string | null} */
  let kept = null;
  if (copy !== null && copy !== latest) {
    const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
    const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
    kept = freeName(project.work, `${lesson}.${day}`);
    fs.renameSync(target, path.join(project.work, kept));
  }
  if (copy !== latest) writeWhole(target, content);
  const copies = readCopies(project);
  copies[lesson] = { made: latest };
  writeCopies(project, copies);
  return { file, kept };
}
