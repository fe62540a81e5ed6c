/**
 * The functions that a model is made of, as one record. Each has a place in the model's passes, and another function
 * can stand there: the calls of a model and of decoding take a record with those that are to be others (`parts`), and
 * what it lacks is lib's own. What is not in it (embedding, the queries' projections, dense networks, the head) is lib's
 * in any case.
 *
 * Letters: B sequences, T new tokens, S tokens seen so far with the new ones, D width, H heads, C latent, R rotated
 * channels, N rows (all tokens of a batch), E experts.
 */
import * as tf from "@tensorflow/tfjs";
import { rmsNorm, rotate } from "../tensor/nn";
import { addBranches, type BlockNorms, type BlockSteps } from "./block";
import type { ModelConfig } from "./config";
import { routedExperts } from "./experts";
import type { Latents } from "./latent-cache";
import { attendAbsorbed, attendNaive, remember, type AttentionAside, type Query, type RememberSteps } from "./mla";
import { predictFurther, type MtpNorms, type MtpSteps } from "./mtp";
import type { RotaryTables } from "./rotary";
import { route, type RoutingConfig, type RoutingDecision } from "./router";
import type { ExpertWeights, MlaWeights, RouterWeights } from "./weights";

export interface ModelParts {
  /** x [..., D], weight [D] → [..., D]: w ⊙ x / √(mean(x²) + ε). */
  rmsNorm: <T extends tf.Tensor>(x: T, weight: tf.Tensor, epsilon: number) => T;
  /** x [B, T, H, R] → the same shape: each pair of neighbouring channels turned by its angle. */
  rotate: (x: tf.Tensor4D, angles: RotaryTables) => tf.Tensor4D;
  /** x [B, T, D], normalised, and what is kept of earlier tokens, null at the begin → what is kept of all S. */
  remember: (x: tf.Tensor3D, past: Latents | null, weights: MlaWeights, steps: RememberSteps) => Latents;
  /** The queries of T tokens and what is kept of S → attention's output [B, T, D], with keys and values expanded. */
  naive: Attend;
  /** The same result in the space of the latents; this one decodes. */
  absorbed: Attend;
  /** x [N, D] → each token's experts and their weights, all [N, E]. */
  route: (x: tf.Tensor2D, gate: RouterWeights, config: RoutingConfig) => RoutingDecision;
  /** x [N, D], the experts int32 [N, K] and weights [N, E] of each row → the sum of the routed experts, [N, D]. */
  experts: (
    x: tf.Tensor2D,
    routing: { expertIndices: tf.Tensor2D; gates: tf.Tensor2D },
    experts: ExpertWeights,
  ) => tf.Tensor2D;
  /** The residual stream h [B, T, D] → the same with attention's and the feed-forward network's outputs added. */
  block: (h: tf.Tensor3D, weights: BlockNorms, steps: BlockSteps) => tf.Tensor3D;
  /** The main model's states [B, T, D] and the embeddings of the tokens after them → states one token further. */
  mtp: (hidden: tf.Tensor3D, nextEmbedding: tf.Tensor3D, weights: MtpNorms, steps: MtpSteps) => tf.Tensor3D;
}

type Attend = (
  query: Query,
  past: Latents,
  weights: Pick<MlaWeights, "kvBProj" | "oProj">,
  config: ModelConfig,
  /** Of use to lib's own: a lower precision, and who is shown the probabilities. */
  aside?: AttentionAside,
) => tf.Tensor3D;

/** Lib's own, which are used wherever no other is given. */
export const LIB_PARTS: ModelParts = {
  rmsNorm,
  rotate,
  remember,
  naive: attendNaive,
  absorbed: attendAbsorbed,
  route,
  experts: (x, routing, experts) => routedExperts(x, routing, experts, "grouped"),
  block: addBranches,
  mtp: predictFurther,
};
