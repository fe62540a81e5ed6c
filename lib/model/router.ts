/**
 * The router: which experts a token goes to, and with what weight (the report, section 2.1.2, equations 12–16; the
 * groups and the scale are in the released code).
 *
 * 1. affinity   s = sigmoid(x·W), one number an expert, each for itself: no softmax, no competition
 * 2. biased     z = s + b, with the correction bias b that keeps the load even
 * 3. groups     each group of experts scores the sum of its two largest z; the best topkGroup groups stay
 * 4. selection  the K largest z within those groups
 * 5. gates      the affinities s of the chosen experts, divided by their sum, times routedScalingFactor
 *
 * The bias decides who is chosen and never how much they count: step 5 uses s, not z.
 */
import * as tf from "@tensorflow/tfjs";
import { stopGradient } from "../tensor/differentiable";
import { chooseExperts, MINUS_INFINITY } from "../tensor/nn";
import { columnsOfMask, topKMask } from "../tensor/top-k";
import type { ModelConfig } from "./config";
import type { Linear } from "./arithmetic";
import type { RouterWeights } from "./weights";

/** Added to the sum of the chosen affinities, so that nothing is divided by 0. */
export const GATE_EPS = 1e-20;

/**
 * The least and the largest score that the selection counts with. A bias of −∞ takes an expert out of use: it must lose
 * against every other of its group, win against those of dropped groups, and −∞ · 0 would make NaN of its group's score.
 */
export const SCORES = [MINUS_INFINITY / 10, -MINUS_INFINITY / 10] as const;

export type RoutingConfig = Pick<
  ModelConfig,
  "nRoutedExperts" | "numExpertsPerTok" | "nGroup" | "topkGroup" | "normTopkProb" | "routedScalingFactor"
>;

/** Every step of the routing of N tokens; all of it can be looked at, gates and expertIndices are what the experts need. */
export interface Routing extends tf.NamedTensorMap {
  affinity: tf.Tensor2D; // s [N, E]
  biased: tf.Tensor2D; // z [N, E]
  groupScores: tf.Tensor2D; // [N, G]
  groupMask: tf.Tensor2D; // [N, G], 1 for the groups that stay
  expertIndices: tf.Tensor2D; // int32 [N, K], in ascending order
  mask: tf.Tensor2D; // [N, E], 1 for the chosen experts
  gates: tf.Tensor2D; // [N, E], 0 where not chosen
}

/**
 * Routes x. Gradients flow into the gates through the affinities, never through the selection.
 *
 * @param x [N, D]
 */
export function route(x: tf.Tensor2D, gate: RouterWeights, config: RoutingConfig, linear: Linear = tf.matMul): Routing {
  return tf.tidy(() => {
    const affinity = tf.sigmoid(linear(x, gate.weight)); // [N, E], equation 15
    return routeAffinities(affinity, gate.eScoreCorrectionBias, config);
  });
}

/** Steps 2 to 5, by a kernel where there is one for all of them, else by selectExperts. */
export function routeAffinities(affinity: tf.Tensor2D, bias: tf.Tensor1D, config: RoutingConfig): Routing {
  const rules = {
    groups: config.nGroup,
    keptGroups: config.topkGroup,
    chosenPerToken: config.numExpertsPerTok,
    range: SCORES,
    minusInfinity: MINUS_INFINITY,
    normalised: config.normTopkProb,
    epsilon: GATE_EPS,
    scale: config.routedScalingFactor,
  };
  return chooseExperts(affinity, bias, rules, () => selectExperts(affinity, bias, config));
}

/**
 * Steps 2 to 5, from the affinities on.
 *
 * @param affinity [N, E], each between 0 and 1
 * @param bias [E]
 * @throws if the affinities or the bias do not have one column an expert
 */
export function selectExperts(affinity: tf.Tensor2D, bias: tf.Tensor1D, config: RoutingConfig): Routing {
  const { nRoutedExperts: E, numExpertsPerTok: K, normTopkProb, routedScalingFactor } = config;
  if (affinity.shape[1] !== E || bias.shape[0] !== E) {
    throw new Error(
      `selectExperts: for ${E} experts, affinity must be [N, ${E}] and bias [${E}]; got [${affinity.shape}] and [${bias.shape}]`,
    );
  }
  return tf.tidy(() => {
    const biased = affinity.add<tf.Tensor2D>(bias);
    const finite = tf.clipByValue(biased, ...SCORES) as tf.Tensor2D;
    const { groupScores, groupMask } = selectGroups(finite, config);
    // Out of the dropped groups, far below any score. Not 0: a biased score can be negative, and must still be chosen
    // before every expert of a dropped group.
    const dropped = tf.sub(1, groupMask).mul(MINUS_INFINITY).expandDims(2); // [N, G, 1]
    const candidates = finite
      .reshape([-1, config.nGroup, E / config.nGroup])
      .add(dropped)
      .reshape<tf.Tensor2D>(biased.shape);
    const mask = stopGradient(topKMask(candidates, K));
    const chosen = affinity.mul(mask); // equation 16: s where chosen, else 0
    const share = normTopkProb ? chosen.div(chosen.sum(1, true).add(GATE_EPS)) : chosen; // equation 13
    const gates = share.mul(routedScalingFactor) as tf.Tensor2D;
    return { affinity, biased, groupScores, groupMask, expertIndices: columnsOfMask(mask, K), mask, gates };
  });
}

/** Step 3: a group's score is the sum of its two best experts; the best topkGroup groups stay. */
function selectGroups(biased: tf.Tensor2D, { nRoutedExperts: E, nGroup: G, topkGroup }: RoutingConfig) {
  const [N, size] = [biased.shape[0], E / G];
  const byGroup = biased.reshape<tf.Tensor2D>([N * G, size]);
  const best = topKMask(byGroup, Math.min(2, size));
  const groupScores = byGroup.mul(best).sum(1).reshape<tf.Tensor2D>([N, G]);
  return { groupScores, groupMask: stopGradient(topKMask(groupScores, topkGroup)) };
}

/** What the experts need to know of the routing of N tokens. */
export interface RoutingDecision {
  affinity: tf.Tensor2D; // s [N, E]
  mask: tf.Tensor2D; // [N, E], 1 for the chosen experts
  gates: tf.Tensor2D; // [N, E], 0 where not chosen
  expertIndices?: tf.Tensor2D; // int32 [N, K]; read from the mask where left out
}
