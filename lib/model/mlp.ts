/**
 * The gated feed-forward network (Shazeer, 2020) that DeepSeek-V3 uses everywhere: in its dense layers, as the shared
 * expert and, with a smaller width, as each routed expert.
 */
import * as tf from "@tensorflow/tfjs";
import { onWebgpu } from "../tensor/webgpu/program";
import { siluTimesOnWebgpu } from "../tensor/webgpu/silu";
import type { Linear } from "./arithmetic";
import type { MlpWeights } from "./weights";

/** SiLU(x) = x · sigmoid(x), any shape. */
export function silu<T extends tf.Tensor>(x: T): T {
  return tf.tidy(() => x.mul(x.sigmoid()) as T);
}

/**
 * down(SiLU(gate(x)) ⊙ up(x))
 *
 * @param x [N, D]
 * @returns [N, D]
 */
export function mlp(
  x: tf.Tensor2D,
  { gateProj, upProj, downProj }: MlpWeights,
  linear: Linear = tf.matMul,
): tf.Tensor2D {
  return tf.tidy(() => {
    const gate = linear(x, gateProj); // [N, I]
    const up = linear(x, upProj); // [N, I]
    const inner = onWebgpu() ? siluTimesOnWebgpu(gate, up) : silu(gate).mul<tf.Tensor2D>(up);
    return linear(inner, downProj);
  });
}
