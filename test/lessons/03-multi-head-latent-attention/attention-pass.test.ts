import { describe, expect, it } from "vitest";
import { decodeFlops } from "../../../lib/economics/flops";
import {
  cacheReading,
  crossover,
  crossoverLimit,
  pairsOf,
  passWork,
} from "../../../lib/lessons/03-multi-head-latent-attention";
import { DEEPSEEK_V3 } from "../../../lib/model/config";

const V3 = DEEPSEEK_V3;
const flops = (queries: number, seen: number, way: "expanded" | "absorbed") =>
  passWork(V3, { queries, seen }, way).flop;

describe("a pass", () => {
  it("counts the pairs that the mask leaves", () => {
    expect(pairsOf({ queries: 1, seen: 9 })).toBe(9);
    expect(pairsOf({ queries: 4, seen: 4 })).toBe(1 + 2 + 3 + 4);
    expect(pairsOf({ queries: 2, seen: 5 })).toBe(4 + 5);
  });

  it("of one token does what decoding does, beside W^UK and W^UV for that token", () => {
    const up = 2 * V3.numAttentionHeads * V3.kvLoraRank * (V3.qkNopeHeadDim + V3.vHeadDim);
    expect(flops(1, 500, "absorbed")).toBe(cacheReading(V3, 500, "absorbed").flop + up);
    expect(flops(1, 500, "expanded")).toBe(cacheReading(V3, 500, "expanded again").flop);
    const growth = (mode: "absorbed" | "expanded again") =>
      (decodeFlops(V3, 501, mode) - decodeFlops(V3, 500, mode)) / V3.numHiddenLayers;
    expect(flops(1, 501, "absorbed") - flops(1, 500, "absorbed")).toBe(growth("absorbed"));
    expect(flops(1, 501, "expanded") - flops(1, 500, "expanded")).toBe(growth("expanded again"));
  });

  it("reads the latents once either way, and moves expanded keys and values twice", () => {
    const bytes = (way: "expanded" | "absorbed") =>
      passWork(V3, { queries: 1, seen: 200 }, way, 2).bytes - passWork(V3, { queries: 1, seen: 100 }, way, 2).bytes;
    expect(bytes("absorbed")).toBe(100 * 2 * (512 + 64));
    expect(bytes("expanded")).toBe(100 * 2 * (512 + 64 + 2 * 128 * 256));
  });
});

describe("the crossover", () => {
  it("tends to C (nope + v) / (2C − nope − v), about 171 for V3", () => {
    expect(crossoverLimit(V3)).toBeCloseTo((512 * 256) / 768, 9);
    expect(crossover(V3, 1e7)).toBe(171);
  });

  it.each([300, 4096, 32768])("is the first number of queries that expanding is cheaper for, at %i tokens", (seen) => {
    const found = crossover(V3, seen)!;
    expect(flops(found, seen, "expanded")).toBeLessThanOrEqual(flops(found, seen, "absorbed"));
    expect(flops(found - 1, seen, "expanded")).toBeGreaterThan(flops(found - 1, seen, "absorbed"));
  });

  it("is nowhere where the latent is narrow enough", () => {
    expect(crossover({ ...V3, kvLoraRank: 64 }, 4096)).toBeNull();
  });
});
