import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectExperts, type RoutingConfig } from "../../lib/model/router";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { expectClose } from "../support/close";

const eight: RoutingConfig = {
  nRoutedExperts: 8,
  numExpertsPerTok: 2,
  nGroup: 4,
  topkGroup: 2,
  normTopkProb: true,
  routedScalingFactor: 2.5,
};

/** The routing of one token, written out with plain arrays and a full sort: another way to the same result. */
function routeByHand(affinity: number[], bias: number[], config: RoutingConfig) {
  const { nRoutedExperts: E, nGroup: G, topkGroup, numExpertsPerTok: K, normTopkProb, routedScalingFactor } = config;
  const z = affinity.map((s, e) => Math.fround(s + bias[e]));
  const best = (values: number[], k: number) =>
    values
      .map((v, i) => ({ v, i }))
      .sort((a, b) => b.v - a.v || a.i - b.i)
      .slice(0, k);
  const size = E / G;
  const scores = Array.from({ length: G }, (_, g) =>
    best(z.slice(g * size, (g + 1) * size), 2).reduce((sum, { v }) => sum + v, 0),
  );
  const groups = best(scores, topkGroup).map(({ i }) => i);
  const kept = z.map((v, e) => (groups.includes(Math.floor(e / size)) ? v : -Infinity));
  const chosen = best(kept, K)
    .map(({ i }) => i)
    .sort((a, b) => a - b);
  const sum = chosen.reduce((total, e) => total + affinity[e], 0);
  const gates = chosen.map((e) => (routedScalingFactor * affinity[e]) / (normTopkProb ? sum : 1));
  return { chosen, gates };
}

describe.each(["wasm", "cpu"] as const)("selectExperts on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it("chooses and weighs as the definition does, for many shapes and seeds", async () => {
    const shapes: Partial<RoutingConfig>[] = [
      {},
      { nGroup: 1, topkGroup: 1 },
      { nRoutedExperts: 32, nGroup: 8, topkGroup: 4, numExpertsPerTok: 8 },
      { nRoutedExperts: 6, nGroup: 2, topkGroup: 2, numExpertsPerTok: 3, normTopkProb: false },
    ];
    for (const [seed, shape] of shapes.entries()) {
      const config = { ...eight, ...shape };
      const random = new Random(seed + 1);
      const [N, E, K] = [40, config.nRoutedExperts, config.numExpertsPerTok];
      const affinity = Array.from({ length: N }, () => Array.from({ length: E }, () => Math.fround(random.uniform())));
      const bias = Array.from({ length: E }, () => Math.fround(random.normal()));
      const routing = selectExperts(tf.tensor2d(affinity), tf.tensor1d(bias), config);
      const indices = (await routing.expertIndices.array()) as number[][];
      const gates = (await routing.gates.array()) as number[][];
      affinity.forEach((row, n) => {
        const wanted = routeByHand(row, bias, config);
        expect(indices[n]).toEqual(wanted.chosen);
        expectClose(
          indices[n].map((e) => gates[n][e]),
          wanted.gates,
        );
        expect(gates[n].filter((g) => g !== 0)).toHaveLength(K);
      });
      tf.dispose(routing);
    }
  });

  it("lets a negative biased score in a kept group win against every expert of a dropped group", async () => {
    const affinity = tf.tensor2d([[0.9, 0.1, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1]]);
    // Groups of two. Group 0 is kept for its first expert; its second has the biased score 0.1 - 0.5 = -0.4.
    const bias = tf.tensor1d([0, -0.5, -0.4, -0.4, -0.9, -0.9, -0.9, -0.9]);
    const { expertIndices } = selectExperts(affinity, bias, { ...eight, topkGroup: 1 });
    expect(await expertIndices.array()).toEqual([[0, 1]]); // filling with 0 would choose an expert outside the group
  });

  it("takes the gates from the affinities alone, so that the bias changes who is chosen and nothing else", async () => {
    const affinity = tf.tensor2d([[0.8, 0.7, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1]]);
    const gatesWith = async (bias: number[]) =>
      (await selectExperts(affinity, tf.tensor1d(bias), eight).gates.array())[0];
    const plain = await gatesWith([0, 0, 0, 0, 0, 0, 0, 0]);
    expectClose(await gatesWith([0.4, 0, 0, 0, 0, 0, 0, 0]), plain);
    expectClose(plain.slice(0, 2), [(2.5 * 0.8) / 1.5, (2.5 * 0.7) / 1.5]);
  });

  it("takes the lower index first where scores are equal", async () => {
    const { expertIndices } = selectExperts(tf.fill([3, 8], 0.5), tf.zeros([8]), eight);
    expect(await expertIndices.array()).toEqual([
      [0, 1],
      [0, 1],
      [0, 1],
    ]);
  });

  it("sends the gradient through the gates of the chosen experts only", async () => {
    const bias = tf.zeros<tf.Rank.R1>([8]);
    const first = (s: tf.Tensor) =>
      selectExperts(s as tf.Tensor2D, bias, eight)
        .gates.slice([0, 0], [1, 1])
        .sum() as tf.Scalar;
    const gradient = (await tf
      .grad(first)(tf.tensor2d([[0.8, 0.6, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1]]))
      .array()) as number[][];
    // g₀ = 2.5·s₀ / (s₀ + s₁)
    expectClose(gradient[0].slice(0, 2), [(2.5 * 0.6) / 1.96, (-2.5 * 0.8) / 1.96]);
    expectClose(gradient[0].slice(2), [0, 0, 0, 0, 0, 0], { rtol: 0, atol: 0 });
  });

  it("names the shapes when affinity and bias do not fit the number of experts", () => {
    expect(() => selectExperts(tf.zeros([2, 6]), tf.zeros([8]), eight)).toThrow(
      "for 8 experts, affinity must be [N, 8] and bias [8]; got [2,6] and [8]",
    );
  });
});
