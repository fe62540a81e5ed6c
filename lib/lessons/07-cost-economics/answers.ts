/**
 * Answers to the exercises of lesson 07: the right ones, which call lib, and the parts from which the known wrong ones
 * are made. Here so that the exercises themselves read as a list.
 */
import { entry, value } from "../../economics/facts";
import { trainingCompute } from "../../economics/flops";
import { CHINCHILLA, optimalAllocation, scalingLoss } from "./scaling";
import type { ByKind } from "../../economics/serving";
import { bill, compareRuns, daysOn, priceToTie } from "../../economics/training-cost";

// ---- the bill

export interface RunHours {
  tokens: number; // of pre-training, a count
  hoursPerTrillion: number; // GPU-hours for 10¹² tokens
  extensionHours: number; // GPU-hours
  postHours: number; // GPU-hours
  price: number; // dollars per GPU-hour
  gpus: number; // at work at the same time
}

export type BillRun = (run: RunHours) => { dollars: number; days: number };

/** The bill as lib/economics makes it. */
export function billByLib(run: RunHours): { dollars: number; days: number } {
  const { gpuHours, dollars } = bill(
    [
      { name: "pre-training", gpuHours: (run.tokens / 1e12) * run.hoursPerTrillion },
      { name: "context extension", gpuHours: run.extensionHours },
      { name: "post-training", gpuHours: run.postHours },
    ],
    run.price,
  );
  return { dollars, days: daysOn(run.gpus, gpuHours) };
}

/** The bill with one part done wrongly. */
export function wrongBill(change: {
  hours?: (run: RunHours) => number;
  dollars?: (run: RunHours, hours: number) => number;
  days?: (run: RunHours, hours: number) => number;
}): BillRun {
  const {
    hours = (run: RunHours) => (run.tokens / 1e12) * run.hoursPerTrillion + run.extensionHours + run.postHours,
    dollars = (run: RunHours, all: number) => all * run.price,
    days = (run: RunHours, all: number) => all / run.gpus / 24,
  } = change;
  return (run) => ({ dollars: dollars(run, hours(run)), days: days(run, hours(run)) });
}

/** DeepSeek-V3's own hours. */
export function v3Hours(): RunHours {
  const v3 = (key: string) => value("training-runs", "deepseek-v3", key);
  return {
    tokens: v3("tokens"),
    hoursPerTrillion: v3("hoursPerTrillionTokens"),
    extensionHours: v3("contextExtensionHours"),
    postHours: v3("postTrainingHours"),
    price: v3("price"),
    gpus: v3("gpus"),
  };
}

// ---- two runs

export interface TrainedModel {
  active: number; // parameters per token
  total: number; // parameters
  tokens: number;
  gpuHours: number;
}

/** Ratios a : b of FLOPs and of FLOP/s per GPU, and the price at which a costs what b costs at `price`. */
export type CompareTwo = (
  a: TrainedModel,
  b: TrainedModel,
  price: number,
) => { flops: number; rate: number; tiePrice: number };

const flopsOf = ({ active, tokens }: TrainedModel) => trainingCompute(active, tokens);

export const compareByLib: CompareTwo = (a, b, price) => {
  const { flops, rate } = compareRuns(
    { flops: flopsOf(a), gpuHours: a.gpuHours },
    { flops: flopsOf(b), gpuHours: b.gpuHours },
  );
  return { flops, rate, tiePrice: priceToTie(b.gpuHours * price, a.gpuHours) };
};

/** The comparison with other FLOPs of a model. */
export function compareWith(flops: (model: TrainedModel) => number): CompareTwo {
  return (a, b, price) => {
    const ratio = flops(a) / flops(b);
    return { flops: ratio, rate: (ratio * b.gpuHours) / a.gpuHours, tiePrice: (price * b.gpuHours) / a.gpuHours };
  };
}

/** A model of data/training-runs.json, its total parameters from data/models.json. */
export function trainedModel(id: string, hours: string): TrainedModel {
  const { facts } = entry("training-runs", id);
  const total = entry("models", id).facts.totalParameters.value;
  return {
    active: facts.activeParameters.value, total, tokens: facts.tokens.value, gpuHours: facts[hours].value,
  };
}

// ---- what a budget trains

export interface Purse {
  francs: number;
  francsPerDollar: number;
  price: number; // dollars per GPU-hour
  mfu: number; // share of peak
  peak: number; // FLOP/s of one GPU
  active: number; // parameters per token of the model
}

export type TokensFor = (purse: Purse) => number;

/** The tokens, with one part done wrongly. */
export function tokensWith({
  dollars = (p: Purse) => p.francs / p.francsPerDollar,
  seconds = 3600,
  rate = (p: Purse) => p.mfu * p.peak,
  perParameter = 6,
} = {}): TokensFor {
  return (p) => ((dollars(p) / p.price) * seconds * rate(p)) / (perParameter * p.active);
}

// ---- mark-up and margin

/** Tokens by kind, dollars for a million of each, dollars spent → both as shares of 1. */
export type Profit = (tokens: ByKind, pricesPerMillion: ByKind, cost: number) => { markup: number; margin: number };

/** Profit with one part done wrongly. */
export function profitWith({
  earned = (tokens: ByKind, prices: ByKind) =>
    (tokens.cacheHit * prices.cacheHit + tokens.cacheMiss * prices.cacheMiss + tokens.output * prices.output) / 1e6,
  result = (revenue: number, cost: number) => ({
    markup: (revenue - cost) / cost,
    margin: (revenue - cost) / revenue,
  }),
} = {}): Profit {
  return (tokens, prices, cost) => result(earned(tokens, prices), cost);
}

// ---- a run for a budget

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

/** FLOPs that money and time allow; whichever ends first. */
export function flopsWithin({ dollars, reserve, price, gpus, days, mfu, peak }: RunBudget): number {
  const hours = Math.min((dollars * (1 - reserve)) / price, gpus * days * 24);
  return hours * 3600 * mfu * peak;
}

/** The loss that the published scaling law of dense models foresees. */
export function foreseenLoss({ parameters, tokens }: RunPlan): number {
  return scalingLoss(CHINCHILLA, parameters, tokens);
}

/** The plan as lib/economics makes it. */
export function planByLib(budget: RunBudget): RunPlan {
  const { parameters, tokens } = optimalAllocation(CHINCHILLA, flopsWithin(budget));
  return { parameters, tokens };
}

/** A plan that believes it has other FLOPs. */
export function planFor(flops: (budget: RunBudget) => number): PlanRun {
  return (budget) => {
    const { parameters, tokens } = optimalAllocation(CHINCHILLA, flops(budget));
    return { parameters, tokens };
  };
}

/** The first limit that a plan breaks, in words, or null. */
export function planComplaint(budget: RunBudget, plan: RunPlan): string | null {
  const { parameters, tokens } = plan;
  for (const [name, number] of Object.entries({ parameters, tokens })) {
    if (!(Number.isFinite(number) && number > 0)) return `\`${name}\` must be a positive number; it is ${number}`;
  }
  const hours = trainingCompute(parameters, tokens) / (budget.mfu * budget.peak) / 3600;
  const spent = (hours * budget.price) / (budget.dollars * (1 - budget.reserve));
  const percent = (share: number) => `${(100 * share).toFixed(0)}%`;
  if (spent > 1.001) return `it costs ${percent(spent)} of what is left when the reserve is kept`;
  const time = daysOn(budget.gpus, hours) / budget.days;
  if (time > 1.001) return `it takes ${percent(time)} of the days that there are`;
  return null;
}
