import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { matrixErrors } from "../../lib/lessons/04-fp8-training/rounding-errors";
import type { Accumulator } from "../../lib/numerics/accumulator";
import { exactProduct } from "../../lib/numerics/product";
import { dequantise, quantise } from "../../lib/numerics/fp8-quantise";
import {
  BF16_RECIPE,
  quantisedGroupedMatMul,
  quantisedMatMul,
  V3_RECIPE,
  type Recipe,
} from "../../lib/numerics/fp8-matmul";
import { roundStraightThrough, roundTensor } from "../../lib/numerics/round-blocks";
import { BLOCKS, type Block } from "../../lib/numerics/scaling";
import { useBackend } from "../../lib/tensor/backend";
import { expectClose, expectNoLeak } from "../support/close";
import { normalValues } from "./support";

beforeAll(async () => {
  await useBackend("wasm");
});

const [N, Din, Dout] = [140, 200, 150];
const values = {
  x: normalValues(N * Din, 1),
  w: normalValues(Din * Dout, 2, 0.05),
  dy: normalValues(N * Dout, 3, 1e-5),
};
const turn = (from: Float32Array, [rows, columns]: [number, number]) =>
  from.map((_, i) => from[(i % rows) * columns + Math.floor(i / rows)]);

/** Output and gradients of f, read. */
function throughout(f: (x: tf.Tensor2D, w: tf.Tensor2D) => tf.Tensor2D): {
  y: Float32Array;
  dx: Float32Array;
  dw: Float32Array;
} {
  return tf.tidy(() => {
    const [x, w, dy] = [
      tf.tensor2d(values.x, [N, Din]),
      tf.tensor2d(values.w, [Din, Dout]),
      tf.tensor2d(values.dy, [N, Dout]),
    ];
    const { value, grads } = tf.valueAndGrads((x, w) =>
      f(x as tf.Tensor2D, w as tf.Tensor2D)
        .mul(dy)
        .sum(),
    )([x, w]);
    value.dispose();
    const [y, dx, dw] = [f(x, w), ...grads].map((t) => t.dataSync<"float32">());
    return { y, dx, dw };
  });
}

describe("a quantised linear map", () => {
  const clamp = 2 ** -100;
  const rounded = (from: Float32Array, shape: [number, number], block: Block, format: "E4M3" | "E5M2" = "E4M3") =>
    dequantise(quantise(from, shape, { format, block, clamp }));

  it.each(["E4M3", "E5M2"] as const)("multiplies the operands that the report names, gradients in %s", (backward) => {
    const { y, dx, dw } = throughout((x, w) => quantisedMatMul(x, w, { ...V3_RECIPE, backward }));
    const x = rounded(values.x, [N, Din], BLOCKS.tile);
    const w = rounded(values.w, [Din, Dout], BLOCKS.square);
    const rows = rounded(values.dy, [N, Dout], BLOCKS.tile, backward);
    const columns = rounded(values.dy, [N, Dout], BLOCKS.columnTile, backward);
    const again = rounded(x, [N, Din], BLOCKS.columnTile);
    const close = { rtol: 1e-4, atol: 1e-6 };
    expectClose(y, exactProduct(x, turn(w, [Din, Dout]), [N, Din, Dout]), { rtol: 1e-4, atol: 1e-4 });
    expectClose(
      dx.map((v) => v * 1e5),
      exactProduct(rows, w, [N, Dout, Din]).map((v) => v * 1e5),
      close,
    );
    expectClose(
      dw.map((v) => v * 1e5),
      exactProduct(turn(again, [N, Din]), turn(columns, [N, Dout]), [Din, N, Dout]).map((v) => v * 1e5),
      { rtol: 1e-4, atol: 1e-4 },
    );
  });

  it("is a few per cent from float32 in all three products; BF16 a few per mille", () => {
    const exact = throughout((x, w) => tf.matMul(x, w));
    const errors = (recipe: Recipe) => {
      const found = throughout((x, w) => quantisedMatMul(x, w, recipe));
      return [
        matrixErrors(found.y, exact.y, [N, Dout]),
        matrixErrors(found.dx, exact.dx, [N, Din]),
        matrixErrors(found.dw, exact.dw, [Din, Dout]),
      ].map(({ global }) => global);
    };
    for (const error of errors(V3_RECIPE)) expect(error).toBeGreaterThan(0.02);
    for (const error of errors(V3_RECIPE)) expect(error).toBeLessThan(0.06);
    for (const error of errors(BF16_RECIPE)) expect(error).toBeLessThan(0.004);
    // Plain casts flush gradients of 1e-5: nothing is left of the backward pass.
    expect(errors({ ...V3_RECIPE, scale: "none" }).slice(1)).toEqual([1, 1]);
  });

  it("cuts each expert's rows and matrix by themselves", () => {
    const counts = [5, 0, 130, 5];
    const experts = normalValues(4 * Din * Dout, 5, 0.05).map((v, i) => v * 10 ** Math.floor(i / (Din * Dout)));
    tf.tidy(() => {
      const x = tf.tensor2d(values.x, [N, Din]);
      const w = tf.tensor3d(experts, [4, Din, Dout]);
      const dy = tf.tensor2d(values.dy, [N, Dout]);
      const loss = (y: tf.Tensor2D) => y.mul(dy).sum() as tf.Scalar;
      const together = tf.grads((x, w) =>
        loss(quantisedGroupedMatMul(x as tf.Tensor2D, w as tf.Tensor3D, counts, V3_RECIPE)),
      )([x, w]);
      const y = quantisedGroupedMatMul(x, w, counts, V3_RECIPE);
      let at = 0;
      counts.forEach((count, e) => {
        if (count > 0) {
          const part = (t: tf.Tensor2D) => t.slice([at, 0], [count, -1]);
          const own = w.slice([e, 0, 0], [1, -1, -1]).squeeze<tf.Tensor2D>([0]);
          expectClose(part(y), quantisedMatMul(part(x), own, V3_RECIPE), { rtol: 1e-4, atol: 1e-3 });
          const [dx, dw] = tf.grads(
            (x, w) =>
              quantisedMatMul(x as tf.Tensor2D, w as tf.Tensor2D, V3_RECIPE)
                .mul(part(dy))
                .sum() as tf.Scalar,
          )([part(x), own]);
          expectClose(part(together[0] as tf.Tensor2D), dx, { rtol: 1e-3, atol: 1e-5 });
          expectClose(together[1].slice([e, 0, 0], [1, -1, -1]).squeeze([0]), dw, { rtol: 1e-3, atol: 1e-6 });
        }
        at += count;
      });
    });
  });

  it("leaves no tensors behind, in either direction", async () => {
    const [x, w, v] = [tf.zeros([3, 4]), tf.zeros([4, 5]), tf.zeros([2, 4, 5])];
    const sum = { bits: 14, promoteEvery: 128 };
    await expectNoLeak(() => {
      for (const recipe of [V3_RECIPE, { ...V3_RECIPE, sum }]) {
        tf.dispose(quantisedMatMul(x as tf.Tensor2D, w as tf.Tensor2D, recipe));
        tf.dispose(tf.grads((x, w) => quantisedMatMul(x as tf.Tensor2D, w as tf.Tensor2D, recipe).sum())([x, w]));
        tf.dispose(
          tf.grads((x, v) => quantisedGroupedMatMul(x as tf.Tensor2D, v as tf.Tensor3D, [1, 2], recipe).sum())([x, v]),
        );
      }
    });
    tf.dispose([x, w, v]);
  });
});

describe("sums in a tensor core's register", () => {
  const WIDE = 18; // bits: on sums of a few hundred hardly less than a float32
  const recipes: [string, Recipe, number][] = [
    ["tiles", V3_RECIPE, 64],
    ["one scale a tensor", { ...V3_RECIPE, blocks: "tensor" }, Infinity],
    ["E5M2 gradients", { ...V3_RECIPE, backward: "E5M2" }, 128],
  ];
  it.each(recipes)("are all three products where it keeps many bits: %s", (_, recipe, promoteEvery) => {
    const plain = throughout((x, w) => quantisedMatMul(x, w, recipe));
    const summed = throughout((x, w) => quantisedMatMul(x, w, { ...recipe, sum: { bits: WIDE, promoteEvery } }));
    for (const [name, shape] of [
      ["y", [N, Dout]],
      ["dx", [N, Din]],
      ["dw", [Din, Dout]],
    ] as const)
      expect(matrixErrors(summed[name], plain[name], [shape[0], shape[1]]).global, name).toBeLessThan(1e-4);
  });

  it.each(recipes)("are the grouped products, each expert by itself: %s", (_, recipe, promoteEvery) => {
    tf.tidy(() => {
      const counts = [40, 0, 33, 67];
      const x = tf.tensor2d(values.x, [N, Din]);
      const w = tf.tensor3d(normalValues(4 * Din * Dout, 9, 0.05), [4, Din, Dout]);
      const dy = tf.tensor2d(values.dy, [N, Dout]);
      const all = (recipe: Recipe) => {
        const f = (x: tf.Tensor, w: tf.Tensor) =>
          quantisedGroupedMatMul(x as tf.Tensor2D, w as tf.Tensor3D, counts, recipe);
        return [f(x, w), ...tf.grads((x, w) => f(x, w).mul(dy).sum())([x, w])];
      };
      const plain = all(recipe);
      all({ ...recipe, sum: { bits: WIDE, promoteEvery } }).forEach((got, i) => {
        expect(got.shape).toEqual(plain[i].shape);
        const flat: [number, number] = [1, got.size];
        expect(matrixErrors(got.dataSync(), plain[i].dataSync(), flat).global).toBeLessThan(1e-4);
      });
    });
  });

  it("lose what is small beside a large sum, and less when promoted", () => {
    const oneScale: Recipe = { ...V3_RECIPE, blocks: "tensor" };
    tf.tidy(() => {
      const K = 4096;
      const x = tf.tensor2d(normalValues(K, 31).map(Math.abs), [1, K]);
      const w = tf.tensor2d(normalValues(K, 32).map(Math.abs), [K, 1]);
      const sumIn = (sum?: Accumulator) => quantisedMatMul(x, w, { ...oneScale, sum }).dataSync()[0];
      const error = (bits: number, promoteEvery: number) => 1 - sumIn({ bits, promoteEvery }) / sumIn();
      expect(error(14, Infinity)).toBeGreaterThan(0.02); // too small: what is cut off is lost
      expect(error(14, 128)).toBeLessThan(error(14, Infinity) / 20);
      expect(error(10, Infinity)).toBeGreaterThan(error(14, Infinity));
    });
  });

  it("refuse to run on where a scale changes", () => {
    tf.tidy(() => {
      const [x, w] = [tf.zeros<tf.Rank.R2>([2, 200]), tf.zeros<tf.Rank.R2>([200, 2])];
      const sum = { bits: 14, promoteEvery: Infinity };
      expect(() => quantisedMatMul(x, w, { ...V3_RECIPE, sum })).toThrow("does not meet scales that change every 128");
    });
  });
});

describe("rounding a tensor", () => {
  it("goes along the last dimension, and lets gradients pass", () => {
    tf.tidy(() => {
      const x = tf.tensor3d([1.01, 300, -5.3, 0.001], [2, 1, 2]);
      const scaling = { format: "E4M3", block: BLOCKS.tile } as const;
      const expected = dequantise(quantise(Float32Array.of(1.01, 300, -5.3, 0.001), [2, 2], scaling));
      expectClose(roundTensor(x, scaling), tf.tensor3d(expected, [2, 1, 2]), { rtol: 0, atol: 0 });
      const slope = tf.grad((x) => roundStraightThrough(x, scaling).mul(3).sum())(x);
      expectClose(slope, tf.fill([2, 1, 2], 3), { rtol: 0, atol: 0 });
      expect(roundTensor(tf.scalar(1.06), { ...scaling, scale: "none" }).dataSync()[0]).toBe(1);
      expect(roundTensor(tf.zeros([0, 4]), scaling).shape).toEqual([0, 4]);
    });
  });
});
