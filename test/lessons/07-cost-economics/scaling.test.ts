import { describe, expect, it } from "vitest";
import { value } from "../../../lib/economics/facts";
import {
  breakEvenTokens,
  CHINCHILLA,
  optimalAllocation,
  scalingLoss,
  tokensForLoss,
} from "../../../lib/lessons/07-cost-economics/scaling";

describe("optimalAllocation", () => {
  it("is better than its neighbours on the same budget", () => {
    const flops = 1e24;
    const { parameters, tokens, loss } = optimalAllocation(CHINCHILLA, flops);
    expect(6 * parameters * tokens).toBeCloseTo(flops, -15);
    for (const factor of [0.8, 0.95, 1.05, 1.25]) {
      const N = parameters * factor;
      expect(scalingLoss(CHINCHILLA, N, flops / 6 / N)).toBeGreaterThan(loss);
    }
  });
});

describe("V3's tokens per parameter", () => {
  it("are 400 per active and 22 per total one", () => {
    const tokens = value("training-runs", "deepseek-v3", "tokens");
    expect(tokens / value("models", "deepseek-v3", "activeParameters")).toBe(400);
    expect(tokens / value("models", "deepseek-v3", "totalParameters")).toBeCloseTo(22, 0);
  });
});

describe("breakEvenTokens", () => {
  const large = optimalAllocation(CHINCHILLA, 1e24);

  it("is where both have cost the same FLOPs in all", () => {
    const small = large.parameters / 2;
    const served = breakEvenTokens(CHINCHILLA, large, small);
    const all = (N: number, D: number) => 6 * N * D + 2 * N * served;
    const tokens = tokensForLoss(CHINCHILLA, small, large.loss);
    expect(scalingLoss(CHINCHILLA, small, tokens)).toBeCloseTo(large.loss, 10);
    expect(all(small, tokens) / all(large.parameters, large.tokens)).toBeCloseTo(1, 10);
  });

  it("never comes for a model that is too small for the loss", () => {
    expect(breakEvenTokens(CHINCHILLA, large, 1e8)).toBe(Infinity);
    expect(() => breakEvenTokens(CHINCHILLA, large, 1e15)).toThrow("is not smaller");
  });
});
