/** What lesson 00 says of the router's weights holds for any affinities, and would not for another rule. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, it } from "vitest";
import { DEEPSEEK_V3, type ModelConfig } from "../../../lib/model/config";
import { route, selectExperts } from "../../../lib/model/router";
import { useBackend } from "../../../lib/tensor/backend";
import { Random } from "../../../lib/tensor/random";

beforeAll(() => useBackend("cpu"));

/** Weights of one token's experts when K of them are active: [E]. */
function weights(seed: number, K: number, changes: Partial<ModelConfig> = {}): number[] {
  return tf.tidy(() => {
    const config = { ...DEEPSEEK_V3, numExpertsPerTok: K, ...changes };
    const affinity = new Random(seed).normalTensor([1, config.nRoutedExperts], 0.5).sigmoid() as tf.Tensor2D;
    return selectExperts(affinity, tf.zeros([config.nRoutedExperts]), config).gates.arraySync()[0];
  });
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

it("the weights sum to the same number, however many experts are active, so a newcomer takes from everyone", () => {
  for (const seed of [1, 2, 3]) {
    for (const K of [1, 2, 7, 15]) {
      const [fewer, more] = [weights(seed, K), weights(seed, K + 1)];
      expect(sum(fewer)).toBeCloseTo(DEEPSEEK_V3.routedScalingFactor, 4);
      expect(sum(more)).toBeCloseTo(sum(fewer), 4);
      expect(fewer.every((weight, e) => weight === 0 || (more[e] > 0 && more[e] < weight))).toBe(true);
    }
  }
});

it("which would be wrong without the division by their sum", () => {
  const plain = (K: number) => sum(weights(1, K, { normTopkProb: false }));
  expect(plain(8)).toBeGreaterThan(1.5 * plain(4));
});

it("the same row goes to the same experts, which keep to four of the eight groups", () => {
  tf.tidy(() => {
    const D = 32;
    const random = new Random(5);
    const word = random.normalTensor([1, D]);
    const other = random.normalTensor([1, D]);
    const gate = {
      weight: random.normalTensor([D, DEEPSEEK_V3.nRoutedExperts]) as tf.Tensor2D,
      eScoreCorrectionBias: tf.zeros([DEEPSEEK_V3.nRoutedExperts]) as tf.Tensor1D,
    };
    const rows = route(tf.concat([word, other, word]) as tf.Tensor2D, gate, DEEPSEEK_V3).expertIndices.arraySync();
    expect(rows[2]).toEqual(rows[0]);
    expect(rows[1]).not.toEqual(rows[0]);
    const groups = rows.map((row) => new Set(row.map((e) => Math.floor(e / (256 / DEEPSEEK_V3.nGroup)))).size);
    expect(Math.max(...groups)).toBeLessThanOrEqual(DEEPSEEK_V3.topkGroup);
  });
});
