/** One step of balancing by the bias: route a batch, count, move every bias once. */
import * as tf from "@tensorflow/tfjs";
import { selectExperts } from "../../model/router";
import { farApart, firstGood, fromSeed, numberBetween, smallestGap, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { mean } from "../../statistics/interval";
import { largest, plus, sum } from "../../statistics/lists";
import { movedBias, routedLoads } from "./bias-simulation";

export interface Balanced {
  /** Weights of each token, [N][E]: they sum to 1 in a row, 0 where not chosen. */
  gates: number[][];
  /** For the next batch, [E]. */
  bias: number[];
}
/** A batch's affinities [N][E], the bias [E], K and γ → the batch's weights, and the next batch's bias. */
export type BalanceStep = (affinities: number[][], bias: number[], k: number, gamma: number) => Balanced;

const stepByLib: BalanceStep = (affinities, bias, k, gamma) => {
  const E = bias.length;
  const config = { nRoutedExperts: E, numExpertsPerTok: k, nGroup: 1, topkGroup: 1, normTopkProb: true };
  const gates = tf.tidy(() => {
    const routing = selectExperts(tf.tensor2d(affinities), tf.tensor1d(bias), { ...config, routedScalingFactor: 1 });
    return routing.gates.arraySync();
  });
  return { gates, bias: movedBias(bias, routedLoads(affinities, bias, k), gamma) };
};

/** The step with some of its parts replaced by wrong ones. */
function wrongStep(parts: {
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
const stepWithinBatch: BalanceStep = (affinities, bias, k, gamma) => {
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
const stepWithNewBias: BalanceStep = (affinities, bias, k, gamma) => {
  const next = stepByLib(affinities, bias, k, gamma).bias;
  return { gates: stepByLib(affinities, next, k, gamma).gates, bias: next };
};

function gatesOf(weights: number[], chosen: number[]): number[] {
  const share = sum(chosen.map((e) => weights[e]));
  return weights.map((weight, e) => (chosen.includes(e) ? weight / share : 0));
}

const batch = [
  [0.9, 0.5, 0.3, 0.2],
  [0.8, 0.6, 0.7, 0.1],
  [0.7, 0.4, 0.2, 0.6],
  [0.6, 0.3, 0.5, 0.55],
  [0.75, 0.65, 0.1, 0.3],
];

export const biasExercise = defineExercise<BalanceStep>({
  id: "02-bias-update",
  reference: stepByLib,
  cases: [
    { name: "two of four experts, no bias yet", args: [batch, [0, 0, 0, 0], 2, 0.1] },
    { name: "two of four, the bias changes choices", args: [batch, [-0.3, 0.02, 0.25, 0.11], 2, 0.05] },
    { name: "two experts have exactly the mean", args: [batch.slice(0, 4), [-0.3, 0, 0.1, 0.2], 1, 0.02] },
    { name: "one of four, a large γ", args: [batch, [0, 0.1, 0, 0.2], 1, 0.3] },
  ],
  draw: fromSeed((random) => {
    const [E, N] = [wholeBetween(random, 3, 7), wholeBetween(random, 3, 9)];
    const bias = Array.from({ length: E }, () => numberBetween(random, -0.4, 0.4));
    const token = () =>
      firstGood(
        () => farApart(random, E, 0.05, 0.95),
        (affinities) => smallestGap(plus(affinities, bias)) > 0.005,
      );
    const affinities = Array.from({ length: N }, token);
    return [affinities, bias, wholeBetween(random, 1, E - 1), numberBetween(random, 0.01, 0.3)];
  }),
  misconceptions: [
    {
      name: "the sign turned round",
      answer: wrongStep({ move: (b, load, mean, gamma) => b + gamma * Math.sign(load - mean) }),
      message: "Your overloaded experts get a higher bias, so they are chosen even more. It has to go down.",
    },
    {
      name: "weights from biased scores",
      answer: wrongStep({ weigh: plus }),
      message:
        "Your weights come from the biased scores. The bias decides who is chosen; the weights come from s alone.",
    },
    {
      name: "moved after every token",
      answer: stepWithinBatch,
      message:
        "You move the bias within the batch, after each token. A whole batch is routed with one bias; only then does it " +
        "move, once. (Else a token's experts would depend on its neighbours in the batch.)",
    },
    {
      name: "routed with the new bias",
      answer: stepWithNewBias,
      message:
        "Your gates are those of the new bias. This batch is routed with the old one; the new one is for the next.",
    },
    {
      name: "in proportion to the excess",
      answer: wrongStep({ move: (b, load, mean, gamma) => b + (gamma * (mean - load)) / mean }),
      message:
        "You move a bias in proportion to the excess. V3's step has one size, γ; only its sign depends on the load.",
    },
    {
      name: "by γ for every token too many",
      answer: wrongStep({ move: (b, load, mean, gamma) => b + gamma * (mean - load) }),
      message:
        "You move a bias by γ for each token above or below the mean. V3's step has one size, γ, whatever the excess.",
    },
    {
      name: "only the overloaded",
      answer: wrongStep({ move: (b, load, mean, gamma) => (load > mean ? b - gamma : b) }),
      message: "You lower the overloaded experts. The underloaded ones also move, up by γ.",
    },
    {
      name: "the mean counted as underloaded",
      answer: wrongStep({ move: (b, load, mean, gamma) => (load > mean ? b - gamma : b + gamma) }),
      message:
        "You raise an expert that has exactly the mean load. It is neither overloaded nor underloaded: leave it.",
    },
    {
      name: "weights counted, not tokens",
      answer: wrongStep({ count: (weight) => weight }),
      message: "You add up the weights. An expert's load is the number of tokens that chose it, whatever the weight.",
    },
    {
      name: "chosen by affinity alone",
      answer: wrongStep({ score: (s) => s }),
      message: "You choose by the affinity alone, so the bias changes nothing. The choice is made by s + bias.",
    },
    {
      name: "the bias begins anew",
      answer: wrongStep({ move: (_, load, mean, gamma) => gamma * Math.sign(mean - load) }),
      message: "You return the move alone. It is added to the bias that was there.",
    },
    {
      name: "no renormalisation",
      answer: (affinities, bias, k, gamma) => {
        const { gates, bias: next } = stepByLib(affinities, bias, k, gamma);
        return { gates: gates.map((row, t) => row.map((gate, e) => (gate > 0 ? affinities[t][e] : 0))), bias: next };
      },
      message: "The weights of a token must sum to 1: divide each chosen affinity by the sum over the chosen ones.",
    },
  ],
});
