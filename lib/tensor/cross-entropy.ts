/**
 * The cross-entropy of logits with one right column a row.
 *
 * Its gradient is one line, softmax minus one-hot, so it is written out here. From single operations tfjs would make a
 * dozen steps of it, some of them with a constant of the logits' size that the CPU fills.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "./differentiable";
import { crossEntropyOnWasm } from "./wasm/cross-entropy";
import { floatsOnWasm } from "./wasm/run-compiled";
import { crossEntropyOnWebgpu } from "./webgpu/cross-entropy";
import { onWebgpu } from "./webgpu/program";

/**
 * Mean over rows of −ln softmax(logits)[target]. Differentiable in the logits.
 *
 * @param logits [N, V]
 * @param targets int32 [N], each at least 0 and less than V
 */
export function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor1D): tf.Scalar {
  if (onWebgpu()) return crossEntropyOnWebgpu(logits, targets);
  if (floatsOnWasm(logits)) return crossEntropyOnWasm(logits, targets);
  const [N, V] = logits.shape;
  return differentiable(
    (logits: tf.Tensor2D) => {
      const wanted = tf.oneHot(targets, V).toFloat(); // [N, V]
      const shifted = logits.sub(logits.max(1, true)); // the largest is 0, so nothing overflows
      const exponentials = shifted.exp();
      const sums = exponentials.sum(1, true); // [N, 1]
      const value: tf.Scalar = sums.log().sum().sub(shifted.mul(wanted).sum()).div(N);
      return { value, saved: [exponentials.div(sums), wanted] };
    },
    (dy, [p, wanted]) => [p.sub(wanted).mul(dy.div(N))],
  )(logits);
}
