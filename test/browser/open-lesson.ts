/*
 * What the tests of a lesson share: the lesson open in a browser, and the notebook file, to know which cell is which.
 */
import path from "node:path";
import { inject } from "vitest";
import { launchChromium } from "../../tools/course/build/chromium";
import { notebookFile } from "../../tools/course/build/masters";
import { bundles, hasTag, PLOTLY, readNotebook, type Notebook } from "../../tools/course/build/notebook";
import { outputDrift } from "../../tools/course/build/drift";
import { executionFailures, verdictFailures } from "../../tools/course/build/verify";
import { LessonPage } from "./lesson-page";
import { notebookUrl, SCREENSHOTS } from "./server";

export interface OpenNotebook {
  lesson: LessonPage;
  screenshot(name: string): Promise<void>;
  /** Ends the kernel too: the next notebook shall have the machine for itself. */
  close(): Promise<void>;
}

export interface OpenLesson extends OpenNotebook {
  /** Indices of the cells whose committed output holds a plot, once for each plot. */
  plotCells: number[];
  /** Those whose plot has a slider. */
  sliderCells: number[];
  /** Index of the parameters cell, its text, and the index of the cell that checks the values. */
  parameters: { index: number; source: string; check: number };
  /** Index of a cell by its id: an answer cell's is the exercise's id, a check cell's ends in -check. */
  index(id: string): number;
  /** The source of a cell in the solved notebook. */
  solution(id: string): string;
  /**
   * What is wrong with the lesson as it stands after Run All, saved: cells that failed, exercises that don't say "not
   * solved yet", outputs that are not the committed notebook's. The step notebooks leaves this to the browser.
   */
  trouble(): Promise<string[]>;
}

function indexOf(notebook: Notebook, id: string): number {
  const index = notebook.cells.findIndex((cell) => cell.id === id);
  if (index < 0) throw new Error(`no cell has the id ${id}`);
  return index;
}

/** Opens a notebook of work/ in the JupyterLab of all tests, in a browser of its own. */
export async function openNotebook(name: string): Promise<OpenNotebook> {
  const browser = await launchChromium();
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  const lesson = new LessonPage(page);
  await lesson.open(notebookUrl(inject("lab"), name));
  return {
    lesson,
    screenshot: async (title) => {
      await page.screenshot({ path: path.join(SCREENSHOTS, `${name}-${title}.png`) });
    },
    close: async () => {
      await lesson.shutDown(name);
      await browser.close();
    },
  };
}

/** Opens a fresh copy of a lesson. */
export async function openLesson(name: string): Promise<OpenLesson> {
  const unsolved = readNotebook(notebookFile(name, "unsolved"));
  const solved = readNotebook(notebookFile(name, "solved"));
  const parameters = unsolved.cells.findIndex((cell) => hasTag(cell, "parameters"));
  const plots = unsolved.cells.flatMap((cell, index) =>
    cell.cell_type !== "code"
      ? []
      : bundles(cell).flatMap((data) =>
          PLOTLY in data ? [{ index, figure: data[PLOTLY] as { frames?: object[] } }] : [],
        ),
  );
  const notebook = await openNotebook(name);
  return {
    ...notebook,
    plotCells: plots.map(({ index }) => index),
    sliderCells: plots.filter(({ figure }) => figure.frames !== undefined).map(({ index }) => index),
    parameters: {
      index: parameters,
      source: unsolved.cells[parameters].source,
      check: unsolved.cells.findIndex((cell, index) => index > parameters && cell.cell_type === "code"),
    },
    index: (id) => indexOf(unsolved, id),
    solution: (id) => solved.cells[indexOf(solved, id)].source,
    trouble: async () => {
      await notebook.lesson.save();
      const saved = readNotebook(path.join(inject("lab").work, `${name}.ipynb`));
      const failures = executionFailures(saved);
      return failures.length > 0
        ? failures
        : [...verdictFailures(saved, "not solved yet"), ...outputDrift(unsolved, saved)];
    },
  };
}
