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

/** The module's own weights beside its block. */
export type MtpNorms = Pick<MtpWeights, "enorm" | "hnorm" | "ehProj" | "sharedHeadNorm">;

/** What a module puts together. */
export interface MtpSteps {
  /** RMSNorm with the model's epsilon: x [B, T, D], weight [D]. */
  norm: (x: tf.Tensor3D, weight: tf.Tensor1D) => tf.Tensor3D;
  /** x [B, T, 2D] · w [2D, D] → [B, T, D] */
  project: (x: tf.Tensor3D, w: tf.Tensor2D) => tf.Tensor3D;
  /** The module's block, [B, T, D] → [B, T, D]; call it once. */
  block: (h: tf.Tensor3D) => tf.Tensor3D;
}

/** Both inputs normalised, side by side, brought back to width D; then the block, and the module's last norm. */
export function predictFurther(
  hidden: tf.Tensor3D,
  nextEmbedding: tf.Tensor3D,
  weights: MtpNorms,
  { norm, project, block }: MtpSteps,
): tf.Tensor3D {
  return tf.tidy(() => {
    // The report's equation 21 puts the state first; the released ehProj expects the embedding first.
    const both = tf.concat([norm(nextEmbedding, weights.enorm), norm(hidden, weights.hnorm)], 2); // [B, T, 2D]
    return norm(block(project(both, weights.ehProj)), weights.sharedHeadNorm);
  });
}

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
  const { arithmetic = FLOAT32, parts = {} } = options;
  const normalise = parts.rmsNorm ?? rmsNorm;
  return (parts.mtp ?? predictFurther)(hidden, nextEmbedding, weights, {
    norm: (x, gain) => normalise(x, gain, config.rmsNormEps),
    project: (x, w) => project(x, w, arithmetic.linear("mtpProjection")),
    block: (h) => block(h, weights.block, config, options),
  });
}
