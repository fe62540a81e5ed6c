/*
 * What every lesson is held to in a browser, and what a lesson says of itself for that: a wrong answer that people give, a
 * value that is refused.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLesson, type OpenLesson } from "./open-lesson";

export interface LessonChecks {
  /** "01-mixture-of-experts" */
  lesson: string;
  /** An answer that many give first, from the right one or by itself, and a part of what it is told. */
  wrong?: { exercise: string; answer: string | ((right: string) => string); told: string[] };
  /** A value of the parameters cell that is refused, and a part of what is said. */
  refused?: { parameter: RegExp; to: string; told: string[] };
  /** What only this lesson shows: called where tests are declared, with a way to the open lesson. */
  also?(open: () => OpenLesson): void;
  /** The same for what leads to another lesson: it comes last. */
  leaving?(open: () => OpenLesson): void;
}

export function describeLesson({ lesson: name, wrong, refused, also, leaving }: LessonChecks): void {
  describe(`lesson ${name.slice(0, 2)} in JupyterLab`, () => {
    let open: OpenLesson;

    beforeAll(async () => {
      open = await openLesson(name);
    });
    afterAll(() => open?.close());

    it("runs from the top, draws every trace of every plot, and moves each picture with its slider", async () => {
      const { lesson, plotCells, sliderCells } = open;
      console.log(`Run All took ${(await lesson.runAll()).toFixed(1)} s in the browser`);
      expect(await lesson.errors()).toEqual([]);
      expect(await lesson.popUps()).toEqual([]);
      const plots = await lesson.drawnPlots(plotCells.length);
      expect(plots.map((plot) => plot.cell)).toEqual(plotCells);
      for (const { cell, visibleTraces, drawnTraces } of plots) {
        expect.soft(visibleTraces, `cell ${cell + 1} shows traces`).toBeGreaterThan(0);
        expect.soft(drawnTraces, `cell ${cell + 1} has drawn its traces`).toBeGreaterThanOrEqual(visibleTraces);
      }
      await open.screenshot("run-all");
      expect(await open.trouble()).toEqual([]);
      for (const cell of sliderCells) {
        await lesson.pressSlider(cell, "Home");
        const first = await lesson.stillPicture(cell);
        await lesson.pressSlider(cell, "End");
        const moved = await lesson.pictureOtherThan(cell, first);
        expect.soft(moved, `cell ${cell + 1}: the slider's two ends show two pictures`).not.toBe(first);
        await open.screenshot(`slider-in-cell-${cell + 1}`);
      }
      for (const { cell, width, height } of await lesson.plots())
        expect.soft(Math.min(width, height), `cell ${cell + 1} has a size`).toBeGreaterThan(200);
    });

    if (wrong !== undefined) {
      const { exercise, answer, told } = wrong;
      it("names the misconception of a wrong answer, and passes the right one", async () => {
        const { lesson, index } = open;
        const right = open.solution(exercise);
        const answered = async (source: string) => {
          await lesson.write(index(exercise), source);
          await lesson.run(index(exercise));
          return lesson.run(index(`${exercise}-check`));
        };
        const attempt = typeof answer === "string" ? answer : answer(right);
        expect(attempt).not.toBe(right);
        const said = await answered(attempt);
        await open.screenshot("wrong-answer");
        for (const part of ["✘", ...told]) expect(said).toContain(part);
        expect(await answered(right)).toContain("✔");
      });
    }

    also?.(() => open);

    if (refused !== undefined) {
      const { parameter, to, told } = refused;
      it("refuses a value of the parameters by name", async () => {
        const { lesson, parameters } = open;
        const source = parameters.source.replace(parameter, to);
        expect(source).not.toBe(parameters.source);
        await lesson.write(parameters.index, source);
        await lesson.run(parameters.index);
        const said = await lesson.run(parameters.check);
        await open.screenshot("refused-parameter");
        for (const part of told) expect(said).toContain(part);
      });
    }

    leaving?.(() => open);
  });
}
