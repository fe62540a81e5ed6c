import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectRunAllDrawsEverything, openLesson, type OpenLesson } from "./open-lesson";

/** The wrong answer that the popular account of the router suggests. */
const SOFTMAX_GATE = `function gate(logits: number[], bias: number[], k: number, scale: number): number[] {
  const powers = logits.map((x) => Math.exp(x));
  const all = powers.reduce((a, b) => a + b, 0);
  const s = powers.map((p) => p / all);
  const chosen = largest(s.map((affinity, e) => affinity + bias[e]), k);
  const sum = chosen.reduce((a, e) => a + s[e], 0);
  return s.map((affinity, e) => (chosen.includes(e) ? (scale * affinity) / sum : 0));
}`;

describe("lesson 01 in JupyterLab", () => {
  let open: OpenLesson;

  beforeAll(async () => {
    open = await openLesson("01-mixture-of-experts");
  });
  afterAll(() => open?.close());

  it("runs from the top and draws every trace of every plot", async () => {
    await expectRunAllDrawsEverything(open);
    await open.screenshot("run-all");
  });

  it("moves the picture with each slider", async () => {
    const { lesson } = open;
    const sliders = (await lesson.plots()).filter((plot) => plot.frames > 0).map((plot) => plot.cell);
    expect(sliders.length).toBeGreaterThan(0);
    for (const cell of sliders) {
      await lesson.slide(cell, 0.98);
      const atEnd = await lesson.picture(cell);
      await lesson.slide(cell, 0.02);
      const atStart = await lesson.picture(cell);
      await open.screenshot(`slider-in-cell-${cell + 1}`);
      expect.soft(atEnd, `cell ${cell + 1}: the slider's two ends show two pictures`).not.toBe(atStart);
    }
    const moved = (await lesson.plots()).filter((plot) => sliders.includes(plot.cell));
    for (const plot of moved) {
      expect.soft(plot.height, `cell ${plot.cell + 1} keeps its height when the slider moves`).toBeGreaterThan(200);
    }
  });

  it("names the misconception of a wrong answer", async () => {
    const { lesson, index } = open;
    await lesson.write(index("01-gate"), SOFTMAX_GATE);
    await lesson.run(index("01-gate"));
    const answer = await lesson.run(index("01-gate-check"));
    await open.screenshot("wrong-answer");
    expect(answer).toContain("✘");
    expect(answer).toContain("softmax");
    expect(answer).toContain("sigmoid");
  });

  it("passes the right answer", async () => {
    const { lesson, index } = open;
    await lesson.write(index("01-gate"), open.solution("01-gate"));
    await lesson.run(index("01-gate"));
    const answer = await lesson.run(index("01-gate-check"));
    await open.screenshot("right-answer");
    expect(answer).toContain("✔");
  });

  it("shows other figures after the parameters cell has changed", async () => {
    const { lesson, parameters } = open;
    const before = await lesson.plots();
    const changed = parameters.source
      .replace(/routedExperts = \d+/, "routedExperts = 64")
      .replace(/batch = \d+/, "batch = 16");
    expect(changed).not.toBe(parameters.source);
    await lesson.write(parameters.index, changed);
    await lesson.runAll();
    expect(await lesson.errors()).toEqual([]);
    const after = await lesson.drawnPlots(before.length);
    await open.screenshot("other-parameters");
    const same = after.filter((plot, i) => plot.data === before[i].data).length;
    expect(after.length).toBe(before.length);
    expect(same).toBeLessThan(after.length / 2);
    expect(await lesson.popUps()).toEqual([]);
  });
});
