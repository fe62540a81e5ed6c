import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { offsetOf } from "../../../lib/tensor/wasm/kernels";
import { expectNoLeak } from "../../support/close";
import { expectMemoryStays, wasmBackend } from "../support";

beforeAll(async () => {
  await useBackend("wasm");
});

/** tf.cast without what it does itself. */
const cast = (x: tf.Tensor, dtype: tf.DataType) => tf.engine().runKernel("Cast", { x }, { dtype }) as tf.Tensor;

describe("cast on wasm", () => {
  it("shares the numbers where there is nothing to cast, beyond the life of the tensor", async () => {
    await expectNoLeak(() => {
      const { backend } = wasmBackend();
      const x = tf.tensor1d([1, 2]);
      const same = cast(x, "float32");
      expect(offsetOf(backend, same)).toBe(offsetOf(backend, x));
      x.dispose();
      expect([...same.dataSync()]).toEqual([1, 2]);
      same.dispose();
    });
  });

  it.each([
    ["float32", "int32", [1.9, -1.9, 7], [1, -1, 7]],
    ["int32", "float32", [1, -2, 7], [1, -2, 7]],
    ["bool", "float32", [0, 1, 1], [0, 1, 1]],
    ["bool", "int32", [0, 1, 1], [0, 1, 1]],
    ["int32", "bool", [0, 1, 1], [0, 1, 1]],
  ] as const)("makes of %s %s", async (from, to, values, expected) => {
    await expectNoLeak(() => {
      const x = tf.tensor1d([...values], from);
      const y = tf.cast(x, to);
      expect(y.dtype).toBe(to);
      expect([...y.dataSync()]).toEqual(expected);
      tf.dispose([x, y]);
    });
  });

  it("leaves nothing in wasm memory over hundreds of rounds", () => {
    expectMemoryStays(() => [cast(tf.ones([300]), "float32"), tf.ones([300]).toInt()]);
  });
});
