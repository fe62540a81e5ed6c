/*
 * Pages to give back. nbgrader makes them of what it has graded; here they are made to need no network, and one is written
 * for what could not be graded.
 */
import katex from "katex";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { escapeHtml } from "../../../lib/notebook/html";
import type { Notebook } from "../build/notebook";
import { isTest } from "./assignment-source";
import type { Submission } from "./course-folder";
import { complaintOf, grader } from "./nbgrader";
import { gradeId } from "./repair/answers";

/** The titles of a sheet's exercises, by their ids. */
export function titlesOf({ cells }: Notebook): Record<string, string> {
  let title = "";
  const titles: Record<string, string> = {};
  for (const cell of cells) {
    if (cell.cell_type === "markdown") title = /^### (Exercise \d+ · .+)$/m.exec(cell.source)?.[1].trim() ?? title;
    else if (isTest(cell)) titles[(gradeId(cell) ?? "").replace(/-check$/, "")] = title.replace(/[`*]/g, "");
  }
  return titles;
}

const ENTITIES: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
const unescape = (text: string) => text.replace(/&(amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity]);

/** A formula as MathML, which browsers draw themselves; as it was written if it is none. */
function setFormula(tex: string, displayMode: boolean): string {
  return katex.renderToString(unescape(tex), { displayMode, output: "mathml", throwOnError: false, strict: "ignore" });
}

/** Text between tags: `$…$` and `$$…$$`, but for money: a formula neither begins nor ends with a blank. */
const FORMULA = /\$\$([^$]+)\$\$|\$(?![\s\d.,]*\s)([^$\n]*[^$\s\\])\$(?!\d)/g;

function setFormulas(html: string): string {
  let inCode = 0;
  return html
    .split(/(<[^>]*>)/)
    .map((part) => {
      if (/^<(pre|code)\b/.test(part)) inCode++;
      else if (/^<\/(pre|code)>/.test(part)) inCode--;
      if (part.startsWith("<") || inCode > 0) return part;
      return part.replace(FORMULA, (_, shown?: string, inline?: string) =>
        setFormula(shown ?? inline ?? "", shown !== undefined),
      );
    })
    .join("");
}

const LARGEST_PAGE = 1.9e6; // characters

/** Without the pictures that are longer than so many characters. */
const withoutPictures = (page: string, most: number) =>
  page.replace(/src="(data:[^"]*)"/g, (whole, data: string) =>
    data.length <= most ? whole : 'alt="(a picture is left out: it is too large for this page)"',
  );

/** A page that asks nothing of any network: no programs, no styles or fonts from elsewhere, formulas set. */
export function offline(page: string): string {
  const asked = page
    .replace(/<script\b[^>]*>[^]*?<\/script>/g, "")
    .replace(/<link\b[^>]*href="(https?:)?\/\/[^>]*>/g, "")
    .replace(/@import\s+url\([^)]*\);?/g, "")
    .replace(
      /(<div class="course-text">)([^]*?)(<!-- end of course-text -->)/g,
      (_, open, text, end) => open + setFormulas(text) + end,
    )
    .replace(/(<b>Comments:<\/b>)([^]*?)(<\/div>)/g, (_, open, text, end) => open + setFormulas(text) + end);
  return [400_000, 0].reduce(
    (short, most) => (short.length < LARGEST_PAGE ? short : withoutPictures(short, most)),
    asked,
  );
}

export const pageOf = ({ feedback, assignment }: Submission) => path.join(feedback, `${assignment}.html`);

/** The page of a submission that could not be graded. */
export function failurePage({ assignment }: Submission, why: string): string {
  const name = escapeHtml(assignment);
  return [
    `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>${name}</title>\n</head>`,
    '<body style="font-family: sans-serif; max-width: 42em; margin: 2em auto; padding: 0 1em">',
    `<h1>${name}: could not be graded</h1>\n<p>${escapeHtml(why)}.</p>`,
    "<p>It counts no points as it is. Put it right and hand it in again, or ask your teacher.</p>\n</body>\n</html>\n",
  ].join("\n");
}

/**
 * Makes the pages of assignments, all at once: nbgrader's start takes longer than a page.
 * @param titles of each assignment's exercises
 * @returns what went wrong, or null
 */
export async function makePages(
  folder: string,
  titles: Record<string, Record<string, string>>,
  graded: Submission[],
): Promise<string | null> {
  const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "course-feedback-"));
  try {
    const file = path.join(temporary, "titles.json");
    fs.writeFileSync(file, JSON.stringify(titles));
    const made = await grader("feedback", [file], folder, 3600);
    for (const page of graded.map(pageOf).filter((one) => fs.existsSync(one))) {
      fs.writeFileSync(page, offline(fs.readFileSync(page, "utf8")));
    }
    return made.code === 0 ? null : complaintOf(made);
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}
