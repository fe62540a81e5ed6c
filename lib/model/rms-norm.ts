/**
 * Root-mean-square normalisation (Zhang and Sennrich, 2019): LayerNorm without the mean and without the offset.
 * DeepSeek-V3 normalises before each attention, before each feed-forward, before the head, and at both width
 * bottlenecks of the attention (the compressed query and the latent).
 */
import * as tf from "@tensorflow/tfjs";
import { rmsNormOnWebgpu } from "../tensor/webgpu/norm";
import { onWebgpu } from "../tensor/webgpu/program";

/**
 * RMSNorm(x) = w ⊙ x / √(mean(x²) + ε), over the last axis.
 *
 * @param x [..., D]
 * @param weight [D], one gain a channel
 * @param epsilon added to the mean square, so that a row of zeros stays zeros; the release uses 1e-6
 */
export function rmsNorm<T extends tf.Tensor>(x: T, weight: tf.Tensor, epsilon: number): T {
  const width = x.shape[x.rank - 1];
  if (weight.rank !== 1 || weight.shape[0] !== width) {
    throw new Error(`rmsNorm: x is [${x.shape}], so the weight must be [${width}], not [${weight.shape}]`);
  }
  if (onWebgpu()) return rmsNormOnWebgpu(x, weight, epsilon);
  return tf.tidy(() => {
    const meanSquare = x.square().mean(-1, true); // [..., 1]
    return x.mul(meanSquare.add(epsilon).rsqrt()).mul(weight) as T;
  });
}
