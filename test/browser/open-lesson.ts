/*
 * What the tests of a lesson share: a server with fresh copies, a browser, the lesson open in it, and the notebook file,
 * to know which cell is which.
 */
import path from "node:path";
import { expect } from "vitest";
import { launchChromium } from "../../tools/course/build/chromium";
import { notebookFile } from "../../tools/course/build/masters";
import { bundles, hasTag, PLOTLY, readNotebook, type Notebook } from "../../tools/course/build/notebook";
import { LessonPage } from "./lesson-page";
import { SCREENSHOTS, startLab } from "./server";

export interface OpenLesson {
  lesson: LessonPage;
  /** Indices of the cells whose committed output holds a plot, once for each plot. */
  plotCells: number[];
  /** Index of the parameters cell, and its text. */
  parameters: { index: number; source: string };
  /** Index of a cell by its id: an answer cell's is the exercise's id, a check cell's ends in -check. */
  index(id: string): number;
  /** The source of a cell in the solved notebook. */
  solution(id: string): string;
  screenshot(name: string): Promise<void>;
  close(): Promise<void>;
}

function indexOf(notebook: Notebook, id: string): number {
  const index = notebook.cells.findIndex((cell) => cell.id === id);
  if (index < 0) throw new Error(`no cell has the id ${id}`);
  return index;
}

/** Opens a fresh copy of a lesson in a fresh JupyterLab. */
export async function openLesson(name: string): Promise<OpenLesson> {
  const unsolved = readNotebook(notebookFile(name, "unsolved"));
  const solved = readNotebook(notebookFile(name, "solved"));
  const parameters = unsolved.cells.findIndex((cell) => hasTag(cell, "parameters"));
  const lab = await startLab();
  const browser = await launchChromium();
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  const lesson = new LessonPage(page);
  await lesson.open(lab.lessonUrl(name));
  return {
    lesson,
    plotCells: unsolved.cells.flatMap((cell, index) =>
      cell.cell_type === "code" ? bundles(cell).flatMap((data) => (PLOTLY in data ? [index] : [])) : [],
    ),
    parameters: { index: parameters, source: unsolved.cells[parameters].source },
    index: (id) => indexOf(unsolved, id),
    solution: (id) => solved.cells[indexOf(solved, id)].source,
    screenshot: async (title) => {
      await page.screenshot({ path: path.join(SCREENSHOTS, `${name}-${title}.png`) });
    },
    close: async () => {
      await browser.close();
      await lab.stop();
    },
  };
}

/** Runs all cells, and holds the page to what a reader expects of it: no red text, no pop-up, every plot fully drawn. */
export async function expectRunAllDrawsEverything({ lesson, plotCells }: OpenLesson): Promise<void> {
  console.log(`Run All took ${(await lesson.runAll()).toFixed(1)} s in the browser`);
  expect(await lesson.errors()).toEqual([]);
  expect(await lesson.popUps()).toEqual([]);
  const plots = await lesson.drawnPlots(plotCells.length);
  expect(plots.map((plot) => plot.cell)).toEqual(plotCells);
  for (const plot of plots) {
    expect.soft(plot.visibleTraces, `cell ${plot.cell + 1} shows traces`).toBeGreaterThan(0);
    expect
      .soft(plot.drawnTraces, `cell ${plot.cell + 1} has drawn its traces`)
      .toBeGreaterThanOrEqual(plot.visibleTraces);
    expect.soft(Math.min(plot.width, plot.height), `cell ${plot.cell + 1} has a size`).toBeGreaterThan(200);
  }
}
