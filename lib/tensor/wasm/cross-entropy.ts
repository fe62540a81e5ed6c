/** Cross-entropy on wasm: one pass over the logits, which leaves what the gradient is made of. */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable";
import { runCompiled } from "./run-compiled";

/** crossEntropy (../cross-entropy.ts) on wasm. Differentiable in the logits. */
export function crossEntropyOnWasm(logits: tf.Tensor2D, targets: tf.Tensor1D): tf.Scalar {
  const [N, V] = logits.shape;
  return differentiable(
    (logits: tf.Tensor2D) => {
      let chosen = 0; // Σ of the targets' logits, each counted from its row's largest
      const [excess, sums] = runCompiled([logits, targets], [[N, V], [N]], (kernels, ...offsets) => {
        chosen = kernels.crossEntropy(...offsets, N, V);
      });
      const value: tf.Scalar = sums.log().sum().sub(chosen).div(N);
      return { value, saved: [excess] };
    },
    (dy, [excess]) => [excess.mul(dy.div(N))],
  )(logits);
}
