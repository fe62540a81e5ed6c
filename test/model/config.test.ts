import { describe, expect, it } from "vitest";
import { DEEPSEEK_V3, tinyConfig } from "../../lib/model/config";

describe("tinyConfig", () => {
  it("has every mechanism of the large model", () => {
    const tiny = tinyConfig();
    expect(Object.keys(tiny)).toEqual(Object.keys(DEEPSEEK_V3));
    expect(tiny.ropeScaling).not.toBeNull();
    expect(tiny.qLoraRank).not.toBeNull();
    expect(tiny.nSharedExperts).toBeGreaterThan(0);
    expect(tiny.topkGroup).toBeLessThan(tiny.nGroup);
    expect(tiny.numNextnPredictLayers).toBe(1);
    expect(tiny.firstKDenseReplace).toBeLessThan(tiny.numHiddenLayers);
  });

  it("takes other values, and names a key in its own spelling when they are impossible", () => {
    expect(tinyConfig({ vocabSize: 99 }).vocabSize).toBe(99);
    expect(() => tinyConfig({ nGroup: 5 })).toThrow(
      "config: nRoutedExperts is 16; it must be a multiple of nGroup, which is 5",
    );
  });
});
