/**
 * Models that differ in the width of the latent and in nothing that should matter: what a narrower latent saves in
 * parameters goes to the dense first layer, so that all have the same number, up to the norms' gains.
 */
import { tinyConfig, type ModelConfig } from "../../model/config";
import { VOCAB_SIZE } from "../../corpus/bytes";

const BASE = {
  vocabSize: VOCAB_SIZE,
  numHiddenLayers: 2, // a dense one, a sparse one
  nRoutedExperts: 8,
  numExpertsPerTok: 2,
  nGroup: 1,
  topkGroup: 1,
  numNextnPredictLayers: 0,
  ropeScaling: null,
  maxPositionEmbeddings: 256,
} satisfies Partial<ModelConfig>;

/**
 * The model of a rank.
 *
 * @param rank kvLoraRank, 1 … `widest`
 * @param widest the rank at which the dense layer has its base width
 */
export function rankTrial(rank: number, widest: number): ModelConfig {
  const base = tinyConfig(BASE);
  const { hiddenSize: D, numAttentionHeads: H, qkNopeHeadDim, vHeadDim, numHiddenLayers: L } = base;
  const perRank = L * (D + H * (qkNopeHeadDim + vHeadDim)); // parameters of one more channel of the latent
  const perChannel = 3 * D; // of one more channel of the dense layer
  const intermediateSize = base.intermediateSize + Math.round(((widest - rank) * perRank) / perChannel);
  return tinyConfig({ ...BASE, kvLoraRank: rank, intermediateSize });
}
