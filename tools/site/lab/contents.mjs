/*
 * The files that JupyterLite shows: the lessons as npm start copies them, what they link to, the solutions; and the lists
 * of folders that it reads in the place of a server's answers (api/contents/FOLDER/all.json).
 */
import fs from "node:fs";
import path from "node:path";
import { clearAnswers, sourcesOf } from "../../setup/copies.mjs";
import { listLessons } from "../../setup/lessons.mjs";
import { fingerprint } from "./fingerprint.mjs";

/** @typedef {import("../../setup/project.mjs").Project} Project */

/**
 * @typedef {object} Content
 * @property {string} path where it stands in JupyterLite, with slashes
 * @property {Buffer | string} bytes
 */

/** Text that notebooks may hold as a list of lines, and JupyterLite wants whole. */
const isLines = (/** @type {unknown} */ value) =>
  Array.isArray(value) && value.every((line) => typeof line === "string");
const joined = (/** @type {unknown} */ value) => (isLines(value) ? /** @type {string[]} */ (value).join("") : value);

/**
 * A notebook with each text in one piece, as a server would hand it out.
 * @param {any} notebook
 */
function withWholeTexts(notebook) {
  for (const cell of notebook.cells) {
    cell.source = joined(cell.source);
    for (const output of cell.outputs ?? []) {
      if ("text" in output) output.text = joined(output.text);
      for (const [mime, value] of Object.entries(output.data ?? {})) output.data[mime] = joined(value);
    }
  }
  return notebook;
}

/** Where a link of a page or a notebook leads: targets in Markdown and in HTML, without their fragments. */
const LINK = /\]\(([^)\s#]+)(?:#[^)\s]*)?\)|(?:href|src)="([^"\s#]+)(?:#[^"]*)?"/g;

/**
 * The files of the project that a text links to.
 * @param {Project} project
 * @param {string} folder the folder from which links are seen, from the project's root
 * @param {string} text
 * @returns {string[]} from the project's root, with slashes
 */
function linked(project, folder, text) {
  const targets = [...text.matchAll(LINK)].map(([, markdown, html]) => markdown ?? html);
  return targets
    .filter((target) => !/^[a-z]+:/i.test(target))
    .map((target) => path.posix.join(folder, decodeURIComponent(target)))
    .filter(
      (file) =>
        !file.startsWith("..") && fs.statSync(path.join(project.root, file), { throwIfNoEntry: false })?.isFile(),
    );
}

/**
 * Pages are seen from docs/, as in the project; but the lessons stand at the root.
 * @param {string} text
 */
function leadingToLessons(text) {
  return text.replaceAll("](../notebooks/solutions/", "](../solutions/").replaceAll("](../notebooks/", "](../");
}

/**
 * All that JupyterLite shows.
 * @param {Project} project
 * @returns {{ contents: Content[], lessons: Record<string, { sources: string, file: string }> }} lessons: what the page has
 *   to know of each to bring copies up to date
 */
export function collectContents(project) {
  /** @type {Content[]} */
  const contents = [];
  /** @type {Record<string, { sources: string, file: string }>} */
  const lessons = {};
  /** @type {string[]} */
  const wanted = [];
  const read = (/** @type {string} */ file) => fs.readFileSync(path.join(project.root, ...file.split("/")), "utf8");
  const add = (/** @type {string} */ name, /** @type {any} */ notebook, /** @type {string} */ seenFrom) => {
    const bytes = `${JSON.stringify(withWholeTexts(notebook), null, 1)}\n`;
    contents.push({ path: name, bytes });
    const texts = notebook.cells.map((/** @type {any} */ cell) => [cell.source, JSON.stringify(cell.outputs ?? [])]);
    wanted.push(...linked(project, seenFrom, texts.flat().join("\n").replaceAll('\\"', '"')));
    return bytes;
  };
  for (const lesson of listLessons(project)) {
    const notebook = JSON.parse(read(`notebooks/${lesson}.ipynb`));
    clearAnswers(notebook);
    const bytes = add(`${lesson}.ipynb`, notebook, "work");
    lessons[lesson] = { sources: fingerprint(sourcesOf(notebook)), file: fingerprint(bytes) };
    const solved = `notebooks/solutions/${lesson}.ipynb`;
    if (fs.existsSync(path.join(project.root, solved))) add(solved, JSON.parse(read(solved)), "notebooks/solutions");
  }
  const taken = new Set(contents.map((content) => content.path));
  for (let file = wanted.pop(); file !== undefined; file = wanted.pop()) {
    if (taken.has(file) || /^(work|notebooks)\//.test(file)) continue;
    taken.add(file);
    const isPage = file.endsWith(".md");
    const text = isPage ? read(file) : "";
    contents.push({
      path: file,
      bytes: isPage ? leadingToLessons(text) : fs.readFileSync(path.join(project.root, file)),
    });
    if (isPage) wanted.push(...linked(project, path.posix.dirname(file), text));
  }
  return { contents, lessons };
}

const MIME = {
  ".ipynb": null,
  ".md": "text/markdown",
  ".ts": "text/plain",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

/**
 * An entry of a folder's list, as Jupyter's contents API has it.
 * @param {string} file
 * @param {"directory" | "notebook" | "file"} type
 * @param {number | null} size
 * @param {string} date
 */
function entry(file, type, size, date) {
  const mimetype = type === "file" ? (MIME[/** @type {keyof typeof MIME} */ (path.posix.extname(file))] ?? null) : null;
  const times = { created: date, last_modified: date };
  return {
    name: path.posix.basename(file),
    path: file,
    type,
    size,
    mimetype,
    format: null,
    content: null,
    writable: true,
    ...times,
  };
}

/**
 * The lists of all folders.
 * @param {Content[]} contents
 * @param {string} date when they were made
 * @returns {Map<string, object>} by folder, "" for the root
 */
export function listFolders(contents, date) {
  /** @type {Map<string, Map<string, object>>} */
  const folders = new Map([["", new Map()]]);
  for (const { path: file, bytes } of contents) {
    const type = file.endsWith(".ipynb") ? "notebook" : "file";
    let [name, listed] = [file, entry(file, type, Buffer.byteLength(bytes), date)];
    for (;;) {
      const parent = path.posix.dirname(name) === "." ? "" : path.posix.dirname(name);
      const list = folders.get(parent) ?? new Map();
      folders.set(parent, list.set(name, list.get(name) ?? listed));
      if (parent === "") break;
      [name, listed] = [parent, entry(parent, "directory", null, date)];
    }
  }
  return new Map(
    [...folders].map(([folder, list]) => {
      const content = [...list.values()];
      return [folder, { ...entry(folder, "directory", null, date), format: "json", content }];
    }),
  );
}

/**
 * Writes the files and the lists of folders.
 * @param {string} run JupyterLite's folder
 * @param {Content[]} contents
 * @param {string} date
 */
export function writeContents(run, contents, date) {
  const write = (/** @type {string} */ file, /** @type {Buffer | string} */ bytes) => {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, bytes);
  };
  for (const { path: file, bytes } of contents) write(path.join(run, "files", ...file.split("/")), bytes);
  for (const [folder, list] of listFolders(contents, date)) {
    write(path.join(run, "api/contents", ...folder.split("/"), "all.json"), JSON.stringify(list));
  }
}
