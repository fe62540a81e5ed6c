import { describe, expect, it } from "vitest";
import { value } from "../../../lib/economics/facts";
import {
  breakEvenTokens, CHINCHILLA, CHINCHILLA_REFITTED, optimalAllocation, scalingLoss, tokensForLoss,
} from "../../../lib/lessons/07-cost-economics/scaling";
import { expectedTokens, speculativeSpeedUp } from "../../../lib/economics/speculation";

describe("optimalAllocation", () => {
  it.each([CHINCHILLA, CHINCHILLA_REFITTED])("is better than its neighbours on the same budget", (law) => {
    const flops = 1e24;
    const { parameters, tokens, loss } = optimalAllocation(law, flops);
    expect(6 * parameters * tokens).toBeCloseTo(flops, -15);
    for (const factor of [0.8, 0.95, 1.05, 1.25]) {
      const N = parameters * factor;
      expect(scalingLoss(law, N, flops / 6 / N)).toBeGreaterThan(loss);
    }
  });

  it("is about 20 tokens a parameter by the refitted law at Chinchilla's own budget", () => {
    const { parameters, tokens } = optimalAllocation(CHINCHILLA_REFITTED, 5.76e23);
    expect(tokens / parameters).toBeGreaterThan(15);
    expect(tokens / parameters).toBeLessThan(30);
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

describe("expectedTokens", () => {
  it("is the mean of a simulation in other words: a sum over prefixes that are accepted", () => {
    for (const [a, k] of [[0.3, 1], [0.85, 1], [0.6, 4]]) {
      const prefixes = Array.from({ length: k + 1 }, (_, i) => a ** i).reduce((sum, p) => sum + p);
      expect(expectedTokens(a, k)).toBeCloseTo(prefixes, 12);
    }
    expect(expectedTokens(1, 3)).toBe(4);
    expect(expectedTokens(0, 3)).toBe(1);
  });

  it("is 1.85 to 1.90 at the report's acceptance, above its measured 1.8", () => {
    expect([0.85, 0.9].map((a) => expectedTokens(a, 1))).toEqual([1.85, 1.9].map((x) => expect.closeTo(x, 10)));
    const speedUp = value("serving", "speculation", "speedUp");
    expect(speculativeSpeedUp({ acceptance: 0.85, drafts: 1, draftCost: 0 })).toBeGreaterThan(speedUp);
    const block = 1 / 61; // one more than the model's 61
    expect(speculativeSpeedUp({ acceptance: 0.85, drafts: 1, draftCost: block })).toBeCloseTo(1.82, 2);
  });

  it("refuses what is no chance", () => {
    expect(() => expectedTokens(85, 1)).toThrow("acceptance must be between 0 and 1, got 85");
    expect(() => expectedTokens(0.5, -1)).toThrow("drafts must be 0 or more");
  });
});
