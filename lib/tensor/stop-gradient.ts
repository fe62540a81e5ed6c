/** What a choice was made from should not learn from the choice: tfjs has no operation for that, so here it is. */
import * as tf from "@tensorflow/tfjs";

/**
 * The same values, cut off from what they were computed from: to the gradient, a constant. What leads here may contain
 * operations that have no gradient, such as topk.
 */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  // A custom operation without inputs: the tape then finds no way from the result back to x.
  return tf.customGrad(() => ({ value: x.clone(), gradFunc: () => [] }))() as T;
}
