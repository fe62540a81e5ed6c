/**
 * The numbers that define a model of the DeepSeek-V3 architecture, under the released config.json's names in camelCase
 * (lib/checkpoint/config-json.ts reads and writes that file).
 */

/** YaRN's stretching of the rotary frequencies (Peng et al., 2023). */
export interface YarnScaling {
  factor: number; // how many times the training length the positions may reach
  originalMaxPositionEmbeddings: number; // the training length, in tokens
  betaFast: number; // channels that turn more often than this within the training length keep their frequency
  betaSlow: number; // those that turn less often are slowed by the whole factor
  mscale: number; // with mscaleAllDim, the attention temperature; 0: not given
  mscaleAllDim: number;
}

export interface ModelConfig {
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number; // width of a dense layer's feed-forward network
  moeIntermediateSize: number; // width of one expert
  numHiddenLayers: number;
  firstKDenseReplace: number; // so many first layers are dense
  numAttentionHeads: number;
  qLoraRank: number | null; // null: queries are not compressed
  kvLoraRank: number; // width of the cached latent
  qkNopeHeadDim: number; // per head, the part of query and key without position
  qkRopeHeadDim: number; // the rotated part
  vHeadDim: number;
  nRoutedExperts: number;
  nSharedExperts: number;
  numExpertsPerTok: number; // routed experts active for a token
  nGroup: number;
  topkGroup: number; // groups that stay in the selection for a token
  routedScalingFactor: number;
  normTopkProb: boolean; // whether the chosen experts' weights are divided by their sum
  maxPositionEmbeddings: number;
  ropeTheta: number;
  ropeScaling: YarnScaling | null;
  rmsNormEps: number;
  tieWordEmbeddings: boolean; // whether the head is the embedding, transposed
  numNextnPredictLayers: number; // multi-token prediction modules
}

/** The released model: 671 billion parameters (the report, section 4.2, and the released configuration). */
export const DEEPSEEK_V3: ModelConfig = {
  vocabSize: 129280,
  hiddenSize: 7168,
  intermediateSize: 18432,
  moeIntermediateSize: 2048,
  numHiddenLayers: 61,
  firstKDenseReplace: 3,
  numAttentionHeads: 128,
  qLoraRank: 1536,
  kvLoraRank: 512,
  qkNopeHeadDim: 128,
  qkRopeHeadDim: 64,
  vHeadDim: 128,
  nRoutedExperts: 256,
  nSharedExperts: 1,
  numExpertsPerTok: 8,
  nGroup: 8,
  topkGroup: 4,
  routedScalingFactor: 2.5,
  normTopkProb: true,
  maxPositionEmbeddings: 163840,
  ropeTheta: 10000,
  ropeScaling: {
    factor: 40,
    originalMaxPositionEmbeddings: 4096,
    betaFast: 32,
    betaSlow: 1,
    mscale: 1,
    mscaleAllDim: 1,
  },
  rmsNormEps: 1e-6,
  tieWordEmbeddings: false,
  numNextnPredictLayers: 1,
};

/**
 * A model for a laptop (about 300,000 parameters) with every mechanism of the large one: compressed queries, YaRN, a
 * dense first layer, groups of experts, a shared expert, a multi-token prediction module.
 *
 * @param overrides values to use instead
 * @throws if the result is not a possible model
 */
export function tinyConfig(overrides: Partial<ModelConfig> = {}): ModelConfig {
  const config: ModelConfig = {
    ...DEEPSEEK_V3,
    vocabSize: 256,
    hiddenSize: 64,
    intermediateSize: 128,
    moeIntermediateSize: 32,
    numHiddenLayers: 3,
    firstKDenseReplace: 1,
    numAttentionHeads: 4,
    qLoraRank: 32,
    kvLoraRank: 16,
    qkNopeHeadDim: 16,
    qkRopeHeadDim: 8,
    vHeadDim: 16,
    nRoutedExperts: 16,
    numExpertsPerTok: 4,
    nGroup: 4,
    topkGroup: 2,
    ...overrides,
  };
  checkConfig(config);
  return config;
}

/**
 * @param spell how the keys of a config are named to the reader of the error
 * @throws if no model can have these numbers
 */
export function checkConfig(config: ModelConfig, spell: (key: string) => string = (key) => key): void {
  const demand = (fulfilled: boolean, key: keyof ModelConfig, rule: string) => {
    if (!fulfilled) throw new Error(`config: ${spell(key)} is ${JSON.stringify(config[key])}; it must be ${rule}`);
  };
  for (const key of SIZES)
    demand(Number.isInteger(config[key]) && (config[key] ?? 1) > 0, key, "a positive whole number");
  for (const key of COUNTS) demand(Number.isInteger(config[key]) && config[key] >= 0, key, "a whole number, 0 or more");
  for (const key of FACTORS) demand(config[key] > 0, key, "a positive number");
  const { nRoutedExperts: E, nGroup, topkGroup, qLoraRank } = config;
  demand(
    qLoraRank === null || (Number.isInteger(qLoraRank) && qLoraRank > 0),
    "qLoraRank",
    "a positive whole number or null",
  );
  demand(config.qkRopeHeadDim % 2 === 0, "qkRopeHeadDim", "even: channels are rotated in pairs");
  demand(E % nGroup === 0, "nRoutedExperts", `a multiple of ${spell("nGroup")}, which is ${nGroup}`);
  demand(topkGroup <= nGroup, "topkGroup", `at most ${spell("nGroup")}, which is ${nGroup}`);
  const within = (topkGroup * E) / nGroup;
  demand(
    config.numExpertsPerTok <= within,
    "numExpertsPerTok",
    `at most ${within}, the experts in ${topkGroup} of ${nGroup} groups`,
  );
}

const SIZES = [
  "vocabSize",
  "hiddenSize",
  "intermediateSize",
  "moeIntermediateSize",
  "numHiddenLayers",
  "numAttentionHeads",
  "kvLoraRank",
  "qkNopeHeadDim",
  "qkRopeHeadDim",
  "vHeadDim",
  "nRoutedExperts",
  "numExpertsPerTok",
  "nGroup",
  "topkGroup",
  "maxPositionEmbeddings",
] as const;
const COUNTS = ["firstKDenseReplace", "nSharedExperts", "numNextnPredictLayers"] as const;
const FACTORS = ["routedScalingFactor", "ropeTheta", "rmsNormEps"] as const;

/** A name as the release spells it: qLoraRank → q_lora_rank. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
