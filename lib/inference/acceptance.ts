/**
 * How often the multi-token prediction module guesses what the main model would say: measured along given text, at
 * every position at once. This is what speculative decoding lives from. Along a text that the model writes itself the
 * rate is another, usually higher: there the model is surer.
 */
import * as tf from "@tensorflow/tfjs";
import type { DeepSeekV3 } from "../model/model";

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
    const sums = tf.tidy(() => agreement(model, part));
    const [sumEqual, sumOverlap] = await sums.data();
    sums.dispose();
    equal += sumEqual;
    overlap += sumOverlap;
    positions += part.length * (part[0].length - 2);
  }
  return { greedy: equal / positions, sampled: overlap / positions, positions };
}

/** Sums over the positions of [B][T + 2] tokens: equal choices, and common probability. [2] */
function agreement(model: DeepSeekV3, ids: number[][]): tf.Tensor1D {
  const { logits, mtpLogits } = model.forwardTraining(ids);
  if (mtpLogits === undefined) throw new Error("draftAcceptance: this model has no multi-token prediction module");
  const [B, T, V] = logits.shape; // T states; the one at i + 1 decides the token that the module drafted at i
  const main = logits.slice([0, 1, 0], [B, T - 1, V]);
  const draft = mtpLogits.slice([0, 0, 0], [B, T - 1, V]);
  const equal = main.argMax(2).equal(draft.argMax(2)).toFloat().sum();
  const overlap = tf.minimum(tf.softmax(main), tf.softmax(draft)).sum();
  return tf.stack([equal, overlap]) as tf.Tensor1D;
}
