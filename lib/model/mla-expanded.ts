/**
 * Multi-head latent attention with keys and values kept expanded, as if they did not all come from one latent. Each token
 * is expanded once and never again; in return the cache holds H · (d_nope + d_rope + d_v) numbers a token and layer in
 * place of C + d_rope. Lesson 03 compares the two.
 */
import * as tf from "@tensorflow/tfjs";
import { causalSoftmax } from "../tensor/nn";
import type { ModelConfig } from "./config";
import type { KeyValueCache } from "./key-value-cache";
import { FLOAT32, project } from "./arithmetic";
import { latent, mergeHeads, queries, splitHeads } from "./mla";
import { softmaxScale, type RotaryTables } from "./rotary";
import type { MlaWeights } from "./weights";

/**
 * The same result as mla, with another cache.
 *
 * @param x [B, T, D], normalised
 * @returns [B, T, D]
 */
export function mlaExpanded(
  x: tf.Tensor3D,
  weights: MlaWeights,
  config: ModelConfig,
  { rotary, cache }: { rotary: RotaryTables; cache: { store: KeyValueCache; layer: number } },
): tf.Tensor3D {
  const { numAttentionHeads: H, qkNopeHeadDim: nope, qkRopeHeadDim: R, vHeadDim } = config;
  const [B, T] = x.shape;
  const linear = FLOAT32.linear("attention");
  return tf.tidy(() => {
    const { qC, qR } = queries(x, weights, config, rotary, linear);
    const { cKV, kPe } = latent(x, weights, config, rotary, linear);
    const expanded = splitHeads(project(cKV, weights.kvBProj, linear), H); // [B, H, T, nope + v]
    const [kC, values] = tf.split(expanded, [nope, vHeadDim], 3) as tf.Tensor4D[];
    const kR = kPe.reshape<tf.Tensor4D>([B, 1, T, R]).tile<tf.Tensor4D>([1, H, 1, 1]); // every head keeps its own copy
    const past = cache.store.append(cache.layer, tf.concat([kC, kR], 3), values); // [B, H, S, ·]
    const scores: tf.Tensor4D = tf.matMul(tf.concat([qC, qR], 3), past.keys, false, true);
    const probabilities = causalSoftmax(scores, null, softmaxScale(config));
    return project(mergeHeads(tf.matMul(probabilities, past.values)), weights.oProj, linear);
  });
}
