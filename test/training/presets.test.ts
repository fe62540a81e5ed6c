import { describe, expect, it } from "vitest";
import { totalParameters } from "../../lib/economics/parameters";
import { parameterShapes } from "../../lib/checkpoint/parameter-shapes";
import { VOCAB_SIZE } from "../../lib/corpus/bytes";
import { MICRO, MINI, PRESETS } from "../../lib/training/presets";

const size = (shape: number[]) => shape.reduce((product, length) => product * length, 1);

describe("the presets", () => {
  it("have the sizes that their descriptions give", () => {
    const stored = ({ config }: typeof MINI) =>
      parameterShapes(config, { mtp: config.numNextnPredictLayers }).reduce((sum, { shape }) => sum + size(shape), 0);
    expect(stored(MINI)).toBeGreaterThan(10e6);
    expect(stored(MINI)).toBeLessThan(13e6);
    expect(stored(MICRO)).toBeLessThan(1e6);
    expect(totalParameters(MICRO.config)).toBeLessThan(stored(MICRO));
  });

  it.each(Object.entries(PRESETS))("%s has every mechanism, and room for its length", (_, { config, training }) => {
    expect(config.vocabSize).toBe(VOCAB_SIZE);
    expect(config.qLoraRank).not.toBeNull();
    expect(config.nGroup).toBeGreaterThan(config.topkGroup);
    expect(config).toMatchObject({ firstKDenseReplace: 1, nSharedExperts: 1, numNextnPredictLayers: 1 });
    expect(training.length).toBeLessThanOrEqual(config.maxPositionEmbeddings);
  });
});
