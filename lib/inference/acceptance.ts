/**
 * How often the multi-token prediction module guesses what the main model would say: measured along given text, at
 * every position at once. This is what speculative decoding lives from. Along a text that the model writes itself the
 * rate is another.
 */
import * as tf from "@tensorflow/tfjs";
import type { DeepSeekV3 } from "../model/model";

export interface Agreement {
  /** Whether both find the same token most likely: whether a draft is accepted at temperature 0. */
  equal: boolean;
  /** Σ_v min(p_v, q_v): with which probability a draft is accepted at temperature 1. */
  overlap: number;
}

export interface DraftAcceptance {
  /** Share of positions at which the most likely tokens of module and main model are the same: acceptance at
   * temperature 0. */
  greedy: number;
  /** Mean of Σ_v min(p_v, q_v), with p the main model's and q the module's distribution: acceptance of a sampled draft
   * at temperature 1 (Leviathan et al. 2023, corollary 3.6). */
  sampled: number;
  /** Positions measured. */
  positions: number;
}

/**
 * Measures it on some text.
 *
 * @param windows [count][T] token ids, T at least 3
 * @param options.batch windows that are computed together
 * @throws if the model has no module, or the windows are shorter
 */
export async function draftAcceptance(
  model: DeepSeekV3,
  windows: number[][],
  { batch }: { batch: number },
): Promise<DraftAcceptance> {
  if (windows.length === 0 || windows.some((row) => row.length < 3)) {
    throw new Error("draftAcceptance: it needs windows of three tokens or more");
  }
  let [equal, overlap, positions] = [0, 0, 0];
  for (let at = 0; at < windows.length; at += batch) {
    const part = windows.slice(at, at + batch);
    for (const at of (await agreements(model, part)).flat()) {
      if (at.equal) equal++;
      overlap += at.overlap;
      positions++;
    }
  }
  return { greedy: equal / positions, sampled: overlap / positions, positions };
}

/**
 * How far module and main model agree at each position. Takes one pass over all texts.
 *
 * @param ids [B][T + 2] token ids
 * @returns [B][T]
 * @throws if the model has no module
 */
export async function agreements(model: DeepSeekV3, ids: number[][]): Promise<Agreement[][]> {
  const [equal, overlap] = tf.tidy(() => {
    const { logits, mtpLogits } = model.forwardTraining(ids);
    if (mtpLogits === undefined) throw new Error("agreements: this model has no multi-token prediction module");
    const [B, T, V] = logits.shape; // T states; the one at i + 1 decides the token that the module drafted at i
    const main = logits.slice([0, 1, 0], [B, T - 1, V]);
    const draft = mtpLogits.slice([0, 0, 0], [B, T - 1, V]);
    const same = main.argMax(2).equal(draft.argMax(2)).toFloat();
    return [same, tf.minimum(tf.softmax(main), tf.softmax(draft)).sum(2)] as [tf.Tensor2D, tf.Tensor2D];
  });
  try {
    const [same, common] = [await equal.array(), await overlap.array()]; // [B][T]
    return same.map((row, b) => row.map((value, t) => ({ equal: value === 1, overlap: common[b][t] })));
  } finally {
    tf.dispose([equal, overlap]);
  }
}
