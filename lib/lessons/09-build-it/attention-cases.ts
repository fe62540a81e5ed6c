/** What attention is tried on: queries and latents of the reference's second layer, and small random ones. */
import type * as tf from "@tensorflow/tfjs";
import { DEEPSEEK_V3, type ModelConfig } from "../../model/config";
import { latent, queries } from "../../model/mla";
import type { ModelParts } from "../../model/parts";
import { rotaryTables } from "../../model/rotary";
import { oneOf, seedFrom, wholeBetween } from "../at-random";
import type { Random } from "../../tensor/random";
import { Golden } from "./golden";
import { caseConfig, caseTensors, caseWeights } from "./shared";

export type Attend = ModelParts["naive"];
/** The arguments that an answer uses. */
export type AttendArgs = [
  query: Parameters<Attend>[0],
  past: Parameters<Attend>[1],
  weights: Parameters<Attend>[2],
  config: ModelConfig,
];

/** The tokens from `first` on, with all that the reference keeps up to them. */
export function goldenAttention(first: number): AttendArgs {
  const golden = new Golden("a-group");
  const x = golden.attentionInput(1);
  const weights = golden.block(1).selfAttn;
  const T = x.shape[1] - first;
  const query = queries(x.slice([0, first, 0]), weights, golden.config, golden.rotary(T, first));
  const past = {
    cKV: golden.value<tf.Tensor3D>("layer1.cache_ckv"),
    kPe: golden.value<tf.Tensor3D>("layer1.cache_kpe_ds"),
  };
  return [query, past, weights, golden.config];
}

/** What the reference's attention gives for them, [B, T, D]. */
export function goldenOutput(first: number): tf.Tensor3D {
  return new Golden("a-group").value<tf.Tensor3D>("layer1.attn_out").slice([0, first, 0]);
}

/** The last T of S tokens of B random sequences. */
export function smallAttention(seed: number, [B, S, T]: number[], overrides: Partial<ModelConfig> = {}): AttendArgs {
  const config = caseConfig(overrides);
  const weights = caseWeights(config, seed);
  const x = caseTensors(seed)<tf.Tensor3D>(B, S, config.hiddenSize);
  const rotary = (first: number) => rotaryTables(config, [Array.from({ length: S - first }, (_, t) => first + t)]);
  const query = queries(x.slice([0, S - T, 0]), weights, config, rotary(S - T));
  return [query, latent(x, weights, config, rotary(0)), weights, config];
}

/** The last tokens of random sequences, with YaRN or without. */
export function drawAttention(random: Random): AttendArgs {
  const [B, S] = [wholeBetween(random, 1, 2), wholeBetween(random, 2, 6)];
  const overrides = {
    kvLoraRank: wholeBetween(random, 5, 8),
    ropeScaling: oneOf(random, [null, DEEPSEEK_V3.ropeScaling]),
  };
  return smallAttention(seedFrom(random), [B, S, wholeBetween(random, 1, S)], overrides);
}
