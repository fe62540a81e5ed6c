/**
 * DeepSeek-V3 with one of its ideas switched off, and dense models of its size: what each is as a configuration, and what
 * it takes in FLOPs, parameters and cache. The same changes serve the small models that are trained and the released
 * one, so that a row of the ablation table can say what it would be at 671 billion parameters.
 */
import { DEEPSEEK_V3, type ModelConfig } from "../model/config";
import { value } from "./facts";
import { forwardFlops, meanContext, mtpForwardFlops } from "./flops";
import { expandedCacheBytes, latentCacheBytes } from "./memory";
import {
  activeParameters,
  layerParameters,
  mtpParameters,
  plainAttentionParameters,
  totalParameters,
} from "./parameters";

/** A model of the ablation. */
export interface Variant {
  /** As a row of a table calls it. */
  readonly title: string;
  /** What differs from DeepSeek-V3, in a sentence. */
  readonly change: string;
  /** As a sentence calls it: "the loss is lower … than with all of V3". */
  readonly phrase: string;
  readonly config: (base: ModelConfig) => ModelConfig;
  /** Plain multi-head attention (lib/model/multi-head.ts) in place of latent attention. */
  readonly multiHead?: boolean;
}

const same = (base: ModelConfig): ModelConfig => base;

export const VARIANTS = {
  v3: {
    title: "V3",
    change: "Every mechanism is on; products are in float32.",
    phrase: "with all of V3",
    config: same,
  },
  "dense-active": {
    title: "dense, equal active",
    change: "All layers are dense, so wide that as many parameters work on a token as in V3.",
    phrase: "in a dense model of as many active parameters",
    config: (base) => denseOfEqual(base, "active"),
  },
  "dense-total": {
    title: "dense, equal total",
    change: "All layers are dense, so wide that the model has as many parameters as V3.",
    phrase: "in a dense model of as many parameters in all",
    config: (base) => denseOfEqual(base, "total"),
  },
  "few-experts": {
    title: "few large experts",
    change:
      "Two experts a token out of few large ones, none shared and no groups, of V3's active and total parameters.",
    phrase: "with few large experts",
    config: fewLargeExperts,
  },
  "no-shared": {
    title: "no shared expert",
    change: "A token takes one more routed expert in place of each shared one.",
    phrase: "without a shared expert",
    config: (base) => ({
      ...base,
      numExpertsPerTok: base.numExpertsPerTok + base.nSharedExperts,
      nSharedExperts: 0,
    }),
  },
  "no-balancing": {
    title: "no balancing",
    change: "Neither bias nor a loss for balance.",
    phrase: "without balancing",
    config: same,
  },
  "auxiliary-loss": {
    title: "auxiliary loss",
    change: "The classic auxiliary loss over the batch in place of the bias and the sequence-wise loss.",
    phrase: "with the classic auxiliary loss",
    config: same,
  },
  "multi-head": {
    title: "multi-head attention",
    change: "Plain multi-head attention of as many heads and equal widths; no latent for queries, keys and values.",
    phrase: "with plain multi-head attention",
    config: same,
    multiHead: true,
  },
  "no-mtp": {
    title: "no MTP",
    change: "No multi-token prediction module in training.",
    phrase: "without multi-token prediction",
    config: (base) => ({ ...base, numNextnPredictLayers: 0 }),
  },
  fp8: {
    title: "FP8",
    change: "V3's table of precisions in place of float32: linear maps in FP8, the rest in BF16, moments in BF16.",
    phrase: "in FP8",
    config: same,
  },
  bf16: {
    title: "BF16",
    change: "Every product takes BF16 in place of float32; moments in BF16.",
    phrase: "in BF16",
    config: same,
  },
} as const satisfies Record<string, Variant>;
export type VariantId = keyof typeof VARIANTS;

/** The variant of that name. @throws if there is none, naming those that there are */
export function variantOf(id: string): Variant {
  if (!Object.keys(VARIANTS).includes(id)) {
    throw new Error(`there is no variant "${id}"; there are ${Object.keys(VARIANTS).join(", ")}`);
  }
  return VARIANTS[id as VariantId];
}

/** Widths are brought to a multiple of this, which GPUs multiply faster. */
const WIDTH_STEP = 8;

/**
 * A dense model whose layers have the base's attention and one width, of as many parameters as the base has active or in
 * all. The module for multi-token prediction has a block of one expert, which every token takes with weight 1: that is a
 * dense network too, and as wide as the same rule makes it.
 */
function denseOfEqual(base: ModelConfig, equal: "active" | "total"): ModelConfig {
  const { moeLayer, moeLayerActive, attention, norms, denseFeedForward } = layerParameters(base);
  const ofMoe = (equal === "active" ? moeLayerActive : moeLayer) - attention - norms; // router included
  const { numHiddenLayers: L, hiddenSize: D } = base;
  const dense = Math.min(base.firstKDenseReplace, L);
  const width = (parameters: number) => Math.max(1, Math.round(parameters / (3 * D) / WIDTH_STEP)) * WIDTH_STEP;
  return {
    ...base,
    firstKDenseReplace: L,
    intermediateSize: width((dense * denseFeedForward + (L - dense) * ofMoe) / L),
    moeIntermediateSize: width(ofMoe),
    nRoutedExperts: 1,
    numExpertsPerTok: 1,
    nSharedExperts: 0,
    nGroup: 1,
    topkGroup: 1,
    normTopkProb: true, // s / s: the one expert's weight is 1 whatever its affinity
    routedScalingFactor: 1,
  };
}

/** As in GShard (Lepikhin et al., 2020): the best two of few experts that are as wide as all of a token's are in the base. */
function fewLargeExperts(base: ModelConfig): ModelConfig {
  const { nRoutedExperts, nSharedExperts, numExpertsPerTok, moeIntermediateSize } = base;
  const active = (numExpertsPerTok + nSharedExperts) * moeIntermediateSize; // the width of all experts of a token
  const width = Math.max(1, Math.round(active / 2 / WIDTH_STEP)) * WIDTH_STEP;
  return {
    ...base,
    moeIntermediateSize: width,
    nRoutedExperts: Math.max(2, Math.round(((nRoutedExperts + nSharedExperts) * moeIntermediateSize) / width)),
    numExpertsPerTok: 2,
    nSharedExperts: 0,
    nGroup: 1,
    topkGroup: 1,
  };
}

/** What a variant takes, by formulas from its configuration. */
export interface VariantCounts {
  /** Of the main model, which is what writes; the head is counted among the active, the embedding is not. */
  parameters: { total: number; active: number };
  /** What the multi-token prediction module adds. */
  mtpParameters: { total: number; active: number };
  /** FLOPs of a token in training: three times those of its forward pass, the module included. */
  trainingFlopsPerToken: number;
  /** FLOPs of a token forward, without the module. */
  forwardFlopsPerToken: number;
  /** Bytes that the cache grows by with each token, at two bytes a number, all layers of the main model. */
  kvBytesPerToken: number;
}

/**
 * The counts of a variant of a model. A causal mask lets a token see half of its sequence on average; that half is
 * counted.
 *
 * @param sequence tokens of a training sequence
 */
export function variantCounts(id: string, base: ModelConfig, sequence: number): VariantCounts {
  const { multiHead = false, config: change } = variantOf(id);
  const config = change(base);
  const context = meanContext(sequence, true);
  const { numHiddenLayers: L, numNextnPredictLayers } = config;
  // What plain attention has more than latent attention, in a layer; all of it works on every token.
  const more = multiHead ? plainAttentionParameters(config) - layerParameters(config).attention : 0;
  const module = mtpParameters(config);
  const modules = Math.min(numNextnPredictLayers, 1); // at most one is trained
  const forward = forwardFlops(config, context) + 2 * L * more;
  return {
    parameters: {
      total: totalParameters(config) + L * more,
      active: activeParameters(config, { head: true, embedding: false }) + L * more,
    },
    mtpParameters: { total: modules * (module.unique + more), active: modules * (module.active + more) },
    trainingFlopsPerToken: 3 * (forward + modules * (mtpForwardFlops(config, context) + 2 * more)),
    forwardFlopsPerToken: forward,
    kvBytesPerToken: multiHead ? expandedCacheBytes(config) : latentCacheBytes(config), // keys and values of every head
  };
}

/** What a variant would take at DeepSeek-V3's dimensions. */
export interface CostAtV3 {
  counts: VariantCounts;
  /** Its FLOPs of a training token as a multiple of V3's. */
  flopsRatio: number;
  /** Of pre-training on V3's tokens: the report's hours and price, times that ratio. */
  dollars: number;
  /** Beyond V3's own pre-training; negative where the variant takes fewer FLOPs. */
  extraDollars: number;
}

/**
 * The variant at DeepSeek-V3's dimensions, on its 14.8T tokens. The report's GPU-hours of pre-training are scaled by
 * FLOPs and take the report's price: NOT_CLAIMED says what that leaves out.
 */
export function costAtV3(id: string): CostAtV3 {
  const fact = (key: string) => value("training-runs", "deepseek-v3", key);
  const v3 = variantCounts("v3", DEEPSEEK_V3, fact("sequence"));
  const counts = variantCounts(id, DEEPSEEK_V3, fact("sequence"));
  const flopsRatio = counts.trainingFlopsPerToken / v3.trainingFlopsPerToken;
  const own = fact("preTrainingHours") * fact("price");
  return { counts, flopsRatio, dollars: own * flopsRatio, extraDollars: own * (flopsRatio - 1) };
}

/** What the dollars of costAtV3 do not say. */
export const NOT_CLAIMED = [
  "The dollars follow the FLOPs of a training token alone: the report's hours of pre-training at its price, times the ratio of FLOPs.",
  "They do not turn a difference in loss into money: what a loss of a model of some million parameters is worth at 671 billion is not known from it.",
  "They take the report's FLOPs per GPU-hour for every variant. A dense model has no experts to send tokens to, and FP8 multiplies faster: neither is in them.",
  "Memory and the cache are not in them: a cache that is larger costs when the model serves, not when it is trained.",
] as const;
