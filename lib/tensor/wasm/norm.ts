/** RMSNorm on wasm: one pass over the rows forward, and one back for both gradients. */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable";
import { runCompiled } from "./run-compiled";

/** rmsNorm (nn.ts) on wasm. Differentiable in x [..., D] and weight [D]. */
export function rmsNormOnWasm<T extends tf.Tensor>(x: T, weight: tf.Tensor, epsilon: number): T {
  const width = weight.size;
  const numbers = [width === 0 ? 0 : x.size / width, width, epsilon] as const;
  return differentiable(
    (x: T, weight: tf.Tensor) => {
      const [value] = runCompiled<T>([x, weight], [x.shape], (kernels, x, w, out) =>
        kernels.rmsNorm(x, w, out, ...numbers),
      );
      return { value, saved: [x, weight] };
    },
    (dy, [x, weight]) => {
      const [dx, dw] = runCompiled([x, weight, dy], [x.shape, weight.shape], (kernels, ...offsets) =>
        kernels.rmsNormGradients(...offsets, ...numbers),
      );
      return [dx, dw];
    },
  )(x, weight);
}
