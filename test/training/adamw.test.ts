import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { ADAMW, AdamW, clipByGlobalNorm } from "../../lib/training/adamw";
import { expectClose, expectNoLeak } from "../support/close";

beforeAll(async () => {
  await useBackend("wasm");
});

const SHAPES = { matrix: [3, 4], stack: [2, 3, 2], vector: [5] };

function parameters(): { name: string; variable: tf.Variable }[] {
  return Object.entries(SHAPES).map(([name, shape], i) =>
    tf.tidy(() => ({
      name,
      variable: tf.variable(new Random(i).normalTensor(shape)),
    })),
  );
}

function gradientsOf(step: number): tf.Tensor[] {
  return Object.values(SHAPES).map((shape, i) => new Random(100 * step + i).normalTensor(shape, 3));
}

const rateOf = (step: number) => 0.1 / step;
const CLIP = 0.5;

/** The same in float64 and plain loops, after the algorithm in Loshchilov and Hutter, with a rate for each step. */
function inLoops(begin: ArrayLike<number>, gradients: ArrayLike<number>[], decays: boolean): number[] {
  const { beta1, beta2, epsilon, weightDecay } = ADAMW;
  return Array.from(begin, (theta, i) => {
    let [m, v] = [0, 0];
    gradients.forEach((gradient, at) => {
      const [g, t] = [CLIP * gradient[i], at + 1];
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      if (decays) theta -= rateOf(t) * weightDecay * theta;
      theta -= (rateOf(t) * (m / (1 - beta1 ** t))) / (Math.sqrt(v / (1 - beta2 ** t)) + epsilon);
    });
    return theta;
  });
}

/** Makes steps from … to of an optimiser. */
function step(optimiser: AdamW, from: number, to: number): void {
  for (let t = from; t <= to; t++) {
    const gradients = gradientsOf(t);
    tf.tidy(() => optimiser.step(gradients, rateOf(t), tf.scalar(CLIP)));
    tf.dispose(gradients);
  }
}

describe("AdamW", () => {
  it("is the algorithm in plain loops, with weight decay on matrices only", () => {
    const optimiser = new AdamW(parameters());
    const begin = optimiser.parameters.map(({ variable }) => variable.dataSync().slice());
    step(optimiser, 1, 6);
    const gradients = [1, 2, 3, 4, 5, 6].map((t) => gradientsOf(t).map((g) => g.dataSync()));
    optimiser.parameters.forEach(({ name, variable }, i) => {
      const expected = inLoops(
        begin[i],
        gradients.map((g) => g[i]),
        name !== "vector",
      );
      expectClose(variable, expected, { rtol: 1e-4, atol: 1e-5 });
    });
    optimiser.dispose();
  });

  it("keeps as many tensors as it began with, two beside each parameter, and frees them", async () => {
    await expectNoLeak(() => {
      const all = parameters();
      const before = tf.memory().numTensors;
      const optimiser = new AdamW(all);
      expect(tf.memory().numTensors).toBe(before + 2 * all.length);
      step(optimiser, 1, 3);
      expect(tf.memory().numTensors).toBe(before + 2 * all.length);
      optimiser.dispose();
      expect(tf.memory().numTensors).toBe(before);
      tf.dispose(all.map(({ variable }) => variable));
    });
  });

  it("goes on from saved moments exactly as without", () => {
    const [straight, first] = [new AdamW(parameters()), new AdamW(parameters())];
    step(straight, 1, 6);
    step(first, 1, 3);
    const second = new AdamW(first.parameters);
    const saved = new Map(first.state().map(({ name, tensor }) => [name, tensor]));
    expect([...saved.keys()]).toEqual(expect.arrayContaining(["adamw.m.matrix", "adamw.v.vector"]));
    second.restore((name) => saved.get(name)!.clone(), 3);
    step(second, 4, 6);
    second.parameters.forEach(({ variable }, i) => {
      expectClose(variable, straight.parameters[i].variable, { rtol: 0, atol: 0 });
    });
    [straight, first, second].forEach((optimiser) => optimiser.dispose());
  });
});

describe("clipByGlobalNorm", () => {
  it("takes all gradients as one vector, and shortens only what is too long", async () => {
    await expectNoLeak(() =>
      tf.tidy(() => {
        const gradients = [tf.tensor1d([3, 0]), tf.tensor2d([[0], [4]])];
        const long = clipByGlobalNorm(gradients, 1);
        expectClose(long.norm, [5]);
        expectClose(long.scale, [0.2]);
        const short = clipByGlobalNorm(gradients, 10);
        expectClose(short.norm, [5]);
        expect(short.scale.dataSync()[0]).toBe(1);
      }),
    );
  });

  it("leaves gradients of zero alone", () => {
    const { norm, scale } = clipByGlobalNorm([tf.zeros([3])], 1);
    expect([norm.dataSync()[0], scale.dataSync()[0]]).toEqual([0, 1]);
  });
});
