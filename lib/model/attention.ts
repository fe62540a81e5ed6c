/**
 * Causal softmax attention, and the methods that multi-head latent attention replaces: multi-head (MHA), grouped-query
 * (GQA) and multi-query (MQA). The three differ only in how many key-value heads H_kv serve the H query heads:
 * H, a divisor of H, or 1.
 */
import * as tf from "@tensorflow/tfjs";
import { causalSoftmax, rotate } from "../tensor/nn";
import type { KeyValueCache } from "./key-value-cache";
import type { Linear } from "./arithmetic";
import type { RotaryTables } from "./rotary";

/** [B, T, H·d] → [B, H, T, d] */
export function splitHeads(x: tf.Tensor3D, heads: number): tf.Tensor4D {
  const [B, T, width] = x.shape;
  return tf.tidy(() => x.reshape([B, T, heads, width / heads]).transpose([0, 2, 1, 3]));
}

/** [B, H, T, d] → [B, T, H·d] */
export function mergeHeads(x: tf.Tensor4D): tf.Tensor3D {
  const [B, H, T, d] = x.shape;
  return tf.tidy(() => x.transpose([0, 2, 1, 3]).reshape([B, T, H * d]));
}

/** x [B, T, Din] · w [Din, Dout] → [B, T, Dout], as one product over all rows. */
export function project(x: tf.Tensor3D, w: tf.Tensor2D, linear: Linear = tf.matMul): tf.Tensor3D {
  const [B, T, width] = x.shape;
  return tf.tidy(() => linear(x.reshape([B * T, width]), w).reshape([B, T, w.shape[1]]));
}

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
 * @throws if H_kv does not divide H
 */
export function groupedQueryAttention(
  x: tf.Tensor3D,
  weights: GroupedQueryWeights,
  { heads, keyValueHeads, rotary, cache }: GroupedQueryOptions,
): tf.Tensor3D {
  if (heads % keyValueHeads !== 0) {
    throw new Error(`groupedQueryAttention: ${keyValueHeads} key-value heads do not divide ${heads} query heads`);
  }
  const [B, T] = x.shape;
  return tf.tidy(() => {
    const d = weights.qProj.shape[1] / heads;
    const turned = (y: tf.Tensor3D, n: number) => rotate(y.reshape([B, T, n, d]), rotary).reshape<tf.Tensor3D>([B, T, n * d]);
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
  return x.expandDims<tf.Tensor5D>(2).tile([1, 1, times, 1, 1]).reshape([B, H * times, T, d]);
}
