import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { addRows, takeRows } from "../../lib/tensor/rows";
import { expectClose, expectNoLeak } from "../support/close";
import { computedOn, expectAllClose, expectMemoryStays, valueAndGradients, valuesOf, type Values } from "./support";

beforeAll(async () => {
  await useBackend("wasm");
});

const indicesOf = (indices: number[]) => tf.tensor1d(indices, "int32");
const taking = (indices: number[]) => (x: tf.Tensor) => takeRows(x as tf.Tensor2D, indicesOf(indices));
const adding = (indices: number[], n: number) => (rows: tf.Tensor) =>
  addRows(rows as tf.Tensor2D, indicesOf(indices), n);

/** N rows of D numbers, and indices of some, repeated or not. */
const cases = fc
  .record({
    N: fc.integer({ min: 1, max: 6 }),
    D: fc.integer({ min: 1, max: 5 }),
    picks: fc.array(fc.nat(5), { maxLength: 9 }),
    seed: fc.nat(1000),
  })
  .map(({ N, D, picks, seed }) => ({ N, D, indices: picks.map((pick) => pick % N), seed }));

/** The definitions, on plain numbers; each is the other's gradient. */
function taken({ shape: [, D], values }: Values, indices: number[]): Values {
  const rows = indices.flatMap((n) => [...values.subarray(n * D, n * D + D)]);
  return { shape: [indices.length, D], values: Float32Array.from(rows) };
}

function added({ shape: [, D], values }: Values, indices: number[], n: number): Values {
  const out = new Float32Array(n * D);
  indices.forEach((to, m) => {
    for (let d = 0; d < D; d++) out[to * D + d] += values[m * D + d];
  });
  return { shape: [n, D], values: out };
}

const upstream = (shape: number[]) => valuesOf(shape, 99); // what valueAndGradients sends down

describe.each(["wasm", "cpu"] as const)("rows on %s", (backend) => {
  it("takeRows takes rows, and its gradient adds up what each row was taken for", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ N, D, indices, seed }) => {
        const x = valuesOf([N, D], seed);
        const actual = await computedOn(backend, [x], valueAndGradients(taking(indices)));
        expectAllClose(actual, [taken(x, indices), added(upstream([indices.length, D]), indices, N)]);
      }),
    );
  });

  it("addRows adds up rows, and its gradient takes them", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ N, D, indices, seed }) => {
        const rows = valuesOf([indices.length, D], seed);
        const actual = await computedOn(backend, [rows], valueAndGradients(adding(indices, N)));
        expectAllClose(actual, [added(rows, indices, N), taken(upstream([N, D]), indices)]);
      }),
    );
  });

  it("keeps the indices for the gradient when a tidy inside disposes them", async () => {
    const x = valuesOf([3, 2], 1);
    const f = (x: tf.Tensor) =>
      tf.tidy(() => {
        const rows = tf.tidy(() => takeRows(x as tf.Tensor2D, indicesOf([2, 0, 2])));
        return tf.tidy(() => addRows(rows.square(), indicesOf([1, 1, 0]), 2));
      });
    const [value, dx] = await computedOn(backend, [x], valueAndGradients(f));
    const squares = { shape: [3, 2], values: taken(x, [2, 0, 2]).values.map((v) => v * v) };
    expectAllClose([value], [added(squares, [1, 1, 0], 2)]);
    const toSquares = taken(upstream([2, 2]), [1, 1, 0]).values;
    const toRows = taken(x, [2, 0, 2]).values.map((v, i) => 2 * v * toSquares[i]);
    expectAllClose([dx], [added({ shape: [3, 2], values: toRows }, [2, 0, 2], 3)]);
  });

  it("undoes a permutation: what was taken is added back to its place", async () => {
    const x = valuesOf([5, 3], 4);
    const order = [3, 1, 4, 0, 2];
    const [back] = await computedOn(backend, [x], (x) => [adding(order, 5)(taking(order)(x))]);
    expectAllClose([back], [x]);
  });

  it("throws for an index outside, which the wasm kernels would read and write anywhere", async () => {
    await tf.setBackend(backend);
    await expectNoLeak(() => {
      const x = tf.ones<tf.Rank.R2>([2, 3]);
      const [tooLarge, negative, single] = [[0, 2], [-1, 0], [0]].map(indicesOf);
      const floats = tf.tensor1d([0, 1]);
      expect(() => takeRows(x, tooLarge)).toThrow("takeRows: index 2 is outside 0 to 1");
      expect(() => takeRows(x, negative)).toThrow("takeRows: index -1 is outside 0 to 1");
      expect(() => addRows(x, tooLarge, 2)).toThrow("addRows: index 2 is outside 0 to 1");
      expect(() => addRows(x, floats, 2)).toThrow("addRows: indices must be int32, not float32");
      expect(() => addRows(x, single, 2)).toThrow("addRows: [2,3] rows need 2 indices, got 1");
      tf.dispose([x, tooLarge, negative, floats, single]);
    });
    await tf.setBackend("wasm");
  });
});

describe("rows", () => {
  it("moves the rows of a large matrix", async () => {
    await expectNoLeak(() => {
      const x = tf.tidy(() => tf.range(0, 512 * 64).reshape<tf.Tensor2D>([512, 64]));
      const indices = indicesOf(Array.from({ length: 512 }, (_, i) => (i * 5) % 512));
      const sum = tf.tidy(() => takeRows(x, indices).sub(x.gather(indices)).abs().max());
      expectClose(sum, [0]);
      tf.dispose([x, indices, sum]);
    });
  });

  it("leaves nothing in wasm memory over hundreds of rounds", () => {
    const gradient = tf.grad((x) => adding([1, 1, 0], 2)(taking([0, 9, 9])(x)).sum());
    expectMemoryStays(() => gradient(tf.ones([10, 64])));
  });
});
