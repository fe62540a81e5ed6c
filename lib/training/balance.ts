/**
 * Keeping the experts evenly busy, in three ways (the report, section 2.1.2):
 * - the bias: after each step, overloaded experts get a lower correction bias, the others a higher one. No gradient
 *   asks the model for balance, so none pulls against the loss;
 * - the sequence-wise loss, with a very small weight, against extreme imbalance within one sequence;
 * - the classic auxiliary loss over the whole batch (GShard, Lepikhin et al., 2020; Switch, Fedus et al., 2021), which
 *   the bias replaces.
 *
 * The two losses are one formula, Σ f·P, over windows of different size: a sequence, or the batch. Layers of equal
 * shape are joined along the tokens, so that all of them take one set of operations.
 */
import * as tf from "@tensorflow/tfjs";
import type { BlockRouting } from "../model/collect-routing";
import { differentiable } from "../tensor/differentiable";

/** The routing of several layers, one after the other in the rows. */
export interface JoinedRouting {
  affinity: tf.Tensor2D; // s [layers·N, E]
  mask: tf.Tensor2D; // [layers·N, E], 1 for the chosen experts
  layers: number;
}

/**
 * Joins the routing of layers of equal shape, and frees it.
 *
 * @throws if there is no layer
 */
export function joinLayers(routing: BlockRouting[]): JoinedRouting {
  if (routing.length === 0) throw new Error("balance: the model has no sparse layer; firstKDenseReplace leaves none");
  const affinity = tf.concat(routing.map((layer) => layer.affinity));
  const mask = tf.concat(routing.map((layer) => layer.mask));
  tf.dispose(routing);
  return { affinity, mask, layers: routing.length };
}

export interface BalanceOptions {
  /** K, routed experts a token. */
  active: number;
  /** Weight of the loss, α. */
  alpha: number;
  /** How many layers are joined in the rows, one after the other; 1 if left out. */
  layers?: number;
}

/**
 * The sequence-wise balance loss α · Σ_i f_i · P_i (equations 17–20), mean over the sequences, sum over the layers.
 * f_i = E/(K·T) · how many of the sequence's T tokens chose expert i; P_i is the mean of s_i / Σ_j s_j over them.
 *
 * @param affinity [layers·B·T, E], s, sequence after sequence
 * @param chosen [layers·B·T, E], 1 for the chosen experts; the report takes the K largest s, without bias and groups
 * @param options.sequences B
 * @returns a scalar, differentiable in the affinity through P
 */
export function sequenceBalanceLoss(
  affinity: tf.Tensor2D,
  chosen: tf.Tensor2D,
  { active, alpha, layers = 1, sequences }: BalanceOptions & { sequences: number },
): tf.Scalar {
  return balanceLoss(affinity, chosen, { active, windows: layers * sequences, weight: alpha / sequences });
}

/**
 * The classic auxiliary loss α · E · Σ_i F_i · P_i over the whole batch, sum over the layers: F_i is the share of all
 * choices that fell on expert i, P_i the mean of s_i / Σ_j s_j. It is α where every expert has the same load.
 *
 * @param affinity [layers·N, E], s
 * @param mask [layers·N, E], 1 for the chosen experts
 * @returns a scalar, differentiable in the affinity through P
 */
export function switchAuxiliaryLoss(
  affinity: tf.Tensor2D,
  mask: tf.Tensor2D,
  { active, alpha, layers = 1 }: BalanceOptions,
): tf.Scalar {
  return balanceLoss(affinity, mask, { active, windows: layers, weight: alpha });
}

/** weight · Σ over windows of rows of Σ_i f_i · P_i, with its gradient written out. */
function balanceLoss(
  affinity: tf.Tensor2D,
  chosen: tf.Tensor2D,
  { active: K, windows: W, weight }: { active: number; windows: number; weight: number },
): tf.Scalar {
  const [rows, E] = affinity.shape;
  if (chosen.shape.join() !== affinity.shape.join() || rows % W !== 0) {
    throw new Error(
      `balance loss: affinity [${affinity.shape}] and choices [${chosen.shape}] must be alike, and ${W} windows ` +
        "of equal size must fill the rows",
    );
  }
  const M = rows / W; // tokens in a window
  return differentiable(
    (affinity: tf.Tensor2D) => {
      const s = affinity.reshape([W, M, E]);
      const f = chosen
        .reshape([W, M, E])
        .sum(1, true)
        .mul(E / (K * M)); // [W, 1, E]
      const sums = s.sum(2, true); // [W, M, 1]
      const along = s.mul(f).sum(2, true).div(sums); // [W, M, 1]: Σ_i f_i · s'_i of each token
      return { value: along.sum().mul<tf.Scalar>(weight / M), saved: [f, sums, along] };
    },
    (dy, [f, sums, along]) => [
      f
        .sub(along)
        .div(sums)
        .mul(dy.mul(weight / M))
        .reshape([rows, E]),
    ],
  )(affinity);
}

/**
 * How many tokens chose each expert.
 *
 * @param mask [layers·N, E], 1 for the chosen experts
 * @returns [layers, E]
 */
export function expertLoads(mask: tf.Tensor2D, layers = 1): tf.Tensor2D {
  const [rows, E] = mask.shape;
  return tf.tidy(() => mask.reshape([layers, rows / layers, E]).sum<tf.Tensor2D>(1));
}

/**
 * How far the busiest expert is above the mean, as a share of the mean: 0 is perfect balance, 1 means twice the mean.
 *
 * @param loads tokens of each expert
 */
export function maxVio(loads: ArrayLike<number>): number {
  const values = Array.from(loads);
  const mean = values.reduce((sum, load) => sum + load, 0) / values.length;
  return Math.max(...values) / mean - 1;
}

/**
 * The step of the balancing without a loss: b_i ← b_i + γ · sign(mean − load_i), so an overloaded expert is chosen less
 * in the next batch (section 2.1.2).
 *
 * @param biases [E] each, one a layer; changed in place
 * @param loads [layers, E]
 * @param gamma γ, the bias update speed: 0.001 for the first 14.3T tokens of DeepSeek-V3, then 0
 */
export function updateBias(biases: tf.Variable[], loads: tf.Tensor2D, gamma: number): void {
  if (gamma === 0) return;
  tf.tidy(() => {
    // E · (mean − load), counted from the least load: whole numbers, so that equal loads are exactly at their mean.
    const more = loads.sub(loads.min(1, true)); // [layers, E]
    const moves = more.sum(1, true).sub(more.mul(loads.shape[1])).sign().mul(gamma);
    tf.unstack(moves).forEach((move, layer) => biases[layer].assign(biases[layer].add(move)));
  });
}
