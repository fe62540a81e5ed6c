/**
 * How far the module and the main model agree, position by position along given text: what the acceptance of drafts is
 * made of, at temperature 0 (the same most likely token) and at temperature 1 (the common probability).
 */
import * as tf from "@tensorflow/tfjs";
import type { DeepSeekV3 } from "../../model/model";
import { compare, type Comparison } from "../../statistics/comparison";
import { mean } from "../../statistics/interval";

export interface Agreement {
  /** Whether both find the same token most likely: whether a draft is accepted at temperature 0. */
  equal: boolean;
  /** Σ_v min(p_v, q_v): with which probability a draft is accepted at temperature 1. */
  overlap: number;
}

/**
 * The agreement at each position of each text. Takes one pass over all of them.
 *
 * @param windows [B][T + 2] token ids
 * @returns [B][T]
 * @throws if the model has no module
 */
export function agreements(model: DeepSeekV3, windows: number[][]): Agreement[][] {
  const [equal, overlap] = tf.tidy(() => {
    const { logits, mtpLogits } = model.forwardTraining(windows);
    if (mtpLogits === undefined) throw new Error("agreements: this model has no multi-token prediction module");
    const [B, T, V] = logits.shape; // the state at i + 1 decides the token that the module drafted at i
    const main = logits.slice([0, 1, 0], [B, T - 1, V]);
    const draft = mtpLogits.slice([0, 0, 0], [B, T - 1, V]);
    const common = tf.minimum(tf.softmax(main), tf.softmax(draft)).sum(2);
    return [main.argMax(2).equal(draft.argMax(2)).arraySync(), common.arraySync()] as [number[][], number[][]];
  });
  return equal.map((row, b) => row.map((same, t) => ({ equal: same === 1, overlap: overlap[b][t] })));
}

/** Acceptance of drafts in one text, at temperature 0 and at temperature 1. */
export function acceptanceOf(text: readonly Agreement[]): { greedy: number; sampled: number } {
  return { greedy: mean(text.map(({ equal }) => Number(equal))), sampled: mean(text.map(({ overlap }) => overlap)) };
}

/** Says whether more drafts are accepted at temperature 1 than at temperature 0, along the same texts. */
export function acceptanceByTemperature(texts: readonly (readonly Agreement[])[], of: string): Comparison {
  const rates = texts.map(acceptanceOf);
  return compare(
    { name: "at temperature 1", values: rates.map(({ sampled }) => 100 * sampled) },
    { name: "at temperature 0", values: rates.map(({ greedy }) => 100 * greedy) },
    { quantity: "acceptance", unit: "points", of, digits: 1, paired: true },
  );
}

/** The mean overlap where both find the same token most likely, and where they don't; NaN where there is no such place. */
export function overlapByEqual(positions: readonly Agreement[]): { equal: number; different: number } {
  const over = (equal: boolean) => mean(positions.filter((at) => at.equal === equal).map(({ overlap }) => overlap));
  return { equal: over(true), different: over(false) };
}
