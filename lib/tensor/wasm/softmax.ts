/** Causal softmax on wasm. Of the keys that a query does not see, nothing is computed. */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable";
import { runCompiled } from "./run-compiled";

/** causalSoftmax (nn.ts) on wasm. Differentiable in both parts of the scores. */
export function causalSoftmaxOnWasm(content: tf.Tensor4D, positional: tf.Tensor4D | null, scale: number): tf.Tensor4D {
  const { shape } = content;
  const [B, H, queries, keys] = shape;
  const numbers = [B * H * queries, queries, keys, scale] as const;
  const forward = (a: tf.Tensor4D, b: tf.Tensor4D | null) => {
    const parts = b === null ? [a] : [a, b];
    const [value] = runCompiled<tf.Tensor4D>(parts, [shape], (kernels, a, ...others) => {
      const [b, out] = others.length === 1 ? [0, ...others] : others;
      kernels.causalSoftmax(a, b, out, ...numbers);
    });
    return { value, saved: [value] as [tf.Tensor4D] };
  };
  const backward = (dp: tf.Tensor4D, [p]: [tf.Tensor4D]) => {
    const [gradient] = runCompiled([p, dp], [shape], (kernels, p, dp, out) =>
      kernels.causalSoftmaxGradient(p, dp, out, ...numbers),
    );
    return gradient;
  };
  if (positional === null) {
    return differentiable(
      (a: tf.Tensor4D) => forward(a, null),
      (dp, saved) => [backward(dp, saved)],
    )(content);
  }
  return differentiable(forward as (a: tf.Tensor4D, b: tf.Tensor4D) => ReturnType<typeof forward>, (dp, saved) => {
    const gradient = backward(dp, saved);
    return [gradient, gradient.clone()];
  })(content, positional);
}
