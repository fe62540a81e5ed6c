/**
 * Answers to the exercises of lesson 02: the right ones, which call lib, and the parts from which the known wrong ones
 * are made.
 */
import * as tf from "@tensorflow/tfjs";
import { copyCounts, replicate } from "./expert-placement";
import { selectExperts } from "../../model/router";
import { topKMask } from "../../tensor/top-k";
import { sequenceBalanceLoss } from "../../training/balance";
import { movedBias, routedLoads, simulateBias } from "./bias-simulation";
import { largest, plus, sum } from "../01-mixture-of-experts/answers";

export { largest } from "../01-mixture-of-experts/answers";

export const mean = (values: number[]) => sum(values) / values.length;

// ---- one step of balancing by the bias

export interface Balanced {
  /** Weights of each token, [N][E]: they sum to 1 in a row, 0 where not chosen. */
  gates: number[][];
  /** For the next batch, [E]. */
  bias: number[];
}
/** A batch's affinities [N][E], the bias [E], K and γ → the batch's weights, and the next batch's bias. */
export type BalanceStep = (affinities: number[][], bias: number[], k: number, gamma: number) => Balanced;

export const stepByLib: BalanceStep = (affinities, bias, k, gamma) => {
  const E = bias.length;
  const config = { nRoutedExperts: E, numExpertsPerTok: k, nGroup: 1, topkGroup: 1, normTopkProb: true };
  const gates = tf.tidy(() => {
    const routing = selectExperts(tf.tensor2d(affinities), tf.tensor1d(bias), { ...config, routedScalingFactor: 1 });
    return routing.gates.arraySync();
  });
  return { gates, bias: movedBias(bias, routedLoads(affinities, bias, k), gamma) };
};

/** The step with some of its parts replaced by wrong ones. */
export function wrongStep(parts: {
  score?: (s: number[], bias: number[]) => number[];
  weigh?: (s: number[], bias: number[]) => number[];
  count?: (weight: number) => number;
  move?: (bias: number, load: number, mean: number, gamma: number) => number;
}): BalanceStep {
  const { score = plus, weigh = (s: number[]) => s, count = (weight: number) => (weight > 0 ? 1 : 0) } = parts;
  const { move = (b: number, load: number, mean: number, gamma: number) => b + gamma * Math.sign(mean - load) } = parts;
  return (affinities, bias, k, gamma) => {
    const gates = affinities.map((s) => gatesOf(weigh(s, bias), largest(score(s, bias), k)));
    const loads = bias.map((_, e) => sum(gates.map((row) => count(row[e]))));
    return { gates, bias: bias.map((b, e) => move(b, loads[e], mean(loads), gamma)) };
  };
}

/** The bias moved after every token, by the loads so far. */
export const stepWithinBatch: BalanceStep = (affinities, bias, k, gamma) => {
  let now = bias;
  const loads = bias.map(() => 0);
  const gates = affinities.map((s) => {
    const chosen = largest(plus(s, now), k);
    chosen.forEach((e) => loads[e]++);
    now = movedBias(now, loads, gamma);
    return gatesOf(s, chosen);
  });
  return { gates, bias: now };
};

/** The bias moved first, and the batch routed by the new one. */
export const stepWithNewBias: BalanceStep = (affinities, bias, k, gamma) => {
  const next = stepByLib(affinities, bias, k, gamma).bias;
  return { gates: stepByLib(affinities, next, k, gamma).gates, bias: next };
};

function gatesOf(weights: number[], chosen: number[]): number[] {
  const share = sum(chosen.map((e) => weights[e]));
  return weights.map((weight, e) => (chosen.includes(e) ? weight / share : 0));
}

// ---- MaxVio

export type MaxVio = (loads: number[]) => number;

// ---- the sequence-wise balance loss

/** A sequence's affinities [T][E], the bias [E], K and α → the loss. */
export type BalanceLoss = (affinities: number[][], bias: number[], k: number, alpha: number) => number;

export const lossByLib: BalanceLoss = (affinities, _bias, active, alpha) =>
  tf.tidy(() => {
    const s = tf.tensor2d(affinities);
    return sequenceBalanceLoss(s, topKMask(s, active), { active, alpha, sequences: 1 }).dataSync()[0];
  });

/** The loss with some of its parts replaced by wrong ones. */
export function wrongLoss(parts: {
  score?: (s: number[], bias: number[]) => number[];
  /** Factor on the share of tokens that chose an expert; E/K is right. */
  factor?: (E: number, k: number) => number;
  /** P [E]. */
  prefer?: (affinities: number[][], chosen: number[][]) => number[];
  whole?: (loss: number, alpha: number, T: number) => number;
}): BalanceLoss {
  const { score = (s: number[]) => s, factor = (E: number, k: number) => E / k } = parts;
  const { prefer = preferences, whole = (loss: number, alpha: number) => alpha * loss } = parts;
  return (affinities, bias, k, alpha) => {
    const [T, E] = [affinities.length, bias.length];
    const chosen = affinities.map((s) => largest(score(s, bias), k));
    const f = bias.map((_, e) => (factor(E, k) * chosen.filter((row) => row.includes(e)).length) / T);
    const P = prefer(affinities, chosen);
    return whole(sum(f.map((x, e) => x * P[e])), alpha, T);
  };
}

/** P_i: the mean over the tokens of s_i / Σ_j s_j. */
export function preferences(affinities: number[][]): number[] {
  return affinities[0].map((_, e) => mean(affinities.map((s) => s[e] / sum(s))));
}

// ---- greedy copies

/** Loads [E] and slots → the copies of each expert, [E]. */
export type Copies = (load: number[], slots: number) => number[];

export const copiesByLib: Copies = (load, slots) => copyCounts(replicate(load, slots), load.length);

/** Slot by slot to the expert of the largest score. */
export function greedyCopies(score: (load: number, copies: number) => number): Copies {
  return (load, slots) => {
    const copies = load.map(() => 1);
    for (let slot = load.length; slot < slots; slot++) {
      copies[largest(load.map((tokens, e) => score(tokens, copies[e])), 1)[0]]++;
    }
    return copies;
  };
}

// ---- what γ does

export interface Settling {
  /** Batches that all go to the expert that is liked more, before the first one that does not. */
  batches: number;
  /** From then on the difference of the two biases jumps between two values: how far apart they are. */
  swing: number;
}
/** How far one of two experts is ahead in affinity, for every token, and γ → what happens. */
export type Settle = (gap: number, gamma: number) => Settling;

/** Tried out: two experts, one token a batch. */
export const settleBySimulation: Settle = (gap, gamma) => {
  const steps = Math.ceil(gap / gamma) + 4; // more than enough
  const run = simulateBias(() => [[gap, 0]], { active: 1, gamma, steps });
  const batches = run.findIndex(({ loads }) => loads[1] > 0);
  const difference = (step: number) => run[step].bias[1] - run[step].bias[0];
  return { batches, swing: Math.abs(difference(batches + 1) - difference(batches)) };
};
