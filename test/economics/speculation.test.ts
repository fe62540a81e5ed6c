import { describe, expect, it } from "vitest";
import { value } from "../../lib/economics/facts";
import type { DecodeUnit } from "../../lib/economics/serving";
import { expectedTokens, speculativeSpeedUp, verificationCost } from "../../lib/economics/speculation";
import { DEEPSEEK_V3 } from "../../lib/model/config";

const unit: DecodeUnit = { gpus: 1, memory: 1e13, bandwidth: 3e12, peak: 1e15, bytesPerParameter: 1, efficiency: 1 };
const cost = (batch: number, drafts = 1, own: Partial<DecodeUnit> = {}) =>
  verificationCost(DEEPSEEK_V3, { batch, drafts, context: 1000, unit: { ...unit, ...own } });

describe("what verifying costs", () => {
  it("is between one step and one for each token", () => {
    for (const batch of [1, 4, 32, 256, 4096, 65536]) {
      expect(cost(batch)).toBeGreaterThanOrEqual(1);
      expect(cost(batch)).toBeLessThanOrEqual(2);
    }
  });

  it("is a step where all experts are read anyway, two where arithmetic decides", () => {
    expect(cost(400, 1, { peak: 1e30 })).toBeCloseTo(1, 2);
    expect(cost(400, 1, { bandwidth: 1e30 })).toBeCloseTo(2, 6);
    expect(cost(400, 3, { bandwidth: 1e30 })).toBeCloseTo(4, 6);
  });

  it("is more than a step for a single text, since two tokens want two sets of experts", () => {
    expect(cost(1)).toBeGreaterThan(1.4);
    const dense = { ...DEEPSEEK_V3, nRoutedExperts: 8, nGroup: 1, topkGroup: 1 }; // every token wants all of them
    const ofDense = verificationCost(dense, { batch: 1, drafts: 1, context: 1000, unit });
    expect(ofDense).toBeCloseTo(1, 6);
  });
});

it("divides the speed-up", () => {
  expect(speculativeSpeedUp({ acceptance: 0.5, drafts: 1, draftCost: 0.1, verifyCost: 2 })).toBeCloseTo(1.5 / 2.1, 12);
  expect(speculativeSpeedUp({ acceptance: 0.5, drafts: 1, draftCost: 0.1 })).toBeCloseTo(1.5 / 1.1, 12);
});

describe("expectedTokens", () => {
  it("is the mean of a simulation in other words: a sum over prefixes that are accepted", () => {
    for (const [a, k] of [
      [0.3, 1],
      [0.85, 1],
      [0.6, 4],
    ]) {
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
    expect(speculativeSpeedUp({ acceptance: 0.85, drafts: 1, draftCost: 1 / 61 })).toBeCloseTo(1.82, 2); // one more block of 61
  });

  it("refuses what is no chance", () => {
    expect(() => expectedTokens(85, 1)).toThrow("acceptance must be between 0 and 1, got 85");
    expect(() => expectedTokens(0.5, -1)).toThrow("drafts must be 0 or more");
  });
});
