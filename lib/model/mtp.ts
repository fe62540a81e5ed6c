/**
 * The multi-token prediction module (the report, section 2.2, equations 21–23). It looks one token further than the
 * main model: from the main model's state at token i and the embedding of token i + 1 it predicts token i + 2. It has
 * one block and norms of its own; embedding and head are the main model's.
 */
import * as tf from "@tensorflow/tfjs";
import { block, type BlockOptions } from "./block";
import { rmsNorm } from "../tensor/nn";
import type { ModelConfig } from "./config";
import { FLOAT32, project } from "./arithmetic";
import type { MtpWeights } from "./weights";

/**
 * @param hidden [B, T, D], the main model's states after its final norm, at tokens 1 … T
 * @param nextEmbedding [B, T, D], the embeddings of tokens 2 … T + 1
 * @returns [B, T, D] after the module's own norm; the shared head makes logits of tokens 3 … T + 2 from it
 */
export function mtpModule(
  hidden: tf.Tensor3D,
  nextEmbedding: tf.Tensor3D,
  weights: MtpWeights,
  config: ModelConfig,
  options: BlockOptions,
): tf.Tensor3D {
  const { rmsNormEps: epsilon } = config;
  const { arithmetic = FLOAT32 } = options;
  return tf.tidy(() => {
    // The report's equation 21 puts the state first; the released ehProj expects the embedding first.
    const both = tf.concat(
      [rmsNorm(nextEmbedding, weights.enorm, epsilon), rmsNorm(hidden, weights.hnorm, epsilon)],
      2,
    ); // [B, T, 2D]
    const joined = project(both, weights.ehProj, arithmetic.linear("mtpProjection")); // [B, T, D]
    return rmsNorm(block(joined, weights.block, config, options), weights.sharedHeadNorm, epsilon);
  });
}
