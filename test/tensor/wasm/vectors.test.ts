import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { Random } from "../../../lib/tensor/random";
import { rowOf, WasmRows, WasmVectors } from "../../../lib/tensor/wasm/vectors";
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

it("runs rows through a gated network, of a stack too, as tfjs's operations do", () => {
  for (const [rows, D, I] of [
    [1, 8, 4],
    [2, 5, 7],
    [3, 16, 3],
  ]) {
    const [gateProj, upProj] = [0, 1].map(() => random.normalTensor([2, D, I]));
    const downProj = random.normalTensor([2, I, D]);
    const vectors = new WasmVectors(2 * rows * (D + I));
    const [x, inner, out] = [rows * D, 2 * rows * I, rows * D].map((size) => vectors.reserve(size));
    const numbers = Float32Array.from({ length: rows * D }, () => 4 * random.normal());
    vectors.values(x).set(numbers);
    vectors.gatedNetwork(x, { gateProj, upProj, downProj }, inner, out, { rows, index: 1 });
    tf.tidy(() => {
      const of = (w: tf.Tensor) => w.slice([1, 0, 0], [1, -1, -1]).squeeze([0]) as tf.Tensor2D;
      const [gate, up] = [gateProj, upProj].map((w) => tf.tensor2d(numbers, [rows, D]).matMul(of(w)));
      expectClose(vectors.values(out), gate.mul(gate.sigmoid()).mul(up).matMul(of(downProj)).dataSync());
    });
    vectors.dispose();
    tf.dispose([gateProj, upProj, downProj]);
  }
});

it("attends to the rows seen, with any number of them, however large the scores", () => {
  for (const [H, C, R, seen, size] of [
    [1, 4, 2, 1, 1],
    [2, 13, 3, 7, 1],
    [3, 40, 8, 70, 1], // more rows than there is room for at first
    [2, 16, 4, 30, 30],
  ]) {
    const width = C + R;
    const rows = new WasmRows(width);
    const past = Array.from({ length: seen + 2 }, () =>
      Float32Array.from({ length: width }, () => size * random.normal()),
    );
    past.forEach((row) => rows.append(row));
    const vectors = new WasmVectors(H * width + H * C + seen);
    const [query, out, scores] = [H * width, H * C, seen].map((size) => vectors.reserve(size));
    const queries = Float32Array.from({ length: H * width }, () => random.normal());
    vectors.values(query).set(queries);
    vectors.attend(query, rows, seen, scores, out, H);
    tf.tidy(() => {
      const all = tf.tensor2d(
        past.slice(0, seen).map((row) => [...row]),
        [seen, width],
      );
      const weights = tf.softmax(tf.tensor2d(queries, [H, width]).matMul(all, false, true));
      expectClose(vectors.values(out), weights.matMul(all.slice([0, 0], [seen, C])).dataSync(), {
        rtol: 1e-4,
        atol: 1e-4,
      });
    });
    expect(() => vectors.attend(query, rows, seen + 1, scores, out, H)).toThrow("has room for");
    vectors.dispose();
    rows.dispose();
  }
});

it("rows grow and keep their numbers, and leave no tensor behind", async () => {
  await expectNoLeak(async () => {
    const rows = new WasmRows(3);
    await expectNoLeak(() => {
      for (let i = 0; i < 300; i++) rows.append(Float32Array.of(i, -i, i / 2));
    });
    const begin = rows.offset / 4;
    const { HEAPF32 } = (tf.backend() as unknown as { wasm: { HEAPF32: Float32Array } }).wasm;
    for (const i of [0, 63, 64, 299]) {
      expect([...HEAPF32.subarray(begin + 3 * i, begin + 3 * i + 3)]).toEqual([i, -i, i / 2]);
    }
    rows.dispose();
  });
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
