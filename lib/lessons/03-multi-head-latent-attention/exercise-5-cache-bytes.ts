/** Bytes that a token leaves in the cache. */
import { latentCacheBytes } from "../../economics/memory";
import { DEEPSEEK_V3, type ModelConfig } from "../../model/config";
import { fromSeed, oneOf, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

export type CacheShape = Pick<
  ModelConfig,
  "numHiddenLayers" | "numAttentionHeads" | "kvLoraRank" | "qkNopeHeadDim" | "qkRopeHeadDim" | "vHeadDim"
>;
/** Bytes that one token leaves in the latent cache, with `bytes` for a number. */
export type TokenBytes = (shape: CacheShape, bytes: number) => number;

const bytesByLib: TokenBytes = (shape, bytes) => latentCacheBytes(shape as ModelConfig, bytes);

/** Bytes from the numbers that a layer keeps. */
const wrongBytes =
  (perLayer: (shape: CacheShape) => number, layers = (shape: CacheShape) => shape.numHiddenLayers): TokenBytes =>
  (shape, bytes) =>
    layers(shape) * perLayer(shape) * bytes;

const expandedWidth = (c: CacheShape) => c.numAttentionHeads * (c.qkNopeHeadDim + c.qkRopeHeadDim + c.vHeadDim);
const latentWidth = (c: CacheShape) => c.kvLoraRank + c.qkRopeHeadDim;
const small: CacheShape = {
  numHiddenLayers: 3,
  numAttentionHeads: 4,
  kvLoraRank: 24,
  qkNopeHeadDim: 16,
  qkRopeHeadDim: 8,
  vHeadDim: 12,
};

export const bytesExercise = defineExercise<TokenBytes>({
  id: "03-cache-bytes",
  reference: bytesByLib,
  cases: [
    { name: "DeepSeek-V3 in BF16", args: [DEEPSEEK_V3, 2] },
    { name: "a small model in FP8", args: [small, 1] },
    { name: "the small one in float32", args: [small, 4] },
  ],
  draw: fromSeed((random) => {
    const shape: CacheShape = {
      numHiddenLayers: wholeBetween(random, 2, 80),
      numAttentionHeads: wholeBetween(random, 2, 128),
      kvLoraRank: 8 * wholeBetween(random, 2, 100),
      qkNopeHeadDim: 8 * wholeBetween(random, 1, 20),
      qkRopeHeadDim: 8 * wholeBetween(random, 1, 16),
      vHeadDim: 8 * wholeBetween(random, 1, 20),
    };
    return [shape, oneOf(random, [1, 2, 4])];
  }),
  misconceptions: [
    {
      name: "keys and values of every head",
      answer: wrongBytes(expandedWidth),
      message: "You count keys and values of every head: that is what MLA avoids. One latent serves all heads.",
    },
    {
      name: "a latent for each head",
      answer: wrongBytes((c) => c.numAttentionHeads * latentWidth(c)),
      message: "You multiply by the heads. Latent and rotary key are shared: every head reads the same ones.",
    },
    {
      name: "the rotary key forgotten",
      answer: wrongBytes((c) => c.kvLoraRank),
      message: "You count the latent alone. The rotated key is not a function of it and is kept beside it.",
    },
    {
      name: "the rotary key of every head",
      answer: wrongBytes((c) => c.kvLoraRank + c.numAttentionHeads * c.qkRopeHeadDim),
      message: "You count a rotary key for each head. There is one for all heads.",
    },
    {
      name: "one layer",
      answer: wrongBytes(latentWidth, () => 1),
      message: "That is one layer. Each layer has its own latents.",
    },
    {
      name: "twice, for key and value",
      answer: wrongBytes((c) => 2 * latentWidth(c)),
      message: "You count everything twice. Keys and values come from the same latent.",
    },
  ],
});
