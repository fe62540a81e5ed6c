/**
 * What a model takes in memory, in bytes: the cache of keys and values, and what training keeps.
 */
import type { ModelConfig } from "../model/config";
import type { DecoderShape } from "./other-models";

// ---- the cache

export type CacheKind = "multi-head" | "grouped-query" | "multi-query" | "latent";

/**
 * Bytes that the cache grows by with every token, all layers.
 *
 * @param kind multi-head keeps keys and values of every head, grouped-query of `kvHeads`, multi-query of one
 */
export function kvCacheBytes(
  { layers, heads, kvHeads, headDim }: Pick<DecoderShape, "layers" | "heads" | "kvHeads" | "headDim">,
  kind: Exclude<CacheKind, "latent">,
  bytes = 2,
): number {
  const kept = { "multi-head": heads, "grouped-query": kvHeads, "multi-query": 1 }[kind];
  return 2 * layers * kept * headDim * bytes;
}

/** The same for multi-head latent attention: one latent and one rotary key for all heads. 70,272 for DeepSeek-V3. */
export function latentCacheBytes(config: ModelConfig, bytes = 2): number {
  return config.numHiddenLayers * (config.kvLoraRank + config.qkRopeHeadDim) * bytes;
}

/** The same if keys and values of every head were kept expanded. 4,997,120 for DeepSeek-V3. */
export function expandedCacheBytes(config: ModelConfig, bytes = 2): number {
  const { numHiddenLayers, numAttentionHeads, qkNopeHeadDim, qkRopeHeadDim, vHeadDim } = config;
  return numHiddenLayers * numAttentionHeads * (qkNopeHeadDim + qkRopeHeadDim + vHeadDim) * bytes;
}

// ---- training

/** Bytes per parameter of what training keeps. */
export interface StateBytes {
  weights: number; // the copy used in products
  master: number; // the copy updated by the optimiser
  gradients: number;
  moments: number; // both of Adam
}

/** Mixed precision as usual: BF16 weights and gradients, the rest FP32 (Rajbhandari et al., ZeRO, section 3.1). */
export const MIXED_PRECISION: StateBytes = { weights: 2, master: 4, gradients: 2, moments: 8 };
/** DeepSeek-V3: FP8 weights, FP32 master weights and gradients, BF16 moments (the report, section 3.3). */
export const V3_STATE_BYTES: StateBytes = { weights: 1, master: 4, gradients: 4, moments: 4 };

/** Bytes of weights, gradients and optimiser state, before anything is divided among GPUs. */
export function trainingStateBytes(parameters: number, each: StateBytes): Record<keyof StateBytes, number> {
  const { weights, master, gradients, moments } = each;
  return {
    weights: parameters * weights,
    master: parameters * master,
    gradients: parameters * gradients,
    moments: parameters * moments,
  };
}
