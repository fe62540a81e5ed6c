/**
 * The released config.json, read and written. What this library would compute differently is refused: an option that
 * changes the mathematics and that is not implemented is an error naming the option, never silently ignored.
 */
import { checkConfig, snakeCase, type ModelConfig, type YarnScaling } from "../model/config";
import { ConfigKeys } from "./config-keys";
import { QUANTIZATION_CONFIG } from "./fp8-weights";
import { tell } from "./shorten";

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
  keys.mustBe("index_topk", [], "the indexer of DeepSeek-V3.2's sparse attention is not implemented");
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
  ["model_type", ["deepseek_v3", "kimi_k2"]], // Kimi K2 is DeepSeek-V3 of another size under a name of its own
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
  if (tell(size) !== JSON.stringify(wanted)) {
    throw new Error(
      `config: quantization_config.weight_block_size ${tell(size)} is not supported; supported: ${JSON.stringify(wanted)}`,
    );
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
