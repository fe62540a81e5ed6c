/** Rotary embedding on wasm: one pass turns all pairs, and turned the other way it is its own gradient. */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable";
import { runCompiled } from "./run-compiled";

/** rotate (nn.ts) on wasm. Differentiable in x. */
export function rotateOnWasm(x: tf.Tensor4D, cos: tf.Tensor4D, sin: tf.Tensor4D): tf.Tensor4D {
  const { shape } = x;
  const [B, T, heads, width] = shape;
  const turn = (x: tf.Tensor4D, cos: tf.Tensor, sin: tf.Tensor, direction: 1 | -1) => {
    const [turned] = runCompiled<tf.Tensor4D>([x, cos, sin], [shape], (kernels, ...offsets) =>
      kernels.rotate(...offsets, B * T, heads, width, cos.size / width, direction),
    );
    return turned;
  };
  return differentiable(
    (x: tf.Tensor4D) => ({ value: turn(x, cos, sin, 1), saved: [cos, sin] }),
    (dy, [cos, sin]) => [turn(dy, cos, sin, -1)],
  )(x);
}
