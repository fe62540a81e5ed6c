/**
 * Moving rows: taking some of a matrix's rows, and adding rows up at given places. Each is the other's gradient. tfjs's
 * gather does the same, but is 14 times slower than gatherND on wasm, and its gradient is missing there.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "./differentiable";
import { onWebgpu } from "./webgpu/program";

/**
 * out[m] = x[indices[m]]. Differentiable in x.
 *
 * @param x [N, D]
 * @param indices int32 [M], each at least 0 and less than N
 * @returns [M, D]
 * @throws if an index is outside (not on webgpu: see checkIndices)
 */
export function takeRows(x: tf.Tensor2D, indices: tf.Tensor1D): tf.Tensor2D {
  const [N] = x.shape;
  checkIndices("takeRows", indices, N);
  return differentiable(
    (x: tf.Tensor2D) => ({ value: take_(x, indices), saved: [indices] }),
    (dy, [indices]) => [add_(dy, indices, N)],
  )(x);
}

/**
 * out[n] = the sum of rows[m] over all m with indices[m] = n. Differentiable in rows.
 *
 * @param rows [M, D]
 * @param indices int32 [M], each at least 0 and less than n
 * @returns [n, D]
 * @throws if an index is outside (not on webgpu: see checkIndices), or there is not one for each row
 */
export function addRows(rows: tf.Tensor2D, indices: tf.Tensor1D, n: number): tf.Tensor2D {
  if (rows.shape[0] !== indices.size) {
    throw new Error(`addRows: [${rows.shape}] rows need ${rows.shape[0]} indices, got ${indices.size}`);
  }
  checkIndices("addRows", indices, n);
  return differentiable(
    (rows: tf.Tensor2D) => ({ value: add_(rows, indices, n), saved: [indices] }),
    (dy, [indices]) => [take_(dy, indices)],
  )(rows);
}

/** A tensor's values; null where reading them back would stop a GPU. */
export function valuesAtOnce(tensor: tf.Tensor): Float32Array | Int32Array | Uint8Array | null {
  return onWebgpu() ? null : tensor.dataSync();
}

/**
 * Checks that the indices are int32 from 0 up to but not including n. The wasm kernels read and write whatever memory an
 * index points to. On webgpu an index outside is harmless, and reading the indices back would stop the GPU.
 */
function checkIndices(name: string, indices: tf.Tensor, n: number): void {
  if (indices.dtype !== "int32") {
    throw new Error(`${name}: indices must be int32, not ${indices.dtype}. Convert with toInt() first`);
  }
  const outside = valuesAtOnce(indices)?.find((index) => index < 0 || index >= n);
  if (outside !== undefined) throw new Error(`${name}: index ${outside} is outside 0 to ${n - 1}, the rows there are`);
}

function take_(x: tf.Tensor2D, indices: tf.Tensor1D): tf.Tensor2D {
  if (indices.size === 0) return tf.zeros([0, x.shape[1]]);
  return tf.tidy(() => tf.gatherND(x, indices.expandDims(1)) as tf.Tensor2D);
}

function add_(rows: tf.Tensor2D, indices: tf.Tensor1D, n: number): tf.Tensor2D {
  if (indices.size === 0) return tf.zeros([n, rows.shape[1]]);
  return tf.tidy(() => tf.scatterND(indices.expandDims(1), rows, [n, rows.shape[1]]));
}
