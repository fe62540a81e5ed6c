import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyConfig } from "../../lib/model/config";
import { DeepSeekV3 } from "../../lib/model/model";
import { initWeights, isMoe } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { BOUND, choiceMargin, compareLogits, computeOurs } from "../../tools/commands/agree/compare";

beforeAll(() => useBackend("cpu"));

const SHAPE = [2, 3, 2] as const; // two windows of three tokens

/** Logits of zeros with one token's changed. */
function logits(token = 0, value = 0): Float32Array {
  const all = new Float32Array(12);
  all[2 * token] = value;
  return all;
}

const decided = (...undecided: number[]) => Array.from({ length: 6 }, (_, i) => undecided.includes(i));

describe("compareLogits", () => {
  it("finds the largest difference", () => {
    expect(compareLogits(logits(4, 2.5), logits(4, 2), SHAPE, decided())).toEqual({
      largestDifference: 0.5,
      largestLogit: 2.5,
      passedOver: 0,
    });
  });

  it.each([
    ["where rounding chooses the experts", 4, true],
    ["behind such a token", 5, true],
    ["before it", 3, false],
    ["in another window", 1, false],
  ])("passes over a difference %s: %i, %s", (_, token, passed) => {
    const found = compareLogits(logits(token, 0.5), logits(), SHAPE, decided(4));
    expect(found).toMatchObject(
      passed ? { largestDifference: 0, passedOver: 1 } : { largestDifference: 0.5, passedOver: 0 },
    );
  });

  it("does not pass over a token in the next window", () => {
    expect(compareLogits(logits(3, 0.5), logits(), SHAPE, decided(2)).largestDifference).toBe(0.5);
  });

  it("counts what differs no more than rounding, wherever it is, and never what is no number", () => {
    expect(compareLogits(logits(4, BOUND / 2), logits(), SHAPE, decided(4)).largestDifference).toBeCloseTo(BOUND / 2);
    expect(compareLogits(logits(4, NaN), logits(), SHAPE, decided(4)).largestDifference).toBeNaN();
  });
});

describe("choiceMargin", () => {
  const config = { nGroup: 2, topkGroup: 1, numExpertsPerTok: 1 };

  it("is what the last chosen expert is ahead by, in the groups that stay", () => {
    expect(choiceMargin([0.9, 0.6, 0.8, 0.1], config)).toBeCloseTo(0.3); // the other group is behind by 0.6
    expect(choiceMargin([0.9, 0.6, 0.8, 0.1], { ...config, topkGroup: 2 })).toBeCloseTo(0.1);
  });

  it("is what a group is ahead by, where that is less", () => {
    expect(choiceMargin([0.9, 0.3, 0.7, 0.45], config)).toBeCloseTo(0.05);
  });

  it("is endless where all are chosen", () => {
    expect(choiceMargin([0.9, 0.3], { nGroup: 1, topkGroup: 1, numExpertsPerTok: 2 })).toBe(Infinity);
  });
});

it("computeOurs finds the tokens whose experts are equal", () => {
  const config = tinyConfig({ numHiddenLayers: 2, nRoutedExperts: 4, nGroup: 1, topkGroup: 1, numExpertsPerTok: 1 });
  const ids = [[1, 2, 3]];
  const model = new DeepSeekV3(config, initWeights(config, 1));
  const before = tf.memory().numTensors;
  const first = computeOurs(model, ids);
  expect(first.undecided).toEqual([false, false, false]);
  first.logits.dispose();
  expect(tf.memory().numTensors).toBe(before);
  const gates = model.weights.layers.flatMap(({ mlp }) => (isMoe(mlp) ? [mlp.gate] : []));
  for (const gate of gates) gate.weight = tf.zerosLike(gate.weight); // all affinities are one half
  expect(computeOurs(model, ids).undecided).toEqual([true, true, true]);
});
