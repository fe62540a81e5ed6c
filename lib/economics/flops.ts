/**
 * Floating-point operations of a token. Two terms: parameters that take part cost two operations each (a product and a
 * sum), and attention multiplies the token with those before it, which has no parameters and grows with the context.
 * Training does the forward pass and twice as much for the gradients. One product and sum count as two FLOPs
 * everywhere; FLOPs are counts, FLOP/s rates.
 *
 * Letters: N active parameters, D training tokens, L layers, H heads, T context length.
 */
import type { ModelConfig } from "../model/config";
import { activeParameters, mtpParameters } from "./parameters";

/** What attention's share depends on. */
export interface AttentionShape {
  layers: number; // L
  heads: number; // H
  queryKeyWidth: number; // per head
  valueWidth: number; // per head
}

/** Multi-head latent attention as training runs it: keys and values expanded, 192 and 128 wide for DeepSeek-V3. */
export function attentionShape(config: ModelConfig): AttentionShape {
  return {
    layers: config.numHiddenLayers,
    heads: config.numAttentionHeads,
    queryKeyWidth: config.qkNopeHeadDim + config.qkRopeHeadDim,
    valueWidth: config.vHeadDim,
  };
}

/** Scores and weighted values of one token that sees `context` tokens, forward: 2 · L · H · (d_qk + d_v) · T. */
export function attentionFlops(shape: AttentionShape, context: number): number {
  return 2 * shape.layers * shape.heads * (shape.queryKeyWidth + shape.valueWidth) * context;
}

/** Tokens that a token of a sequence sees on average: half of them with the causal mask, all if it is not counted. */
export function meanContext(sequence: number, causal: boolean): number {
  return causal ? sequence / 2 : sequence;
}

/** 6 · N · D: the usual estimate of a run's FLOPs, without attention's own term (Kaplan et al., 2020, section 2.1). */
export function trainingCompute(active: number, tokens: number): number {
  return 6 * active * tokens;
}

/**
 * FLOPs of one token that sees `context` tokens, forward, with keys and values of the context at hand. The head is
 * counted; the embedding is not, since it is looked up. Training does three times as much: 250.5 GFLOPs for DeepSeek-V3
 * with 4,096 tokens and the causal mask, of which its authors print 250 (Insights into DeepSeek-V3, section 2.2).
 */
export function forwardFlops(config: ModelConfig, context: number): number {
  return (
    2 * activeParameters(config, { head: true, embedding: false }) + attentionFlops(attentionShape(config), context)
  );
}

/** The same of one multi-token prediction module: one block, its projection, and the shared head. */
export function mtpForwardFlops(config: ModelConfig, context: number): number {
  const parameters = mtpParameters(config).active + config.vocabSize * config.hiddenSize;
  return 2 * parameters + attentionFlops({ ...attentionShape(config), layers: 1 }, context);
}

export const DECODE_MODES = ["expanded", "expanded again", "absorbed"] as const;
/**
 * How decoding uses the cache. "expanded": keys and values of every head are kept. "expanded again": the latent is
 * kept, and keys and values are made from it again at every step. "absorbed": queries are carried into the latent
 * space.
 */
export type DecodeMode = (typeof DECODE_MODES)[number];

/**
 * FLOPs of decoding one token with `context` tokens in the cache, for multi-head latent attention. Absorbing costs more
 * products per cached token, 512 + 64 wide scores and 512 wide values for each head in place of 192 and 128; it never
 * expands the cache (the report of DeepSeek-V2, section 2.1.2).
 */
export function decodeFlops(config: ModelConfig, context: number, mode: DecodeMode): number {
  const { numHiddenLayers: L, numAttentionHeads: H, kvLoraRank, qkNopeHeadDim, qkRopeHeadDim, vHeadDim } = config;
  if (mode === "absorbed") {
    const absorbed = { ...attentionShape(config), queryKeyWidth: kvLoraRank + qkRopeHeadDim, valueWidth: kvLoraRank };
    // Going into and out of the latent space costs as much as expanding one token: the linear term stays as it is.
    return 2 * activeParameters(config, { head: true, embedding: false }) + attentionFlops(absorbed, context);
  }
  const expansion = 2 * L * kvLoraRank * H * (qkNopeHeadDim + vHeadDim) * context;
  return forwardFlops(config, context) + (mode === "expanded again" ? expansion : 0);
}
