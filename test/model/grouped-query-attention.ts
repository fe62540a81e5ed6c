/**
 * The methods that multi-head latent attention replaces, so that caches can be measured and not only counted: multi-head
 * (MHA), grouped-query (GQA) and multi-query (MQA) attention. The three differ only in how many key-value heads H_kv
 * serve the H query heads: H, a divisor of H, or 1.
 */
import * as tf from "@tensorflow/tfjs";
import { project } from "../../lib/model/arithmetic";
import type { KeyValueCache } from "../../lib/model/key-value-cache";
import { mergeHeads, splitHeads } from "../../lib/model/mla";
import type { RotaryTables } from "../../lib/model/rotary";
import { causalSoftmax, rotate } from "../../lib/tensor/nn";

export interface GroupedQueryWeights {
  qProj: tf.Tensor2D; // [D, H·d]
  kProj: tf.Tensor2D; // [D, H_kv·d]
  vProj: tf.Tensor2D; // [D, H_kv·d]
  oProj: tf.Tensor2D; // [H·d, D]
}

export interface GroupedQueryOptions {
  /** H */
  heads: number;
  /** H_kv: H for MHA, 1 for MQA, a divisor of H in between for GQA. */
  keyValueHeads: number;
  rotary: RotaryTables;
  /** Past tokens; this layer's are appended. */
  cache?: { store: KeyValueCache; layer: number };
}

/**
 * Grouped-query attention (Ainslie et al., 2023) of x over itself and, with a cache, over what came before. Each key-value
 * head serves H / H_kv query heads.
 *
 * @param x [B, T, D]
 * @returns [B, T, D]
 */
export function groupedQueryAttention(
  x: tf.Tensor3D,
  weights: GroupedQueryWeights,
  { heads, keyValueHeads, rotary, cache }: GroupedQueryOptions,
): tf.Tensor3D {
  const [B, T] = x.shape;
  return tf.tidy(() => {
    const d = weights.qProj.shape[1] / heads;
    const turned = (y: tf.Tensor3D, n: number) =>
      rotate(y.reshape([B, T, n, d]), rotary).reshape<tf.Tensor3D>([B, T, n * d]);
    const q = splitHeads(turned(project(x, weights.qProj), heads), heads); // [B, H, T, d]
    const keys = splitHeads(turned(project(x, weights.kProj), keyValueHeads), keyValueHeads); // [B, H_kv, T, d]
    const values = splitHeads(project(x, weights.vProj), keyValueHeads);
    const past = cache === undefined ? { keys, values } : cache.store.append(cache.layer, keys, values); // [B, H_kv, S, d]
    const shared = (y: tf.Tensor4D) => repeatHeads(y, heads / keyValueHeads);
    const scores: tf.Tensor4D = tf.matMul(q, shared(past.keys), false, true); // [B, H, T, S]
    const probabilities = causalSoftmax(scores, null, d ** -0.5);
    return project(mergeHeads(tf.matMul(probabilities, shared(past.values))), weights.oProj);
  });
}

/** [B, H_kv, T, d] → [B, H_kv·times, T, d]: neighbouring query heads share a key-value head. */
function repeatHeads(x: tf.Tensor4D, times: number): tf.Tensor4D {
  const [B, H, T, d] = x.shape;
  return x
    .expandDims<tf.Tensor5D>(2)
    .tile([1, 1, times, 1, 1])
    .reshape([B, H * times, T, d]);
}
