/** What an optimiser does to tensors: a step of AdamW, and the sum of squares by which gradients are clipped. */
import * as tf from "@tensorflow/tfjs";
import type { AdamWNumbers, AdamWState } from "./kernel-types";
import { onWasm } from "./wasm/kernels";
import { adamwStepOnWasm, sumOfSquaresOnWasm } from "./wasm/optimiser-step";
import { adamwStepOnWebgpu, sumOfSquaresOnWebgpu } from "./webgpu/adamw";
import { onWebgpu } from "./webgpu/program";

/**
 * One step of AdamW (Loshchilov and Hutter, 2019) on one tensor.
 *
 *     g ← clip · g
 *     m ← β₁·m + (1 − β₁)·g        v ← β₂·v + (1 − β₂)·g²
 *     θ ← θ − α·λ·θ − α · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)
 *
 * @param state the parameter p and its moments m and v, of one shape
 * @param g its gradient
 * @param clip scalar: the factor on the gradient
 * @returns the new parameter and moments; the given ones are the caller's to free
 */
export function adamwStep(state: AdamWState, g: tf.Tensor, clip: tf.Scalar, numbers: AdamWNumbers): AdamWState {
  if (onWebgpu()) return adamwStepOnWebgpu(state, g, clip, numbers);
  if (onWasm()) return adamwStepOnWasm(state, g, clip, numbers);
  const { beta1, beta2, epsilon, learningRate, weightDecay, step } = numbers;
  return tf.tidy(() => {
    const clipped = g.mul(clip);
    const m = state.m.mul(beta1).add(clipped.mul(1 - beta1));
    const v = state.v.mul(beta2).add(clipped.square().mul(1 - beta2));
    const root = v
      .mul(1 / (1 - beta2 ** step))
      .sqrt()
      .add(epsilon);
    const kept = weightDecay === 0 ? state.p : state.p.mul(1 - learningRate * weightDecay);
    return { p: kept.sub(m.mul(learningRate / (1 - beta1 ** step)).div(root)), m, v };
  });
}

/** Σ x² over all elements of all tensors: a scalar; nothing is read back. */
export function sumOfSquares(tensors: tf.Tensor[]): tf.Scalar {
  if (onWebgpu()) return sumOfSquaresOnWebgpu(tensors);
  if (onWasm()) return sumOfSquaresOnWasm(tensors);
  return tf.tidy(() => tf.stack(tensors.map((x) => x.square().sum())).sum<tf.Scalar>());
}
