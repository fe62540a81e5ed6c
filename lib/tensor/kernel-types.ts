/** What kernels take and give alike on wasm and on webgpu. */
import type * as tf from "@tensorflow/tfjs";

/** The matrices of E gated feed-forward networks, stacked. */
export interface StackedExperts {
  gateProj: tf.Tensor3D; // [E, D, I]
  upProj: tf.Tensor3D; // [E, D, I]
  downProj: tf.Tensor3D; // [E, I, D]
}

/** How experts are chosen from their affinities, and weighed. */
export interface ChoiceRules {
  /** G, groups of experts. */
  groups: number;
  /** Groups that stay. */
  keptGroups: number;
  /** K */
  chosenPerToken: number;
  /** What biased scores are brought into, [least, largest]. */
  range: readonly [number, number];
  /** Added to the scores of dropped groups. */
  minusInfinity: number;
  /** Whether gates are divided by their sum. */
  normalised: boolean;
  /** Added to that sum. */
  epsilon: number;
  /** Multiplies every gate. */
  scale: number;
}

/** The steps of Routing (model/router.ts), under its names. */
export interface ExpertChoice extends tf.NamedTensorMap {
  affinity: tf.Tensor2D; // [N, E], as it was given
  biased: tf.Tensor2D; // [N, E]
  groupScores: tf.Tensor2D; // [N, G]
  groupMask: tf.Tensor2D; // [N, G]
  expertIndices: tf.Tensor2D; // int32 [N, K]
  mask: tf.Tensor2D; // [N, E]
  gates: tf.Tensor2D; // [N, E]
}

/** What a step changes of one tensor: the parameter and its moments. */
export interface AdamWState {
  p: tf.Tensor;
  m: tf.Tensor;
  v: tf.Tensor;
}

/** The numbers of one step. */
export interface AdamWNumbers {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** α, for this step. */
  learningRate: number;
  /** λ of θ ← θ − α·λ·θ; 0 for none. */
  weightDecay: number;
  /** t, from 1 on: the moments are divided by 1 − βᵗ. */
  step: number;
}
