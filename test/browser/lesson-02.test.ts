import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectRunAllDrawsEverything, openLesson, type OpenLesson } from "./open-lesson";

describe("lesson 02 in JupyterLab", () => {
  let open: OpenLesson;

  beforeAll(async () => {
    open = await openLesson("02-load-balancing");
  });
  afterAll(() => open?.close());

  it("runs from the top and draws every trace of every plot", async () => {
    await expectRunAllDrawsEverything(open);
    await open.screenshot("run-all");
  });

  it("moves the picture with each slider", async () => {
    const { lesson } = open;
    const sliders = (await lesson.plots()).filter((plot) => plot.frames > 0).map((plot) => plot.cell);
    expect(sliders).toHaveLength(3); // batches of the bias method, values of γ, layers of v3-mini
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

  it("names the misconception of a wrong answer, and passes the right one", async () => {
    const { lesson, index } = open;
    const right = open.solution("02-bias-update");
    const biasedWeights = right
      .replace("sofar + s[e]", "sofar + s[e] + bias[e]")
      .replace("affinity / sum", "(affinity + bias[e]) / sum");
    expect(biasedWeights).not.toBe(right);
    await lesson.write(index("02-bias-update"), biasedWeights);
    await lesson.run(index("02-bias-update"));
    expect(await lesson.run(index("02-bias-update-check"))).toContain("the weights come from s alone");
    await open.screenshot("wrong-answer");
    await lesson.write(index("02-bias-update"), right);
    await lesson.run(index("02-bias-update"));
    expect(await lesson.run(index("02-bias-update-check"))).toContain("✔");
  });

  it("answers a silly parameter with a clear message", async () => {
    const { lesson, parameters } = open;
    await lesson.write(parameters.index, parameters.source.replace(/liveGamma = [\d.]+/, "liveGamma = 5"));
    await lesson.run(parameters.index);
    expect(await lesson.run(parameters.index + 1)).toContain("liveGamma = 5 is outside 0..0.2");
  });
});
