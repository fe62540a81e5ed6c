import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { expectNoLeak } from "../../support/close";
import { expectLikeCpu, expectMemoryStays, valueAndGradients, valuesOf } from "../support";

beforeAll(async () => {
  await useBackend("wasm");
});

/** The lengths of some parts, an axis, and the other axes' sizes. */
const cases = fc
  .array(fc.nat(4), { minLength: 1, maxLength: 3 })
  .chain((others) =>
    fc.tuple(
      fc.constant(others),
      fc.nat(others.length),
      fc.array(fc.oneof(fc.nat(9), fc.constant(300)), { minLength: 2, maxLength: 4 }),
    ),
  );

describe("split and concat on wasm", () => {
  it("do what cpu does, along any axis, with parts of any length", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ([others, axis, lengths]) => {
        const shape = (length: number) => [...others.slice(0, axis), length, ...others.slice(axis)];
        const total = lengths.reduce((sum, length) => sum + length, 0);
        await expectLikeCpu([valuesOf(shape(total), 1)], (x) => tf.split(x, lengths, axis));
        const parts = lengths.map((length, i) => valuesOf(shape(length), i));
        await expectLikeCpu(parts, (...tensors) => [tf.concat(tensors, axis)]);
      }),
    );
  });

  it("are each other's gradients", async () => {
    await expectLikeCpu(
      [valuesOf([3, 5, 2], 1)],
      valueAndGradients((x) => {
        const [a, b] = tf.split(x, [2, 3], 1);
        return tf.concat([b, a.mul(2)], 1);
      }),
    );
  });

  it.each([
    ["int32", [1, 2, 3, 4, 5, 50_000_001], [3, 1, 2, 50_000_001, 4, 5]],
    ["bool", [0, 1, 1, 0, 0, 1], [1, 0, 1, 1, 0, 0]],
    ["string", ["a", "bc", "d", "e", "f", "gh"], ["d", "a", "bc", "gh", "e", "f"]],
  ] as const)("move %s as they are", async (dtype, values, swapped) => {
    await expectNoLeak(() => {
      const x = tf.tensor2d([...values] as number[], [2, 3], dtype);
      // Strings cannot be split, only joined.
      const [left, right] =
        dtype === "string" ? [x.slice([0, 0], [2, 2]), x.slice([0, 2], [2, 1])] : tf.split(x, [2, 1], 1);
      const y = tf.concat([right, left], 1);
      expect([left.dtype, y.dtype, y.shape]).toEqual([dtype, dtype, [2, 3]]);
      expect(Array.from<unknown>(y.dataSync())).toEqual([...swapped]);
      tf.dispose([x, left, right, y]);
    });
  });

  it("make one kind of numbers of two", () => {
    tf.tidy(() => {
      const y = tf.concat([tf.tensor1d([0.5]), tf.tensor1d([7], "int32")]);
      expect([...y.dataSync()]).toEqual([0.5, 7]);
    });
  });

  it("leave nothing in wasm memory over hundreds of rounds", () => {
    expectMemoryStays(() => tf.concat(tf.split(tf.ones([256, 4]), 2, 1), 1));
  });
});
