/** What γ does: how soon a bias has caught up, and how far it goes past. */
import { fromSeed, numberBetween, shortened, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { simulateBias } from "./bias-simulation";

export interface Settling {
  /** Batches that all go to the expert that is liked more, before the first one that does not. */
  batches: number;
  /** From then on the difference of the two biases jumps between two values: how far apart they are. */
  swing: number;
}
/** How far one of two experts is ahead in affinity, for every token, and γ → what happens. */
export type Settle = (gap: number, gamma: number) => Settling;

/** Tried out: two experts, one token a batch. */
const settleBySimulation: Settle = (gap, gamma) => {
  const steps = Math.ceil(gap / gamma) + 4; // more than enough
  const run = simulateBias(() => [[gap, 0]], { active: 1, gamma, steps });
  const batches = run.findIndex(({ loads }) => loads[1] > 0);
  const difference = (step: number) => run[step].bias[1] - run[step].bias[0];
  return { batches, swing: Math.abs(difference(batches + 1) - difference(batches)) };
};

export const gammaExercise = defineExercise<Settle>({
  id: "02-gamma",
  reference: settleBySimulation,
  cases: [
    { name: "a gap of 0.35, γ = 0.01", args: [0.35, 0.01] },
    { name: "a gap of 0.35, γ = 0.05", args: [0.35, 0.05] },
    { name: "γ larger than the gap", args: [0.2, 0.3] },
    { name: "a gap of 0.123, V3's γ", args: [0.123, 0.001] },
  ],
  draw: fromSeed((random) => {
    const gap = numberBetween(random, 0.1, 0.9);
    const moves = wholeBetween(random, 0, 40) + 0.3 + 0.4 * random.uniform(); // not close to a whole number
    return [gap, shortened(gap / (2 * moves), 4)];
  }),
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
});
