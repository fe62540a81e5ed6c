/**
 * What a model takes in memory: its weights, what training keeps beside them, and the cache of keys and values. Bytes.
 */
import type { ModelConfig } from "../model/config";
import type { DecoderShape } from "./other-models";
import { countParameters } from "./parameters";

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
  weights: number; // the copy that products use
  master: number; // the copy that the optimiser updates
  gradients: number;
  moments: number; // both of Adam
}

/** Mixed precision as usual: BF16 weights and gradients, the rest FP32 (Rajbhandari et al., ZeRO, section 3.1). */
export const MIXED_PRECISION: StateBytes = { weights: 2, master: 4, gradients: 2, moments: 8 };
/** DeepSeek-V3: FP8 weights, FP32 master weights and gradients, BF16 moments (the report, section 3.3). */
export const V3_STATE_BYTES: StateBytes = { weights: 1, master: 4, gradients: 4, moments: 4 };

/** Bytes of weights, gradients and optimiser state for so many parameters, before anything is shared out. */
export function trainingStateBytes(parameters: number, recipe: StateBytes): Record<keyof StateBytes, number> {
  const { weights, master, gradients, moments } = recipe;
  return {
    weights: parameters * weights,
    master: parameters * master,
    gradients: parameters * gradients,
    moments: parameters * moments,
  };
}

/** How training is spread over GPUs. */
export interface Parallelism {
  pipeline: number; // stages; layers are divided among them
  expert: number; // GPUs among which the routed experts of a layer are divided
  data: number; // GPUs that hold the same stage; optimiser state is divided among them (ZeRO-1)
  copies: number; // of the weights on a GPU: 2 for DualPipe, which runs the pipeline from both ends
}

/** DeepSeek-V3 on 2,048 GPUs: 16 stages of 128 GPUs, experts over 64 (the report, section 3.2). */
export const V3_PARALLELISM: Parallelism = { pipeline: 16, expert: 64, data: 128, copies: 2 };

/**
 * Bytes of weights, gradients and optimiser state on one GPU, the mean over stages. Routed experts are divided among
 * `expert` GPUs, their optimiser state among the data / expert that hold the same ones.
 */
export function trainingStatePerGpu(config: ModelConfig, recipe: StateBytes, parallelism: Parallelism): number {
  const { pipeline, expert, data, copies } = parallelism;
  const parts = countParameters(config);
  const routed = parts.find(({ component }) => component === "routed experts")!.total / pipeline;
  const rest = parts.reduce((sum, { total }) => sum + total, 0) / pipeline - routed;
  const held = copies * (recipe.weights + recipe.gradients) * (routed / expert + rest);
  const optimiser = (recipe.master + recipe.moments) * ((routed + rest) / data);
  return held + optimiser;
}

/**
 * Bytes that one token leaves in one mixture-of-experts layer between forward and backward pass, from what the report
 * says is kept (section 3.3.3): inputs of linear maps in FP8, that of the map after attention in 12 bits (E5M6), inputs
 * of SwiGLU in FP8 with its output computed again, latents and the residual in BF16. Norms and up-projections of
 * attention are computed again and not kept. An estimate: kernels keep small things besides.
 */
export function activationBytes(config: ModelConfig): number {
  const { hiddenSize: d, numAttentionHeads: H, vHeadDim, qLoraRank, kvLoraRank, qkRopeHeadDim } = config;
  const residuals = 2 * 2 * d; // before attention and before the experts, BF16
  const latents = 2 * ((qLoraRank ?? 0) + kvLoraRank + qkRopeHeadDim);
  const attentionOutput = 1.5 * H * vHeadDim;
  const experts = config.numExpertsPerTok + config.nSharedExperts;
  const expertInputs = d + config.numExpertsPerTok * d; // the shared one's, and those sent to the routed ones
  const swiglu = experts * 2 * config.moeIntermediateSize;
  return residuals + latents + attentionOutput + expertInputs + swiglu;
}
