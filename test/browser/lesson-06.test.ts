import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectRunAllDrawsEverything, openLesson, type OpenLesson } from "./open-lesson";

/** What most people answer first: a copy for each expert. */
const COPY_FOR_EACH_EXPERT = `function bytesOf(hiddenSize: number, experts: number[], expertsPerNode: number, home: number): Traffic {
  const nodes = experts.map((expert) => Math.floor(expert / expertsPerNode));
  return { interNode: nodes.filter((node) => node !== home).length * hiddenSize * 3, intraNode: experts.length * hiddenSize * 3 };
}`;

describe("lesson 06 in JupyterLab", () => {
  let open: OpenLesson;

  beforeAll(async () => {
    open = await openLesson("06-hardware-and-communication");
  });
  afterAll(() => open?.close());

  it("runs from the top and draws every trace of every plot", async () => {
    await expectRunAllDrawsEverything(open);
    await open.screenshot("run-all");
  });

  it("shows another timeline for another method", async () => {
    const { lesson } = open;
    const sliders = (await lesson.plots()).filter((plot) => plot.frames > 0).map((plot) => plot.cell);
    expect(sliders).toHaveLength(3);
    for (const cell of sliders) {
      await lesson.slide(cell, 0.02);
      const atStart = await lesson.picture(cell);
      await open.screenshot(`slider-in-cell-${cell + 1}`);
      await lesson.slide(cell, 0.98);
      expect.soft(await lesson.picture(cell), `cell ${cell + 1}`).not.toBe(atStart);
    }
  });

  it("names the misconception of a wrong answer", async () => {
    const { lesson, index } = open;
    await lesson.write(index("06-traffic"), COPY_FOR_EACH_EXPERT);
    await lesson.run(index("06-traffic"));
    const answer = await lesson.run(index("06-traffic-check"));
    expect(answer).toContain("✘");
    expect(answer).toContain("One for each node is enough");
  });

  it("answers too few micro-batches with a clear message", async () => {
    const { lesson, parameters } = open;
    await lesson.write(parameters.index, parameters.source.replace(/ranks = \d+/, "ranks = 16"));
    await lesson.run(parameters.index);
    expect(await lesson.run(parameters.index + 1)).toContain("16 ranks need at least 32 micro-batches");
  });
});
