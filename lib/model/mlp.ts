/**
 * The gated feed-forward network (Shazeer, 2020) that DeepSeek-V3 uses everywhere: in its dense layers, as the shared
 * expert and, with a smaller width, as each routed expert.
 */
import * as tf from "@tensorflow/tfjs";
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
export function mlp(x: tf.Tensor2D, { gateProj, upProj, downProj }: MlpWeights): tf.Tensor2D {
  return tf.tidy(() => {
    const inner = silu(tf.matMul(x, gateProj)).mul<tf.Tensor2D>(tf.matMul(x, upProj)); // [N, I]
    return tf.matMul(inner, downProj);
  });
}
