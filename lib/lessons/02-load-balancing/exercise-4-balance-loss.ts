/** The sequence-wise balance loss that V3 keeps beside the bias. */
import * as tf from "@tensorflow/tfjs";
import { farApart, fromSeed, numberBetween, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { topKMask } from "../../tensor/top-k";
import { sequenceBalanceLoss } from "../../training/balance";
import { mean } from "../../statistics/interval";
import { largest, plus, sum } from "../../statistics/lists";

/** A sequence's affinities [T][E], the bias [E], K and α → the loss. */
export type BalanceLoss = (affinities: number[][], bias: number[], k: number, alpha: number) => number;

const lossByLib: BalanceLoss = (affinities, _bias, active, alpha) =>
  tf.tidy(() => {
    const s = tf.tensor2d(affinities);
    return sequenceBalanceLoss(s, topKMask(s, active), { active, alpha, sequences: 1 }).dataSync()[0];
  });

/** The loss with some of its parts replaced by wrong ones. */
function wrongLoss(parts: {
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
function preferences(affinities: number[][]): number[] {
  return affinities[0].map((_, e) => mean(affinities.map((s) => s[e] / sum(s))));
}

const sequence = [
  [0.9, 0.3, 0.2, 0.1, 0.4, 0.15],
  [0.8, 0.7, 0.1, 0.3, 0.2, 0.25],
  [0.6, 0.2, 0.5, 0.1, 0.3, 0.35],
  [0.7, 0.1, 0.2, 0.65, 0.1, 0.45],
];

export const lossExercise = defineExercise<BalanceLoss>({
  id: "02-balance-loss",
  reference: lossByLib,
  cases: [
    {
      name: "six experts, two active, the bias would choose others",
      args: [sequence, [-0.5, 0, 0.3, 0, 0.1, 0.4], 2, 0.1],
    },
    { name: "three active, no bias", args: [sequence, [0, 0, 0, 0, 0, 0], 3, 1] },
    {
      name: "tokens that like everything and tokens that like nothing",
      args: [
        [
          [0.99, 0.9, 0.95, 0.8],
          [0.02, 0.01, 0.2, 0.05],
          [0.5, 0.1, 0.4, 0.3],
        ],
        [0, 0.1, -0.6, 0.2],
        1,
        1e-4,
      ],
    },
  ],
  draw: fromSeed((random) => {
    const [T, E] = [wholeBetween(random, 2, 6), wholeBetween(random, 3, 8)];
    const affinities = Array.from({ length: T }, () => farApart(random, E, 0.02, 0.98));
    const bias = Array.from({ length: E }, () => numberBetween(random, -0.6, 0.6));
    return [affinities, bias, wholeBetween(random, 1, E - 1), numberBetween(random, 0.001, 1)];
  }),
  tolerance: 1e-4,
  misconceptions: [
    {
      name: "biased choices counted",
      answer: wrongLoss({ score: plus }),
      message:
        "You count the choices that the bias made. In the report, f counts the K largest affinities, without bias: the " +
        "loss looks at what the router wants.",
    },
    {
      name: "E/K forgotten",
      answer: wrongLoss({ factor: () => 1 }),
      message:
        "Your f is the share of tokens that chose the expert. Times E/K, it is 1 for an expert with its fair share.",
    },
    {
      name: "K forgotten in f",
      answer: wrongLoss({ factor: (E) => E }),
      message: "The K is missing in f: a token makes K choices, so a fair share is K/E of the tokens, not 1/E.",
    },
    {
      name: "too small by E",
      answer: wrongLoss({ factor: (_, k) => 1 / k }),
      message:
        "It is too small by the number of experts. In f, E/K stands in front; and f · P is summed, not averaged.",
    },
    {
      name: "affinities not normalised",
      answer: wrongLoss({ prefer: (s) => s[0].map((_, e) => mean(s.map((row) => row[e]))) }),
      message:
        "Your P is the mean of the affinities as they are. First divide each by the sum over the token's experts.",
    },
    {
      name: "normalised after the mean",
      answer: wrongLoss({
        prefer: (s) => {
          const means = s[0].map((_, e) => mean(s.map((row) => row[e])));
          return means.map((x) => x / sum(means));
        },
      }),
      message:
        "You average first and normalise then, so tokens with large affinities count for more. Normalise each token's " +
        "affinities, then average.",
    },
    {
      name: "P of the chosen experts only",
      answer: wrongLoss({
        prefer: (s, chosen) =>
          s[0].map((_, e) =>
            mean(s.map((row, t) => (chosen[t].includes(e) ? row[e] / sum(chosen[t].map((i) => row[i])) : 0))),
          ),
      }),
      message: "Your P is made of the weights of chosen experts. It is made of all affinities, chosen or not.",
    },
    {
      name: "sum over the tokens",
      answer: wrongLoss({ whole: (loss, alpha, T) => alpha * loss * T }),
      message: "It is too large by the number of tokens: both f and P are means over the sequence.",
    },
    {
      name: "alpha forgotten",
      answer: wrongLoss({ whole: (loss) => loss }),
      message: "The weight is missing: multiply by alpha.",
    },
    {
      name: "f alone",
      answer: wrongLoss({ prefer: (s) => preferences(s).map(() => 1) }),
      message: "You sum f without P. Then the loss is the same whatever happens, and has no gradient: f only counts.",
    },
  ],
});
