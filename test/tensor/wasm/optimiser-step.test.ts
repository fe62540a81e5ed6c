import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { adamwStep, sumOfSquares } from "../../../lib/tensor/optimiser-step";
import { expectClose, expectNoLeak } from "../../support/close";
import { computedOn, expectMemoryStays, valuesOf } from "../support";

beforeAll(async () => {
  await useBackend("wasm");
});

const size = fc.oneof(fc.nat(9), fc.constantFrom(15, 16, 17, 100));

describe("AdamW's step on wasm", () => {
  it("is that of the cpu backend, for any size, clipping and numbers", async () => {
    const cases = fc.record({
      size,
      clip: fc.constantFrom(0, 0.3, 1),
      numbers: fc.record({
        beta1: fc.constantFrom(0, 0.9),
        beta2: fc.constantFrom(0.95, 0.999),
        epsilon: fc.constantFrom(1e-8, 1e-3),
        learningRate: fc.constantFrom(1e-3, 0.1),
        weightDecay: fc.constantFrom(0, 0.1),
        step: fc.integer({ min: 1, max: 2000 }),
      }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ size, clip, numbers }) => {
        const operands = [1, 2, 3, 4].map((seed) => valuesOf([size], seed));
        operands[2].values = operands[2].values.map((v) => v * v);
        const step = (p: tf.Tensor, m: tf.Tensor, v: tf.Tensor, g: tf.Tensor) => {
          const next = adamwStep({ p, m, v }, g, tf.scalar(clip), numbers);
          return [next.p, next.m, next.v];
        };
        const [actual, expected] = [await computedOn("wasm", operands, step), await computedOn("cpu", operands, step)];
        actual.forEach(({ values }, i) => expectClose(values, expected[i].values, { rtol: 1e-5, atol: 1e-6 }));
      }),
    );
  });

  it("leaves what it was given as it was, and passes NaN on", async () => {
    const numbers = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, learningRate: 0.1, weightDecay: 0.1, step: 1 };
    await expectNoLeak(() => {
      const [p, m, v, g] = [
        [1, 2],
        [0, 0],
        [0, 0],
        [NaN, 1],
      ].map((values) => tf.tensor1d(values));
      const clip = tf.scalar(1);
      const next = adamwStep({ p, m, v }, g, clip, numbers);
      expect([...p.dataSync(), ...m.dataSync(), ...v.dataSync()]).toEqual([1, 2, 0, 0, 0, 0]);
      expect(next.p.dataSync()[0]).toBeNaN();
      expectClose(next.p.dataSync().subarray(1), [2 - 0.1 * 0.1 * 2 - 0.1]);
      tf.dispose([p, m, v, g, clip, next.p, next.m, next.v]);
    });
  });

  it("leaves nothing in wasm memory over hundreds of rounds", () => {
    const numbers = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, learningRate: 0.1, weightDecay: 0.1, step: 1 };
    expectMemoryStays(() => {
      const x = tf.ones([300]);
      adamwStep({ p: x, m: x, v: x }, x, tf.scalar(1), numbers);
      sumOfSquares([x, x]);
    });
  });
});

describe("the sum of squares on wasm", () => {
  it("adds up all numbers of all tensors, in float64", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(size, { minLength: 1, maxLength: 4 }), async (sizes) => {
        const operands = sizes.map((size, i) => valuesOf([size], i));
        const [{ shape, values }] = await computedOn("wasm", operands, (...tensors) => [sumOfSquares(tensors)]);
        const expected = operands.flatMap(({ values }) => [...values]).reduce((sum, x) => sum + x * x, 0);
        expect(shape).toEqual([]);
        expectClose(values, [expected], { rtol: 1e-6, atol: 1e-6 });
      }),
    );
  });
});
