import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { selectExperts } from "../../../lib/model/router";
import { useBackend } from "../../../lib/tensor/backend";
import { expertLoads, updateBias } from "../../../lib/training/balance";
import {
  batchesFrom,
  chanceMaxVio,
  movedBias,
  routedLoads,
  simulateBias,
  tokenPool,
} from "../../../lib/lessons/02-load-balancing/bias-simulation";
import { expectClose } from "../../support/close";

beforeAll(async () => {
  await useBackend("wasm");
});

const pool = tokenPool({ tokens: 2000, experts: 8, popularity: 1, taste: 1, seed: 3 });
const batch = batchesFrom(pool, { size: 256, seed: 4 });

describe("simulateBias", () => {
  it("is the model's router and the training's rule, on plain numbers", () => {
    const options = { active: 2, gamma: 0.02, steps: 6 };
    const config = {
      nRoutedExperts: 8,
      numExpertsPerTok: 2,
      nGroup: 1,
      topkGroup: 1,
      normTopkProb: true,
      routedScalingFactor: 1,
    };
    const bias = tf.variable(tf.zeros([8]));
    for (const [step, now] of simulateBias(batch, options).entries()) {
      expectClose(bias, now.bias, { rtol: 0, atol: 1e-6 });
      const loads = tf.tidy(() => {
        const { mask } = selectExperts(tf.tensor2d(batch(step)), bias as tf.Tensor as tf.Tensor1D, config);
        return expertLoads(mask);
      });
      expectClose(loads, [...now.loads], { rtol: 0, atol: 0 });
      updateBias([bias], loads, 0.02);
      loads.dispose();
    }
    bias.dispose();
  });

  it("balances with a γ that suits, hardly begins with a tiny one, and swings with a large one", () => {
    const end = (gamma: number) => {
      const last = simulateBias(batch, { active: 2, gamma, steps: 200 }).slice(-50);
      return last.reduce((sum, { maxVio }) => sum + maxVio, 0) / last.length;
    };
    const chance = chanceMaxVio({ experts: 8, active: 2, tokens: 256, seed: 1 });
    expect(end(0.01)).toBeLessThan(2 * chance);
    expect(end(0)).toBeGreaterThan(4 * end(0.01));
    expect(end(0.0001)).toBeGreaterThan(3 * end(0.01));
    expect(end(0.5)).toBeGreaterThan(4 * end(0.01));
  });
});

describe("its parts", () => {
  it("move a bias by γ, up below the mean and down above it", () => {
    expect(movedBias([0, 0.5, 0], [1, 5, 3], 0.1)).toEqual([0.1, 0.4, 0]);
  });

  it("take the lower of equal experts", () => {
    expect(
      routedLoads(
        [
          [0.5, 0.5, 0.5],
          [0.1, 0.5, 0.5],
        ],
        [0, 0, 0],
        2,
      ),
    ).toEqual([1, 2, 1]);
  });

  it("draw the same batch for the same step", () => {
    expect(batch(3)).toEqual(batch(3));
    expect(batch(3)).not.toEqual(batch(4));
  });

  it("chance leaves less with more tokens", () => {
    const at = (tokens: number) => chanceMaxVio({ experts: 8, active: 2, tokens, seed: 2 });
    expect(at(4096)).toBeLessThan(0.5 * at(256));
    expect(at(256)).toBeGreaterThan(0);
  });
});
