/** Exercise 3: how many tokens a budget trains. */
import { value } from "../../economics/facts";
import { fromSeed, numberBetween, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

export interface Purse {
  francs: number;
  francsPerDollar: number;
  price: number; // dollars per GPU-hour
  mfu: number; // share of peak
  peak: number; // FLOP/s of one GPU
  active: number; // parameters per token of the model
}

export type TokensFor = (purse: Purse) => number;

/** The tokens, right where nothing is given, or with one part replaced by a wrong one. */
function tokensWith({
  dollars = (p: Purse) => p.francs / p.francsPerDollar,
  seconds = 3600,
  rate = (p: Purse) => p.mfu * p.peak,
  perParameter = 6,
} = {}): TokensFor {
  return (p) => ((dollars(p) / p.price) * seconds * rate(p)) / (perParameter * p.active);
}

const purse: Purse = {
  francs: 50e6,
  francsPerDollar: value("prices", "francs", "francsPerDollar"),
  price: 2,
  mfu: 0.35,
  peak: value("accelerators", "h800", "peakBf16"),
  active: value("training-runs", "deepseek-v3", "activeParameters"),
};

export const budgetExercise = defineExercise<TokensFor>({
  id: "07-budget",
  reference: tokensWith(),
  cases: [
    { name: "fifty million francs and V3's active parameters", args: [purse] },
    { name: "a faculty and a small model", args: [{ ...purse, francs: 3e5, price: 3, mfu: 0.25, active: 1e9 }] },
  ],
  draw: fromSeed((random) => [
    {
      francs: 1e5 * wholeBetween(random, 1, 900),
      francsPerDollar: numberBetween(random, 0.7, 0.95),
      price: numberBetween(random, 0.8, 6),
      mfu: numberBetween(random, 0.15, 0.6),
      peak: 1e12 * wholeBetween(random, 100, 2000),
      active: 1e8 * wholeBetween(random, 5, 500),
    },
  ]),
  misconceptions: [
    {
      name: "francs the wrong way round",
      answer: tokensWith({ dollars: (p) => p.francs * p.francsPerDollar }),
      message: "You multiply by francs per dollar. A franc is worth more than a dollar here: divide.",
    },
    {
      name: "francs for dollars",
      answer: tokensWith({ dollars: (p) => p.francs }),
      message: "The price is in dollars, the purse in francs: change the money first.",
    },
    {
      name: "hours for seconds",
      answer: tokensWith({ seconds: 1 }),
      message: "Peak is per second, and you bought hours: a factor of 3,600 is missing.",
    },
    {
      name: "full peak",
      answer: tokensWith({ rate: (p) => p.peak }),
      message: "You let the GPUs work at their peak. Of that, a run reaches the share `mfu`.",
    },
    {
      name: "forward pass only",
      answer: tokensWith({ perParameter: 2 }),
      message: "Two FLOPs a parameter are the forward pass. Training also computes the gradients: six.",
    },
  ],
});
