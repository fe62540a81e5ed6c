import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { expectNoLeak } from "../../support/close";
import { expectLikeCpu, expectMemoryStays, valueAndGradients, valuesOf, wasmBackend } from "../support";

beforeAll(async () => {
  await useBackend("wasm");
});

/** Of each axis: how long it is, where the slice begins, and how much is taken. */
const axis = fc
  .integer({ min: 1, max: 5 })
  .chain((length) => fc.tuple(fc.constant(length), fc.nat(length - 1)))
  .chain(([length, begin]) => fc.tuple(fc.constant(length), fc.constant(begin), fc.nat(length - begin)));
const cases = fc.array(axis, { minLength: 1, maxLength: 5 });
const columns = (axes: [number, number, number][]) => [0, 1, 2].map((i) => axes.map((part) => part[i]));

describe("slice on wasm", () => {
  it("takes what cpu takes, of up to five axes, whole ones and none at all", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (axes) => {
        const [shape, begin, size] = columns(axes);
        await expectLikeCpu([valuesOf(shape, 3)], (x) => [tf.slice(x, begin, size)]);
      }),
    );
  });

  it("has the same gradients", async () => {
    const operand = valuesOf([3, 4, 2], 5);
    await expectLikeCpu(
      [operand],
      valueAndGradients((x) => tf.slice(x, [1, 0, 1], [2, -1, 1])),
    );
  });

  it.each([
    ["int32", [1, 2, 3, 4, 5, 50_000_001], [3, 50_000_001]],
    ["bool", [0, 1, 1, 0, 0, 1], [1, 1]],
    ["string", ["a", "bc", "d", "e", "f", "gh"], ["d", "gh"]],
  ] as const)("takes %s as they are", async (dtype, values, taken) => {
    await expectNoLeak(() => {
      const x = tf.tensor2d([...values] as number[], [2, 3], dtype);
      const column = x.slice([0, 2], [2, 1]);
      expect([column.dtype, column.shape]).toEqual([dtype, [2, 1]]);
      expect(Array.from<unknown>(column.dataSync())).toEqual([...taken]);
      tf.dispose([x, column]);
    });
  });

  it("reads nothing but the part that is taken", () => {
    const { backend } = wasmBackend();
    const whole = vi.spyOn(backend, "readSync");
    try {
      const x = tf.ones([4, 3, 2]);
      const matrix = x.slice([2], [1]);
      expect(whole).not.toHaveBeenCalled();
      tf.dispose([x, matrix]);
    } finally {
      whole.mockRestore();
    }
  });

  it("leaves nothing in wasm memory over hundreds of rounds", () => {
    expectMemoryStays(() => tf.ones([256, 4]).slice([0, 1], [-1, 2]));
  });
});
