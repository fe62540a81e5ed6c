/**
 * The weights of attention as this engine multiplies them. Absorbed decoding takes the query into the latent space
 * with W^UK and brings the result back with W^UV. Both stand beside another matrix, W^UQ and W^O, so that the two can
 * be multiplied ahead of time, and one product remains on each side.
 *
 * DeepSeek-V3 itself does not do this: with its sizes, [1536, 128·128] and [128, 128, 512] are a third of the [1536,
 * 128·512] that they would become. In a small model a product's call costs more than its arithmetic.
 */
import * as tf from "@tensorflow/tfjs";
import type { ModelConfig } from "../../model/config";
import { softmaxScale } from "../../model/rotary";
import type { MlaWeights } from "../../model/weights";

export interface FusedAttention {
  /** [D, qLoraRank] and the norm behind it; neither where qLoraRank is null. */
  queryDown?: { weight: tf.Tensor2D; norm: Float32Array };
  /** [qLoraRank or D, H·(C + R)]: of each head the query in the latent space, then its part for rotation; both times
   * the softmax scale. Owned. */
  query: tf.Tensor2D;
  /** [D, C + R] */
  latent: tf.Tensor2D;
  latentNorm: Float32Array;
  /** [H·C, D]. Owned. */
  output: tf.Tensor2D;
}

/** The maps of a layer's attention with W_UK taken into the query's and W_UV into the output's (absorbed decoding). */
export function fuseAttention(weights: MlaWeights, config: ModelConfig): FusedAttention {
  const { numAttentionHeads: H, qkNopeHeadDim: nope, qkRopeHeadDim: R, vHeadDim } = config;
  const { kvLoraRank: C, hiddenSize: D } = config;
  const [query, output] = tf.tidy(() => {
    const byHead = weights.kvBProj.reshape<tf.Tensor3D>([C, H, nope + vHeadDim]).transpose([1, 0, 2]);
    const [wUK, wUV] = tf.split(byHead, [nope, vHeadDim], 2) as tf.Tensor3D[]; // [H, C, nope], [H, C, v]
    const up = (weights.qBProj ?? weights.qProj)!;
    const queries = up.reshape<tf.Tensor3D>([-1, H, nope + R]).transpose([1, 0, 2]); // [H, Q, nope + R]
    const [qC, qR] = tf.split(queries, [nope, R], 2) as tf.Tensor3D[];
    const inLatentSpace = tf.matMul(qC, wUK, false, true); // [H, Q, C]
    const query = tf.concat([inLatentSpace, qR], 2).mul(softmaxScale(config)).transpose([1, 0, 2]);
    const output = tf.matMul(wUV, weights.oProj.reshape<tf.Tensor3D>([H, vHeadDim, D])); // [H, C, D]
    return [query.reshape<tf.Tensor2D>([-1, H * (C + R)]), output.reshape<tf.Tensor2D>([H * C, D])];
  });
  return {
    ...(weights.qAProj === undefined
      ? {}
      : { queryDown: { weight: weights.qAProj, norm: numbers(weights.qALayernorm!) } }),
    query: tf.keep(query),
    latent: weights.kvAProjWithMqa,
    latentNorm: numbers(weights.kvALayernorm),
    output: tf.keep(output),
  };
}

/** A copy of a tensor's numbers. */
export function numbers(tensor: tf.Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync());
}
