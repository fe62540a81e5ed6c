/** MaxVio: one number for how unbalanced a layer is. */
import { fromSeed, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { maxVio } from "../../training/balance";
import { mean } from "../../statistics/interval";
import { sum } from "../../statistics/lists";

/** Loads [E] → how far the busiest expert is above the mean, relative to it. */
export type MaxVio = (loads: number[]) => number;

export const maxVioExercise = defineExercise<MaxVio>({
  id: "02-maxvio",
  reference: maxVio,
  cases: [
    { name: "eight experts", args: [[90, 40, 60, 30, 20, 70, 50, 40]] },
    { name: "perfect balance", args: [[7, 7, 7]] },
    { name: "two do it all", args: [[16, 16, 0, 0, 0, 0, 0, 0]] },
    { name: "one is idle, the others are even", args: [[0, 12, 12, 12]] },
  ],
  draw: fromSeed((random) => [Array.from({ length: wholeBetween(random, 3, 12) }, () => wholeBetween(random, 1, 200))]),
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
});
