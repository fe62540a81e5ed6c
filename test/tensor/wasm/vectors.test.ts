import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { Random } from "../../../lib/tensor/random";
import { rowOf, WasmVectors } from "../../../lib/tensor/wasm/vectors";
import { expectClose, expectNoLeak } from "../../support/close";

beforeAll(async () => {
  await useBackend("wasm");
});
const random = new Random(1);

it("multiplies vectors with matrices and with one of a stack, in place, without a tensor", async () => {
  const [w, stack] = [random.normalTensor([5, 7]), random.normalTensor([3, 7, 4])];
  await expectNoLeak(async () => {
    const vectors = new WasmVectors(5 + 7 + 4);
    const [x, y, z] = [5, 7, 4].map((size) => vectors.reserve(size));
    const numbers = Float32Array.from({ length: 5 }, () => random.normal());
    vectors.values(x).set(numbers);
    await expectNoLeak(() => {
      vectors.multiply(x, w, y);
      vectors.multiply(y, stack, z, { index: 2 });
    });
    tf.tidy(() => {
      const product = tf.matMul(tf.tensor2d(numbers, [1, 5]), w as tf.Tensor2D);
      expectClose(vectors.values(y), product.dataSync());
      expectClose(vectors.values(z), tf.matMul(product, stack.slice([2, 0, 0], [1, -1, -1]).squeeze([0])).dataSync());
    });
    vectors.dispose();
  });
  tf.dispose([w, stack]);
});

it("multiplies several vectors at once, each as it would be alone", () => {
  const w = random.normalTensor([5, 7]) as tf.Tensor2D;
  const vectors = new WasmVectors(3 * (5 + 7) + 7);
  const [x, y, alone] = [15, 21, 7].map((size) => vectors.reserve(size));
  vectors.values(x).set(Array.from({ length: 15 }, () => random.normal()));
  vectors.multiply(x, w, y, { rows: 3 });
  for (let row = 0; row < 3; row++) {
    vectors.multiply(rowOf(x, row, 5), w, alone);
    expect([...vectors.values(rowOf(y, row, 7))]).toEqual([...vectors.values(alone)]);
  }
  vectors.dispose();
  w.dispose();
});

it("keeps numbers when the memory grows", () => {
  const vectors = new WasmVectors(3);
  const x = vectors.reserve(3);
  vectors.values(x).set([1, 2, 3]);
  const large = Array.from({ length: 4 }, () => tf.zeros([8_000_000]));
  large.forEach((tensor) => tensor.dataSync());
  expect([...vectors.values(x)]).toEqual([1, 2, 3]);
  tf.dispose(large);
  vectors.dispose();
});

it("says when nothing more fits, and where it does not work", async () => {
  const vectors = new WasmVectors(4);
  vectors.reserve(3);
  expect(() => vectors.reserve(2)).toThrow("3 of 4 numbers are in use; 2 more do not fit");
  vectors.dispose();
  await useBackend("cpu");
  expect(() => new WasmVectors(4)).toThrow("the backend is cpu, not wasm");
  await useBackend("wasm");
});
