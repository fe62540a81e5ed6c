import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { chooseExperts } from "../../lib/inference/wasm-engine/parts";
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
      .sort((a, b) => (b.v === a.v ? a.i - b.i : b.v - a.v)) // −∞ minus −∞ is no number
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

  it("never chooses an expert whose bias is −∞ while others are left in the kept groups", async () => {
    const config = { ...eight, nRoutedExperts: 32, nGroup: 8, topkGroup: 4, numExpertsPerTok: 6 };
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Random(seed);
      const [N, E] = [8, 32];
      const affinity = Array.from({ length: N }, () => Array.from({ length: E }, () => Math.fround(random.uniform())));
      // Groups 1 and 5 are out of use altogether, in the others up to two of four experts are.
      const out = (e: number) => [1, 5].includes(Math.floor(e / 4)) || e % 4 === seed % 4 || random.integer(64) === e;
      const bias = Array.from({ length: E }, (_, e) => (out(e) ? -Infinity : Math.fround(random.normal())));
      const routing = selectExperts(tf.tensor2d(affinity), tf.tensor1d(bias), config);
      const indices = (await routing.expertIndices.array()) as number[][];
      const gates = (await routing.gates.array()) as number[][];
      affinity.forEach((row, n) => {
        const wanted = routeByHand(row, bias, config);
        expect(indices[n]).toEqual(wanted.chosen);
        expect(indices[n].every((e) => bias[e] > -Infinity)).toBe(true);
        expectClose(
          indices[n].map((e) => gates[n][e]),
          wanted.gates,
        );
        const fast = chooseExperts(Float32Array.from(row), Float32Array.from(bias), config);
        const ascending = [...fast].sort((a, b) => a.expert - b.expert);
        expect(ascending.map(({ expert }) => expert)).toEqual(wanted.chosen);
        expectClose(
          ascending.map(({ gate }) => gate),
          wanted.gates,
        );
      });
      tf.dispose(routing);
    }
  });

  it.each<[string, (number | null | "top")[], number[]]>([
    // Groups of two, two groups stay, two experts are chosen.
    ["one left in each group", [0, null, null, 0, null, 0, null, 0], [0, 3]],
    ["the best group out of use", [null, null, 0, 0, 0, 0, 0, 0], [2, 4]],
    ["one left in all", [null, null, null, null, 0, null, null, null], [0, 4]], // nothing else is in the kept groups
    ["a bias of +∞", ["top", 0, 0, 0, 0, 0, 0, "top"], [0, 7]],
  ])("chooses with %s", async (_, biases, chosen) => {
    const affinity = [0.9, 0.8, 0.7, 0.5, 0.6, 0.3, 0.2, 0.1];
    const bias = biases.map((b) => (b === null ? -Infinity : b === "top" ? Infinity : b));
    const { expertIndices, gates } = selectExperts(tf.tensor2d([affinity]), tf.tensor1d(bias), eight);
    expect(await expertIndices.array()).toEqual([chosen]);
    const sum = chosen.reduce((total, e) => total + affinity[e], 0);
    const [row] = (await gates.array()) as number[][];
    expectClose(
      chosen.map((e) => row[e]),
      chosen.map((e) => (2.5 * affinity[e]) / sum),
    );
    const fast = chooseExperts(Float32Array.from(affinity), Float32Array.from(bias), eight);
    expect(fast.map(({ expert }) => expert).sort()).toEqual(chosen);
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
