/**
 * The five exercises of lesson 02, with the wrong answers that people really give. The two on the bias are in a file of
 * their own.
 */
import { defineExercise } from "../../notebook/exercise/check";
import { maxVio } from "../../training/balance";
import {
  copiesByLib,
  greedyCopies,
  largest,
  lossByLib,
  mean,
  preferences,
  wrongLoss,
  type BalanceLoss,
  type Copies,
  type MaxVio,
} from "./answers";
import { plus, sum } from "../01-mixture-of-experts/answers";

export { biasExercise, gammaExercise } from "./bias-exercises";

export const maxVioExercise = defineExercise<MaxVio>({
  id: "02-maxvio",
  title: "One number for imbalance",
  difficulty: 1,
  minutes: 5,
  points: 1,
  reference: maxVio,
  cases: [
    { name: "eight experts", args: [[90, 40, 60, 30, 20, 70, 50, 40]] },
    { name: "perfect balance", args: [[7, 7, 7]] },
    { name: "two do it all", args: [[16, 16, 0, 0, 0, 0, 0, 0]] },
    { name: "one is idle, the others are even", args: [[0, 12, 12, 12]] },
  ],
  misconceptions: [
    {
      name: "the 1 not subtracted",
      answer: (loads) => Math.max(...loads) / mean(loads),
      message: "This is the busiest load against the mean: 1 in perfect balance. MaxVio is 0 there: subtract 1.",
    },
    {
      name: "tokens, not a share",
      answer: (loads) => Math.max(...loads) - mean(loads),
      message: "You return tokens above the mean. MaxVio is relative: divide by the mean.",
    },
    {
      name: "largest deviation to either side",
      answer: (loads) => Math.max(...loads.map((load) => Math.abs(load / mean(loads) - 1))),
      message:
        "You take the largest deviation, up or down. Only the busiest expert counts: an idle one keeps nobody waiting.",
    },
    {
      name: "against the idlest",
      answer: (loads) => Math.max(...loads) / Math.min(...loads) - 1,
      message: "You compare the busiest with the idlest expert. MaxVio compares it with the mean.",
    },
    {
      name: "share of all tokens",
      answer: (loads) => Math.max(...loads) / sum(loads),
      message: "This is the busiest expert's share of all choices. MaxVio is its load against the mean load, minus 1.",
    },
    {
      name: "standard deviation",
      answer: (loads) => Math.sqrt(mean(loads.map((load) => (load / mean(loads) - 1) ** 2))),
      message: "This is the relative standard deviation. MaxVio looks at the busiest expert alone.",
    },
    {
      name: "per cent",
      answer: (loads) => 100 * maxVio(loads),
      message: "You return per cent. MaxVio is a plain ratio: 1 means twice the mean.",
    },
  ],
  hints: [
    "Two numbers are enough: the largest load and the mean load.",
    "largest / mean is 1 in perfect balance. MaxVio should be 0 there.",
  ],
});

const sequence = [
  [0.9, 0.3, 0.2, 0.1, 0.4, 0.15],
  [0.8, 0.7, 0.1, 0.3, 0.2, 0.25],
  [0.6, 0.2, 0.5, 0.1, 0.3, 0.35],
  [0.7, 0.1, 0.2, 0.65, 0.1, 0.45],
];

export const lossExercise = defineExercise<BalanceLoss>({
  id: "02-balance-loss",
  title: "The loss that V3 keeps",
  difficulty: 3,
  minutes: 15,
  points: 4,
  reference: lossByLib,
  cases: [
    { name: "six experts, two active, the bias would choose others", args: [sequence, [-0.5, 0, 0.3, 0, 0.1, 0.4], 2, 0.1] },
    { name: "three active, no bias", args: [sequence, [0, 0, 0, 0, 0, 0], 3, 1] },
    {
      name: "tokens that like everything and tokens that like nothing",
      args: [[[0.99, 0.9, 0.95, 0.8], [0.02, 0.01, 0.2, 0.05], [0.5, 0.1, 0.4, 0.3]], [0, 0.1, -0.6, 0.2], 1, 1e-4],
    },
  ],
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
      message: "Your f is the share of tokens that chose the expert. Times E/K, it is 1 for an expert with its fair share.",
    },
    {
      name: "K forgotten in f",
      answer: wrongLoss({ factor: (E) => E }),
      message: "The K is missing in f: a token makes K choices, so a fair share is K/E of the tokens, not 1/E.",
    },
    {
      name: "too small by E",
      answer: wrongLoss({ factor: (_, k) => 1 / k }),
      message: "It is too small by the number of experts. In f, E/K stands in front; and f · P is summed, not averaged.",
    },
    {
      name: "affinities not normalised",
      answer: wrongLoss({ prefer: (s) => s[0].map((_, e) => mean(s.map((row) => row[e]))) }),
      message: "Your P is the mean of the affinities as they are. First divide each by the sum over the token's experts.",
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
          s[0].map((_, e) => mean(s.map((row, t) => (chosen[t].includes(e) ? row[e] / sum(chosen[t].map((i) => row[i])) : 0)))),
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
  hints: [
    "Two lists with one number an expert: f, from counting choices, and P, from averaging. Then alpha times the sum of " +
      "their products.",
    "f[e] = E / (K · T) times the number of tokens for which e is among `largest(s, k)`. P[e] is the mean over the " +
      "tokens of s[e] divided by the sum of that token's affinities. Where does the bias come in? Nowhere.",
  ],
});

export const copiesExercise = defineExercise<Copies>({
  id: "02-copies",
  title: "Who gets a copy?",
  difficulty: 2,
  minutes: 12,
  points: 3,
  reference: copiesByLib,
  cases: [
    { name: "one very busy expert, three spare slots", args: [[90, 50, 20], 6] },
    { name: "the first layer of the published example, four spare", args: [[90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86], 16] },
    { name: "a hundred to one", args: [[100, 1, 1, 1], 8] },
    { name: "nothing to spare", args: [[5, 3, 4], 3] },
  ],
  misconceptions: [
    {
      name: "the busiest expert, again and again",
      answer: greedyCopies((load) => load),
      message:
        "You give every spare slot to the same expert. Its copies share its tokens: compare what is left for each copy, " +
        "load / copies.",
    },
    {
      name: "one more for each of the busiest",
      answer: (load, slots) => {
        const busiest = largest(load, slots - load.length);
        return load.map((_, e) => (busiest.includes(e) ? 2 : 1));
      },
      message: "You give the busiest experts one copy more each. A very busy one may need its third before others a second.",
    },
    {
      name: "load / (copies + 1)",
      answer: greedyCopies((load, copies) => load / (copies + 1)),
      message:
        "You compare what would be left after the next copy. The layer waits for the busiest copy as it is now: compare " +
        "load / copies.",
    },
    {
      name: "in proportion to the load",
      answer: (load, slots) => load.map((tokens) => Math.max(1, Math.round((slots * tokens) / sum(load)))),
      message:
        "You round shares of the load. Rounded shares need not add up to the number of slots: hand the slots out one by one.",
    },
    {
      name: "spare copies only",
      answer: (load, slots) => copiesByLib(load, slots).map((copies) => copies - 1),
      message: "You return the spare copies. Count the first one of each expert too.",
    },
  ],
  hints: [
    "Start with one copy for each expert. As long as there are slots left: who has the busiest copy?",
    "`largest(load.map((tokens, e) => tokens / copies[e]), 1)[0]` is the expert whose copies have the most to do.",
  ],
});
