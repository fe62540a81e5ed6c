import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectRunAllDrawsEverything, openLesson, type OpenLesson } from "./open-lesson";

/** What the press did with DeepSeek's figure: the mark-up called margin. */
const MARKUP_AS_MARGIN = `function profit(tokens: ByKind, pricesPerMillion: ByKind, cost: number) {
  const { cacheHit, cacheMiss, output } = pricesPerMillion;
  const revenue = (tokens.cacheHit * cacheHit + tokens.cacheMiss * cacheMiss + tokens.output * output) / 1e6;
  return { markup: (revenue - cost) / cost, margin: (revenue - cost) / cost };
}`;

describe("lesson 07 in JupyterLab", () => {
  let open: OpenLesson;

  beforeAll(async () => {
    open = await openLesson("07-cost-economics");
  });
  afterAll(() => open?.close());

  it("runs from the top and draws every trace of every plot", async () => {
    await expectRunAllDrawsEverything(open);
    await open.screenshot("run-all");
  });

  it("moves the picture with the slider", async () => {
    const { lesson } = open;
    const sliders = (await lesson.plots()).filter((plot) => plot.frames > 0).map((plot) => plot.cell);
    expect(sliders).toHaveLength(1);
    for (const cell of sliders) {
      await lesson.slide(cell, 0.98);
      const atEnd = await lesson.picture(cell);
      await lesson.slide(cell, 0.02);
      const atStart = await lesson.picture(cell);
      await open.screenshot(`slider-in-cell-${cell + 1}`);
      expect.soft(atEnd, `cell ${cell + 1}: the slider's two ends show two pictures`).not.toBe(atStart);
    }
  });

  it("names the misconception of a wrong answer, and passes the right one", async () => {
    const { lesson, index } = open;
    await lesson.write(index("07-margin"), MARKUP_AS_MARGIN);
    await lesson.run(index("07-margin"));
    const wrong = await lesson.run(index("07-margin-check"));
    await open.screenshot("wrong-answer");
    expect(wrong).toContain("✘");
    expect(wrong).toContain("Your margin is the mark-up");
    await lesson.write(index("07-margin"), open.solution("07-margin"));
    await lesson.run(index("07-margin"));
    expect(await lesson.run(index("07-margin-check"))).toContain("✔");
  });

  it("answers a silly parameter with a clear message", async () => {
    const { lesson, parameters } = open;
    await lesson.write(parameters.index, parameters.source.replace(/utilisation = [\d.]+/, "utilisation = 35"));
    await lesson.run(parameters.index);
    expect(await lesson.run(parameters.index + 1)).toContain("utilisation = 35 is outside 0.05..0.8 share");
    await open.screenshot("silly-parameter");
  });
});
