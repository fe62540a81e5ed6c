/*
 * What a saved output becomes on a page. An output holds several forms of the same content; a page shows one of them.
 *
 * - A plot stays Plotly's figure: the page carries it as data, and static/pages.js draws it when it comes into view. Its
 *   text alternative stands below, folded; without scripts there is the still that the notebook has.
 * - The colours that lib/notebook chose to be visible on white and on black alike become the page's own, which have more
 *   contrast since a page knows its theme.
 * - A check of an exercise that nobody has answered says where one can.
 */

/** @typedef {{ output_type: string, data?: Record<string, unknown>, metadata?: object, name?: string, text?: unknown }} Output */

export const PLOTLY = "application/vnd.plotly.v1+json";
const JUDGED = "application/vnd.course.judged+json";

/** Colours of lib/notebook/html.ts and plot/theme.ts, and the names that static/course-pages.css gives them. */
export const COLOURS = {
  "#2c8846": "--course-good",
  "#d5453d": "--course-bad",
  "#777c85": "--course-neutral",
};

/** @param {unknown} value a text of a notebook: one string, or its lines */
export function textOf(value) {
  return Array.isArray(value) ? value.join("") : String(value ?? "");
}

/** @param {string} text */
export function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON that can stand in a script element. @param {unknown} value */
function scriptJson(value) {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/**
 * A plot that the page draws.
 * @param {Record<string, any>} figure Plotly's
 * @param {string} words its text alternative
 * @param {unknown} still a png, in base64
 */
export function plotHtml(figure, words, still) {
  const height = Number(figure.layout?.height ?? 450);
  const [title, ...rest] = words.split("\n");
  const name = escapeHtml(title.replace(/^Plot: /, ""));
  const image =
    still === undefined
      ? ""
      : `<noscript><img src="data:image/png;base64,${textOf(still).replace(/\s/g, "")}" alt="${name}"></noscript>`;
  return [
    `<figure class="course-plot" aria-label="Plot: ${name}">`,
    `<div class="course-scroll"><div class="course-plot-place" style="min-height: ${height}px">${image}</div></div>`,
    `<script type="application/json">${scriptJson(figure)}</script>`,
    `<figcaption><details><summary>This plot in words</summary><div class="course-words">${escapeHtml(
      [name === "" ? title : title.replace(/^Plot: /, ""), ...rest].join("\n"),
    )}</div></details></figcaption>`,
    "</figure>",
  ].join("");
}

/** @param {string} html */
function withPageColours(html) {
  return Object.entries(COLOURS)
    .reduce((all, [colour, name]) => all.replaceAll(`color: ${colour}`, `color: var(${name})`), html)
    .replaceAll("<img ", '<img loading="lazy" ')
    .replace(/<img [^>]*>/g, (image) => `<span class="course-scroll course-drawing">${image}</span>`);
}

/**
 * The box of a check: what a learner would see, without what asks to do something in this page.
 * @param {string} words
 * @param {string} run address of the lesson that runs
 */
function checkHtml(words, run) {
  const title = words
    .split("\n", 1)[0]
    .replace(/^○ /, "")
    .replace(/(: not solved yet|\s+Not solved yet)$/, "");
  return (
    `<div class="course-check">○ <b>${escapeHtml(title)}</b><br>` +
    `This checks your answer and says what is wrong with it. To try it, <a href="${escapeHtml(run)}">run this lesson</a>.</div>`
  );
}

/**
 * An output as a page shows it.
 * @param {Output} output
 * @param {{ run: string, html(text: string): string, markdown(text: string): string }} page what is done to its links
 * @returns {Output}
 */
export function pageOutput(output, { run, html, markdown }) {
  const { data } = output;
  if (data === undefined) return output;
  const words = textOf(data["text/plain"]);
  const as = (/** @type {string} */ mime, /** @type {unknown} */ value) => ({ ...output, data: { [mime]: value } });
  if (data[PLOTLY] !== undefined) {
    return as("text/html", plotHtml(/** @type {Record<string, any>} */ (data[PLOTLY]), words, data["image/png"]));
  }
  const unsolved = words.startsWith("○") && data[JUDGED] !== undefined;
  if (unsolved) return as("text/html", checkHtml(words, run));
  if (data["text/html"] !== undefined) return as("text/html", withPageColours(html(textOf(data["text/html"]))));
  if (data["text/markdown"] !== undefined) return as("text/markdown", markdown(textOf(data["text/markdown"])));
  return output;
}
