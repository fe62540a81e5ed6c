/**
 * What a parallel head could know. It predicts the token after the next from the same state that predicts the next, so it
 * cannot see which the next one is (Gloeckle et al., 2024; Medusa's heads are of the same kind).
 */
import * as tf from "@tensorflow/tfjs";
import type { DeepSeekV3 } from "../../model/model";

/**
 * The distribution of the token after the next, over all that the next may be: Σ_a p(a | text) · p(· | text, a), by the
 * main model itself. No head that sees the text alone can predict the main model's writing better.
 *
 * @param ids [T], the text
 * @returns [V]; costs a pass over V texts
 */
export function parallelAtBest(model: DeepSeekV3, ids: number[]): Float32Array {
  const V = model.config.vocabSize;
  return tf.tidy(() => {
    const last = (logits: tf.Tensor3D) =>
      tf.softmax(logits.slice([0, logits.shape[1] - 1, 0], [-1, 1, -1]).reshape<tf.Tensor2D>([-1, V]));
    const next = last(model.forward([ids])); // [1, V]
    const then = last(model.forward(Array.from({ length: V }, (_, a) => [...ids, a]))); // [V, V]
    return tf.matMul(next, then).dataSync() as Float32Array;
  });
}

/**
 * The distribution of the token after the last by the multi-token prediction module, which sees all of the text; the main
 * model's part of it ends one token earlier.
 *
 * @param ids [T], T at least 2
 * @returns [V]
 */
export function byModule(model: DeepSeekV3, ids: number[]): Float32Array {
  return tf.tidy(() => {
    const logits = model.forwardMtp([ids]);
    const last = logits.slice([0, ids.length - 2, 0], [1, 1, -1]);
    return tf.softmax(last).dataSync() as Float32Array;
  });
}
