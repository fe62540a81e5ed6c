/** Exercise 1: what a run costs and how long it takes, from its GPU-hours. */
import { value } from "../../economics/facts";
import { bill, daysOn } from "../../economics/training-cost";
import { fromSeed, numberBetween, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

export interface RunHours {
  tokens: number; // of pre-training, a count
  hoursPerTrillion: number; // GPU-hours for 10¹² tokens
  extensionHours: number; // GPU-hours
  postHours: number; // GPU-hours
  price: number; // dollars per GPU-hour
  gpus: number; // at work at the same time
}

export type BillRun = (run: RunHours) => { dollars: number; days: number };

const billByLib: BillRun = (run) => {
  const stages = [
    { name: "pre-training", gpuHours: (run.tokens / 1e12) * run.hoursPerTrillion },
    { name: "context extension", gpuHours: run.extensionHours },
    { name: "post-training", gpuHours: run.postHours },
  ];
  const { gpuHours, dollars } = bill(stages, run.price);
  return { dollars, days: daysOn(run.gpus, gpuHours) };
};

/** The bill with one part replaced by a wrong one. */
function wrongBill({
  hours = (run: RunHours) => (run.tokens / 1e12) * run.hoursPerTrillion + run.extensionHours + run.postHours,
  dollars = (run: RunHours, all: number) => all * run.price,
  days = (run: RunHours, all: number) => all / run.gpus / 24,
}): BillRun {
  return (run) => ({ dollars: dollars(run, hours(run)), days: days(run, hours(run)) });
}

const ofV3 = (key: string) => value("training-runs", "deepseek-v3", key);

/** DeepSeek-V3's own hours. */
export const V3_HOURS: RunHours = {
  tokens: ofV3("tokens"),
  hoursPerTrillion: ofV3("hoursPerTrillionTokens"),
  extensionHours: ofV3("contextExtensionHours"),
  postHours: ofV3("postTrainingHours"),
  price: ofV3("price"),
  gpus: ofV3("gpus"),
};

const small = { tokens: 2e12, hoursPerTrillion: 40e3, extensionHours: 3e3, postHours: 1e3, price: 3.5, gpus: 256 };

export const billExercise = defineExercise<BillRun>({
  id: "07-bill",
  reference: billByLib,
  cases: [
    { name: "DeepSeek-V3", args: [V3_HOURS] },
    { name: "a smaller run on more expensive GPUs", args: [small] },
  ],
  draw: fromSeed((random) => [
    {
      tokens: 1e11 * wholeBetween(random, 5, 200),
      hoursPerTrillion: 1e3 * wholeBetween(random, 20, 400),
      extensionHours: 1e3 * wholeBetween(random, 10, 900),
      postHours: 1e3 * wholeBetween(random, 10, 900),
      price: numberBetween(random, 0.8, 6),
      gpus: 64 * wholeBetween(random, 2, 60),
    },
  ]),
  misconceptions: [
    {
      name: "pre-training only",
      answer: wrongBill({ hours: (run) => (run.tokens / 1e12) * run.hoursPerTrillion }),
      message: "You bill pre-training alone. Context extension and post-training are stages of the same run.",
    },
    {
      name: "tokens not in trillions",
      answer: wrongBill({ hours: (r) => r.tokens * r.hoursPerTrillion + r.extensionHours + r.postHours }),
      message: "`tokens` is a count, and the hours are for a trillion of them: divide by 1e12 first.",
    },
    {
      name: "every GPU pays for all hours",
      answer: wrongBill({ dollars: (run, hours) => hours * run.price * run.gpus }),
      message: "You multiply by the number of GPUs. A GPU-hour is one GPU for one hour already.",
    },
    {
      name: "one GPU does it all",
      answer: wrongBill({ days: (_run, hours) => hours / 24 }),
      message: "These are the days of a single GPU. `gpus` of them work at the same time.",
    },
    {
      name: "hours called days",
      answer: wrongBill({ days: (run, hours) => hours / run.gpus }),
      message: "The dollars are right. Your days are hours: a day has 24 of them.",
    },
  ],
});
