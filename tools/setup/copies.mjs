/*
 * The rule by which a learner's copy of a lesson is brought up to date, without files: npm start keeps copies in work/
 * (lessons.mjs), the course in a browser tab keeps them in the browser (tools/site/lab/). A copy that nobody has changed
 * may be refreshed, any other is the learner's, and a newer lesson is laid beside it. Nothing here needs Node.
 */

/**
 * @typedef {object} Copy what is remembered of a lesson's copy
 * @property {string} made digest of the sources that the copy was made with; records of earlier versions have the file's
 * @property {string} [from] digest of the lesson's file at that time
 * @property {string} [offered] digest of the newer lesson's sources that was last laid beside it; earlier, the file's
 * @property {string} [beside] the name of that file
 * @typedef {Record<string, Copy>} Copies by lesson name
 */

/**
 * @typedef {object} Digests of a notebook
 * @property {string} sources of what a person writes into it: see sourcesOf
 * @property {string} file of its bytes
 */

/**
 * @typedef {object} Notebook as much of it as is read here
 * @property {{ cell_type: string, source: string | string[], outputs?: unknown[], execution_count?: unknown }[]} cells
 */

/**
 * What a person writes into a notebook: its cells' sources, in their order. Opening and saving writes outputs, counts
 * and versions of the kernel into a file, and is no change. Empty cells don't count, since JupyterLab adds one at the
 * end when the last is run.
 * @param {Notebook} notebook
 * @returns {string} of which the digest is taken
 */
export function sourcesOf({ cells }) {
  const sources = cells
    .map(({ cell_type, source }) => [cell_type, [source].flat().join("").replaceAll("\r\n", "\n")])
    .filter(([, source]) => source.trim() !== "");
  return JSON.stringify(sources);
}

/** How a lesson asks for a prediction, in Markdown, and where the section ends that answers it. */
const PREDICTION = /\*\*predict\b/i;
const HEADING = /^#{1,6} /m;

/**
 * Takes away the outputs that would answer a prediction before it is made: what stands between the question and the next
 * heading.
 * @param {Notebook} notebook is changed
 * @returns {number} how many cells were cleared
 */
export function clearAnswers({ cells }) {
  let [asked, cleared] = [false, 0];
  for (const cell of cells) {
    const source = [cell.source].flat().join("");
    if (cell.cell_type === "markdown") asked = PREDICTION.test(source) || (asked && !HEADING.test(source));
    else if (asked && (cell.outputs ?? []).length > 0) {
      Object.assign(cell, { outputs: [], execution_count: null });
      cleared++;
    }
  }
  return cleared;
}

/**
 * Whether a notebook is what a record tells of: by its sources, or by its bytes in an earlier version's record.
 * @param {Digests | null} digests null if there is no such file
 * @param {string | undefined} recorded
 */
function isAsRecorded(digests, recorded) {
  return digests !== null && [digests.sources, digests.file].some((found) => found === recorded);
}

/**
 * What to do with one lesson's copy.
 * @param {{ lesson: Digests, known: Copy | undefined, copy: Digests | null, beside: Digests | null }} state lesson: as it
 *   comes now; known: what is remembered; copy: the copy, null if there is none; beside: what lies under known.beside
 * @returns {{ did: "copied" | "refreshed" | "nothing", record: Copy } | { did: "offered", record: Copy, replaces: boolean }}
 *   record: what to remember, to which the caller adds `beside`; replaces: whether what was laid beside it before makes
 *   room for the newer one, which it does unless the learner has begun to work in that
 */
export function bringUpToDate({ lesson, known, copy, beside }) {
  if (copy === null || copy.sources === lesson.sources || isAsRecorded(copy, known?.made)) {
    const record = { made: lesson.sources, from: lesson.file };
    if (copy === null) return { did: "copied", record };
    // With the sources of the newest, a copy is refreshed only where the lesson's file has changed since it was made.
    const current = copy.sources === lesson.sources && [lesson.file, undefined].includes(known?.from ?? known?.made);
    return { did: current ? "nothing" : "refreshed", record };
  }
  if ([known?.made, known?.offered].some((seen) => isAsRecorded(lesson, seen))) {
    return { did: "nothing", record: /** @type {Copy} */ (known) };
  }
  const record = { made: known?.made ?? "unknown", offered: lesson.sources };
  return { did: "offered", record, replaces: isAsRecorded(beside, known?.offered) };
}

/**
 * The first name that no file has yet: base.ipynb, base-2.ipynb, base-3.ipynb …
 * @param {string} base
 * @param {(name: string) => boolean} taken
 */
export function freeName(base, taken) {
  let name = `${base}.ipynb`;
  for (let number = 2; taken(name); number++) name = `${base}-${number}.ipynb`;
  return name;
}
