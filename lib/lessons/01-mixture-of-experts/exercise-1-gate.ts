/** V3's gate for one token: affinities, the choice by affinity + bias, the weights. */
import * as tf from "@tensorflow/tfjs";
import { selectExperts } from "../../model/router";
import { farApart, fromSeed, numberBetween, shortened, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { largest, plus, sum } from "../../statistics/lists";

/** Gates of one token: logits [E], bias [E], K active, scale → weights [E], 0 where not chosen. */
export type Gate = (logits: number[], bias: number[], k: number, scale: number) => number[];

/** lib's router for one token and one group. */
export const gateByLib: Gate = (logits, bias, k, scale) =>
  tf.tidy(() => {
    const config = { nRoutedExperts: logits.length, numExpertsPerTok: k, nGroup: 1, topkGroup: 1, normTopkProb: true };
    const affinity = tf.sigmoid(tf.tensor2d([logits]));
    const { gates } = selectExperts(affinity, tf.tensor1d(bias), { ...config, routedScalingFactor: scale });
    return Array.from(gates.dataSync());
  });

const sigmoid = (logits: number[]) => logits.map((x) => 1 / (1 + Math.exp(-x)));
export const logit = (affinity: number) => Math.log(affinity / (1 - affinity)); // undoes the sigmoid
export const softmax = (logits: number[]) => {
  const exps = logits.map((x) => Math.exp(x - Math.max(...logits)));
  return exps.map((x) => x / sum(exps));
};

/** The gate with some of its parts replaced by wrong ones. */
export function wrongGate(parts: {
  affinity?: (logits: number[], bias: number[]) => number[];
  select?: (affinity: number[], bias: number[]) => number[];
  weigh?: (affinity: number[], bias: number[]) => number[];
  share?: (weights: number[], chosen: number[]) => number;
  scale?: (scale: number) => number;
}): Gate {
  const { affinity = sigmoid, select = plus, weigh = (s: number[]) => s } = parts;
  const {
    share = (weights: number[], chosen: number[]) => sum(chosen.map((e) => weights[e])),
    scale = (x: number) => x,
  } = parts;
  return (logits, bias, k, factor) => {
    const s = affinity(logits, bias);
    const chosen = largest(select(s, bias), k);
    const weights = weigh(s, bias);
    return s.map((_, e) => (chosen.includes(e) ? (scale(factor) * weights[e]) / share(weights, chosen) : 0));
  };
}

export const gateExercise = defineExercise<Gate>({
  id: "01-gate",
  reference: gateByLib,
  cases: [
    {
      name: "six experts, the bias changes the choice",
      args: [[1.2, 0.4, -0.3, 0.9, -1.5, 0.1], [-0.5, 0, 0.3, 0, 0.1, 0.2], 3, 2.5],
    },
    { name: "four experts, strong logits", args: [[4, -2, 3, 0.5], [-0.2, 0.9, 0, 0.1], 2, 2.5] },
    { name: "three experts nearly equal", args: [[2, 1.9, 1.8, 0.2], [-0.3, 0, 0, 0.35], 2, 2.5] },
    { name: "a token that no expert wants", args: [[-3, -2.5, -4, -2, -3.5], [0, 0.2, 0, -0.1, 0.1], 2, 2] },
  ],
  draw: fromSeed((random) => {
    const E = wholeBetween(random, 4, 8);
    const affinities = farApart(random, E, 0.05, 0.95);
    const scores = farApart(random, E, -0.3, 1.3); // affinity + bias: no two are close
    const bias = scores.map((score, e) => shortened(score - affinities[e], 4));
    const logits = affinities.map((affinity) => shortened(logit(affinity), 4));
    return [logits, bias, wholeBetween(random, 2, E - 1), numberBetween(random, 0.5, 3)];
  }),
  misconceptions: [
    {
      name: "softmax instead of sigmoid",
      answer: wrongGate({ affinity: softmax }),
      message:
        "You use a softmax. V3's affinity is a sigmoid: each expert is scored by itself, without competing with " +
        "the others.",
    },
    {
      name: "bias inside a softmax",
      answer: wrongGate({ affinity: (x, b) => softmax(plus(x, b)), select: (s) => s }),
      message:
        "You add the bias inside a softmax, as popular accounts describe it. In V3 it is added to the sigmoid's " +
        "result, and for choosing only.",
    },
    {
      name: "bias before the sigmoid",
      answer: wrongGate({ affinity: (x, b) => sigmoid(plus(x, b)), select: (s) => s }),
      message:
        "You add the bias to the logits, before the sigmoid. It is added to the sigmoid's result, and for choosing " +
        "only: the weights don't see it.",
    },
    {
      name: "chosen by logit + bias",
      answer: wrongGate({ select: (s, b) => plus(s.map(logit), b) }),
      message: "You choose by logit + bias. The choice is made by affinity + bias, after the sigmoid.",
    },
    {
      name: "softmax over the chosen experts",
      answer: wrongGate({ weigh: (s) => s.map((x) => Math.exp(logit(x))) }),
      message:
        "Your weights are a softmax over the chosen logits, as Mixtral has it. In V3 each is the expert's affinity, " +
        "divided by the sum of the chosen affinities.",
    },
    {
      name: "weights from biased scores",
      answer: wrongGate({ weigh: plus }),
      message:
        "Your weights come from the biased scores. The bias decides who is chosen; how much they count comes from " +
        "the affinity without it.",
    },
    {
      name: "bias left out of the choice",
      answer: wrongGate({ select: (s) => s }),
      message: "You choose by the affinity alone. The choice is made by affinity + bias.",
    },
    {
      name: "no renormalisation",
      answer: wrongGate({ share: () => 1 }),
      message: "The weights of the chosen experts must sum to the scale: divide each by the sum over the chosen ones.",
    },
    {
      name: "bare affinities",
      answer: wrongGate({ share: () => 1, scale: () => 1 }),
      message: "Your weights are the affinities as they are. Divide each by the sum over the chosen ones, then scale.",
    },
    {
      name: "divided by the sum over all experts",
      answer: wrongGate({ share: (weights) => sum(weights) }),
      message: "You divide by the sum over all experts. Only the chosen ones take part in the sum.",
    },
    {
      name: "scale forgotten",
      answer: wrongGate({ scale: () => 1 }),
      message: "Your weights sum to 1: the scale is missing.",
    },
    {
      name: "scale twice",
      answer: wrongGate({ scale: (x) => x * x }),
      message: "The scale is applied twice: the weights should sum to it.",
    },
  ],
});
