/**
 * The gated feed-forward network (Shazeer, 2020) that DeepSeek-V3 uses everywhere: in its dense layers, as the shared
 * expert and, with a smaller width, as each routed expert.
 */
import * as tf from "@tensorflow/tfjs";
import { swiGlu } from "../tensor/nn";
import type { Linear } from "./arithmetic";
import type { MlpWeights } from "./weights";

/**
 * down(SiLU(gate(x)) ⊙ up(x)), with SiLU(y) = y · sigmoid(y)
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
    return linear(swiGlu(gate, up), downProj);
  });
}
