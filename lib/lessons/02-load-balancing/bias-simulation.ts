/**
 * Balancing by a bias, without a model: affinities are given and stay as they are, only the biases move. So cheap that a
 * whole range of γ can be tried in a second, and so plain that every number can be followed. What it leaves out: in
 * training the affinities move too, in answer to the experts that a token gets.
 */
import { Random } from "../../tensor/random";
import { maxVio } from "../../training/balance";

/** A batch on its way through the router, and what it does to the biases. */
export interface BiasStep {
  /** The biases that the batch was routed with. [E] */
  bias: number[];
  /** Tokens of each expert. [E] */
  loads: number[];
  /** How uneven these loads are. */
  maxVio: number;
}

export interface BiasOptions {
  /** K, experts a token. */
  active: number;
  /** γ. */
  gamma: number;
  steps: number;
}

/**
 * The rule of DeepSeek-V3 (the report, section 2.1.2), step after step: route a batch by affinity + bias, count, and
 * only then move every bias by γ, up where the load is below the mean and down where it is above.
 *
 * @param batch the affinities of a step's tokens, [N][E]
 */
export function simulateBias(batch: (step: number) => number[][], { active, gamma, steps }: BiasOptions): BiasStep[] {
  let bias = new Array<number>(batch(0)[0].length).fill(0);
  return Array.from({ length: steps }, (_, step) => {
    const loads = routedLoads(batch(step), bias, active);
    const now = { bias, loads, maxVio: maxVio(loads) };
    bias = movedBias(bias, loads, gamma);
    return now;
  });
}

/** b_i + γ · sign(mean − load_i): updateBias on plain numbers. */
export function movedBias(bias: number[], loads: number[], gamma: number): number[] {
  const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
  return bias.map((b, e) => b + gamma * Math.sign(mean - loads[e]));
}

/**
 * Tokens of each expert where each takes the K largest of affinity + bias; of equals, the lower expert.
 *
 * @param affinities [N][E]
 */
export function routedLoads(affinities: number[][], bias: number[], active: number): number[] {
  const loads = new Array<number>(bias.length).fill(0);
  const scores = new Float64Array(bias.length);
  for (const row of affinities) {
    for (let e = 0; e < scores.length; e++) scores[e] = row[e] + bias[e];
    for (let k = 0; k < active; k++) {
      let best = 0;
      for (let e = 1; e < scores.length; e++) if (scores[e] > scores[best]) best = e;
      loads[best]++;
      scores[best] = -Infinity;
    }
  }
  return loads;
}

export interface PoolOptions {
  tokens: number;
  experts: number;
  /** How far experts differ in what they are liked by everybody: standard deviation of their logits. */
  popularity: number;
  /** How far tokens differ in what they like: standard deviation around that. */
  taste: number;
  seed: number;
}

/** Affinities of some tokens, σ(popularity of the expert + taste of the token): [tokens][experts]. */
export function tokenPool({ tokens, experts, popularity, taste, seed }: PoolOptions): number[][] {
  const random = new Random(seed);
  const liked = Array.from({ length: experts }, () => popularity * random.normal());
  return Array.from({ length: tokens }, () => liked.map((x) => 1 / (1 + Math.exp(-(x + taste * random.normal())))));
}

/** A batch for each step, drawn from a pool; the same step gives the same batch. */
export function batchesFrom(pool: number[][], { size, seed }: { size: number; seed: number }) {
  return (step: number): number[][] => {
    const random = new Random(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b));
    return Array.from({ length: size }, () => pool[random.integer(pool.length)]);
  };
}

/**
 * The MaxVio that chance leaves where all experts are equally good for every token: no balancing gets below it without
 * looking at the batch first. Mean over some batches of N tokens that take K experts each.
 */
export function chanceMaxVio({
  experts,
  active,
  tokens,
  seed,
}: {
  experts: number;
  active: number;
  tokens: number;
  seed: number;
}): number {
  const random = new Random(seed);
  const even = new Array<number>(experts).fill(0);
  const batch = () => Array.from({ length: tokens }, () => even.map(() => random.uniform()));
  const trials = Array.from({ length: 20 }, () => maxVio(routedLoads(batch(), even, active)));
  return trials.reduce((sum, vio) => sum + vio, 0) / trials.length;
}
