/**
 * A product in groups: rows that are sorted by group, and one matrix a group. Mixture-of-experts layers are made of it.
 * Its cost follows the rows, not the number of groups; a group without rows costs nothing.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "./differentiable";
import { offsetOf, productsOf, registerWasmKernel, valuesInPlace } from "./wasm/kernels";

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
  if (tf.getBackend() === "wasm") return onWasm(ROWS_TIMES_GROUPS, { x, w }, { counts, transposed }) as tf.Tensor2D;
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
  if (tf.getBackend() === "wasm") return onWasm(GROUP_PRODUCTS, { x, y }, { counts }) as tf.Tensor3D;
  return tf.tidy(() => {
    let next = 0;
    const parts = counts.map((count) => {
      const rows = (t: tf.Tensor2D) => t.slice([next, 0], [count, -1]);
      const product = count === 0 ? tf.zeros<tf.Rank.R2>([x.shape[1], y.shape[1]]) : tf.matMul(rows(x), rows(y), true, false);
      next += count;
      return product;
    });
    return tf.stack(parts) as tf.Tensor3D;
  });
}

/** The groups that have rows, and where these begin. */
function rowRanges(counts: number[]): { group: number; begin: number; count: number }[] {
  let begin = 0;
  return counts
    .map((count, group) => {
      begin += count;
      return { group, begin: begin - count, count };
    })
    .filter(({ count }) => count > 0);
}

const ROWS_TIMES_GROUPS = "CourseRowsTimesGroups";
const GROUP_PRODUCTS = "CourseGroupProducts";

function onWasm(kernel: string, inputs: tf.NamedTensorMap, attributes: { counts: number[]; transposed?: boolean }): tf.Tensor {
  return tf.engine().runKernel(kernel, inputs, attributes) as tf.Tensor;
}

/** Makes the wasm kernels known to tfjs; again is harmless. */
export function registerGroupedMatMul(): void {
  registerWasmKernel(ROWS_TIMES_GROUPS, ({ x, w }, backend, attributes) => {
    const { counts, transposed } = attributes as unknown as { counts: number[]; transposed: boolean };
    const products = productsOf(backend);
    const [, rows, columns] = w.shape;
    const [Din, Dout] = transposed ? [columns, rows] : [rows, columns];
    const out = backend.makeOutput([x.shape[0], Dout], "float32");
    const [fromX, fromW, toOut] = [x, w, out].map((tensor) => offsetOf(backend, tensor));
    for (const { group, begin, count } of rowRanges(counts)) {
      const rowsOfGroup = { offset: fromX + 4 * begin * Din, rows: count, columns: Din };
      const matrix = { offset: fromW + 4 * group * rows * columns, rows, columns };
      const target = { offset: toOut + 4 * begin * Dout, rows: count, columns: Dout };
      if (transposed) products.multiply({ ...rowsOfGroup, transposed: false }, { ...matrix, transposed }, target);
      else products.multiplyPacked(rowsOfGroup, w.dataId, matrix, target);
    }
    return out;
  });
  registerWasmKernel(GROUP_PRODUCTS, ({ x, y }, backend, attributes) => {
    const { counts } = attributes as unknown as { counts: number[] };
    const [Din, Dout] = [x.shape[1], y.shape[1]];
    const out = backend.makeOutput([counts.length, Din, Dout], "float32");
    valuesInPlace(backend, out).fill(0); // groups without rows
    const [fromX, fromY, toOut] = [x, y, out].map((tensor) => offsetOf(backend, tensor));
    for (const { group, begin, count } of rowRanges(counts)) {
      productsOf(backend).multiply(
        { offset: fromX + 4 * begin * Din, rows: count, columns: Din, transposed: true },
        { offset: fromY + 4 * begin * Dout, rows: count, columns: Dout, transposed: false },
        { offset: toOut + 4 * group * Din * Dout, rows: Din, columns: Dout },
      );
    }
    return out;
  });
}
