/** Our GPU programs against what they compute, on the cpu backend. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { mlp } from "../../lib/model/mlp";
import { rotaryTables } from "../../lib/model/rotary";
import { routeAffinities } from "../../lib/model/router";
import { tinyConfig } from "../../lib/model/config";
import { expertRows, TILE } from "../../lib/tensor/webgpu/expert-rows";
import { Random } from "../../lib/tensor/random";
import { columnsOfMask, topKMask } from "../../lib/tensor/top-k";
import { causalSoftmax, rmsNorm, rotate } from "../../lib/tensor/nn";
import { adamwStep, sumOfSquares } from "../../lib/tensor/optimiser-step";
import { nextTokenLoss } from "../../lib/training/next-token-loss";
import { expectClose } from "../support/close";
import { onBoth, useWebgpu } from "./adapter";

const TOLERANCE = { rtol: 1e-5, atol: 1e-5 };

async function expectEqualOnBoth(compute: (random: Random) => tf.Tensor[], tolerance = TOLERANCE): Promise<void> {
  const { gpu, cpu } = await onBoth(() => compute(new Random(11)));
  expect(gpu.length).toBe(cpu.length);
  gpu.forEach((values, i) => expectClose(values, cpu[i], tolerance));
}

describe("programs for the GPU", () => {
  beforeAll(useWebgpu);

  it.each([
    [5, 8, 3],
    [70, 32, 4],
    [3, 6, 6],
  ])("choose the largest: %i rows of %i, %i of them", async (rows, columns, k) => {
    await expectEqualOnBoth((random) => {
      // Few different values, so that many are equal: of those the lower column comes first.
      const x = tf.tensor2d(
        Array.from({ length: rows * columns }, () => random.integer(5) / 4),
        [rows, columns],
      );
      const mask = topKMask(x, k);
      return [mask, columnsOfMask(mask, k)];
    });
  });

  it.each([
    [32, 4, 2, 4, true],
    [6, 1, 1, 3, false],
    [5, 5, 3, 2, true],
  ])("choose experts: %i in %i groups, of %i groups %i, gates normalised: %s", async (E, G, kept, K, normTopkProb) => {
    const config = { nRoutedExperts: E, nGroup: G, topkGroup: kept, numExpertsPerTok: K };
    const all = { ...config, normTopkProb, routedScalingFactor: 2.5 };
    await expectEqualOnBoth((random) => {
      // Few different values, so that many are equal; expert 1 is out of use.
      const affinity = tf.tensor2d(
        Array.from({ length: 70 * E }, () => (1 + random.integer(6)) / 8),
        [70, E],
      );
      const bias = tf.tensor1d(Array.from({ length: E }, (_, e) => (e === 1 ? -Infinity : -e / 16)));
      const gates = (s: tf.Tensor) => routeAffinities(s as tf.Tensor2D, bias, all).gates;
      const { mask, groupMask, groupScores, expertIndices } = routeAffinities(affinity, bias, all);
      const gradient = tf.grad(gates)(affinity, random.normalTensor([70, E]));
      return [mask, groupMask, groupScores, expertIndices, gates(affinity), gradient];
    });
  });

  it.each([
    [[3, 7, 70], "wide rows"],
    [[130, 16], "narrow rows"],
  ])("normalise %o, with gradients: %s", async (shape) => {
    await expectEqualOnBoth((random) => {
      const x = random.normalTensor(shape as number[]);
      const weight = random.normalTensor([x.shape[x.rank - 1]]);
      const dy = random.normalTensor(shape as number[]);
      return [
        rmsNorm(x, weight, 1e-6),
        ...tf.grads((x: tf.Tensor, w: tf.Tensor) => rmsNorm(x, w, 1e-6))([x, weight], dy),
      ];
    });
  });

  it.each([
    [9, 9],
    [3, 70],
  ])("attend causally: %i queries, %i keys, with gradients", async (T, S) => {
    const scale = 0.3;
    const probabilities = (a: tf.Tensor, b: tf.Tensor) => causalSoftmax(a as tf.Tensor4D, b as tf.Tensor4D, scale);
    await expectEqualOnBoth((random) => {
      const [a, b, dy] = Array.from({ length: 3 }, () => random.normalTensor([2, 3, T, S], 3));
      return [probabilities(a, b), ...tf.grads(probabilities)([a, b], dy)];
    });
  });

  it("turn pairs of channels, with gradient, for one row of positions and for one a sequence", async () => {
    const config = tinyConfig();
    for (const positions of [
      [[0, 1, 2, 3, 900]],
      [
        [0, 1, 2, 3, 4],
        [7, 8, 9, 10, 11],
      ],
    ]) {
      await expectEqualOnBoth((random) => {
        const tables = rotaryTables(config, positions);
        const x = random.normalTensor([2, 5, 3, config.qkRopeHeadDim]) as tf.Tensor4D;
        const dy = random.normalTensor(x.shape);
        return [rotate(x, tables), tf.grad((x: tf.Tensor) => rotate(x as tf.Tensor4D, tables))(x, dy)];
      });
    }
  });

  it("compute a gated feed-forward network, with gradients", async () => {
    await expectEqualOnBoth((random) => {
      const inputs = [
        random.normalTensor([9, 6]),
        ...[
          [6, 10],
          [6, 10],
          [10, 6],
        ].map((s) => random.normalTensor(s, 0.5)),
      ];
      const network = (x: tf.Tensor, gateProj: tf.Tensor, upProj: tf.Tensor, downProj: tf.Tensor) =>
        mlp(x as tf.Tensor2D, { gateProj, upProj, downProj } as never);
      const [x, g, u, d] = inputs;
      return [network(x, g, u, d), ...tf.grads(network)([x, g, u, d], random.normalTensor([9, 6]))];
    });
  });

  it("move a parameter as AdamW does", async () => {
    await expectEqualOnBoth((random) => {
      const [p, m, g] = Array.from({ length: 3 }, () => random.normalTensor([40, 30]));
      const state = { p, m, v: random.normalTensor([40, 30]).square() };
      const numbers = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, learningRate: 0.01, weightDecay: 0.1, step: 3 };
      return Object.values(adamwStep(state, g, tf.scalar(0.7), numbers));
    });
  });

  it("leave what a parameter shares its memory with as it was", async () => {
    await expectEqualOnBoth((random) => {
      const [p, m, v, g] = Array.from({ length: 4 }, () => random.normalTensor([9, 7]).square());
      const before = p.clone();
      const numbers = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, learningRate: 0.01, weightDecay: 0, step: 1 };
      return [...Object.values(adamwStep({ p, m, v }, g, tf.scalar(1), numbers)), before];
    });
  });

  it.each([
    // Few, many and odd rows; a depth that is dealt out; batches, one of them shared.
    ["[130, 64] · [64, 132]", [130, 64], [64, 132], false, false],
    ["[1100, 36]ᵀ · [1100, 40]", [1100, 36], [1100, 40], true, false],
    ["[1030, 40] · [36, 40]ᵀ", [1030, 40], [36, 40], false, true],
    ["[67, 131] · [131, 129], no multiples of four", [67, 131], [131, 129], false, false],
    ["[603, 67]ᵀ · [31, 603]ᵀ", [603, 67], [31, 603], true, true],
    ["[2, 3, 66, 64] · [2, 3, 70, 64]ᵀ", [2, 3, 66, 64], [2, 3, 70, 64], false, true],
    ["[1, 600, 40]ᵀ · [3, 600, 20]", [1, 600, 40], [3, 600, 20], true, false],
  ])("multiply %s", async (_, a, b, transposeA, transposeB) => {
    const { gpu, cpu } = await onBoth(() => {
      const random = new Random(11);
      const [left, right] = [random.normalTensor(a), random.normalTensor(b)];
      return [tf.matMul(left, right, transposeA, transposeB)];
    });
    expectClose(gpu[0], cpu[0], { rtol: 1e-4, atol: 2e-4 }); // sums of up to 1100 terms in another order
  });

  it("know how far a prediction is from the token, with gradient", async () => {
    const ids = [[0, 4, 128, 129, 7]];
    await expectEqualOnBoth((random) => {
      const logits = random.normalTensor([1, 5, 130], 4) as tf.Tensor3D;
      const loss = (x: tf.Tensor) => nextTokenLoss(x as tf.Tensor3D, ids);
      return [loss(logits), tf.grad(loss)(logits, tf.scalar(0.7))];
    });
  });

  it("add up squares over tensors of any size", async () => {
    await expectEqualOnBoth((random) => {
      const shapes = [[3], [300, 200], [7, 7], [1], [2], [5, 5], [4], [70]];
      const tensors = shapes.map((shape) => random.normalTensor(shape));
      return [sumOfSquares(tensors)];
    });
  });

  it.each([
    ["many tokens", 300, 4, 8],
    ["fewer tokens than experts", 3, 2, 16],
    ["one expert for all", 50, 1, 4],
  ])("sort tokens by expert: %s", async (_, N, K, E) => {
    await tf.setBackend("webgpu");
    const random = new Random(5);
    const only = E === 4; // everything to the last expert: the others have no rows
    const chosen = Array.from({ length: N }, () =>
      only
        ? [E - 1]
        : random
            .shuffle(Array.from({ length: E }, (_, e) => e))
            .slice(0, K)
            .sort((a, b) => a - b),
    );
    const indices = tf.tensor2d(chosen, [N, K], "int32");
    const plan = expertRows(indices, E);
    const [begins, slots, rows] = await Promise.all(
      [plan.begins, plan.slots, plan.rows].map((tensor) => tensor.data()),
    );
    tf.dispose([indices, plan.begins, plan.slots, plan.rows]);
    const counts = Array.from({ length: E }, (_, e) => chosen.flat().filter((expert) => expert === e).length);
    for (let e = 0; e < E; e++) {
      expect(begins[e + 1] - begins[e]).toBe(Math.ceil(counts[e] / TILE) * TILE);
      const own = Array.from(slots.slice(begins[e], begins[e + 1])).filter((slot) => slot >= 0);
      const wanted = chosen.flatMap((row, n) => row.flatMap((expert, k) => (expert === e ? [n * K + k] : [])));
      expect(own).toEqual(wanted); // each choice once, tokens in order
    }
    expect(Array.from(slots.slice(begins[E])).every((slot) => slot === -1)).toBe(true);
    expect(Array.from(rows, (row) => slots[row])).toEqual(Array.from({ length: N * K }, (_, slot) => slot));
  });
});
