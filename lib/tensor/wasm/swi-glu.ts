/** SiLU(a) ⊙ b on wasm: one pass forward, and one back for both gradients. */
import type * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable";
import { runCompiled } from "./run-compiled";

/** swiGlu (nn.ts) on wasm, for equal shapes. Differentiable in both. */
export function swiGluOnWasm<T extends tf.Tensor>(a: T, b: T): T {
  const { shape, size } = a;
  return differentiable(
    (a: T, b: T) => {
      const [value] = runCompiled<T>([a, b], [shape], (kernels, a, b, out) => kernels.swiGlu(a, b, out, size));
      return { value, saved: [a, b] };
    },
    (dy, [a, b]) => {
      const [da, db] = runCompiled([a, b, dy], [shape, shape], (kernels, a, b, dy, da, db) =>
        kernels.swiGluGradients(a, b, dy, da, db, size),
      );
      return [da, db];
    },
  )(a, b);
}
