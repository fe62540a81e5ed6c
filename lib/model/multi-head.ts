/**
 * Plain multi-head attention (Vaswani et al., 2017), which latent attention stands in for: every head has keys and values
 * of its own, made straight from x. Heads, widths and the rotated channels are those of MLA, so that a comparison of the
 * two changes one thing, what keys and values are made from; here each head also has its own rotated key.
 */
import * as tf from "@tensorflow/tfjs";
import { causalSoftmax, rotate } from "../tensor/nn";
import { Random } from "../tensor/random";
import { FLOAT32, project, type Arithmetic } from "./arithmetic";
import type { ModelConfig } from "./config";
import { KeyValueCache } from "./key-value-cache";
import type { LatentCache } from "./latent-cache";
import { mergeHeads, splitHeads } from "./mla";
import { softmaxScale, type RotaryTables } from "./rotary";
import { initWeights, type InitOptions, type MlaWeights, type ModelWeights } from "./weights";

export interface MultiHeadWeights {
  qProj: tf.Tensor2D; // [D, H·(nope + rope)]
  kProj: tf.Tensor2D; // [D, H·(nope + rope)]
  vProj: tf.Tensor2D; // [D, H·v]
  oProj: tf.Tensor2D; // [H·v, D]
}

/** Whether an attention has keys and values of its own, and no latents. */
export function isMultiHead(weights: MlaWeights | MultiHeadWeights): weights is MultiHeadWeights {
  return "kProj" in weights;
}

export interface MultiHeadOptions {
  rotary: RotaryTables;
  arithmetic?: Arithmetic;
  /** Past tokens; this layer's are appended. Keys and values of heads need a KeyValueCache. */
  cache?: { store: KeyValueCache | LatentCache; layer: number };
}

/**
 * Attention of x over itself and, with a cache, over what came before.
 *
 * @param x [B, T, D], normalised
 * @returns [B, T, D]
 * @throws if the cache is one of latents: there are none here
 */
export function multiHead(
  x: tf.Tensor3D,
  { qProj, kProj, vProj, oProj }: MultiHeadWeights,
  config: ModelConfig,
  { rotary, arithmetic = FLOAT32, cache }: MultiHeadOptions,
): tf.Tensor3D {
  const linear = arithmetic.linear("attention");
  const operand = <T extends tf.Tensor>(t: T) => arithmetic.input(t, "attentionOperator");
  return tf.tidy(() => {
    const [qC, qR] = withPosition(project(x, qProj, linear), config, rotary).map(operand);
    const fresh = withPosition(project(x, kProj, linear), config, rotary).map(operand);
    const freshValues = operand(splitHeads(project(x, vProj, linear), config.numAttentionHeads)); // [B, H, T, v]
    const { kC, kR, values } = withPast(fresh, freshValues, config, cache); // [B, H, S, ·]
    const content: tf.Tensor4D = tf.matMul(qC, kC, false, true); // [B, H, T, S]
    const position: tf.Tensor4D = tf.matMul(qR, kR, false, true);
    const probabilities = causalSoftmax(content, position, softmaxScale(config));
    return project(mergeHeads(tf.matMul(operand(probabilities), values)), oProj, linear);
  });
}

/** Keys of all tokens, [B, H, S, nope] and [B, H, S, rope], and their values: those of x, after what the cache holds. */
function withPast(
  [kC, kR]: tf.Tensor4D[],
  values: tf.Tensor4D,
  { qkNopeHeadDim: nope, qkRopeHeadDim: R }: ModelConfig,
  cache: MultiHeadOptions["cache"],
): { kC: tf.Tensor4D; kR: tf.Tensor4D; values: tf.Tensor4D } {
  if (cache === undefined) return { kC, kR, values };
  if (!(cache.store instanceof KeyValueCache)) {
    throw new Error("multiHead: keys and values of heads are kept in a KeyValueCache, not in a LatentCache");
  }
  const past = cache.store.append(cache.layer, tf.concat([kC, kR], 3), values);
  const [keys, rotated] = tf.split(past.keys, [nope, R], 3) as tf.Tensor4D[];
  return { kC: keys, kR: rotated, values: past.values };
}

/** [B, T, H·(nope + rope)] → [B, H, T, nope] as it is, [B, H, T, rope] rotated. */
function withPosition(
  x: tf.Tensor3D,
  { numAttentionHeads: H, qkNopeHeadDim: nope, qkRopeHeadDim: R }: ModelConfig,
  rotary: RotaryTables,
): [tf.Tensor4D, tf.Tensor4D] {
  const [B, T] = x.shape;
  const [content, position] = tf.split(x.reshape([B, T, H, nope + R]), [nope, R], 3) as tf.Tensor4D[];
  return [content.transpose([0, 2, 1, 3]), rotate(position, rotary).transpose([0, 2, 1, 3])];
}

/**
 * First weights of a model whose blocks attend so; all that is not attention begins as in initWeights of that seed. The
 * tree has MultiHeadWeights where its type says MlaWeights: such a model is for training and evaluation, and no file or
 * engine takes it.
 */
export function initMultiHeadWeights(config: ModelConfig, seed: number, options: InitOptions = {}): ModelWeights {
  const weights = initWeights(config, seed, options);
  const random = new Random(seed ^ 0x5bd1e995); // another stream than that of the other weights
  const { hiddenSize: D, numAttentionHeads: H, qkNopeHeadDim, qkRopeHeadDim, vHeadDim } = config;
  const queries = H * (qkNopeHeadDim + qkRopeHeadDim);
  const make = (shape: [number, number]) => random.normalTensor(shape, options.std ?? 0.006) as tf.Tensor2D;
  for (const block of [...weights.layers, ...weights.mtp.map((module) => module.block)]) {
    tf.dispose(Object.values(block.selfAttn));
    const attention: MultiHeadWeights = {
      qProj: make([D, queries]),
      kProj: make([D, queries]),
      vProj: make([D, H * vHeadDim]),
      oProj: make([H * vHeadDim, D]),
    };
    block.selfAttn = attention as unknown as MlaWeights;
  }
  return weights;
}
