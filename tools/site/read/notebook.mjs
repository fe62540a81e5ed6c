/*
 * A lesson as a page: the same cells, with what JupyterLab does by itself done here. What is folded there is folded here,
 * solutions stand folded below the hints, an output that answers a prediction waits for a click, and above all stands the
 * link to the lesson that runs.
 */
import { withoutAnswers } from "../../setup/lessons.mjs";
import { escapeHtml, pageOutput, PLOTLY, textOf } from "./outputs.mjs";

/**
 * @typedef {object} Cell
 * @property {string} cell_type
 * @property {string} id
 * @property {Record<string, any>} metadata
 * @property {string | string[]} source
 * @property {import("./outputs.mjs").Output[]} [outputs]
 * @property {number | null} [execution_count]
 *
 * @typedef {{ cells: Cell[], metadata: Record<string, any>, nbformat: number, nbformat_minor: number }} Notebook
 */

/** Where JupyterLite opens a lesson, from a page at the site's root. @param {string} lesson */
export function runAddress(lesson) {
  return `run/lab/index.html?path=${lesson}.ipynb`;
}

/**
 * What a lesson says of itself: its number and name, the question, and the first paragraph behind it.
 * @param {Notebook} notebook
 */
export function introduction(notebook) {
  const text = textOf(notebook.cells[0]?.source);
  const title = /^# (.+)$/m.exec(text)?.[1] ?? "";
  const question = /^## (.+)$/m.exec(text)?.[1] ?? "";
  const behind = text.slice(text.indexOf(question) + question.length).trim();
  const paragraph = behind.split(/\n\s*\n/, 1)[0];
  return { title, question, description: plain(paragraph) };
}

/** Markdown as a search engine or a chat shows it. @param {string} markdown */
function plain(markdown) {
  const text = markdown
    .replace(/\s+/g, " ")
    .replace(/\s*\(?\[([^\]]*)\]\([^)]*\)/g, " $1")
    .replace(/[*`$]/g, "");
  return text.length <= 300 ? text : `${text.slice(0, text.lastIndexOf(" ", 299))} …`;
}

/** The first plot's still, in base64; null if no plot has one. @param {Notebook} notebook */
export function firstStill(notebook) {
  const bundles = notebook.cells.flatMap(({ outputs = [] }) => outputs.map(({ data }) => data ?? {}));
  const found = bundles.find((data) => data[PLOTLY] !== undefined && data["image/png"] !== undefined);
  return found === undefined ? null : textOf(found["image/png"]);
}

/** A cell of Markdown. @param {string} id @param {string} source @returns {Cell} */
function markdownCell(id, source) {
  return { cell_type: "markdown", id, metadata: {}, source };
}

/** The place that a link to a cell leads to. @param {string} id @returns {Cell} */
function anchor(id) {
  return markdownCell(`${id}-place`, `<div class="course-place" id="${escapeHtml(id)}"></div>`);
}

/** Code in Markdown, whatever is in it. @param {string} code @param {string} language */
export function fenced(code, language) {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${code.trimEnd()}\n${fence}`;
}

/** @param {Cell} cell the answer's cell of the solved lesson @returns {Cell} */
function solutionCell({ id, source }) {
  const code = fenced(textOf(source), "typescript");
  const text = `<details class="course-solution"><summary>Solution</summary>\n\n${code}\n\n</details>`;
  return markdownCell(`${id}-solution`, text);
}

/** @param {Cell} cell */
const holdsHints = ({ cell_type, source }) =>
  cell_type === "markdown" && /^<details><summary>Hint/.test(textOf(source));

/**
 * Puts the solution of each exercise below its hints.
 * @param {Cell[]} cells
 * @param {Notebook} solved
 */
function withSolutions(cells, solved) {
  const solutions = new Map(solved.cells.map((cell) => [cell.id, cell]));
  /** @type {Cell[]} */
  const all = [];
  /** @type {Cell[]} */
  let due = [];
  for (const [i, cell] of cells.entries()) {
    all.push(cell);
    const { solution, grade } = cell.metadata.nbgrader ?? {};
    const answer = solution ? solutions.get(cell.id) : undefined;
    if (answer !== undefined) due.push(solutionCell(answer));
    const next = cells[i + 1];
    if ((grade || holdsHints(cell)) && (next === undefined || !holdsHints(next))) {
      all.push(...due);
      due = [];
    }
  }
  return [...all, ...due];
}

/** The ids of the cells whose outputs answer a prediction. @param {Notebook} notebook */
function answersOfPredictions(notebook) {
  /** @type {Notebook} */
  const cleared = JSON.parse(withoutAnswers(Buffer.from(JSON.stringify(notebook))).toString());
  const count = (/** @type {Cell} */ { outputs = [] }) => outputs.length;
  return new Set(notebook.cells.filter((cell, i) => count(cell) > count(cleared.cells[i])).map(({ id }) => id));
}

/**
 * @param {Cell} cell
 * @param {boolean} waits whether its outputs answer a prediction
 */
function pageMetadata({ metadata }, waits) {
  const folded = metadata.jupyter?.source_hidden === true;
  return { tags: [...(folded ? ["hide-input"] : []), ...(waits ? ["hide-output"] : [])] };
}

/**
 * @param {Notebook} notebook with its outputs
 * @param {Notebook} solved the same with the solutions
 * @param {object} options
 * @param {string} options.lesson
 * @param {import("./places.mjs").Places} options.places
 * @param {ReadonlySet<string>} options.targets ids of cells that something links to
 * @returns {Notebook}
 */
export function pageNotebook(notebook, solved, { lesson, places, targets }) {
  const file = `notebooks/${lesson}.ipynb`;
  const run = runAddress(lesson);
  const html = (/** @type {string} */ text) => places.inHtml(text, file);
  const markdown = (/** @type {string} */ text) => places.inMarkdown(text, file);
  const waiting = answersOfPredictions(notebook);
  const cells = withSolutions(notebook.cells, solved).flatMap((cell, i) => {
    const source = textOf(cell.source);
    const place = targets.has(cell.id) ? [anchor(cell.id)] : [];
    if (cell.cell_type !== "code") {
      const text = markdown(source);
      return [...place, { ...cell, metadata: {}, source: i === 0 ? withDoor(text, run) : text }];
    }
    const outputs = (cell.outputs ?? []).map((output) => pageOutput(output, { run, html, markdown }));
    return [...place, { ...cell, source, outputs, metadata: pageMetadata(cell, waiting.has(cell.id)) }];
  });
  return {
    ...notebook,
    cells,
    metadata: {
      kernelspec: notebook.metadata.kernelspec,
      language_info: { name: "typescript", file_extension: ".ts", pygments_lexer: "typescript" },
    },
  };
}

/** A lesson's first cell with the way to run it below the title. @param {string} text @param {string} run */
function withDoor(text, run) {
  const door = `<p class="course-door"><a class="course-run" href="${escapeHtml(run)}">▶ Run this lesson</a> in this browser, with nothing to install. Below it is as it came out when it was last run.</p>`;
  const [heading, ...rest] = text.split("\n");
  return [heading, "", door, ...rest].join("\n");
}
