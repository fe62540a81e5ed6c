import { describe, expect, it } from "vitest";
import { fact, modelFact } from "../../lib/economics/facts";
import {
  activationBytes, expandedCacheBytes, kvCacheBytes, latentCacheBytes, MIXED_PRECISION, trainingStateBytes,
  trainingStatePerGpu, V3_PARALLELISM, V3_STATE_BYTES,
} from "../../lib/economics/memory";
import { decoderShape } from "../../lib/economics/other-models";
import { totalParameters } from "../../lib/economics/parameters";
import { DEEPSEEK_V3, tinyConfig } from "../../lib/model/config";

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

  it("keeps everything on one GPU if there is one", () => {
    const alone = { pipeline: 1, expert: 1, data: 1, copies: 1 };
    const config = tinyConfig();
    expect(trainingStatePerGpu(config, V3_STATE_BYTES, alone)).toBe(13 * totalParameters(config));
  });

  it("fits an H800 only when it is shared out as V3's is", () => {
    const memory = fact("accelerators", "h800", "memory").value;
    expect(trainingStatePerGpu(DEEPSEEK_V3, V3_STATE_BYTES, V3_PARALLELISM)).toBeLessThan(memory / 2);
    expect(trainingStatePerGpu(DEEPSEEK_V3, V3_STATE_BYTES, { ...V3_PARALLELISM, expert: 1 })).toBeGreaterThan(memory);
  });

  it("keeps far less between the passes than the layer's matrices make", () => {
    const bytes = activationBytes(DEEPSEEK_V3);
    const all = 2 * (9 * 3 * 2048 + 128 * 4 * 192); // experts' insides and attention's, BF16
    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThan(all);
  });
});
