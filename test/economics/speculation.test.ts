import { describe, expect, it } from "vitest";
import type { DecodeUnit } from "../../lib/economics/serving";
import { speculativeSpeedUp, verificationCost } from "../../lib/economics/speculation";
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
