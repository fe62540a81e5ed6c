/**
 * Plain multi-head attention (Vaswani et al., 2017), which latent attention stands in for: every head has keys and values
 * of its own, made straight from x. Heads, widths and the rotated channels are those of MLA, so that a comparison of the
 * two changes one thing, what keys and values are made from; here each head also has its own rotated key. It serves
 * training and evaluation; it keeps no cache.
 */
import * as tf from "@tensorflow/tfjs";
import { causalSoftmax, rotate } from "../tensor/nn";
import { Random } from "../tensor/random";
import { FLOAT32, project, type Arithmetic } from "./arithmetic";
import type { ModelConfig } from "./config";
import { mergeHeads, splitHeads } from "./mla";
import { softmaxScale, type RotaryTables } from "./rotary";
import { initWeights, type InitOptions, type MlaWeights, type ModelWeights } from "./weights";

export interface MultiHeadWeights {
  qProj: tf.Tensor2D; // [D, H·(nope + rope)]
  kProj: tf.Tensor2D; // [D, H·(nope + rope)]
  vProj: tf.Tensor2D; // [D, H·v]
  oProj: tf.Tensor2D; // [H·v, D]
}

export function isMultiHead(weights: MlaWeights | MultiHeadWeights): weights is MultiHeadWeights {
  return "kProj" in weights;
}

/**
 * Attention of x over itself.
 *
 * @param x [B, T, D], normalised
 * @returns [B, T, D]
 */
export function multiHead(
  x: tf.Tensor3D,
  { qProj, kProj, vProj, oProj }: MultiHeadWeights,
  config: ModelConfig,
  { rotary, arithmetic = FLOAT32 }: { rotary: RotaryTables; arithmetic?: Arithmetic },
): tf.Tensor3D {
  const linear = arithmetic.linear("attention");
  const operand = <T extends tf.Tensor>(t: T) => arithmetic.input(t, "attentionOperator");
  return tf.tidy(() => {
    const [qC, qR] = withPosition(project(x, qProj, linear), config, rotary).map(operand);
    const [kC, kR] = withPosition(project(x, kProj, linear), config, rotary).map(operand);
    const content: tf.Tensor4D = tf.matMul(qC, kC, false, true); // [B, H, T, T]
    const position: tf.Tensor4D = tf.matMul(qR, kR, false, true);
    const probabilities = causalSoftmax(content, position, softmaxScale(config));
    const values = operand(splitHeads(project(x, vProj, linear), config.numAttentionHeads)); // [B, H, T, v]
    return project(mergeHeads(tf.matMul(operand(probabilities), values)), oProj, linear);
  });
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
