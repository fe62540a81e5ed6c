import { describe, expect, it } from "vitest";
import { value } from "../../../lib/economics/facts";
import {
  CHINCHILLA,
  CHINCHILLA_REFIT,
  optimalAllocation,
  scalingLoss,
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

describe("the two fits", () => {
  it("disagree on the best size by more than a factor of two, and the newer one wants about twenty tokens a parameter", () => {
    const [published, refit] = [CHINCHILLA, CHINCHILLA_REFIT].map((law) => optimalAllocation(law, 3.29e24));
    expect(published.parameters / 1e9).toBeCloseTo(70.7, 0);
    expect(refit.parameters / 1e9).toBeCloseTo(176.5, 0);
    expect(refit.tokens / 1e12).toBeCloseTo(3.1, 1);
    expect(refit.tokens / refit.parameters).toBeLessThan(25);
    expect(published.tokens / published.parameters).toBeGreaterThan(100);
  });
});
