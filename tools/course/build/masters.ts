/*
 * Where a lesson's three files are, and what its master generates. The master in notebooks/source/ is the only file that
 * people edit; the unsolved and the solved notebook follow from it.
 */
import fs from "node:fs";
import path from "node:path";
import { outputOf } from "../../python";
import { ROOT } from "../../setup/project.mjs";
import { parseNotebook, type Notebook } from "./notebook";

export type Version = "unsolved" | "solved";

export const VERSIONS: readonly Version[] = ["unsolved", "solved"];

export interface Generated {
  lesson: string;
  /** The whole master, with the markers of solutions: what nbgrader cuts an assignment from. */
  source: Notebook;
  unsolved: Notebook;
  solved: Notebook;
}

const NOTEBOOKS = path.join(ROOT, "notebooks");

/** Where a lesson's notebook is: notebooks/NN-topic.ipynb, solved ones in notebooks/solutions/. */
export function notebookFile(lesson: string, version: Version, folder: string = NOTEBOOKS): string {
  return path.join(folder, version === "solved" ? "solutions" : "", `${lesson}.ipynb`);
}

/**
 * The masters' names without extension, in order; with a filter, those that begin with it ("01").
 * @throws if the filter matches none
 */
export function listLessons(filters: string[] = [], folder: string = NOTEBOOKS): string[] {
  const all = namesIn(path.join(folder, "source"), ".ts").filter((name) => /^\d\d-/.test(name));
  const chosen = all.filter((lesson) => filters.length === 0 || filters.some((filter) => lesson.startsWith(filter)));
  if (filters.length > 0 && chosen.length === 0) {
    throw new Error(`No lesson begins with ${filters.join(" or ")}; there are ${all.join(", ") || "none"}.`);
  }
  return chosen;
}

/** Committed notebooks that no master generates, as paths inside the notebooks folder. */
export function orphans(folder: string = NOTEBOOKS): string[] {
  const lessons = new Set(listLessons([], folder));
  return ["", "solutions"].flatMap((inner) =>
    namesIn(path.join(folder, inner), ".ipynb")
      .filter((name) => !lessons.has(name))
      .map((name) => path.join(inner, `${name}.ipynb`)),
  );
}

function namesIn(folder: string, extension: string): string[] {
  if (!fs.existsSync(folder)) return [];
  const names = fs.readdirSync(folder).filter((name) => name.endsWith(extension) && !name.endsWith(".d.ts"));
  return names.map((name) => path.basename(name, extension)).sort();
}

/**
 * What the masters generate, without outputs.
 * @throws if a master holds something that would give a wrong notebook, naming its cell
 */
export async function generate(lessons: string[], folder: string = NOTEBOOKS): Promise<Generated[]> {
  const files = lessons.map((lesson) => path.join(folder, "source", `${lesson}.ts`));
  const printed = await outputOf([path.join(__dirname, "generate.py"), ...files]);
  const answers = JSON.parse(printed) as Record<"lesson" | "source" | Version, unknown>[];
  return answers.map((answer, i) => ({
    lesson: lessons[i],
    source: parseNotebook(JSON.stringify(answer.source), lessons[i]),
    unsolved: parseNotebook(JSON.stringify(answer.unsolved), lessons[i]),
    solved: aFolderDeeper(parseNotebook(JSON.stringify(answer.solved), lessons[i])),
  }));
}

/** Masters write links as they lead from notebooks/; solved notebooks lie in notebooks/solutions/. */
function aFolderDeeper(notebook: Notebook): Notebook {
  const cells = notebook.cells.map((cell) =>
    cell.cell_type === "markdown" ? { ...cell, source: cell.source.replaceAll("](../", "](../../") } : cell,
  );
  return { ...notebook, cells };
}
