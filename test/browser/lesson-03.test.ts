import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectRunAllDrawsEverything, openLesson, type OpenLesson } from "./open-lesson";

/** What most people answer first: keys and values of every head. */
const EVERY_HEAD = `function bytesOfToken(shape: CacheShape, bytes: number): number {
  const width = shape.qkNopeHeadDim + shape.qkRopeHeadDim + shape.vHeadDim;
  return shape.numHiddenLayers * shape.numAttentionHeads * width * bytes;
}`;
const RIGHT = `function bytesOfToken(shape: CacheShape, bytes: number): number {
  return shape.numHiddenLayers * (shape.kvLoraRank + shape.qkRopeHeadDim) * bytes;
}`;

describe("lesson 03 in JupyterLab", () => {
  let open: OpenLesson;

  beforeAll(async () => {
    open = await openLesson("03-multi-head-latent-attention");
  });
  afterAll(() => open?.close());

  it("runs from the top and draws every trace of every plot", async () => {
    await expectRunAllDrawsEverything(open);
    await open.screenshot("run-all");
  });

  it("shows another context and another head as the sliders move", async () => {
    const { lesson } = open;
    const sliders = (await lesson.plots()).filter((plot) => plot.frames > 0).map((plot) => plot.cell);
    expect(sliders).toHaveLength(2);
    for (const cell of sliders) {
      await lesson.slide(cell, 0.02);
      const atStart = await lesson.picture(cell);
      await open.screenshot(`slider-in-cell-${cell + 1}`);
      await lesson.slide(cell, 0.98);
      expect.soft(await lesson.picture(cell), `cell ${cell + 1}`).not.toBe(atStart);
    }
  });

  it("names the misconception of a wrong answer, and takes the right one", async () => {
    const { lesson, index } = open;
    const answered = async (code: string) => {
      await lesson.write(index("03-cache-bytes"), code);
      await lesson.run(index("03-cache-bytes"));
      return lesson.run(index("03-cache-bytes-check"));
    };
    const wrong = await answered(EVERY_HEAD);
    expect(wrong).toContain("✘");
    expect(wrong).toContain("One latent serves all heads");
    expect(await answered(RIGHT)).toContain("✔");
  });

  it("follows the parameters cell", async () => {
    const { lesson, parameters } = open;
    await lesson.write(parameters.index, parameters.source.replace(/cacheBytes = \d/, "cacheBytes = 1"));
    await lesson.run(parameters.index);
    const first = (await lesson.plots())[0].cell;
    expect(await lesson.run(first)).toContain("35.1 KB");
  });

  it("answers a silly value with a clear message", async () => {
    const { lesson, parameters } = open;
    await lesson.write(parameters.index, parameters.source.replace(/cacheBytes = \d/, "cacheBytes = 3"));
    await lesson.run(parameters.index);
    expect(await lesson.run(parameters.index + 1)).toContain("cacheBytes = 3 is not one of");
  });
});
