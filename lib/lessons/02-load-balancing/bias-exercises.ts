/** The two exercises of lesson 02 on the correction bias: one step of it, and what γ does. */
import { defineExercise } from "../../notebook/exercise/check";
import {
  settleBySimulation,
  stepByLib,
  stepWithinBatch,
  stepWithNewBias,
  wrongStep,
  type BalanceStep,
  type Settle,
} from "./answers";
import { plus } from "../01-mixture-of-experts/answers";

const batch = [
  [0.9, 0.5, 0.3, 0.2],
  [0.8, 0.6, 0.7, 0.1],
  [0.7, 0.4, 0.2, 0.6],
  [0.6, 0.3, 0.5, 0.55],
  [0.75, 0.65, 0.1, 0.3],
];

export const biasExercise = defineExercise<BalanceStep>({
  id: "02-bias-update",
  title: "A step of the bias",
  difficulty: 2,
  minutes: 15,
  points: 3,
  reference: stepByLib,
  cases: [
    { name: "two of four experts, no bias yet", args: [batch, [0, 0, 0, 0], 2, 0.1] },
    { name: "two of four, the bias changes choices", args: [batch, [-0.3, 0.02, 0.25, 0.11], 2, 0.05] },
    { name: "two experts have exactly the mean", args: [batch.slice(0, 4), [-0.3, 0, 0.1, 0.2], 1, 0.02] },
    { name: "one of four, a large γ", args: [batch, [0, 0.1, 0, 0.2], 1, 0.3] },
  ],
  misconceptions: [
    {
      name: "the sign turned round",
      answer: wrongStep({ move: (b, load, mean, gamma) => b + gamma * Math.sign(load - mean) }),
      message: "Your overloaded experts get a higher bias, so they are chosen even more. It has to go down.",
    },
    {
      name: "weights from biased scores",
      answer: wrongStep({ weigh: plus }),
      message: "Your weights come from the biased scores. The bias decides who is chosen; the weights come from s alone.",
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
      message: "Your gates are those of the new bias. This batch is routed with the old one; the new one is for the next.",
    },
    {
      name: "in proportion to the excess",
      answer: wrongStep({ move: (b, load, mean, gamma) => b + (gamma * (mean - load)) / mean }),
      message: "You move a bias in proportion to the excess. V3's step has one size, γ; only its sign depends on the load.",
    },
    {
      name: "by γ for every token too many",
      answer: wrongStep({ move: (b, load, mean, gamma) => b + gamma * (mean - load) }),
      message: "You move a bias by γ for each token above or below the mean. V3's step has one size, γ, whatever the excess.",
    },
    {
      name: "only the overloaded",
      answer: wrongStep({ move: (b, load, mean, gamma) => (load > mean ? b - gamma : b) }),
      message: "You lower the overloaded experts. The underloaded ones also move, up by γ.",
    },
    {
      name: "the mean counted as underloaded",
      answer: wrongStep({ move: (b, load, mean, gamma) => (load > mean ? b - gamma : b + gamma) }),
      message: "You raise an expert that has exactly the mean load. It is neither overloaded nor underloaded: leave it.",
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
  hints: [
    "Three passes: choose with `largest(s + bias, k)` for every token and make the gates from s; count how many tokens " +
      "chose each expert; then move the biases, once.",
    "The mean load is N · k / E, with N tokens and E experts. The new bias of e is bias[e] + gamma · Math.sign(mean − " +
      "load[e]): Math.sign gives −1, 0 or 1.",
  ],
});

export const gammaExercise = defineExercise<Settle>({
  id: "02-gamma",
  title: "How soon, and how far past?",
  difficulty: 2,
  minutes: 10,
  points: 2,
  reference: settleBySimulation,
  cases: [
    { name: "a gap of 0.35, γ = 0.01", args: [0.35, 0.01] },
    { name: "a gap of 0.35, γ = 0.05", args: [0.35, 0.05] },
    { name: "γ larger than the gap", args: [0.2, 0.3] },
    { name: "a gap of 0.123, V3's γ", args: [0.123, 0.001] },
  ],
  misconceptions: [
    {
      name: "one bias moves",
      answer: (gap, gamma) => ({ batches: Math.ceil(gap / gamma), swing: gamma }),
      message: "You let one bias move. In each batch one goes down and the other goes up: the difference moves by 2γ.",
    },
    {
      name: "the swing of one bias",
      answer: (gap, gamma) => ({ ...settleBySimulation(gap, gamma), swing: gamma }),
      message: "The batches are right. The swing is that of the difference, and in a step both biases move.",
    },
    {
      name: "one batch short",
      answer: (gap, gamma) => ({ batches: Math.floor(gap / (2 * gamma)), swing: 2 * gamma }),
      message: "After so many moves the liked expert is still ahead: the difference must exceed the gap. Round up.",
    },
    {
      name: "a fraction of a batch",
      answer: (gap, gamma) => ({ batches: gap / (2 * gamma), swing: 2 * gamma }),
      message: "Batches come whole: round up.",
    },
    {
      name: "one batch more",
      answer: (gap, gamma) => ({ batches: Math.ceil(gap / (2 * gamma)) + 1, swing: 2 * gamma }),
      message: "One too many: the batch that goes to the other expert does not count.",
    },
    {
      name: "it comes to rest",
      answer: (gap, gamma) => ({ ...settleBySimulation(gap, gamma), swing: 0 }),
      message: "It never comes to rest: a step has the size γ however small the imbalance is.",
    },
  ],
  hints: [
    "Write down the first batches for a gap of 0.5 and γ = 0.1: the two biases, their difference, and who gets the batch.",
    "In each batch the difference grows by 2γ. The other expert is chosen as soon as it exceeds the gap. What does the " +
      "next step do?",
  ],
});

