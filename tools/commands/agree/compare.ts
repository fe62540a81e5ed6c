/**
 * Two programs' logits of the same text. They round differently, and where two experts (or two groups of experts) are
 * equal up to rounding, they may choose different ones: then the logits of that token, and of those behind it, which
 * attend to it, differ by more than rounding, and neither program is wrong.
 */
import * as tf from "@tensorflow/tfjs";
import { collectRouting } from "../../../lib/model/collect-routing";
import type { ModelConfig } from "../../../lib/model/config";
import type { DeepSeekV3 } from "../../../lib/model/model";
import { routersOf } from "../../../lib/training/objective";

/** The largest difference that rounding may make, in logits. */
export const BOUND = 1e-4;

/** Scores of experts that are closer than this are equal up to rounding. */
const TIE = 1e-6;

/** By how much the last of the best k values exceeds the first of the others; Infinity if there are no others. */
function margin(values: readonly number[], k: number): number {
  const sorted = [...values].sort((a, b) => b - a);
  return k >= sorted.length ? Infinity : sorted[k - 1] - sorted[k];
}

/** On how much the choice of a token's experts hangs: of its groups, and of experts within these. */
export function choiceMargin(
  scores: readonly number[],
  { nGroup, topkGroup, numExpertsPerTok }: Pick<ModelConfig, "nGroup" | "topkGroup" | "numExpertsPerTok">,
): number {
  const size = scores.length / nGroup;
  const groups = Array.from({ length: nGroup }, (_, g) => {
    const own = scores.slice(g * size, (g + 1) * size);
    const [best, second = 0] = [...own].sort((a, b) => b - a);
    return { own, score: best + second };
  }).sort((a, b) => b.score - a.score);
  const reachable = groups.slice(0, topkGroup).flatMap(({ own }) => own);
  const ofGroups = margin(
    groups.map(({ score }) => score),
    topkGroup,
  );
  return Math.min(ofGroups, margin(reachable, numExpertsPerTok));
}

/** The logits of a text, and the tokens of which rounding decides the experts in some layer: [B · T]. */
export function computeOurs(model: DeepSeekV3, ids: number[][]): { logits: tf.Tensor3D; undecided: boolean[] } {
  const { result: logits, routing } = collectRouting((observe) => model.forward(ids, { observe }));
  const undecided = new Array<boolean>(ids.length * ids[0].length).fill(false);
  const routers = routersOf(model.weights);
  for (const [layer, { affinity, expertIndices, gates, mask }] of routing.entries()) {
    const biased = tf.tidy(() => affinity.add(routers[layer].router.eScoreCorrectionBias).arraySync()) as number[][];
    for (const [i, scores] of biased.entries()) undecided[i] ||= choiceMargin(scores, model.config) < TIE;
    tf.dispose([affinity, expertIndices, gates, mask]);
  }
  return { logits, undecided };
}

export interface Agreement {
  /** Of the logits of all tokens but those that are passed over. NaN if one of them is no number. */
  largestDifference: number;
  largestLogit: number;
  /** Tokens that differ by more than the bound, at or behind one of which rounding decides the experts. */
  passedOver: number;
}

/**
 * Compares logits [B, T, V].
 *
 * @param undecided [B · T]
 */
export function compareLogits(
  ours: Float32Array,
  theirs: Float32Array,
  [, T, V]: readonly number[],
  undecided: readonly boolean[],
): Agreement {
  const found: Agreement = { largestDifference: 0, largestLogit: 0, passedOver: 0 };
  let behind = false;
  for (let token = 0; token < undecided.length; token++) {
    behind = undecided[token] || (behind && token % T !== 0);
    let difference = 0;
    for (let i = token * V; i < (token + 1) * V; i++) {
      difference = Math.max(difference, Math.abs(ours[i] - theirs[i]));
      found.largestLogit = Math.max(found.largestLogit, Math.abs(ours[i]));
    }
    if (behind && difference > BOUND) found.passedOver++;
    else found.largestDifference = Math.max(found.largestDifference, difference);
  }
  return found;
}
