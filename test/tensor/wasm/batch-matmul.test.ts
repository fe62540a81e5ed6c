import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { expectClose, expectNoLeak } from "../../support/close";
import {
  computedOn,
  expectAllClose,
  expectLikeCpu,
  expectMemoryStays,
  valueAndGradients,
  valuesOf,
  type Values,
} from "../support";

const stock = tf.getKernel("BatchMatMul", "wasm"); // tfjs's own, before ours takes its place

beforeAll(async () => {
  await useBackend("wasm");
});

interface Product {
  a: Values;
  b: Values;
  transposeA: boolean;
  transposeB: boolean;
}

/** The definition: one number after the other, each operand's batch index found by its strides. */
function byDefinition({ a, b, transposeA, transposeB }: Product): Values {
  const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const rank = Math.max(batchA.length, batchB.length);
  const padded = [batchA, batchB].map((batch) => [...new Array<number>(rank - batch.length).fill(1), ...batch]);
  const batch = padded[0].map((size, axis) => (size === 1 ? padded[1][axis] : size));
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const [M, K] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const N = transposeB ? rowsB : columnsB;
  const matrixOf = (own: number[], index: number[]) =>
    own.reduce((at, size, axis) => at * size + (size === 1 ? 0 : index[axis]), 0);
  const out: number[] = [];
  const visit = (index: number[]): void => {
    if (index.length < rank) {
      for (let i = 0; i < batch[index.length]; i++) visit([...index, i]);
      return;
    }
    const fromA = matrixOf(padded[0], index) * rowsA * columnsA;
    const fromB = matrixOf(padded[1], index) * rowsB * columnsB;
    for (let m = 0; m < M; m++) {
      for (let n = 0; n < N; n++) {
        let sum = 0;
        for (let k = 0; k < K; k++) {
          sum +=
            a.values[fromA + (transposeA ? k * columnsA + m : m * columnsA + k)] *
            b.values[fromB + (transposeB ? n * columnsB + k : k * columnsB + n)];
        }
        out.push(sum);
      }
    }
  };
  visit([]);
  return { shape: [...batch, M, N], values: Float32Array.from(out) };
}

const threeBooleans = fc.array(fc.boolean(), { minLength: 3, maxLength: 3 });

/** Products with batches of 0 to 3 dimensions, each side short, whole or repeated; any size may be 0. */
function products({ size, batch }: { size: fc.Arbitrary<number>; batch: fc.Arbitrary<number> }): fc.Arbitrary<Product> {
  return fc
    .record({
      M: size,
      K: size,
      N: size,
      batch: fc.array(batch, { maxLength: 3 }),
      ones: fc.tuple(threeBooleans, threeBooleans),
      drop: fc.tuple(fc.nat(3), fc.nat(3)),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      seed: fc.nat(1000),
    })
    .map(({ M, K, N, batch, ones, drop, transposeA, transposeB, seed }) => {
      const own = (side: 0 | 1) => batch.map((n, axis) => (ones[side][axis] ? 1 : n)).slice(drop[side]);
      return {
        a: valuesOf([...own(0), ...(transposeA ? [K, M] : [M, K])], seed),
        b: valuesOf([...own(1), ...(transposeB ? [N, K] : [K, N])], seed + 1),
        transposeA,
        transposeB,
      };
    });
}

const matMulOf =
  ({ transposeA, transposeB }: Product) =>
  (a: tf.Tensor, b: tf.Tensor) =>
    tf.matMul(a, b, transposeA, transposeB);

describe("matMul on wasm", () => {
  it("follows the definition for any batch, broadcasting, transposition and empty dimension", async () => {
    await fc.assert(
      fc.asyncProperty(products({ size: fc.nat(6), batch: fc.nat(3) }), async (product) => {
        const [actual] = await computedOn("wasm", [product.a, product.b], (a, b) => [matMulOf(product)(a, b)]);
        expectAllClose([actual], [byDefinition(product)]);
      }),
      { numRuns: 250 },
    );
  });

  it("follows the definition with either plan: long and narrow, short and wide", async () => {
    // 1 has its own way too: a vector is its own transpose.
    const size = fc.constantFrom(1, 2, 7, 33, 80);
    await fc.assert(
      fc.asyncProperty(products({ size, batch: fc.constantFrom(1, 2) }), async (product) => {
        const [actual] = await computedOn("wasm", [product.a, product.b], (a, b) => [matMulOf(product)(a, b)]);
        expectAllClose([actual], [byDefinition(product)]);
      }),
      { numRuns: 100 },
    );
  });

  it("has the gradients that cpu has", async () => {
    const size = fc.integer({ min: 1, max: 9 });
    const batch = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 });
    const shape = fc.record({
      B: batch,
      M: size,
      K: size,
      N: size,
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ B, M, K, N, transposeA, transposeB }) => {
        const a = valuesOf([...B, ...(transposeA ? [K, M] : [M, K])], 1);
        const b = valuesOf([...B, ...(transposeB ? [N, K] : [K, N])], 2);
        await expectLikeCpu(
          [a, b],
          valueAndGradients((a, b) => tf.matMul(a, b, transposeA, transposeB)),
        );
      }),
    );
  });

  it("multiplies the same numbers right in one shape after another, which the backend's own kernel does not", async () => {
    const twice = (left: tf.Tensor, right: tf.Tensor) => [
      tf.matMul(left.reshape([2, 6]), right.reshape([6, 4])),
      tf.matMul(left.reshape([3, 4]), right.reshape([4, 6])),
      tf.matMul(left.reshape([2, 6]), right.reshape([6, 4])),
    ];
    const operands = [valuesOf([12], 3), valuesOf([24], 4)];
    await expectLikeCpu(operands, twice);

    // If this fails, tfjs has been corrected, and the reason for a packed form per shape is gone.
    const ours = tf.getKernel("BatchMatMul", "wasm");
    stock.setupFunc!(tf.engine().backend);
    tf.unregisterKernel("BatchMatMul", "wasm");
    tf.registerKernel(stock);
    try {
      const [, second] = await computedOn("wasm", operands, twice);
      const [, expected] = await computedOn("cpu", operands, twice);
      expect(() => expectClose(second.values, expected.values)).toThrow("are off");
    } finally {
      tf.unregisterKernel("BatchMatMul", "wasm");
      tf.registerKernel(ours);
    }
  });

  it("multiplies a variable's new numbers after it was assigned", async () => {
    await expectNoLeak(() => {
      const first = tf.fill([3, 2], 1);
      const b = tf.variable(first);
      const a = tf.ones([1, 3]);
      const before = tf.matMul(a, b);
      tf.tidy(() => b.assign(tf.fill([3, 2], 2)));
      const after = tf.matMul(a, b);
      expectClose(before, [3, 3]);
      expectClose(after, [6, 6]);
      tf.dispose([first, a, b, before, after]);
    });
  });

  it("leaves nothing in wasm memory over hundreds of rounds", () => {
    expectMemoryStays(() => {
      const a = tf.ones([2, 17, 33]);
      const b = tf.ones([2, 29, 33]);
      tf.matMul(a, b, false, true);
      tf.matMul(b, a, false, true);
      tf.matMul(a, tf.ones([33, 5]));
      tf.matMul(a, a, true, false);
    });
  });

  it("says what to do with whole numbers, with sizes that differ, and with a vector", async () => {
    await expectNoLeak(() => {
      const [whole, wide, vector] = [tf.ones([2, 3], "int32"), tf.ones([2, 2, 3]), tf.ones<tf.Rank.R1>([3])];
      expect(() => tf.matMul(whole, whole, false, true)).toThrow(
        "matMul on wasm multiplies float32; got int32 and int32. Convert with toFloat() first",
      );
      expect(() => tf.matMul(wide, wide)).toThrow(
        "matMul: inner dimensions 3 and 2 differ, for shapes [2,2,3] and [2,2,3] with transposeA = false and transposeB = false",
      );
      expect(() => tf.matMul(wide, vector as tf.Tensor)).toThrow(
        "matMul: both sides need two dimensions or more; got [2,2,3] and [3]",
      );
      tf.dispose([whole, wide, vector]);
    });
  });
});
