import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readConfig, writeConfig } from "../../lib/checkpoint/config-json";
import { DEEPSEEK_V3, tinyConfig, type ModelConfig } from "../../lib/model/config";

const released = JSON.parse(
  readFileSync(path.join(__dirname, "..", "fixtures", "hf_config_671B.json"), "utf8"),
) as Record<string, unknown>;

/** The released file with other values; undefined removes a key. */
function file(changes: Record<string, unknown>): unknown {
  return JSON.parse(JSON.stringify({ ...released, ...changes }));
}

const yarn = released.rope_scaling as Record<string, unknown>;

describe("readConfig", () => {
  it("reads the released config.json as DEEPSEEK_V3", () => {
    expect(readConfig(released)).toEqual(DEEPSEEK_V3);
  });

  it("reads the newer rope_parameters like rope_scaling with rope_theta", () => {
    const { type, ...values } = yarn;
    const newer = {
      rope_scaling: undefined,
      rope_theta: undefined,
      rope_parameters: { rope_type: type, rope_theta: 500, ...values },
    };
    expect(readConfig(file(newer))).toEqual({ ...DEEPSEEK_V3, ropeTheta: 500 });
  });

  it.each([
    { rope_scaling: undefined },
    { rope_scaling: null },
    { rope_scaling: { rope_type: "default" } },
    { rope_scaling: undefined, rope_parameters: { rope_type: "default", rope_theta: 10000 } },
  ])("takes %o as plain rotary embedding", (changes) => {
    expect(readConfig(file(changes))).toEqual({ ...DEEPSEEK_V3, ropeScaling: null });
  });

  it("fills in what YaRN takes when it is left out", () => {
    expect(
      readConfig(file({ rope_scaling: { type: "yarn", original_max_position_embeddings: 4096 } })).ropeScaling,
    ).toEqual({
      factor: 40, // 163840 / 4096
      originalMaxPositionEmbeddings: 4096,
      betaFast: 32,
      betaSlow: 1,
      mscale: 0,
      mscaleAllDim: 0,
    });
  });

  it("takes the defaults of transformers for what is not a size", () => {
    const left = Object.fromEntries(
      [
        "rope_theta",
        "rope_scaling",
        "rms_norm_eps",
        "norm_topk_prob",
        "routed_scaling_factor",
        "tie_word_embeddings",
        "max_position_embeddings",
        "num_nextn_predict_layers",
      ].map((key) => [key, undefined]),
    );
    expect(readConfig(file(left))).toEqual({
      ...DEEPSEEK_V3,
      ropeScaling: null,
      maxPositionEmbeddings: 4096,
      numNextnPredictLayers: 0,
    });
  });

  it("knows num_mtp_layers as another name of num_nextn_predict_layers", () => {
    const config = readConfig(file({ num_nextn_predict_layers: undefined, num_mtp_layers: 2 }));
    expect(config.numNextnPredictLayers).toBe(2);
  });

  it.each([null, 0])("reads a q_lora_rank of %s as queries without a latent", (q_lora_rank) => {
    expect(readConfig(file({ q_lora_rank })).qLoraRank).toBeNull();
  });

  it.each([
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "moe_intermediate_size",
    "num_hidden_layers",
    "first_k_dense_replace",
    "num_attention_heads",
    "q_lora_rank",
    "kv_lora_rank",
    "qk_nope_head_dim",
    "qk_rope_head_dim",
    "v_head_dim",
    "n_routed_experts",
    "n_shared_experts",
    "num_experts_per_tok",
    "n_group",
    "topk_group",
  ])("names %s when it is missing", (key) => {
    expect(() => readConfig(file({ [key]: undefined }))).toThrow(`config: ${key} is missing`);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ model_type: "llama" }, 'config: model_type "llama" is not supported; supported: "deepseek_v3" or "kimi_k2"'],
    [{ hidden_act: "gelu" }, 'config: hidden_act "gelu" is not supported; supported: "silu"'],
    [{ scoring_func: "softmax" }, 'config: scoring_func "softmax" is not supported; supported: "sigmoid"'],
    [{ topk_method: "greedy" }, 'config: topk_method "greedy" is not supported; supported: "noaux_tc"'],
    [{ attention_bias: true }, "config: attention_bias true is not supported; supported: false"],
    [{ rope_interleave: false }, "config: rope_interleave false is not supported; supported: true"],
    [{ moe_layer_freq: 2 }, "config: moe_layer_freq 2 is not supported; supported: 1"],
    [{ num_key_value_heads: 8 }, "config: num_key_value_heads 8 is not supported; supported: 128"],
    [
      { rope_scaling: { ...yarn, type: "llama3" } },
      'config: rope_scaling.type "llama3" is not supported; supported: "yarn" or "default"',
    ],
    [
      { rope_scaling: null, rope_parameters: { rope_type: "linear" } },
      'rope_parameters.rope_type "linear" is not supported',
    ],
    [{ rope_scaling: { ...yarn, type: undefined } }, "config: rope_scaling.type is missing"],
    [
      { rope_scaling: { ...yarn, attention_factor: 1.2 } },
      "rope_scaling.attention_factor 1.2 is not supported; supported: leaving it out",
    ],
    [{ rope_scaling: { ...yarn, truncate: false } }, "rope_scaling.truncate false is not supported; supported: true"],
    [{ rope_scaling: { ...yarn, factor: -4 } }, "config: rope_scaling.factor is -4; it must be a positive number"],
    [{ rope_scaling: "yarn" }, 'config: rope_scaling must be a JSON object; it is "yarn"'],
    [{ hidden_size: "7168" }, 'config: hidden_size must be a number; it is "7168"'],
    [{ norm_topk_prob: 1 }, "config: norm_topk_prob must be a boolean; it is 1"],
    [{ hidden_size: 0 }, "config: hidden_size is 0; it must be a positive whole number"],
    [{ kv_lora_rank: 10.5 }, "config: kv_lora_rank is 10.5; it must be a positive whole number"],
    [{ first_k_dense_replace: -1 }, "config: first_k_dense_replace is -1; it must be a whole number, 0 or more"],
    [{ rms_norm_eps: 0 }, "config: rms_norm_eps is 0; it must be a positive number"],
    [{ qk_rope_head_dim: 63 }, "config: qk_rope_head_dim is 63; it must be even"],
    [{ n_routed_experts: 100 }, "config: n_routed_experts is 100; it must be a multiple of n_group, which is 8"],
    [{ topk_group: 9 }, "config: topk_group is 9; it must be at most n_group, which is 8"],
    [{ topk_group: 1, num_experts_per_tok: 40 }, "config: num_experts_per_tok is 40; it must be at most 32"],
  ])("refuses %o and says why", (changes, message) => {
    expect(() => readConfig(file(changes))).toThrow(message);
  });

  it.each([[null], [[]], ["text"], [7]])("refuses %o, which is no object", (json) => {
    expect(() => readConfig(json)).toThrow("config must be a JSON object");
  });
});

describe("writeConfig", () => {
  const size = fc.integer({ min: 1, max: 9999 });
  const positive = fc.double({ min: 1e-9, max: 1e6, noNaN: true });
  const scaling = fc.record({
    factor: positive,
    originalMaxPositionEmbeddings: size,
    betaFast: positive,
    betaSlow: positive,
    mscale: positive,
    mscaleAllDim: positive,
  });
  const overrides: fc.Arbitrary<Partial<ModelConfig>> = fc.record({
    vocabSize: size,
    hiddenSize: size,
    kvLoraRank: size,
    qLoraRank: fc.option(size),
    routedScalingFactor: positive,
    normTopkProb: fc.boolean(),
    tieWordEmbeddings: fc.boolean(),
    ropeScaling: fc.option(scaling),
    rmsNormEps: positive,
    numNextnPredictLayers: fc.integer({ min: 0, max: 3 }),
    nSharedExperts: fc.integer({ min: 0, max: 4 }),
  });

  it("writes what readConfig reads as the same config, through a file", () => {
    fc.assert(
      fc.property(overrides, (changes) => {
        const config = tinyConfig(changes);
        expect(readConfig(JSON.parse(JSON.stringify(writeConfig(config, "float32"))))).toEqual(config);
      }),
      { seed: 1 },
    );
  });

  it("writes every key of the released file that matters to the model, with its value", () => {
    const written = writeConfig(DEEPSEEK_V3, "bfloat16");
    const elsewhere = [
      "attention_dropout",
      "aux_loss_alpha",
      "bos_token_id",
      "eos_token_id",
      "ep_size",
      "initializer_range",
      "pretraining_tp",
      "seq_aux",
      "use_cache",
    ];
    const kept = Object.fromEntries(Object.entries(released).filter(([key]) => !elsewhere.includes(key)));
    expect(written).toEqual({ ...kept, rope_interleave: true });
  });
});
