import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../lib/tensor/backend";
import { groupedMatMul } from "../../lib/tensor/grouped-matmul";
import { expectClose, expectNoLeak } from "../support/close";
import { computedOn, expectAllClose, expectMemoryStays, valueAndGradients, valuesOf } from "./support";

beforeAll(async () => {
  await useBackend("wasm");
});

/** The definition: every row times every group's matrix, all but its own group's masked out. */
function byMask(x: tf.Tensor2D, w: tf.Tensor3D, counts: number[]): tf.Tensor2D {
  const groupOfRow = counts.flatMap((count, group) => new Array<number>(count).fill(group));
  const [E, Din, Dout] = w.shape;
  const own = groupOfRow.flatMap((ofRow) => counts.map((_, group) => Number(group === ofRow)));
  const mask = tf.tensor2d(own, [groupOfRow.length, E]);
  const all = tf.matMul(x, w.transpose([1, 0, 2]).reshape<tf.Tensor2D>([Din, E * Dout])).reshape([-1, E, Dout]);
  return all.mul(mask.expandDims(2)).sum(1);
}

const grouped = (counts: number[]) => (x: tf.Tensor, w: tf.Tensor) =>
  groupedMatMul(x as tf.Tensor2D, w as tf.Tensor3D, counts);

/** Groups of 0 to 9 rows, at least one row in all. */
const cases = fc.record({
  counts: fc.array(fc.nat(9), { minLength: 1, maxLength: 6 }).filter((counts) => counts.some((count) => count > 0)),
  Din: fc.integer({ min: 1, max: 9 }),
  Dout: fc.integer({ min: 1, max: 9 }),
  seed: fc.nat(1000),
});

const rowsOf = (counts: number[]) => counts.reduce((sum, count) => sum + count, 0);

describe.each(["wasm", "cpu"] as const)("groupedMatMul on %s", (backend) => {
  it("multiplies each row with its group's matrix, and has the gradients of that, whatever groups are empty", async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ counts, Din, Dout, seed }) => {
        const operands = [valuesOf([rowsOf(counts), Din], seed), valuesOf([counts.length, Din, Dout], seed + 1)];
        const actual = await computedOn(backend, operands, valueAndGradients(grouped(counts)));
        const expected = await computedOn(
          "cpu",
          operands,
          valueAndGradients((x, w) => byMask(x as tf.Tensor2D, w as tf.Tensor3D, counts)),
        );
        expectAllClose(actual, expected);
      }),
    );
  });

  it("makes nothing of no rows, and zero gradients", async () => {
    const operands = [valuesOf([0, 3], 1), valuesOf([2, 3, 4], 2)];
    const [value, dx, dw] = await computedOn(backend, operands, valueAndGradients(grouped([0, 0])));
    expect([value.shape, dx.shape]).toEqual([
      [0, 4],
      [0, 3],
    ]);
    expectAllClose([dw], [{ shape: [2, 3, 4], values: new Float32Array(24) }]);
  });

  it("makes zeros where a row has no numbers, and nothing where the matrices have no columns", async () => {
    const two = (x: tf.Tensor, w: tf.Tensor) => [grouped([2])(x, w)];
    const [zeros] = await computedOn(backend, [valuesOf([2, 0], 1), valuesOf([1, 0, 3], 2)], two);
    expectAllClose([zeros], [{ shape: [2, 3], values: new Float32Array(6) }]);
    const [nothing] = await computedOn(backend, [valuesOf([2, 3], 1), valuesOf([1, 3, 0], 2)], two);
    expect(nothing.shape).toEqual([2, 0]);
  });
});

describe("groupedMatMul", () => {
  it("is right with more rows than columns and the other way round", async () => {
    for (const [counts, Din, Dout] of [
      [[70, 0, 40], 8, 24],
      [[3, 2], 64, 48],
    ] as const) {
      const operands = [valuesOf([rowsOf([...counts]), Din], 5), valuesOf([counts.length, Din, Dout], 6)];
      const actual = await computedOn("wasm", operands, valueAndGradients(grouped([...counts])));
      const expected = await computedOn(
        "cpu",
        operands,
        valueAndGradients((x, w) => byMask(x as tf.Tensor2D, w as tf.Tensor3D, [...counts])),
      );
      expectAllClose(actual, expected);
    }
  });

  it("multiplies the same weights right in another shape", async () => {
    const operands = [valuesOf([6], 1), valuesOf([24], 2)];
    const shapes = (x: tf.Tensor, w: tf.Tensor) => [
      groupedMatMul(x.reshape([2, 3]), w.reshape([2, 3, 4]), [1, 1]),
      groupedMatMul(x.reshape([3, 2]), w.reshape([4, 2, 3]), [1, 0, 1, 1]),
      groupedMatMul(x.reshape([2, 3]), w.reshape([2, 3, 4]), [1, 1]),
    ];
    expectAllClose(await computedOn("wasm", operands, shapes), await computedOn("cpu", operands, shapes));
  });

  it("multiplies a variable's new numbers after it was assigned", async () => {
    await expectNoLeak(() => {
      const first = tf.fill([2, 3, 2], 1);
      const w = tf.variable(first) as tf.Variable<tf.Rank.R3>;
      const x = tf.ones<tf.Rank.R2>([2, 3]);
      const before = groupedMatMul(x, w, [1, 1]);
      tf.tidy(() => w.assign(tf.fill([2, 3, 2], 2)));
      const after = groupedMatMul(x, w, [1, 1]);
      expectClose(before, [3, 3, 3, 3]);
      expectClose(after, [6, 6, 6, 6]);
      tf.dispose([first, w, x, before, after]);
    });
  });

  it("learns: a weight updated by an optimiser is the one multiplied next", async () => {
    await expectNoLeak(() => {
      const first = tf.zeros<tf.Rank.R3>([2, 1, 1]);
      const w = tf.variable(first) as tf.Variable<tf.Rank.R3>;
      const [x, target] = [tf.tensor2d([[1], [2]]), tf.tensor2d([[3], [-2]])];
      const optimizer = tf.train.sgd(0.1);
      for (let step = 0; step < 60; step++) {
        optimizer.minimize(() => groupedMatMul(x, w, [1, 1]).sub(target).square().sum<tf.Scalar>(), false, [w]);
      }
      expectClose(w, [3, -1], { rtol: 1e-3, atol: 1e-3 });
      optimizer.dispose();
      tf.dispose([first, w, x, target]);
    });
  });

  it("leaves nothing in wasm memory over hundreds of rounds", () => {
    const gradients = tf.grads((x, w) => grouped([5, 0, 7])(x, w).sum());
    expectMemoryStays(() => gradients([tf.ones([12, 19]), tf.ones([3, 19, 23])]));
  });

  it("says what does not fit", async () => {
    await expectNoLeak(() => {
      const x = tf.ones<tf.Rank.R2>([2, 3]);
      const w = tf.ones<tf.Rank.R3>([2, 3, 4]);
      const narrow = tf.ones<tf.Rank.R3>([2, 2, 4]);
      const whole = x.toInt();
      const text = "groupedMatMul: x [2,3] and w [2,3,4] need 2 counts that sum to 2, and w [E, 3, ...]; got ";
      expect(() => groupedMatMul(x, w, [1, 2])).toThrow(`${text}2 counts that sum to 3: 1, 2`);
      expect(() => groupedMatMul(x, w, [2])).toThrow(`${text}1 counts that sum to 2: 2`);
      expect(() => groupedMatMul(x, w, [3, -1])).toThrow(`${text}2 counts that sum to 2: 3, -1`);
      expect(() => groupedMatMul(x, w, [0.5, 1.5])).toThrow(`${text}2 counts that sum to 2: 0.5, 1.5`);
      expect(() => groupedMatMul(x, narrow, [1, 1])).toThrow("w [2,2,4] need 2 counts");
      expect(() => groupedMatMul(whole, w, [1, 1])).toThrow("groupedMatMul multiplies float32; got int32 and float32");
      tf.dispose([x, w, narrow, whole]);
    });
  });
});
