/**
 * What sparse routing does to counts: how many different sets of experts a token can meet, how many experts a batch
 * touches, and what that means for the weights a step has to read. Plain numbers; the formulas assume experts chosen
 * evenly and tokens independent of each other, and simulateCoverage shows what happens when they are not.
 *
 * Letters: E routed experts, K active per token, B tokens in the batch.
 */
import type { ModelConfig } from "../model/config";
import { activeParameters, layerParameters } from "./parameters";

/**
 * n choose k: the exact number of different sets of k out of n.
 *
 * @throws if n or k is not a whole number of at least 0
 */
export function combinations(n: number, k: number): bigint {
  if (!Number.isInteger(n) || !Number.isInteger(k) || n < 0 || k < 0) {
    throw new Error(`combinations: n and k must be whole numbers from 0 on, got n = ${n}, k = ${k}`);
  }
  if (k > n) return 0n;
  let result = 1n;
  // After step i, result is (n-k+i) choose i: the division leaves no remainder.
  for (let i = 1; i <= Math.min(k, n - k); i++) result = (result * BigInt(n - Math.min(k, n - k) + i)) / BigInt(i);
  return result;
}

/** log10 of a bigint, for axes. */
export function log10(count: bigint): number {
  const digits = count.toString();
  const leading = digits.slice(0, 15);
  return Math.log10(Number(leading)) + digits.length - leading.length;
}

/**
 * The expected share of a layer's E experts that at least one of B tokens chooses, each token choosing K different ones:
 *
 *   1 - (1 - K/E)^B
 *
 * It holds for experts that are equally popular and tokens that choose independently. A limit on groups changes
 * nothing: every expert still has the chance K/E.
 *
 * @returns between 0 and 1
 * @throws if K exceeds E
 */
export function expertCoverage(E: number, K: number, B: number): number {
  if (K > E) throw new Error(`expertCoverage: ${K} active experts of ${E}; there can't be more active than there are`);
  return 1 - Math.pow(1 - K / E, B);
}

export interface CoverageOptions {
  experts: number; // E
  active: number; // K
  batch: number; // B
  trials: number; // batches that are drawn
  /** 0: all experts equally popular; s: the popularity of the i-th falls as 1/i^s (Zipf). */
  skew?: number;
  /** Random numbers in [0, 1). */
  uniform: () => number;
}

export interface Coverage {
  mean: number; // share of the experts touched
  low: number; // in the batch that touched the fewest
  high: number; // and the most
}

/** Draws batches of tokens and counts the experts that they touch. */
export function simulateCoverage({ experts, active, batch, trials, skew = 0, uniform }: CoverageOptions): Coverage {
  const popularity = Array.from({ length: experts }, (_, i) => -skew * Math.log(i + 1));
  const shares: number[] = [];
  for (let trial = 0; trial < trials; trial++) {
    const touched = new Set<number>();
    for (let token = 0; token < batch; token++) {
      for (const expert of drawExperts(popularity, active, uniform)) touched.add(expert);
    }
    shares.push(touched.size / experts);
  }
  return {
    mean: shares.reduce((sum, share) => sum + share, 0) / trials,
    low: Math.min(...shares),
    high: Math.max(...shares),
  };
}

/** K different experts, drawn by popularity: the K largest of log-popularity plus Gumbel noise. */
function drawExperts(logPopularity: number[], K: number, uniform: () => number): number[] {
  const keys = logPopularity.map((log, expert) => ({ expert, key: log - Math.log(-Math.log(uniform() || 1e-300)) }));
  return keys
    .sort((a, b) => b.key - a.key)
    .slice(0, K)
    .map(({ expert }) => expert);
}

export interface GroupLimit {
  experts: number; // E
  active: number; // K
  groups: number; // of equal size
  kept: number; // groups that a token may choose from
}

/**
 * The number of sets of K experts that group-limited routing can reach: those that lie within at most `kept` groups.
 * With all groups kept it is combinations(E, K).
 */
export function reachableCombinations({ experts, active, groups, kept }: GroupLimit): bigint {
  let sum = 0n;
  for (let touched = 1; touched <= kept; touched++) {
    sum += combinations(groups, touched) * setsTouchingAll(experts / groups, active, touched);
  }
  return sum;
}

/** Sets of K experts out of `groups` groups of `size` that leave no group out (inclusion and exclusion). */
function setsTouchingAll(size: number, K: number, groups: number): bigint {
  let sum = 0n;
  for (let left = 0; left <= groups; left++) {
    const sets = combinations(groups, left) * combinations((groups - left) * size, K);
    sum += left % 2 === 0 ? sets : -sets;
  }
  return sum;
}

/**
 * Parameters that one decoding step of B tokens reads from memory: what every token uses, once, and each routed expert
 * that at least one token chose. The head is counted; embeddings are not, since only a row for each token is looked up.
 */
export function parametersRead(config: ModelConfig, B: number): number {
  const { nRoutedExperts: E, numExpertsPerTok: K, numHiddenLayers, firstKDenseReplace } = config;
  const routed = (numHiddenLayers - firstKDenseReplace) * E * layerParameters(config).expert;
  const always = activeParameters(config, { head: true, embedding: false }) - (routed * K) / E;
  return always + routed * expertCoverage(E, K, B);
}

/**
 * The share of its experts that a token has in common with another, on average over all pairs of tokens that fit.
 *
 * @param chosen [N][K], the experts of each token
 * @param fits whether to count the pair of tokens a and b
 */
export function meanOverlap(chosen: number[][], fits: (a: number, b: number) => boolean): number {
  let [sum, pairs] = [0, 0];
  chosen.forEach((experts, a) => {
    const own = new Set(experts);
    for (let b = 0; b < chosen.length; b++) {
      if (a === b || !fits(a, b)) continue;
      sum += chosen[b].filter((expert) => own.has(expert)).length / experts.length;
      pairs++;
    }
  });
  return sum / pairs;
}

/** The share of the tokens that the busiest expert works on; chosen [N][K]. */
export function busiestShare(chosen: number[][]): number {
  const load = new Map<number, number>();
  for (const expert of chosen.flat()) load.set(expert, (load.get(expert) ?? 0) + 1);
  return Math.max(...load.values()) / chosen.length;
}
