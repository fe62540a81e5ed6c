/*
 * The read door of the site: every executed lesson as a page, with docs/ and whatever else of the project they link to.
 * Nothing is executed: pages show the outputs that the notebooks have. Sphinx makes the pages, with myst-nb to read
 * notebooks and furo for the layout (sphinx/conf.py). Here its sources are laid out, and what it makes is finished:
 *
 *   notebook.mjs   folds, solutions, the door to the lesson that runs
 *   outputs.mjs    plots, tables, checks
 *   places.mjs     which page a link leads to
 *   formulas.mjs   TeX, set with KaTeX
 *   static/        what a page loads: pages.js draws plots, course-pages.css
 */
import { execFile } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { listLessons } from "../../setup/lessons.mjs";
import { environment } from "../../setup/project.mjs";
import { SetupError } from "../../setup/say.mjs";
import { setFormulas } from "./formulas.mjs";
import { fenced, firstStill, introduction, pageNotebook, runAddress } from "./notebook.mjs";
import { Places, pageOf } from "./places.mjs";

/** @typedef {import("../../setup/project.mjs").Project} Project */
/** @typedef {import("./notebook.mjs").Notebook} Notebook */

const TITLE = "DeepSeek-V3, explained by running it";
const HERE = path.dirname(fileURLToPath(import.meta.url));
const load = createRequire(import.meta.url);

/** Pages of docs/ that a reader of lessons looks things up in; others get a page when something links to them. */
const LOOKED_UP = ["docs/primer.md", "docs/typescript-for-python.md", "docs/glossary.md"];

/** What myst-nb writes where something unfolds, and what a page says there. */
const PROMPTS = {
  "Show code cell source": "Show the code",
  "Hide code cell source": "Hide the code",
  "Show code cell outputs": "See what comes out",
  "Hide code cell outputs": "Hide what came out",
};

/** What assistive technology needs and furo and myst-nb leave out. */
const ROLES = {
  '<summary aria-label="Toggle hidden content">': "<summary>", // its text says more
  '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
};

/** A page of Sphinx's, finished. @param {string} html @param {string} page */
function finished(html, page) {
  const texts = Object.entries(PROMPTS).map(([from, to]) => [`>${from}<`, `>${to}<`]);
  const mended = [...texts, ...Object.entries(ROLES)].reduce((all, [from, to]) => all.replaceAll(from, to), html);
  return setFormulas(mended, page);
}

/** @param {string} file */
const read = (file) => fs.readFileSync(file, "utf8");

/** @param {string} file @param {string | Uint8Array} content */
function write(file, content) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
}

/** @param {Project} project @param {string} lesson */
function readLesson(project, lesson) {
  const notebook = (/** @type {string[]} */ ...names) =>
    /** @type {Notebook} */ (JSON.parse(read(path.join(project.notebooks, ...names, `${lesson}.ipynb`))));
  const hasSolved = fs.existsSync(path.join(project.notebooks, "solutions", `${lesson}.ipynb`));
  const unsolved = notebook();
  return { lesson, unsolved, solved: hasSolved ? notebook("solutions") : { ...unsolved, cells: [] } };
}

/** The ids of the cells that anything in the lessons links to. @param {Notebook[]} notebooks */
function linkedCells(notebooks) {
  const text = notebooks.map((notebook) => JSON.stringify(notebook)).join("");
  return new Set([...text.matchAll(/\.ipynb#cell-id=([\w-]+)/g)].map(([, id]) => id));
}

/**
 * A file of the project as Markdown: Markdown with its links led to pages, anything else as a listing.
 * @param {Places} places
 * @param {string} file
 * @param {string} source the folder of Sphinx's sources: pictures go along
 */
function filePage(places, file, source) {
  const text = read(path.join(places.root, file)).replaceAll("\r\n", "\n");
  const own = /** @type {string} */ (pageOf(places.root, file));
  const listed = LOOKED_UP.includes(file);
  const front = listed ? "" : "---\norphan: true\nnosearch: true\n---\n";
  if (!file.endsWith(".md")) {
    const language = /\.[cm]?[tj]s$/.test(file) ? "typescript" : (/\.(py|json|css|html)$/.exec(file)?.[1] ?? "none");
    return `${front}# ${path.posix.basename(file)}\n\n\`${file}\`, as the lessons run it:\n\n${fenced(text, language)}\n`;
  }
  for (const [, picture] of text.matchAll(/!\[[^\]]*\]\(([^)\s:]+)\)/g)) {
    const to = path.join(source, path.posix.dirname(own), picture);
    fs.mkdirSync(path.dirname(to), { recursive: true });
    fs.copyFileSync(path.join(places.root, path.posix.dirname(file), picture), to);
  }
  return front + places.inMarkdown(text, file);
}

/**
 * The first page.
 * @param {{ lesson: string, title: string, question: string }[]} lessons
 */
function indexPage(lessons) {
  const rows = lessons.map(({ lesson, title, question }) => {
    const [number, name = number] = title.split(" · ");
    return `| ${number} | [${name}](${lesson}.html) | ${question} | <a href="${runAddress(lesson)}" aria-label="Run lesson ${number}">run</a> |`;
  });
  const table = ["| | lesson | the question it answers | |", "|---|---|---|---|", ...rows].join("\n");
  const tree = (/** @type {string} */ caption, /** @type {string[]} */ pages) =>
    `\`\`\`{toctree}\n:hidden:\n:caption: ${caption}\n\n${pages.join("\n")}\n\`\`\``;
  const contents = [
    tree(
      "Lessons",
      lessons.map(({ lesson }) => lesson),
    ),
    tree(
      "To look things up",
      LOOKED_UP.map((file) => path.basename(file, ".md")),
    ),
  ].join("\n\n");
  return read(path.join(HERE, "index.md")).replace("{{lessons}}", table).replace("{{contents}}", contents);
}

/**
 * What pages load: scripts and styles of the course, of JupyterLab's extension, KaTeX's fonts, Plotly.
 * @param {Project} project
 * @param {string} folder
 * @returns {Promise<string>} the name of Plotly's file
 */
async function writeStatic(project, folder) {
  fs.cpSync(path.join(HERE, "static"), folder, { recursive: true });
  for (const name of ["course.js", "course.css"])
    fs.copyFileSync(path.join(project.root, "tools/jupyterlab/static", name), path.join(folder, name));
  const katex = path.dirname(load.resolve("katex"));
  write(path.join(folder, "katex/katex.min.css"), read(path.join(katex, "katex.min.css")));
  // Every browser that this page can be read with takes WOFF2.
  for (const font of fs.readdirSync(path.join(katex, "fonts")).filter((name) => name.endsWith(".woff2")))
    write(path.join(folder, "katex/fonts", font), fs.readFileSync(path.join(katex, "fonts", font)));
  const { version } = load("plotly.js-dist/package.json");
  const name = `plotly-${version}.min.js`;
  const { transform } = await import("esbuild");
  const { code } = await transform(read(load.resolve("plotly.js-dist")), { minify: true, legalComments: "inline" });
  write(path.join(folder, name), code);
  return name;
}

/**
 * Runs Sphinx.
 * @param {Project} project
 * @param {string} python
 * @param {string[]} args
 * @returns {Promise<string[]>} its warnings
 * @throws {SetupError}
 */
async function sphinx(project, python, args) {
  try {
    const { stderr } = await promisify(execFile)(python, ["-m", "sphinx", ...args], {
      env: { ...environment(project), NO_COLOR: "1" },
      maxBuffer: 1e8,
    });
    return stderr.split("\n").filter((line) => line.trim() !== "");
  } catch (error) {
    const { stderr = "" } = /** @type {{ stderr?: string }} */ (error);
    const last = stderr.trim().split("\n").at(-1) ?? "";
    throw new SetupError(`The pages were not made: ${last || String(error)}`);
  }
}

/**
 * Writes the pages into a folder.
 * @param {object} options
 * @param {Project} options.project
 * @param {string} options.out
 * @param {string} options.python an interpreter that has the packages of tools/setup/requirements/site.txt
 * @param {(text: string) => void} [options.say]
 * @param {string} [options.address] where the site will be, ending in "/", for the pictures that others show of a page
 * @returns {Promise<string>} what was made, in words
 */
export async function buildPages({ project, out, python, say = () => {}, address = "" }) {
  const work = path.join(project.cache, "site", "pages");
  const source = path.join(work, "source");
  fs.rmSync(work, { recursive: true, force: true });
  fs.cpSync(path.join(HERE, "sphinx"), source, { recursive: true });

  const places = new Places(project.root);
  const lessons = listLessons(project).map((lesson) => readLesson(project, lesson));
  const targets = linkedCells(lessons.map(({ unsolved }) => unsolved));
  /** @type {Record<string, { title: string, description: string, image?: string, alt?: string }>} */
  const cards = {};
  for (const { lesson, unsolved, solved } of lessons) {
    const { title, question, description } = introduction(unsolved);
    const still = firstStill(unsolved);
    cards[lesson] = { title: question || title, description };
    if (still !== null) {
      write(path.join(source, "static/cards", `${lesson}.png`), Buffer.from(still, "base64"));
      Object.assign(cards[lesson], { image: `cards/${lesson}.png`, alt: `The first plot of lesson ${title}` });
    }
    const page = pageNotebook(unsolved, solved, { lesson, places, targets });
    write(path.join(source, `${lesson}.ipynb`), JSON.stringify(page));
  }
  const listed = lessons.map(({ lesson, unsolved }) => ({ lesson, ...introduction(unsolved) }));
  write(path.join(source, "index.md"), indexPage(listed));
  // A lesson without plots has the picture of the first that has one, as the course itself.
  const first = Object.values(cards).find(({ image }) => image !== undefined);
  for (const lesson of Object.keys(cards)) {
    cards[lesson] = { image: first?.image, alt: first?.alt, ...cards[lesson] };
  }
  cards.index = {
    ...first,
    title: TITLE,
    description: "A course of notebooks that explains DeepSeek-V3 by running it.",
  };

  LOOKED_UP.forEach((file) => places.resolve(file, "README.md"));
  const written = new Set(["index", ...lessons.map(({ lesson }) => lesson)]);
  for (let pending; (pending = [...places.linked].filter(([, page]) => !written.has(page))).length > 0;) {
    for (const [file, page] of pending) {
      written.add(page);
      write(path.join(source, `${page}.md`), filePage(places, file, source));
    }
  }

  const plotly = await writeStatic(project, path.join(source, "static"));
  write(path.join(source, "course.json"), JSON.stringify({ title: TITLE, address, plotly, cards }));
  const made = path.join(work, "html");
  const warnings = await sphinx(project, python, [
    "-q",
    "-j",
    "auto",
    "-b",
    "html",
    "-d",
    path.join(work, "doctrees"),
    source,
    made,
  ]);
  [...warnings, ...places.lost.map((link) => `no page for the link in ${link}`)].forEach((line) => say(line));
  for (const name of ["objects.inv", ".buildinfo", "_sources"])
    fs.rmSync(path.join(made, name), { recursive: true, force: true });
  for (const page of ["search", ...written]) {
    const file = path.join(made, `${page}.html`);
    write(file, finished(read(file), page));
  }
  fs.cpSync(made, out, { recursive: true });
  return `${lessons.length} lessons, ${written.size} pages`;
}
