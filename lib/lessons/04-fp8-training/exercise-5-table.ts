/** Exercise 5: which modules to compute in FP8 when the loss may grow by so much. */
import { fromSeed, numberBetween, shortened, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

export interface ModuleCost {
  module: string;
  /** Share of the model's arithmetic. */
  work: number;
  /** What the loss grows by with this module in FP8, in thousandths of itself. */
  loss: number;
}
/** Costs and the loss that may be spent → the names of the modules in FP8. */
export type ChooseModules = (costs: ModuleCost[], budget: number) => string[];

const sumOf = (costs: ModuleCost[], key: "work" | "loss") => costs.reduce((sum, cost) => sum + cost[key], 0);
const named = (costs: ModuleCost[], names: string[]) => costs.filter(({ module }) => names.includes(module));
const namesOf = (costs: ModuleCost[]) => costs.map(({ module }) => module);

/** Share of the arithmetic that the chosen modules do. */
export const workOf = (costs: ModuleCost[], chosen: string[]) => sumOf(named(costs, chosen), "work");
/** What the loss grows by with them in FP8, in thousandths. */
export const lossOf = (costs: ModuleCost[], chosen: string[]) => sumOf(named(costs, chosen), "loss");

/** Tries all sets; returns the one within the budget with the most work. */
const bestModules: ChooseModules = (costs, budget) => {
  let [best, most] = [[] as string[], -1];
  for (let set = 0; set < 2 ** costs.length; set++) {
    const chosen = costs.filter((_, i) => (set >> i) & 1);
    if (sumOf(chosen, "loss") <= budget && sumOf(chosen, "work") > most) {
      [best, most] = [namesOf(chosen), sumOf(chosen, "work")];
    }
  }
  return best;
};

/** Takes modules in descending order of a key and stops at the first that the budget has no room for. */
const inOrderOf =
  (key: (cost: ModuleCost) => number): ChooseModules =>
  (costs, budget) => {
    const ordered = [...costs].sort((a, b) => key(b) - key(a));
    const tooMany = ordered.findIndex((_, i) => sumOf(ordered.slice(0, i + 1), "loss") > budget);
    return namesOf(tooMany < 0 ? ordered : ordered.slice(0, tooMany));
  };

/** Whether a choice is good: true, or what is not good about it. */
function judgeModules(costs: ModuleCost[], budget: number, chosen: string[]): true | string {
  const unknown = chosen.find((name) => !namesOf(costs).includes(name));
  if (unknown !== undefined) return `there is no module "${unknown}"`;
  const [loss, work] = [lossOf(costs, chosen), workOf(costs, chosen)];
  if (loss > budget + 1e-12) return `the loss would grow by ${loss.toFixed(2)} thousandths; the budget is ${budget}`;
  const best = workOf(costs, bestModules(costs, budget));
  if (work >= 0.995 * best) return true;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  return `within the budget, with ${percent(work)} of the work in FP8; ${percent(best)} is possible`;
}

const MEASURED: ModuleCost[] = [
  { module: "routedExperts", work: 0.52, loss: 0.45 },
  { module: "attention", work: 0.28, loss: 0.4 },
  { module: "sharedExperts", work: 0.065, loss: 0.09 },
  { module: "denseMlp", work: 0.03, loss: 0.12 },
  { module: "attentionOperator", work: 0.075, loss: 1.9 },
  { module: "head", work: 0.024, loss: 0.9 },
  { module: "router", work: 0.006, loss: 0.8 },
];

export const tableExercise = defineExercise<ChooseModules>({
  id: "04-table",
  reference: bestModules,
  cases: [
    { name: "a budget like V3's", args: [MEASURED, 1.2] },
    { name: "a tight budget", args: [MEASURED, 0.5] },
    {
      name: "where the best ratio is not the best set",
      args: [
        [
          { module: "a", work: 0.5, loss: 1 },
          { module: "b", work: 0.29, loss: 0.55 },
          { module: "c", work: 0.21, loss: 0.45 },
          { module: "d", work: 0.06, loss: 0.11 },
        ],
        1.11,
      ],
    },
    { name: "a budget for everything", args: [MEASURED, 10] },
  ],
  draw: fromSeed((random) => {
    const parts = Array.from({ length: wholeBetween(random, 4, 7) }, () => wholeBetween(random, 1, 60));
    const costs = parts.map((part, i) => ({
      module: "abcdefg"[i],
      work: shortened(part / parts.reduce((sum, other) => sum + other), 3),
      loss: wholeBetween(random, 5, 200) / 100,
    }));
    const budget = Math.floor(100 * sumOf(costs, "loss") * numberBetween(random, 0.3, 0.8)) / 100;
    return [costs, shortened(budget + 0.005, 5)]; // between two sums that losses of two decimals can have
  }),
  accept: (got, _, [costs, budget]) => judgeModules(costs, budget, got),
  score: {
    name: "share of the arithmetic in FP8",
    unit: "",
    of: (chosen, [costs]) => Number(workOf(costs, chosen).toFixed(3)),
    v3: Number(workOf(MEASURED, ["routedExperts", "attention", "sharedExperts", "denseMlp"]).toFixed(3)),
  },
  misconceptions: [
    {
      name: "everything in FP8",
      answer: namesOf,
      message: "Everything in FP8 spends more loss than the budget has. Which modules do little work and much harm?",
    },
    {
      name: "least harm first",
      answer: inOrderOf(({ loss }) => -loss),
      message:
        "You take what harms least, whatever it works. A module with half of the arithmetic may be worth its harm.",
    },
    {
      name: "most work first",
      answer: inOrderOf(({ work }) => work),
      message: "You take what works most first. Smaller ones may still fit behind it, or make a better set without it.",
    },
    {
      name: "best ratio first",
      answer: inOrderOf(({ work, loss }) => work / loss),
      message: "Work per harm is a good order, but taking modules in that order alone can leave budget unused.",
    },
  ],
});
