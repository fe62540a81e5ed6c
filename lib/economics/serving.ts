/**
 * What a token costs its provider, and what it earns. Two ratios of profit are often confused: divided by cost it is a
 * mark-up, divided by revenue a margin.
 */
import type { ModelConfig } from "../model/config";
import { decodeFlops } from "./flops";
import { latentCacheBytes } from "./memory";
import { activeParameters, countParameters } from "./parameters";
import { expertCoverage } from "./routing";

const SECONDS_PER_DAY = 86400;

/** Dollars per token, from what a machine costs in an hour and makes in a second. */
export function costPerToken(dollarsPerHour: number, tokensPerSecond: number): number {
  return dollarsPerHour / (tokensPerSecond * 3600);
}

/** Days that one node takes for some tokens at its rate; for the tokens of a day, the mean number of nodes at work. */
export function nodeDays(tokens: number, tokensPerSecond: number): number {
  return tokens / (tokensPerSecond * SECONDS_PER_DAY);
}

/** Dollars a day, at a price per GPU-hour. */
export function dayCost(gpus: number, price: number): number {
  return gpus * 24 * price;
}

/** Numbers of tokens, or prices per token, by how they are billed. */
export interface ByKind {
  cacheHit: number; // input that was found in a cache
  cacheMiss: number;
  output: number;
}

/** Tokens times prices. */
export function revenue(tokens: ByKind, prices: ByKind): number {
  return tokens.cacheHit * prices.cacheHit + tokens.cacheMiss * prices.cacheMiss + tokens.output * prices.output;
}

/** Profit per cost: 545% is $5.45 on top of every dollar spent. */
export function markup(revenue: number, cost: number): number {
  return (revenue - cost) / cost;
}

/** Profit per revenue: never more than 100%. */
export function margin(revenue: number, cost: number): number {
  return (revenue - cost) / revenue;
}

/**
 * GPUs that decode together, as DeepSeek serves: each takes its share of the sequences and holds attention, dense layers,
 * shared experts and head itself; the routed experts are divided among all.
 */
export interface DecodeUnit {
  gpus: number;
  memory: number; // bytes of one GPU
  bandwidth: number; // bytes/s of one GPU
  peak: number; // FLOP/s of one GPU
  bytesPerParameter: number;
  /** Share of bandwidth and of peak that is reached in practice. */
  efficiency: number;
}

export interface DecodeStep {
  seconds: number;
  weightBytes: number; // read by one GPU
  cacheBytes: number; // read by one GPU
  flops: number; // of one GPU
  limit: "memory traffic" | "arithmetic";
  fits: boolean; // weights and caches in the memory of each GPU
  tokensPerSecond: number; // of the unit
}

/** Parameters that every GPU of a unit holds, and those that are divided among them. The embedding is looked up. */
export function servedParameters(config: ModelConfig): { everywhere: number; routed: number } {
  const parts = countParameters(config);
  const routed = parts.find(({ component }) => component === "routed experts")!;
  return {
    everywhere: activeParameters(config, { head: true, embedding: false }) - routed.active,
    routed: routed.total,
  };
}

/** Sequences that a unit decodes together. */
export interface ServedBatch {
  batch: number; // sequences in all, spread evenly over the unit
  context: number; // tokens of each
  unit: DecodeUnit;
}

/**
 * One decoding step of `batch` sequences with `context` tokens each, spread evenly over the unit. It takes as long as the
 * slower of reading (own weights, the experts that the batch touches, the caches) and arithmetic. Communication and
 * scheduling are not in it, so with an efficiency of 1 the result is a bound, not a prediction.
 */
export function decodeStep(config: ModelConfig, { batch, context, unit }: ServedBatch): DecodeStep {
  const { gpus, bytesPerParameter, efficiency } = unit;
  const { everywhere, routed } = servedParameters(config);
  const touched = expertCoverage(config.nRoutedExperts, config.numExpertsPerTok, batch);
  const weightBytes = (everywhere + (routed * touched) / gpus) * bytesPerParameter;
  const cacheBytes = (batch / gpus) * context * latentCacheBytes(config);
  const flops = (batch / gpus) * decodeFlops(config, context, "absorbed");
  const reading = (weightBytes + cacheBytes) / (unit.bandwidth * efficiency);
  const computing = flops / (unit.peak * efficiency);
  const seconds = Math.max(reading, computing);
  return {
    seconds,
    weightBytes,
    cacheBytes,
    flops,
    limit: reading >= computing ? "memory traffic" : "arithmetic",
    fits: batch <= largestBatch(config, { context, unit }),
    tokensPerSecond: batch / seconds,
  };
}

/** The largest batch whose caches fit beside the weights; 0 if the weights alone don't. */
export function largestBatch(config: ModelConfig, { context, unit }: Omit<ServedBatch, "batch">): number {
  const { everywhere, routed } = servedParameters(config);
  const left = unit.gpus * (unit.memory - everywhere * unit.bytesPerParameter) - routed * unit.bytesPerParameter;
  return Math.max(0, Math.floor(left / (context * latentCacheBytes(config))));
}
