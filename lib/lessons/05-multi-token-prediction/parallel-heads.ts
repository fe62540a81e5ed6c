/**
 * What a parallel head could know. It predicts the token after the next from the same state that predicts the next one,
 * so it cannot see which token comes next (Gloeckle et al., 2024; Medusa's heads work the same way).
 */
import * as tf from "@tensorflow/tfjs";
import type { DeepSeekV3 } from "../../model/model";

/**
 * The distribution of the token after the next by the main model itself, summed over all tokens that may come next:
 * Σ_a p(a | text) · p(· | text, a). No head that sees only the text can predict better what the main model writes.
 * Takes a pass over V texts.
 *
 * @param ids [T], the text
 * @returns [V]
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
 * The distribution of the token after the last by the multi-token prediction module. The module sees all of the text;
 * the state that it gets from the main model has seen one token less.
 *
 * @param ids [T], the text, at least 2 tokens
 * @returns [V]
 */
export function byModule(model: DeepSeekV3, ids: number[]): Float32Array {
  return tf.tidy(() => {
    const logits = model.forwardMtp([ids]);
    const last = logits.slice([0, ids.length - 2, 0], [1, 1, -1]);
    return tf.softmax(last).dataSync() as Float32Array;
  });
}
