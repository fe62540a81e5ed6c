import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectRunAllDrawsEverything, openLesson, type OpenLesson } from "./open-lesson";

describe("lesson 10 in JupyterLab", () => {
  let open: OpenLesson;

  beforeAll(async () => {
    open = await openLesson("10-the-article-audited");
  });
  afterAll(() => open?.close());

  it("runs from the top and draws every trace of every plot", async () => {
    await expectRunAllDrawsEverything(open);
    await open.screenshot("run-all");
  });

  it("moves the picture with each slider", async () => {
    const { lesson } = open;
    const sliders = (await lesson.plots()).filter((plot) => plot.frames > 0).map((plot) => plot.cell);
    expect(sliders.length).toBe(2);
    for (const cell of sliders) {
      await lesson.slide(cell, 0.98);
      const atEnd = await lesson.picture(cell);
      await open.screenshot(`slider-in-cell-${cell + 1}`);
      await lesson.slide(cell, 0.02);
      expect
        .soft(await lesson.picture(cell), `cell ${cell + 1}: the slider's two ends show two pictures`)
        .not.toBe(atEnd);
    }
  });

  it("answers a claim whose verdict nothing can turn, and passes one that can be audited", async () => {
    const { lesson, index } = open;
    const opinion = open.solution("10-bring").replace(/verdict: .*,/, 'verdict: "holds",');
    expect(opinion).not.toBe(open.solution("10-bring"));
    await lesson.write(index("10-bring"), opinion);
    await lesson.run(index("10-bring"));
    expect(await lesson.run(index("10-bring-check"))).toContain("an opinion");
    await lesson.write(index("10-bring"), open.solution("10-bring"));
    await lesson.run(index("10-bring"));
    expect(await lesson.run(index("10-bring-check"))).toContain("✔");
  });

  it("gives another verdict at another price", async () => {
    const { lesson, parameters } = open;
    await lesson.write(parameters.index, parameters.source.replace(/pricePerHour = [\d.]+/, "pricePerHour = 3.2"));
    await lesson.runAll();
    expect(await lesson.errors()).toEqual([]);
    await open.screenshot("other-price");
  });
});
