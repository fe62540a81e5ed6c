import { expect, it } from "vitest";
import { describeLesson } from "./describe-lesson";

/** What most people answer first: keys and values of every head. */
const EVERY_HEAD = `function bytesOfToken(shape: CacheShape, bytes: number): number {
  const width = shape.qkNopeHeadDim + shape.qkRopeHeadDim + shape.vHeadDim;
  return shape.numHiddenLayers * shape.numAttentionHeads * width * bytes;
}`;

describeLesson({
  lesson: "03-multi-head-latent-attention",
  wrong: { exercise: "03-cache-bytes", answer: EVERY_HEAD, told: ["One latent serves all heads"] },
  also: (open) =>
    it("follows the parameters cell", async () => {
      const { lesson, parameters, plotCells } = open();
      await lesson.write(parameters.index, parameters.source.replace(/cacheBytes = \d/, "cacheBytes = 1"));
      await lesson.run(parameters.index);
      expect(await lesson.run(plotCells[0])).toContain("35.1 KB");
    }),
  refused: { parameter: /cacheBytes = \d/, to: "cacheBytes = 3", told: ["cacheBytes = 3 is not one of"] },
});
