/**
 * The numbers that define a model of the DeepSeek-V3 architecture, under the released config.json's names in camelCase.
 *
 * readConfig takes that file's content and refuses what this library would compute differently: an option that changes
 * the mathematics and that is not implemented is an error naming the option, never silently ignored.
 */
import { ConfigKeys } from "../checkpoint/config-keys";
import { QUANTIZATION_CONFIG } from "../checkpoint/fp8-weights";

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
 * Reads the content of a Hugging Face config.json of the DeepSeek-V3 architecture.
 *
 * Sizes must be there. What describes a common choice may be left out and then is what transformers takes:
 * rope_theta 10000, rms_norm_eps 1e-6, norm_topk_prob true, routed_scaling_factor 2.5, tied embeddings no. The rotary
 * settings are read from rope_scaling and rope_theta, or from rope_parameters, which newer files have instead.
 *
 * @param json what JSON.parse made of the file
 * @throws if a key is missing or has an impossible value, or asks for something that is not implemented
 */
export function readConfig(json: unknown): ModelConfig {
  const keys = new ConfigKeys(json);
  checkQuantisation(keys.section("quantization_config"));
  REQUIRED_CHOICES.forEach(([key, supported]) => keys.mustBe(key, supported));
  const heads = keys.number("num_attention_heads");
  keys.mustBe("num_key_value_heads", [heads]); // multi-head latent attention has no groups of heads
  const maxPositionEmbeddings = keys.number("max_position_embeddings", 4096);
  const config: ModelConfig = {
    vocabSize: keys.number("vocab_size"),
    hiddenSize: keys.number("hidden_size"),
    intermediateSize: keys.number("intermediate_size"),
    moeIntermediateSize: keys.number("moe_intermediate_size"),
    numHiddenLayers: keys.number("num_hidden_layers"),
    firstKDenseReplace: keys.number("first_k_dense_replace"),
    numAttentionHeads: heads,
    qLoraRank: keys.isNull("q_lora_rank") ? null : keys.number("q_lora_rank") || null,
    kvLoraRank: keys.number("kv_lora_rank"),
    qkNopeHeadDim: keys.number("qk_nope_head_dim"),
    qkRopeHeadDim: keys.number("qk_rope_head_dim"),
    vHeadDim: keys.number("v_head_dim"),
    nRoutedExperts: keys.number("n_routed_experts"),
    nSharedExperts: keys.isNull("n_shared_experts") ? 0 : keys.number("n_shared_experts"),
    numExpertsPerTok: keys.number("num_experts_per_tok"),
    nGroup: keys.number("n_group"),
    topkGroup: keys.number("topk_group"),
    routedScalingFactor: keys.number("routed_scaling_factor", 2.5),
    normTopkProb: keys.boolean("norm_topk_prob", true),
    maxPositionEmbeddings,
    ...readRotary(keys, maxPositionEmbeddings),
    rmsNormEps: keys.number("rms_norm_eps", 1e-6),
    tieWordEmbeddings: keys.boolean("tie_word_embeddings", false),
    numNextnPredictLayers: keys.number("num_nextn_predict_layers", keys.number("num_mtp_layers", 0)),
  };
  checkConfig(config, snakeCase);
  return config;
}

/** Keys with which a released file says what this library always does; other values are refused. */
const REQUIRED_CHOICES: [key: string, supported: unknown[]][] = [
  ["model_type", ["deepseek_v3"]],
  ["hidden_act", ["silu"]],
  ["scoring_func", ["sigmoid"]],
  ["topk_method", ["noaux_tc"]],
  ["attention_bias", [false]],
  ["rope_interleave", [true]],
  ["moe_layer_freq", [1]],
];

/** Weights are read as the release has them: E4M3 in blocks of 128 × 128. */
function checkQuantisation(section: ConfigKeys | undefined): void {
  if (section === undefined) return;
  section.mustHave("quant_method");
  section.mustBe("quant_method", [QUANTIZATION_CONFIG.quant_method]);
  section.mustBe("fmt", [QUANTIZATION_CONFIG.fmt]);
  const size = section.value("weight_block_size");
  const wanted = QUANTIZATION_CONFIG.weight_block_size;
  if (JSON.stringify(size) !== JSON.stringify(wanted)) {
    throw new Error(`config: quantization_config.weight_block_size ${JSON.stringify(size)} is not supported; supported: ${JSON.stringify(wanted)}`);
  }
}

/** ropeTheta and ropeScaling, from either form of the file. */
function readRotary(keys: ConfigKeys, maxPositionEmbeddings: number): Pick<ModelConfig, "ropeTheta" | "ropeScaling"> {
  const topTheta = keys.number("rope_theta", 10000);
  const rotary = keys.section("rope_scaling") ?? keys.section("rope_parameters");
  if (rotary === undefined) return { ropeTheta: topTheta, ropeScaling: null };
  const ropeTheta = rotary.number("rope_theta", topTheta);
  const typeKey = rotary.has("rope_type") ? "rope_type" : "type";
  if (rotary.has("factor")) rotary.mustHave(typeKey);
  rotary.mustBe(typeKey, ["yarn", "default"]);
  rotary.mustBe("partial_rotary_factor", [1]);
  if (rotary.value(typeKey) !== "yarn") return { ropeTheta, ropeScaling: null };
  rotary.mustBe("truncate", [true]);
  rotary.mustBe("attention_factor", []); // it would replace what mscale and mscale_all_dim say
  const original = rotary.positive("original_max_position_embeddings", maxPositionEmbeddings);
  const ropeScaling: YarnScaling = {
    factor: rotary.positive("factor", maxPositionEmbeddings / original),
    originalMaxPositionEmbeddings: original,
    betaFast: rotary.positive("beta_fast", 32),
    betaSlow: rotary.positive("beta_slow", 1),
    mscale: rotary.number("mscale", 0),
    mscaleAllDim: rotary.number("mscale_all_dim", 0),
  };
  return { ropeTheta, ropeScaling };
}

/**
 * The content of a config.json that readConfig, and transformers, read as this config.
 *
 * @param torchDtype what the weights are stored as
 * @param options.fp8 whether linear maps are stored in FP8
 */
export function writeConfig(
  config: ModelConfig,
  torchDtype: "float32" | "bfloat16",
  { fp8 = false }: { fp8?: boolean } = {},
): Record<string, unknown> {
  const { ropeScaling, ...plain } = config;
  const snake = (object: object) => Object.fromEntries(Object.entries(object).map(([k, v]) => [snakeCase(k), v]));
  return {
    architectures: ["DeepseekV3ForCausalLM"],
    ...Object.fromEntries(REQUIRED_CHOICES.map(([key, supported]) => [key, supported[0]])),
    ...snake(plain),
    num_key_value_heads: config.numAttentionHeads,
    rope_scaling: ropeScaling && { ...snake(ropeScaling), type: "yarn" },
    torch_dtype: torchDtype,
    ...(fp8 ? { quantization_config: QUANTIZATION_CONFIG } : {}),
  };
}

/**
 * @param spell how the keys of a config are named to the reader of the error
 * @throws if no model can have these numbers
 */
function checkConfig(config: ModelConfig, spell: (key: string) => string = (key) => key): void {
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
  "vocabSize", "hiddenSize", "intermediateSize", "moeIntermediateSize", "numHiddenLayers", "numAttentionHeads",
  "kvLoraRank", "qkNopeHeadDim", "qkRopeHeadDim", "vHeadDim", "nRoutedExperts", "numExpertsPerTok", "nGroup",
  "topkGroup", "maxPositionEmbeddings",
] as const;
const COUNTS = ["firstKDenseReplace", "nSharedExperts", "numNextnPredictLayers"] as const;
const FACTORS = ["routedScalingFactor", "ropeTheta", "rmsNormEps"] as const;

/** qLoraRank → q_lora_rank */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
