/**
 * The two exercises of lesson 01 that write V3's router: the gate, and the selection within groups.
 */
import { defineExercise } from "../../notebook/exercise/check";
import {
  gateByLib,
  largest,
  logit,
  members,
  plus,
  selectFillingWithZeros,
  selectionByLib,
  sigmoid,
  softmax,
  sum,
  topTwo,
  wrongGate,
  wrongSelect,
  type Gate,
  type Select,
} from "./answers";

export const gateExercise = defineExercise<Gate>({
  id: "01-gate",
  title: "The gate",
  difficulty: 2,
  minutes: 12,
  points: 3,
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
  hints: [
    "Three lists of the same length, one after the other: the affinities s, the biased scores z = s + b, the " +
      "weights. `largest(z, k)` gives the chosen experts. Which of the two lists should the weights come from?",
    "For a chosen expert the weight is scale · s[e] / (sum of s over the chosen experts). For every other expert " +
      "it is 0.",
  ],
});

export const selectExercise = defineExercise<Select>({
  id: "01-select",
  title: "The zero that was not nothing",
  difficulty: 2,
  minutes: 12,
  points: 3,
  reference: (...scores) => selectionByLib(...scores).chosen,
  cases: [
    {
      name: "positive scores, four groups of three",
      args: [[0.1, 0.2, 0.15, 0.8, 0.7, 0.12, 0.95, 0.05, 0.11, 0.3, 0.72, 0.75], 4, 2, 3],
    },
    {
      name: "negative scores, four groups of three",
      args: [[-0.2, -0.5, -0.1, -0.4, -0.7, -0.3, -0.05, -0.9, -0.8, -0.6, -0.25, -0.35], 4, 2, 3],
    },
    { name: "two groups of four, one kept", args: [[0.9, 0.1, 0.1, 0.05, 0.6, 0.55, -0.2, -0.3], 2, 1, 3] },
    { name: "an even group against an uneven one", args: [[0.42, 0.41, 0.4, 0.39, 0.7, 0.6, 0.01, 0.02], 2, 1, 2] },
  ],
  compare: (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)), // any order will do
  misconceptions: [
    {
      name: "masked groups filled with 0",
      answer: selectFillingWithZeros,
      message:
        "You give the experts of dropped groups the score 0. A biased score can be negative, and then 0 wins: they " +
        "must get -Infinity.",
    },
    {
      name: "group score is the best expert alone",
      answer: wrongSelect({ score: (scores) => Math.max(...scores) }),
      message:
        "You score a group by its best expert. V3 takes the sum of its two best, so that one outlier does not " +
        "carry a weak group.",
    },
    {
      name: "group score is the sum of the whole group",
      answer: wrongSelect({ score: sum }),
      message:
        "You score a group by all of its experts. Only its two best count: nobody else of the group would be chosen.",
    },
    {
      name: "groups ignored",
      answer: (biased, _groups, _kept, k) => largest(biased, k),
      message: "You take the best experts of all groups. First choose the groups, then the experts within them.",
    },
    {
      name: "the same number from each kept group",
      answer: (biased, groups, kept, k) => {
        const size = biased.length / groups;
        const keep = largest(
          Array.from({ length: groups }, (_, g) => topTwo(members(biased, groups, g))),
          kept,
        );
        return keep.flatMap((g, i) => {
          const quota = Math.floor(k / kept) + (i < k % kept ? 1 : 0);
          return largest(members(biased, groups, g), quota).map((e) => g * size + e);
        });
      },
      message:
        "You take equally many experts from each kept group. The groups only limit where the K best may come from.",
    },
  ],
  hints: [
    "Expert e belongs to group Math.floor(e / size), where size = biased.length / groups. Compute one score a " +
      "group, then use `largest` twice: once for the groups, once for the experts.",
    "A list with biased[e] for experts of kept groups and -Infinity for the others; then `largest(list, k)`. A " +
      "group's score is the sum of the two largest of biased.slice(g * size, (g + 1) * size).",
  ],
});

function sorted(positions: number[]): number[] {
  return [...positions].sort((a, b) => a - b);
}
