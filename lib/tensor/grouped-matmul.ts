/**
 * A product in groups: rows that are sorted by group, and one matrix a group. Mixture-of-experts layers are made of it.
 * Its cost follows the rows, not the number of groups; a group without rows costs nothing.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "./differentiable";
import { groupedRowsOnWasm, groupedWeightOnWasm, rowRanges } from "./wasm/grouped-matmul";
import { onWasm } from "./wasm/kernels";

/**
 * Each row times the matrix of its group: the first counts[0] rows times w[0], the next counts[1] times w[1], and so on.
 * Differentiable in x and w.
 *
 * @param x [N, Din], rows sorted by group
 * @param w [E, Din, Dout]
 * @param counts E numbers of rows, which sum to N
 * @returns [N, Dout]
 * @throws if shapes and counts do not fit, or x or w is not float32
 */
export function groupedMatMul(x: tf.Tensor2D, w: tf.Tensor3D, counts: number[]): tf.Tensor2D {
  const [N, Din] = x.shape;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const areCounts = counts.every((count) => Number.isInteger(count) && count >= 0);
  if (w.shape[0] !== counts.length || w.shape[1] !== Din || total !== N || !areCounts) {
    throw new Error(
      `groupedMatMul: x [${x.shape}] and w [${w.shape}] need ${w.shape[0]} counts that sum to ${N}, and w [E, ${Din}, ...]; ` +
        `got ${counts.length} counts that sum to ${total}: ${counts.slice(0, 10).join(", ")}${counts.length > 10 ? ", …" : ""}`,
    );
  }
  if (x.dtype !== "float32" || w.dtype !== "float32") {
    throw new Error(`groupedMatMul multiplies float32; got ${x.dtype} and ${w.dtype}. Convert with toFloat() first`);
  }
  return differentiable(
    (x: tf.Tensor2D, w: tf.Tensor3D) => ({ value: groupedRowsProduct(x, w, counts, false), saved: [x, w] }),
    (dy, [x, w]) => [groupedRowsProduct(dy, w, counts, true), groupedWeightProduct(x, dy, counts)],
  )(x, w);
}

/** x [N, ·] times w[e], or times w[e] transposed, group by group: groupedMatMul without a gradient and without checks. */
export function groupedRowsProduct(x: tf.Tensor2D, w: tf.Tensor3D, counts: number[], transposed: boolean): tf.Tensor2D {
  if (onWasm()) return groupedRowsOnWasm(x, w, counts, transposed);
  return tf.tidy(() => {
    const width = w.shape[transposed ? 1 : 2];
    const parts = rowRanges(counts).map(({ group, begin, count }) => {
      const matrix = w.slice([group, 0, 0], [1, -1, -1]).squeeze<tf.Tensor2D>([0]);
      return tf.matMul(x.slice([begin, 0], [count, -1]), matrix, false, transposed) as tf.Tensor2D;
    });
    return parts.length === 0 ? tf.zeros<tf.Rank.R2>([0, width]) : tf.concat2d(parts, 0);
  });
}

/** For each group its rows of x, transposed, times its rows of y: [N, Din], [N, Dout] → [E, Din, Dout]; 0 without rows. */
export function groupedWeightProduct(x: tf.Tensor2D, y: tf.Tensor2D, counts: number[]): tf.Tensor3D {
  if (onWasm()) return groupedWeightOnWasm(x, y, counts);
  return tf.tidy(() => {
    let next = 0;
    const parts = counts.map((count) => {
      const rows = (t: tf.Tensor2D) => t.slice([next, 0], [count, -1]);
      const product =
        count === 0 ? tf.zeros<tf.Rank.R2>([x.shape[1], y.shape[1]]) : tf.matMul(rows(x), rows(y), true, false);
      next += count;
      return product;
    });
    return tf.stack(parts) as tf.Tensor3D;
  });
}
