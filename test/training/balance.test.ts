import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { topKMask } from "../../lib/tensor/top-k";
import { expertLoads, maxVio, sequenceBalanceLoss, switchAuxiliaryLoss, updateBias } from "../../lib/training/balance";
import { expectClose, expectNoLeak } from "../support/close";
import { openGolden } from "../support/golden";

beforeAll(async () => {
  await useBackend("wasm");
});

const [B, T, E, K] = [3, 5, 8, 2];

function affinities(rows = B * T, seed = 1): tf.Tensor2D {
  const random = new Random(seed);
  return tf.tensor2d(
    Array.from({ length: rows * E }, () => 0.1 + 0.8 * random.uniform()),
    [rows, E],
  );
}

/** α · Σ f·P of one window of rows, in plain loops after equations 17 to 20. */
function inLoops(s: number[][], chosen: number[][], alpha: number): number {
  const rows = s.length;
  return (
    alpha *
    s[0]
      .map((_, i) => {
        const f = (s[0].length / (K * rows)) * chosen.reduce((sum, row) => sum + row[i], 0);
        const P = s.reduce((sum, row) => sum + row[i] / row.reduce((a, b) => a + b), 0) / rows;
        return f * P;
      })
      .reduce((a, b) => a + b)
  );
}

/** The gradient along random directions against differences; the choices stay as they are, as they do in training. */
function expectDifferences(loss: (s: tf.Tensor2D) => tf.Scalar, s: tf.Tensor2D): void {
  const gradient = tf.grad((x) => loss(x as tf.Tensor2D))(s);
  for (let seed = 0; seed < 5; seed++) {
    const direction = new Random(seed).normalTensor(s.shape, 1);
    const at = (step: number) => loss(s.add(direction.mul(step))).dataSync()[0];
    const byGradient = gradient.mul(direction).sum().dataSync()[0];
    expect(Math.abs(byGradient)).toBeGreaterThan(1e-3);
    expectClose([byGradient], [(at(0.01) - at(-0.01)) / 0.02], { rtol: 2e-2, atol: 1e-4 });
  }
}

describe("sequenceBalanceLoss", () => {
  it.each(["golden-a-group", "golden-d-mtp"])("is the reference's for every layer and sequence of %s", (name) => {
    const { model, ids, value } = openGolden(name);
    const { numExpertsPerTok: active, nRoutedExperts, numHiddenLayers, firstKDenseReplace } = model.config;
    const [batch, length] = [ids.length, ids[0].length];
    for (let layer = firstKDenseReplace; layer < numHiddenLayers; layer++) {
      const tensor = (key: string) => {
        const { shape, values } = value(`layer${layer}.${key}`);
        return tf.tensor(values, shape);
      };
      const s = tensor("router_logits").sigmoid() as tf.Tensor2D;
      const routed = tf.oneHot(tensor("topk_idx").toInt(), nRoutedExperts).sum(1).toFloat() as tf.Tensor2D;
      const choices = { paper: topKMask(s, active), actual_routing: routed };
      for (const [kind, chosen] of Object.entries(choices)) {
        const expected = value(`layer${layer}.balance_loss_${kind}`).values;
        const bySequence = Array.from(expected, (_, b) => {
          const [mine, choice] = [s, chosen].map((x) => x.slice([b * length, 0], [length, -1]) as tf.Tensor2D);
          return sequenceBalanceLoss(mine, choice, { active, alpha: 1e-4, sequences: 1 }).dataSync()[0];
        });
        expectClose(bySequence, expected, { rtol: 1e-4, atol: 0 });
        const mean = sequenceBalanceLoss(s, chosen, { active, alpha: 1e-4, sequences: batch });
        expectClose(mean, [bySequence.reduce((a, b) => a + b) / batch], { rtol: 1e-4, atol: 0 });
      }
    }
    model.dispose();
  });

  it("has a gradient through the affinities that agrees with differences", async () => {
    await expectNoLeak(() =>
      tf.tidy(() => {
        const s = affinities();
        const chosen = topKMask(s, K);
        expectDifferences((x) => sequenceBalanceLoss(x, chosen, { active: K, alpha: 1, sequences: B }), s);
      }),
    );
  });

  it("of layers joined along the tokens is the sum over the layers", () => {
    const layers = [affinities(B * T, 1), affinities(B * T, 2), affinities(B * T, 3)];
    const options = { active: K, alpha: 1e-2, sequences: B };
    const each = layers.map((s) => sequenceBalanceLoss(s, topKMask(s, K), options).dataSync()[0]);
    const joined = tf.concat(layers);
    const together = sequenceBalanceLoss(joined, topKMask(joined, K), { ...options, layers: 3 });
    expectClose(together, [each.reduce((a, b) => a + b)]);
  });

  it("says so where the windows do not fill the rows", () => {
    const s = affinities();
    const wrong = () => sequenceBalanceLoss(s, topKMask(s, K), { active: K, alpha: 1, sequences: 4 });
    expect(wrong).toThrow("4 windows of equal size must fill the rows");
  });
});

describe("switchAuxiliaryLoss", () => {
  it("is the formula in plain loops, over the whole batch", () => {
    const s = affinities();
    const chosen = topKMask(s, K);
    const loss = switchAuxiliaryLoss(s, chosen, { active: K, alpha: 0.01 });
    expectClose(loss, [inLoops(s.arraySync(), chosen.arraySync(), 0.01)], { rtol: 1e-5, atol: 0 });
  });

  it("is α where every expert has the same load, and up to E/K times that where a few have all", () => {
    const even = tf.tidy(
      () =>
        tf
          .oneHot(
            tf
              .range(0, 4 * E, 1, "int32")
              .mod(E)
              .toInt(),
            E,
          )
          .toFloat() as tf.Tensor2D,
    );
    expectClose(switchAuxiliaryLoss(tf.fill([4 * E, E], 0.5), even, { active: 1, alpha: 0.01 }), [0.01]);
    const all = tf.oneHot(tf.zeros([6], "int32"), E).toFloat() as tf.Tensor2D;
    const worst = switchAuxiliaryLoss(all.add(1e-6), all, { active: 1, alpha: 0.01 });
    expectClose(worst, [0.01 * E], { rtol: 1e-4, atol: 0 });
  });

  it("has a gradient through the affinities that agrees with differences", async () => {
    await expectNoLeak(() =>
      tf.tidy(() => {
        const s = affinities(B * T * 2);
        const mask = topKMask(affinities(B * T * 2, 9), K); // the choice need not follow the affinities: biases move it
        expectDifferences((x) => switchAuxiliaryLoss(x, mask, { active: K, alpha: 1, layers: 2 }), s);
      }),
    );
  });
});

describe("expertLoads and maxVio", () => {
  it("count the choices of each layer", () => {
    const mask = tf.tensor2d([
      [1, 0, 1],
      [1, 1, 0],
      [0, 1, 1],
      [0, 1, 1],
    ]);
    expect(expertLoads(mask).arraySync()).toEqual([[2, 3, 3]]);
    expect(expertLoads(mask, 2).arraySync()).toEqual([
      [2, 1, 1],
      [0, 2, 2],
    ]);
  });

  it("MaxVio is 0 in balance, and E/K - 1 where a few experts do all", () => {
    expect(maxVio([5, 5, 5, 5])).toBe(0);
    expect(maxVio([10, 10, 0, 0, 0, 0, 0, 0])).toBe(8 / 2 - 1);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 20 }), (loads) => {
        expect(maxVio(loads)).toBeGreaterThanOrEqual(0);
        expect(maxVio(loads.map((load) => 3 * load))).toBeCloseTo(maxVio(loads), 9);
      }),
    );
  });
});

describe("updateBias", () => {
  it.each(["golden-a-group", "golden-d-mtp"])("moves the biases of %s as the reference does", (name) => {
    const { model, value } = openGolden(name);
    for (const [layer, { mlp }] of model.weights.layers.entries()) {
      if (!("experts" in mlp)) continue;
      const bias = tf.variable(mlp.gate.eScoreCorrectionBias as tf.Tensor);
      const counts = tf.tensor1d(value(`layer${layer}.expert_count`).values, "float32");
      updateBias([bias], counts.expandDims<tf.Tensor2D>(0), 0.001);
      expectClose(bias, value(`layer${layer}.bias_after_update_gamma1e-3`).values, { rtol: 0, atol: 1e-7 });
      bias.dispose();
    }
    model.dispose();
  });

  it.each(["cpu", "wasm"] as const)(
    "moves nothing on %s where all loads are equal, or one is the mean",
    async (name) => {
      await useBackend(name);
      for (const [experts, load] of [
        [11, 13],
        [96, 174_763], // together above 2^24, where float32 no longer holds every whole number
        [7, 5_000_001],
      ]) {
        const bias = tf.variable(tf.zeros([experts]));
        updateBias([bias], tf.fill([1, experts], load), 0.01);
        expectClose(bias, new Float32Array(experts), { rtol: 0, atol: 0 });
        const uneven = Array.from({ length: experts }, (_, e) => load + (e === 0 ? 1 : e === 1 ? -1 : 0));
        updateBias([bias], tf.tensor2d([uneven]), 0.01);
        expectClose(
          bias,
          Float32Array.from(uneven, (_, e) => (e === 0 ? -0.01 : e === 1 ? 0.01 : 0)),
        );
        bias.dispose();
      }
      await useBackend("wasm");
    },
  );

  it("lowers the overloaded, raises the others, leaves the even ones, each layer by itself", async () => {
    await expectNoLeak(() => {
      const zeros = tf.zeros([3]);
      const biases = [tf.variable(zeros), tf.variable(zeros)];
      const loads = tf.tensor2d([
        [2, 4, 6],
        [9, 0, 0],
      ]);
      updateBias(biases, loads, 0.01);
      expectClose(biases[0], [0.01, 0, -0.01]);
      expectClose(biases[1], [-0.01, 0.01, 0.01]);
      updateBias(biases, loads, 0);
      expectClose(biases[0], [0.01, 0, -0.01]);
      tf.dispose([zeros, biases, loads]);
    });
  });
});
