/**
 * Answers to the exercises of lesson 06: the right ones, which call lib, and the parts from which the known wrong ones
 * are made.
 */
import { bestSetAside, exchangeBytes, linksOf, sharedSeconds, type SharedJob } from "../../economics/communication";
import { BUBBLE_FORMULAS } from "../../economics/pipeline";
import { product } from "../../economics/roofline";
import type { Method } from "../../economics/pipeline-schedules";
import { DEEPSEEK_V3 } from "../../model/config";

// ---- the intensity of a product

/** Bytes of one number. */
export interface NumberSizes {
  input: number;
  weights: number;
  output: number;
}
/** [m, k] · [k, n] → FLOPs a byte. */
export type Intensity = (m: number, k: number, n: number, bytes: NumberSizes) => number;

export const intensityByLib: Intensity = (m, k, n, { input, weights, output }) => {
  const { flop, bytes } = product([m, k, n], [input, weights, output]);
  return flop / bytes;
};

/** The intensity with some operands left out, or another count of FLOPs. */
export function wrongIntensity({
  flops = 2,
  without = [],
}: {
  flops?: number;
  without?: (keyof NumberSizes)[];
}): Intensity {
  return (m, k, n, bytes) => {
    const size = (name: keyof NumberSizes, numbers: number) => (without.includes(name) ? 0 : bytes[name] * numbers);
    return (flops * m * k * n) / (size("input", m * k) + size("weights", k * n) + size("output", m * n));
  };
}

// ---- bubbles

/** Times of a micro-batch on a rank, as in the report's table 2. */
export interface StepTimes {
  F: number;
  B: number;
  W: number;
}
/** Share of a step in which a rank waits, between 0 and 1. */
export type BubbleShare = (method: Method, ranks: number, microBatches: number, times: StepTimes) => number;

export const bubbleByLib: BubbleShare = (method, ranks, microBatches, { F, B, W }) => {
  const times = { forward: F, backward: B, weights: W, overlapped: F + B };
  const bubble = BUBBLE_FORMULAS[method](ranks, times);
  return bubble / (bubble + microBatches * (F + B));
};

/** The share with other bubbles, or another whole. */
export function wrongBubble({
  bubbles = {},
  whole = (bubble, work) => bubble + work,
}: {
  bubbles?: Partial<Record<Method, (ranks: number, times: StepTimes) => number>>;
  whole?: (bubble: number, work: number, method: Method) => number;
}): BubbleShare {
  return (method, ranks, microBatches, times) => {
    const { F, B, W } = times;
    const right = BUBBLE_FORMULAS[method](ranks, { forward: F, backward: B, weights: W, overlapped: F + B });
    const bubble = bubbles[method]?.(ranks, times) ?? right;
    return bubble / whole(bubble, microBatches * (F + B), method);
  };
}

// ---- bytes of a token

/** Bytes over both kinds of link. */
export interface LinkBytes {
  interNode: number;
  intraNode: number;
}
/** hiddenSize, its experts, experts on each node, its own node → bytes of a token in one layer, there and back. */
export type TokenBytes = (hiddenSize: number, experts: number[], expertsPerNode: number, home: number) => LinkBytes;

/** The bytes with other copies, or another size of a number there and back. */
export function wrongTraffic({
  inter = (nodes, home) => new Set(nodes.filter((node) => node !== home)).size,
  intra = (nodes) => nodes.length,
  bytes = 3,
}: {
  inter?: (nodes: number[], home: number) => number; // nodes: that of each expert
  intra?: (nodes: number[], home: number) => number;
  bytes?: number;
}): TokenBytes {
  return (hiddenSize, experts, expertsPerNode, home) => {
    const nodes = experts.map((expert) => Math.floor(expert / expertsPerNode));
    return exchangeBytes(
      hiddenSize,
      { interNode: inter(nodes, home), intraNode: intra(nodes, home) },
      { dispatch: bytes, combine: 0 },
    );
  };
}

// ---- multiprocessors

export type SetAside = (job: SharedJob) => number;

/** What is wrong about a number of multiprocessors, in words, or true. */
export function judgeSetAside(got: number, job: SharedJob): true | string {
  if (!Number.isInteger(got) || got < 1 || got >= job.multiprocessors)
    return `a whole number from 1 to ${job.multiprocessors - 1} is asked for; you return ${got}`;
  const [yours, best] = [sharedSeconds(job, got), sharedSeconds(job, bestSetAside(job))];
  if (yours <= best * 1.001) return true;
  const ms = (seconds: number) => `${(1e3 * seconds).toFixed(2)} ms`;
  return `with ${got} set aside it takes ${ms(yours)}; ${ms(best)} is possible`;
}

/** The first count that fulfils something, or all but one. */
export const firstCount = (job: SharedJob, good: (count: number) => boolean): number => {
  for (let count = 1; count < job.multiprocessors; count++) if (good(count)) return count;
  return job.multiprocessors - 1;
};

const links = linksOf("h800");
const tokens = 4096;
const copies = { interNode: 4, intraNode: DEEPSEEK_V3.numExpertsPerTok };
const { interNode } = exchangeBytes(DEEPSEEK_V3.hiddenSize, copies);

/**
 * A forward of one layer with 4,096 tokens. That a multiprocessor moves a twentieth of InfiniBand's rate is taken from
 * the report's statement that 20 are enough; the arithmetic is that of a chip at half of its FP8 peak.
 */
export const V3_JOB: SharedJob = {
  multiprocessors: 132,
  arithmetic: 6.25e-3,
  bytes: tokens * interNode,
  bandwidth: links.interNode,
  perMultiprocessor: links.interNode / 20,
};
