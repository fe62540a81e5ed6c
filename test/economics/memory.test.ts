import { describe, expect, it } from "vitest";
import { modelFact } from "../../lib/economics/facts";
import {
  expandedCacheBytes,
  kvCacheBytes,
  latentCacheBytes,
  MIXED_PRECISION,
  trainingStateBytes,
  V3_STATE_BYTES,
} from "../../lib/economics/memory";
import { decoderShape } from "../../lib/economics/other-models";
import { DEEPSEEK_V3 } from "../../lib/model/config";

describe("the cache of a token", () => {
  it("has the published size for three models", () => {
    expect(latentCacheBytes(DEEPSEEK_V3)).toBe(modelFact("deepseek-v3", "kvCacheBytes").value);
    for (const id of ["qwen2.5-72b", "llama-3.1-405b"]) {
      expect(kvCacheBytes(decoderShape(id), "grouped-query"), id).toBe(modelFact(id, "kvCacheBytes").value);
    }
  });

  it("is 70,272 bytes latent and 4,997,120 expanded", () => {
    expect(latentCacheBytes(DEEPSEEK_V3)).toBe(70_272);
    expect(expandedCacheBytes(DEEPSEEK_V3)).toBe(4_997_120);
    expect(latentCacheBytes(DEEPSEEK_V3, 1)).toBe(35_136);
  });

  it("shrinks with the heads that are kept", () => {
    const shape = { layers: 2, heads: 8, kvHeads: 2, headDim: 16 };
    expect(kvCacheBytes(shape, "multi-head")).toBe(2 * 2 * 8 * 16 * 2);
    expect(kvCacheBytes(shape, "grouped-query")).toBe(kvCacheBytes(shape, "multi-head") / 4);
    expect(kvCacheBytes(shape, "multi-query")).toBe(kvCacheBytes(shape, "multi-head") / 8);
  });
});

describe("training", () => {
  const sum = (parts: Record<string, number>) => Object.values(parts).reduce((a, b) => a + b);

  it("takes 16 bytes a parameter in usual mixed precision, 13 in V3's recipe", () => {
    expect(sum(trainingStateBytes(1, MIXED_PRECISION))).toBe(16);
    expect(sum(trainingStateBytes(1, V3_STATE_BYTES))).toBe(13);
  });
});
