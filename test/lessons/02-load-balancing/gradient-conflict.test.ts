import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { DeepSeekV3 } from "../../../lib/model/model";
import { initWeights, isCorrectionBias, namedTensors } from "../../../lib/model/weights";
import { useBackend } from "../../../lib/tensor/backend";
import {
  balanceGradients,
  comparePulls,
  dealtCosines,
  pullsOf,
  cosine,
  degrees,
  isRouter,
  meanGradients,
  norm,
  taskGradients,
  type Gradients,
} from "../../../lib/lessons/02-load-balancing/gradient-conflict";
import { trainingLosses } from "../../../lib/training/objective";
import { expectClose, expectNoLeak } from "../../support/close";
import { batchOf, CONFIG } from "../../training/support";

beforeAll(async () => {
  await useBackend("wasm");
});

const model = () => new DeepSeekV3(CONFIG, initWeights(CONFIG, 3, { std: 0.1 }));
const batch = (step = 1) => batchOf(step, { batch: 4, length: 12 }); // [4][14]
const withoutLast = (tokens: number[][]) => tokens.map((row) => row.slice(0, -1));

/** The gradients of what training minimises, by the other way: all in one pass, from the model as variables. */
function byTraining(net: DeepSeekV3, tokens: number[][], balance: "none" | "auxiliary" | "bias"): Gradients {
  const named = namedTensors(net.weights).filter(({ name }) => !isCorrectionBias(name));
  const options = { balance, sequenceAlpha: 1, auxiliaryAlpha: 1, mtpLambda: 0 };
  const read = new Map<string, Float32Array>();
  tf.tidy(() => {
    const loss = () => trainingLosses(net, tokens, options).total;
    const { grads } = tf.engine().gradients(
      loss,
      named.map(({ tensor }) => tensor),
      undefined,
      true,
    );
    named.forEach(({ name }, i) => read.set(name, grads[i].dataSync() as Float32Array));
  });
  return read;
}

describe("taskGradients and balanceGradients", () => {
  it("add up to what training with that loss follows, where the prediction module has no part", () => {
    const net = model();
    const plain = new DeepSeekV3({ ...CONFIG, numNextnPredictLayers: 0 }, { ...net.weights, mtp: [] });
    const tokens = batch();
    const task = taskGradients(plain, withoutLast(tokens));
    for (const [scope, balance] of [
      ["batch", "auxiliary"],
      ["sequence", "bias"],
    ] as const) {
      const own = balanceGradients(plain, withoutLast(tokens), scope);
      expect(norm(own, isRouter)).toBeGreaterThan(1e-3);
      const together = byTraining(plain, tokens, balance);
      expect([...task.keys()]).toEqual([...together.keys()]);
      for (const [name, values] of together) {
        const sum = values.map((_, i) => task.get(name)![i] + own.get(name)![i]);
        expectClose(sum, values, { rtol: 1e-3, atol: 2e-5 });
      }
    }
    net.dispose();
  });

  it("leave out the prediction module and the biases, and no tensor behind", async () => {
    const net = model();
    await expectNoLeak(() => {
      const names = [...taskGradients(net, batch()).keys()];
      expect(names.some((name) => name.startsWith(`model.layers.${CONFIG.numHiddenLayers}.`))).toBe(false);
      expect(names.some((name) => name.includes("bias"))).toBe(false);
      expect(names.filter(isRouter)).toHaveLength(2);
      balanceGradients(net, batch(), "sequence");
    });
    net.dispose();
  });

  it("say nothing to the head where the loss is of balance", () => {
    const net = model();
    expect(norm(balanceGradients(net, batch(), "batch"), (name) => name === "lm_head.weight")).toBe(0);
    expect(norm(taskGradients(net, batch()), (name) => name === "lm_head.weight")).toBeGreaterThan(0);
    net.dispose();
  });
});

describe("comparePulls", () => {
  it("is of the mean gradients, on the routers and on everything", () => {
    const net = model();
    const batches = [withoutLast(batch(1)), withoutLast(batch(2))];
    const { routers, all } = comparePulls(net, batches, "sequence");
    const task = batches.map((tokens) => taskGradients(net, tokens));
    const balance = batches.map((tokens) => balanceGradients(net, tokens, "sequence"));
    expect(routers.agreement).toBeCloseTo(cosine(task[0], task[1], isRouter), 6);
    expect(routers.cosine).toBeCloseTo(cosine(meanGradients(task), meanGradients(balance), isRouter), 6);
    expect(all.ratio).toBeCloseTo(norm(meanGradients(balance)) / norm(meanGradients(task)), 6);
    net.dispose();
  });
});

describe("cosine, norm, degrees, meanGradients", () => {
  const gradients = (a: number[], b: number[]): Gradients =>
    new Map([
      ["x.mlp.gate.weight", Float32Array.from(a)],
      ["y", Float32Array.from(b)],
    ]);

  it("are of the weights that are asked for", () => {
    const [a, b] = [gradients([1, 0], [5]), gradients([1, 1], [-5])];
    expect(cosine(a, b, isRouter)).toBeCloseTo(Math.SQRT1_2, 6);
    expect(degrees(cosine(a, b, isRouter))).toBeCloseTo(45, 4);
    expect(cosine(a, b)).toBeCloseTo((1 - 25) / Math.sqrt(26 * 27), 6);
    expect(norm(b)).toBeCloseTo(Math.sqrt(27), 6);
    expect(degrees(1.0000001)).toBe(0);
    expect(degrees(0)).toBe(90);
  });

  it("mean is of each weight", () => {
    const mean = meanGradients([gradients([1, 2], [3]), gradients([3, 0], [-3])]);
    expect([...mean.values()].map((values) => [...values])).toEqual([[2, 1], [0]]);
  });

  it("refuse gradients of different models", () => {
    expect(() => cosine(gradients([1], [1]), new Map())).toThrow("x.mlp.gate.weight is in one of them only");
  });
});

describe("the angle by chance", () => {
  const flat = (values: number[]): Gradients =>
    new Map([["model.layers.1.mlp.gate.weight", Float32Array.from(values)]]);
  const wave = (n: number, phase: number) => Array.from({ length: n }, (_, i) => Math.sin(i + phase));

  it("is near 90° in many dimensions, whatever the two gradients are, and wider in few", () => {
    const anglesIn = (n: number) => dealtCosines(flat(wave(n, 0)), flat(wave(n, 0)), isRouter).map(degrees);
    const many = anglesIn(4000);
    expect(Math.min(...many)).toBeGreaterThan(85);
    expect(Math.max(...many)).toBeLessThan(95);
    const few = anglesIn(10);
    expect(Math.max(...few) - Math.min(...few)).toBeGreaterThan(30);
  });

  it("does not hide two gradients that do pull against each other", () => {
    const [a, b] = [flat(wave(4000, 0)), flat(wave(4000, 2))];
    expect(degrees(cosine(a, b))).toBeGreaterThan(Math.max(...dealtCosines(a, b, isRouter).map(degrees)) + 10);
  });

  it("is the same for the same seed, and comes with every comparison", () => {
    const [a, b] = [flat(wave(50, 0)), flat(wave(50, 1))];
    expect(dealtCosines(a, b, isRouter)).toEqual(dealtCosines(a, b, isRouter));
    expect(pullsOf([a, b], [b, a]).dealt).toHaveLength(20);
  });
});
