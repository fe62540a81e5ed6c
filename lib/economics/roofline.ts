/**
 * The roofline (Williams et al., 2009): how fast an operation can run on a chip, from two numbers of each. A chip
 * computes at most π FLOP/s and reads at most β bytes/s. An operation needs f FLOPs and moves q bytes. So it takes at
 * least max(f / π, q / β); which of the two is larger says what it waits for. f / q is its intensity, π / β the ridge.
 *
 * This file has chips, products and DeepSeek-V3's operations for one layer. Bytes are counted as a perfect kernel would
 * move them: each operand and each result once.
 */
import type { ModelConfig } from "../model/config";
import { entry } from "./facts";
import { expertCoverage } from "./routing";

/** What one operation does. */
export interface Work {
  flop: number; // a multiplication and an addition count as two
  bytes: number; // to and from the GPU's memory
}

/** What a chip multiplies: each has a peak of its own. */
export type PeakFormat = "fp8" | "bf16";

export interface Operation extends Work {
  name: string;
  format: PeakFormat; // decides which peak is the roof
}

export interface Machine {
  name: string;
  peaks: Record<PeakFormat, number>; // FLOP/s, dense; the BF16 peak for FP8 where a chip has no faster way
  bandwidth: number; // bytes/s of its memory
}

/** FLOPs per byte. */
export function intensity({ flop, bytes }: Work): number {
  return flop / bytes;
}

/** The intensity above which arithmetic is the limit. */
export function ridge(machine: Machine, format: PeakFormat): number {
  return machine.peaks[format] / machine.bandwidth;
}

/** FLOP/s that an operation of this intensity can reach at most. */
export function attainable(machine: Machine, format: PeakFormat, flopPerByte: number): number {
  return Math.min(machine.peaks[format], machine.bandwidth * flopPerByte);
}

export interface Time {
  seconds: number;
  bound: "arithmetic" | "memory";
}

/** The least time of an operation. */
export function leastTime(operation: Operation, machine: Machine): Time {
  const arithmetic = operation.flop / machine.peaks[operation.format];
  const memory = operation.bytes / machine.bandwidth;
  return { seconds: Math.max(arithmetic, memory), bound: arithmetic >= memory ? "arithmetic" : "memory" };
}

/** The least time of several operations, one after the other, and the share of it that memory decides. */
export function phaseTime(operations: Operation[], machine: Machine): { seconds: number; memoryShare: number } {
  const times = operations.map((operation) => leastTime(operation, machine));
  const sum = (some: Time[]) => some.reduce((all, { seconds }) => all + seconds, 0);
  const seconds = sum(times);
  return { seconds, memoryShare: sum(times.filter(({ bound }) => bound === "memory")) / seconds };
}

/** An accelerator of data/accelerators.json. */
export function machine(id: string): Machine {
  const { name, facts } = entry("accelerators", id);
  const bf16 = facts.peakBf16.value;
  return { name, peaks: { bf16, fp8: facts.peakFp8?.value ?? bf16 }, bandwidth: facts.memoryBandwidth.value };
}

/** A product [m, k] x [k, n]; bytes of one number of the first operand, the second, and the result. */
export function product([m, k, n]: [number, number, number], [a, b, out]: [number, number, number]): Work {
  return { flop: 2 * m * k * n, bytes: a * m * k + b * k * n + out * m * n };
}

const FP8 = 1; // bytes; scales, 4 bytes for 128 of them, are left out
const BF16 = 2;

/** FP8 weights and inputs, BF16 results, as V3 trains and serves (the report, section 3.3.1). */
const linear = (name: string, rows: number, inputs: number, outputs: number): Operation => ({
  name,
  format: "fp8",
  ...product([rows, inputs, outputs], [FP8, FP8, BF16]),
});

function merge(name: string, parts: Operation[]): Operation {
  return parts.reduce((all, part) => ({ ...all, flop: all.flop + part.flop, bytes: all.bytes + part.bytes }), {
    name,
    format: parts[0].format,
    flop: 0,
    bytes: 0,
  });
}

/** A gated network: gate and up together, then down. */
function network(name: string, rows: number, D: number, width: number): Operation {
  return merge(name, [linear(name, rows, D, 2 * width), linear(name, rows, width, D)]);
}

/** The linear maps around attention that decoding and prefill share: [D] to the latents, queries, and back. */
function projections(c: ModelConfig, rows: number): Operation[] {
  const { hiddenSize: D, numAttentionHeads: H, qLoraRank, kvLoraRank, qkNopeHeadDim, qkRopeHeadDim, vHeadDim } = c;
  const queries = H * (qkNopeHeadDim + qkRopeHeadDim);
  const toQueries =
    qLoraRank === null
      ? [linear("queries", rows, D, queries)]
      : [linear("query latent", rows, D, qLoraRank), linear("queries", rows, qLoraRank, queries)];
  return [
    ...toQueries,
    linear("latent", rows, D, kvLoraRank + qkRopeHeadDim),
    linear("attention output", rows, H * vHeadDim, D),
  ];
}

/** The routed experts on one of `gpus` GPUs, each with an equal share of experts and of `tokens` tokens a GPU. */
function routedExperts(c: ModelConfig, tokens: number, gpus: number): Operation {
  const { hiddenSize: D, moeIntermediateSize: I, nRoutedExperts: E, numExpertsPerTok: K } = c;
  const touched = (E * expertCoverage(E, K, tokens * gpus)) / gpus; // experts of this GPU that get a token
  const all = network("routed experts", tokens * K, D, I);
  const once = network("", 0, D, I).bytes; // the weights of one expert
  return { ...all, bytes: all.bytes - once + touched * once };
}

function feedForward(c: ModelConfig, tokens: number, gpus: number): Operation[] {
  const { hiddenSize: D, moeIntermediateSize: I, nRoutedExperts: E, nSharedExperts } = c;
  const router: Operation = { name: "router", format: "bf16", ...product([tokens, D, E], [BF16, BF16, BF16]) };
  return [router, network("shared expert", tokens, D, nSharedExperts * I), routedExperts(c, tokens, gpus)];
}

export interface DecodeLoad {
  batch: number; // sequences on each GPU, one new token each
  context: number; // tokens behind each
  gpus: number; // GPUs that share the experts
}

/** One sparse layer in one decoding step, on one GPU: attention in its absorbed form, cache in BF16. */
export function decodeOperations(c: ModelConfig, { batch: B, context: T, gpus }: DecodeLoad): Operation[] {
  const { numAttentionHeads: H, kvLoraRank, qkNopeHeadDim, qkRopeHeadDim: rope, vHeadDim } = c;
  // One small product a head: WUK into the query, WUV out of the result.
  const perHead = (name: string, width: number): Operation => ({
    name,
    format: "bf16",
    flop: 2 * B * H * width * kvLoraRank,
    bytes: H * (FP8 * width * kvLoraRank + BF16 * B * (width + kvLoraRank)),
  });
  const attention: Operation = {
    name: "attention over the cache",
    format: "bf16",
    flop: 2 * B * T * H * (kvLoraRank + rope + kvLoraRank),
    bytes: BF16 * B * (T * (kvLoraRank + rope) + H * (2 * kvLoraRank + rope)),
  };
  return [
    ...projections(c, B),
    perHead("absorb keys", qkNopeHeadDim),
    attention,
    perHead("values", vHeadDim),
    ...feedForward(c, B, gpus),
  ];
}

export interface PrefillLoad {
  tokens: number; // on each GPU at once
  context: number; // length of each sequence, causal
  gpus: number; // GPUs that share the experts
}

/** One sparse layer that reads prompts, on one GPU. A training step's forward is the same. */
export function prefillOperations(c: ModelConfig, { tokens: S, context: T, gpus }: PrefillLoad): Operation[] {
  const { numAttentionHeads: H, kvLoraRank, qkNopeHeadDim, qkRopeHeadDim: rope, vHeadDim: v } = c;
  const qk = qkNopeHeadDim + rope;
  const attention: Operation = {
    name: "attention",
    format: "bf16",
    flop: (2 * S * T * H * (qk + v)) / 2, // half of all pairs: no token looks ahead
    bytes: BF16 * S * H * (2 * qk + 2 * v), // queries, keys, values and result once, as in flash attention
  };
  return [
    ...projections(c, S),
    linear("keys and values", S, kvLoraRank, H * (qkNopeHeadDim + v)),
    attention,
    ...feedForward(c, S, gpus),
  ];
}

const GROUPS: [name: string, parts: RegExp][] = [
  ["attention's matrices", /^(query latent|queries|latent|attention output|keys and values)$/],
  ["WUK and WUV", /^(absorb keys|values)$/],
];

/** The same operations with the matrices around attention merged: fewer points for a picture. */
export function grouped(operations: Operation[]): Operation[] {
  const groupOf = ({ name }: Operation) => GROUPS.find(([, parts]) => parts.test(name))?.[0] ?? name;
  return [...new Set(operations.map(groupOf))].map((name) =>
    merge(
      name,
      operations.filter((operation) => groupOf(operation) === name),
    ),
  );
}

/** The mean number of rows that one expert gets in a decoding step. */
export function rowsPerExpert(c: ModelConfig, { batch, gpus }: { batch: number; gpus: number }): number {
  return (batch * gpus * c.numExpertsPerTok) / c.nRoutedExperts;
}
