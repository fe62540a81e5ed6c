/** Exercise 5: parameters and tokens of the best dense model for a budget. */
import { value } from "../../economics/facts";
import { trainingCompute } from "../../economics/flops";
import { daysOn, gpuHoursFor } from "../../economics/training-cost";
import { fromSeed, numberBetween, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { CHINCHILLA_REFIT, optimalAllocation, scalingLoss } from "./scaling";

export interface RunBudget {
  dollars: number;
  reserve: number; // share of the money kept for failures and experiments
  price: number; // dollars per GPU-hour
  gpus: number; // that can be had at the same time
  days: number; // until it has to be finished
  mfu: number; // share of peak
  peak: number; // FLOP/s of one GPU
}

export interface RunPlan {
  parameters: number; // of a dense model
  tokens: number;
}

export type PlanRun = (budget: RunBudget) => RunPlan;

/** GPU-hours that money and time allow, whichever ends first. */
const hoursWithin = ({ dollars, reserve, price, gpus, days }: RunBudget) =>
  Math.min((dollars * (1 - reserve)) / price, gpus * days * 24);

/** FLOPs that money and time allow, whichever ends first. */
export function flopsWithin(budget: RunBudget): number {
  return hoursWithin(budget) * 3600 * budget.mfu * budget.peak;
}

/** The loss that the scaling law of dense models predicts, with the constants of its replication, in nats. */
export function foreseenLoss({ parameters, tokens }: RunPlan): number {
  return scalingLoss(CHINCHILLA_REFIT, parameters, tokens);
}

/** The best split of a number of FLOPs between parameters and tokens. */
function planFor(flops: (budget: RunBudget) => number): PlanRun {
  return (budget) => {
    const { parameters, tokens } = optimalAllocation(CHINCHILLA_REFIT, flops(budget));
    return { parameters, tokens };
  };
}

const planByLib = planFor(flopsWithin);

/** The first limit that a plan breaks, in words, or null. */
export function planComplaint(budget: RunBudget, { parameters, tokens }: RunPlan): string | null {
  for (const [name, number] of Object.entries({ parameters, tokens })) {
    if (!(Number.isFinite(number) && number > 0)) return `\`${name}\` must be a positive number; it is ${number}`;
  }
  const hours = gpuHoursFor({ ...budget, flops: trainingCompute(parameters, tokens) });
  const spent = (hours * budget.price) / (budget.dollars * (1 - budget.reserve));
  const percent = (share: number) => `${(100 * share).toFixed(0)}%`;
  if (spent > 1.001) return `it costs ${percent(spent)} of what is left when the reserve is kept`;
  const time = daysOn(budget.gpus, hours) / budget.days;
  if (time > 1.001) return `it takes ${percent(time)} of the days that there are`;
  return null;
}

const h100 = { mfu: 0.38, peak: value("accelerators", "h100", "peakBf16") };

export const planExercise = defineExercise<PlanRun>({
  id: "07-plan",
  reference: planByLib,
  cases: [
    {
      name: "ten million dollars, time enough",
      args: [{ dollars: 10e6, reserve: 0.25, price: 2.5, gpus: 4096, days: 90, ...h100 }],
    },
    {
      name: "money enough, thirty days",
      args: [{ dollars: 20e6, reserve: 0.2, price: 2, gpus: 1024, days: 30, ...h100 }],
    },
  ],
  draw: fromSeed((random) => [
    {
      dollars: 1e5 * wholeBetween(random, 20, 300),
      reserve: numberBetween(random, 0.1, 0.4),
      price: numberBetween(random, 1, 4),
      gpus: 64 * wholeBetween(random, 4, 64),
      days: wholeBetween(random, 20, 120),
      mfu: numberBetween(random, 0.25, 0.5),
      peak: 1e12 * wholeBetween(random, 300, 2000),
    },
  ]),
  accept: (got, best, [budget]) => {
    const complaint = planComplaint(budget, got);
    if (complaint !== null) return complaint;
    const [yours, possible] = [foreseenLoss(got), foreseenLoss(best)];
    if (yours <= possible + 0.01) return true;
    return `within the limits, with a foreseen loss of ${yours.toFixed(3)}; ${possible.toFixed(3)} is possible`;
  },
  misconceptions: [
    {
      name: "reserve forgotten",
      answer: planFor((b) => flopsWithin({ ...b, reserve: 0 })),
      message: "You spend the reserve. Keep that share for runs that fail and for experiments before this one.",
    },
    {
      name: "time forgotten",
      answer: planFor((b) => flopsWithin({ ...b, days: Infinity })),
      message: "The money would last, the days don't: `gpus` GPUs do only so much until then.",
    },
    {
      name: "full peak",
      answer: planFor((b) => flopsWithin({ ...b, mfu: 1 })),
      message: "You plan with the GPUs' peak. Of that, the run reaches the share `mfu`.",
    },
    {
      name: "forward pass only",
      answer: planFor((b) => 3 * flopsWithin(b)),
      message: "Your plan needs three times the FLOPs that you have: a training token costs 6 per parameter, not 2.",
    },
    {
      name: "hours for seconds",
      answer: planFor((b) => hoursWithin(b) * b.mfu * b.peak),
      message: "Within the limits, but far too modest: peak is per second, and you have hours.",
    },
  ],
});
