/**
 * Moving rows: taking some of a matrix's rows, and adding rows up at given places. Each is the other's gradient. tfjs's
 * gather does the same, but is 14 times slower than gatherND on wasm, and its gradient is missing there.
 */
import * as tf from "@tensorflow/tfjs";

/**
 * out[m] = x[indices[m]]. Differentiable in x.
 *
 * @param x [N, D]
 * @param indices int32 [M], each at least 0 and less than N
 * @returns [M, D]
 */
export function takeRows(x: tf.Tensor2D, indices: tf.Tensor1D): tf.Tensor2D {
  const [N] = x.shape;
  const take = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    save([indices]);
    return { value: take_(x, indices), gradFunc: (dy: tf.Tensor, [at]: tf.Tensor[]) => add_(dy, at, N) };
  });
  return take(x) as tf.Tensor2D;
}

/**
 * out[n] = the sum of rows[m] over all m with indices[m] = n. Differentiable in rows.
 *
 * @param rows [M, D]
 * @param indices int32 [M], each at least 0 and less than n
 * @returns [n, D]
 */
export function addRows(rows: tf.Tensor2D, indices: tf.Tensor1D, n: number): tf.Tensor2D {
  const add = tf.customGrad((...args) => {
    const [rows, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    save([indices]);
    return { value: add_(rows, indices, n), gradFunc: (dy: tf.Tensor, [at]: tf.Tensor[]) => take_(dy, at) };
  });
  return add(rows) as tf.Tensor2D;
}

function take_(x: tf.Tensor, indices: tf.Tensor): tf.Tensor {
  if (indices.size === 0) return tf.zeros([0, x.shape[1]!]);
  return tf.tidy(() => tf.gatherND(x, indices.expandDims(1)));
}

function add_(rows: tf.Tensor, indices: tf.Tensor, n: number): tf.Tensor {
  if (indices.size === 0) return tf.zeros([n, rows.shape[1]!]);
  return tf.tidy(() => tf.scatterND(indices.expandDims(1), rows, [n, rows.shape[1]!]));
}
