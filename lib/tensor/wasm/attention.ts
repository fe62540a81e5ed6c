/** Causal attention on wasm, in one kernel. Of the keys that a query does not see, nothing is computed. */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable";
import { runCompiled } from "./run-compiled";

/**
 * causalAttention (nn.ts) on wasm. Differentiable in all four.
 *
 * @param qC [B, H, T, nope]
 * @param qR [B, H, T, R]
 * @param kv [B, S, H·(nope + V)]
 * @param kR [B, S, R]
 * @param scale above 0
 * @returns [B, T, H·V]
 */
export function causalAttentionOnWasm(
  qC: tf.Tensor4D,
  qR: tf.Tensor4D,
  kv: tf.Tensor3D,
  kR: tf.Tensor3D,
  scale: number,
): tf.Tensor3D {
  const [B, H, T, nope] = qC.shape;
  const [, S, R] = kR.shape;
  const V = kv.shape[2] / H - nope;
  // What the kernels want room for: see assembly/attention.ts.
  const wide = padded(S) + 8;
  const numbers = [B, H, T, S, nope, R, V, wide, scale] as const;
  return differentiable(
    (...inputs: [tf.Tensor4D, tf.Tensor4D, tf.Tensor3D, tf.Tensor3D]) => {
      const shapes = [[B, T, H * V], [B, H, T, wide], [48 + (2 * padded(S) + 48) * (nope + R + padded(V))]];
      const [value, probabilities, scratch] = runCompiled(inputs, shapes, (kernels, ...offsets) =>
        kernels.causalAttention(...offsets, ...numbers),
      );
      scratch.dispose();
      return { value: value as tf.Tensor3D, saved: [...inputs, probabilities] };
    },
    (dy, saved) => {
      const shapes = saved.slice(0, 4).map(({ shape }) => shape);
      const room = [48 + 2 * padded(S) * (padded(nope) + padded(R) + 2 * padded(V)) + T * (wide + 24)];
      const outputs = runCompiled([...saved, dy], [...shapes, room], (kernels, ...offsets) =>
        kernels.causalAttentionGradients(...offsets, ...numbers),
      );
      const [dqC, dqR, dkv, dkR, scratch] = outputs;
      scratch.dispose();
      return [dqC, dqR, dkv, dkR];
    },
  )(qC, qR, kv, kR);
}

/** Up to the end of a panel of eight columns. */
function padded(columns: number): number {
  return Math.ceil(columns / 8) * 8;
}
