/** Exercise 5: how many drafts to make when a written token may cost so much. */
import { expectedTokens, speculativeSpeedUp } from "../../economics/speculation";
import { fromSeed, numberBetween, shortened, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

export interface DepthBudget {
  /** Chance that a draft is accepted. */
  acceptance: number;
  /** FLOPs of one draft, as a multiple of the main model's FLOPs for a token. */
  draftCost: number;
  /** FLOPs that a written token may cost, in the same unit: 1 is plain decoding. */
  budget: number;
  /** Drafts that can be made at most. */
  most: number;
}
export type Depth = (task: DepthBudget) => number;

/**
 * FLOPs of a written token with k drafts, as a multiple of the main model's for a token: a step verifies k + 1 tokens
 * and drafts k, and keeps some of them.
 */
export function flopsPerToken({ acceptance, draftCost }: DepthBudget, k: number): number {
  return 1 / speculativeSpeedUp({ acceptance, drafts: k, draftCost, verifyCost: k + 1 });
}

/** The largest depth whose cost is within the budget, by a cost for each depth. */
function deepest(cost: (task: DepthBudget, k: number) => number): Depth {
  return (task) => {
    let best = 0;
    for (let k = 1; k <= task.most; k++) if (cost(task, k) <= task.budget) best = k;
    return best;
  };
}

export const depthExercise = defineExercise<Depth>({
  id: "05-depth",
  reference: deepest(flopsPerToken),
  cases: [
    { name: "a good draft", args: [{ acceptance: 0.9, draftCost: 0.1, budget: 1.5, most: 8 }] },
    { name: "a middling draft", args: [{ acceptance: 0.7, draftCost: 0.1, budget: 2, most: 8 }] },
    { name: "a dear draft", args: [{ acceptance: 0.8, draftCost: 0.5, budget: 1.6, most: 8 }] },
    { name: "no room for drafts", args: [{ acceptance: 0.6, draftCost: 0.1, budget: 1.1, most: 8 }] },
    { name: "room for all", args: [{ acceptance: 0.95, draftCost: 0.02, budget: 3, most: 4 }] },
  ],
  // A budget between what two numbers of drafts cost, the last that fits any of those that there are.
  draw: fromSeed((random) => {
    const task = {
      acceptance: numberBetween(random, 0.5, 0.95),
      draftCost: numberBetween(random, 0.05, 0.5),
      budget: 0,
    };
    const most = wholeBetween(random, 4, 8);
    const deep = wholeBetween(random, 0, most);
    const [within, beyond] = [deep, deep + 1].map((k) => flopsPerToken({ ...task, most }, k));
    return [{ ...task, budget: shortened((within + beyond) / 2, 4), most }];
  }),
  misconceptions: [
    {
      name: "budget of a step",
      answer: deepest((task, k) => k + 1 + k * task.draftCost),
      message: "You hold a step to the budget. It is what a written token may cost: divide by the tokens of a step.",
    },
    {
      name: "verifying thought to be free",
      answer: deepest((task, k) => 1 + (k * task.draftCost) / expectedTokens(task.acceptance, k)),
      message:
        "You count the verification once for each written token. The main model also computes the drafts that are " +
        "rejected: k + 1 tokens in every step.",
    },
    {
      name: "drafts thought to be free",
      answer: deepest((task, k) => flopsPerToken({ ...task, draftCost: 0 }, k)),
      message: "The drafting itself is missing: k drafts, each at draftCost.",
    },
    {
      name: "each draft counted by itself",
      answer: deepest((task, k) => (k + 1 + k * task.draftCost) / (1 + k * task.acceptance)),
      message: "Your step has 1 + k · a tokens. A draft counts only if all before it were accepted: use tokensPerStep.",
    },
    {
      name: "a token too few verified",
      answer: deepest((task, k) => (k + k * task.draftCost) / expectedTokens(task.acceptance, k)),
      message:
        "Your step verifies k tokens. The main model also computes the newest token itself, before the drafts: k + 1 " +
        "tokens in every step.",
    },
    {
      name: "accepted drafts only",
      answer: deepest((task, k) => (k + 1 + k * task.draftCost) / (expectedTokens(task.acceptance, k) - 1)),
      message:
        "You divide by the accepted drafts alone. A step also writes a token of the main model's own: with no draft it " +
        "writes one, for one unit.",
    },
    {
      name: "the cheapest",
      answer: () => 0,
      message:
        "You return 0 in every case. No draft is always the cheapest, but what is asked for is the largest number of " +
        "drafts whose cost for a written token stays within the budget.",
    },
    {
      name: "the budget not looked at",
      answer: ({ most }) => most,
      message:
        "You return `most` in every case. Check for each number of drafts what a written token costs, and hold that to " +
        "the budget.",
    },
    {
      name: "one draft too many",
      answer: (task) => Math.min(task.most, deepest(flopsPerToken)(task) + 1),
      message: "You return the first number of drafts that is over the budget. The last one within it is wanted.",
    },
    {
      name: "most left out",
      answer: (task) => Math.min(task.most - 1, deepest(flopsPerToken)(task)),
      message: "Your numbers of drafts end one before `most`. `most` itself is allowed too.",
    },
    {
      name: "stopped one short",
      answer: (task) => Math.max(0, deepest(flopsPerToken)(task) - 1),
      message: "One more draft would still be within the budget.",
    },
  ],
});
