/** A layer of experts under a budget: many answers are right, and each is scored by the sets of experts it offers. */
import { combinations, log10 } from "../../economics/routing";
import { DEEPSEEK_V3 } from "../../model/config";
import { fromSeed, oneOf, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

export interface Budget {
  hiddenSize: number;
  total: number; // parameters of all experts of a layer, the shared one included
  active: number; // of these, used by one token
  copies: number; // the network carries a token to so many experts at most
  tile: number; // an expert's width must be a multiple of this
}
export interface Design {
  experts: number; // routed
  activeExperts: number; // routed, per token
  width: number;
}
export type DesignLayer = (budget: Budget) => Design;

const expertSize = (budget: Budget, width: number) => 3 * budget.hiddenSize * width;

/** What a design costs: parameters in all and per token, with one shared expert of the same width. */
export function designCost(budget: Budget, { experts, activeExperts, width }: Design) {
  const size = expertSize(budget, width);
  return { total: (experts + 1) * size, active: (activeExperts + 1) * size };
}

/** The number of expert sets that a token can choose from, as a power of ten. */
export function designScore({ experts, activeExperts }: Design): number {
  return log10(combinations(experts, activeExperts));
}

/** The first limit that a design breaks, in words, or null. */
function designComplaint(budget: Budget, design: Design): string | null {
  const { experts, activeExperts, width } = design;
  for (const [name, value] of Object.entries({ experts, activeExperts, width })) {
    if (!Number.isInteger(value) || value < 1) return `\`${name}\` must be a whole number from 1 on; it is ${value}`;
  }
  if (width % budget.tile !== 0) return `the width ${width} is no multiple of the tile ${budget.tile}`;
  if (activeExperts > budget.copies)
    return `${activeExperts} active experts, but the network carries a token to ${budget.copies} at most`;
  if (activeExperts > experts) return `${activeExperts} active experts of ${experts}`;
  const cost = designCost(budget, design);
  for (const which of ["active", "total"] as const) {
    const share = cost[which] / budget[which];
    if (share > 1 || share < 0.9)
      return `it uses ${(100 * share).toFixed(0)}% of the ${which} budget; between 90% and 100% is asked for`;
  }
  return null;
}

/** The design for a number of active experts, as wide as the active parameters allow. */
function designFor(budget: Budget, activeExperts: number, { matrices = 3, shared = 1 } = {}): Design {
  const size = matrices * budget.hiddenSize;
  const width = Math.floor(budget.active / (size * (activeExperts + shared)) / budget.tile) * budget.tile;
  return { experts: Math.floor(budget.total / (size * width)) - shared, activeExperts, width };
}

/** As many active experts as the network carries. */
function bestDesign(budget: Budget): Design {
  const designs = Array.from({ length: budget.copies }, (_, i) => designFor(budget, i + 1)).filter(
    (design) => designComplaint(budget, design) === null,
  );
  return designs.reduce((best, design) => (designScore(design) >= designScore(best) ? design : best));
}

const expertsOf = (hiddenSize: number, width: number, count: number) => 3 * hiddenSize * width * count;

/** DeepSeek-V3's own budget for a layer. */
export const V3_BUDGET: Budget = {
  hiddenSize: DEEPSEEK_V3.hiddenSize,
  total: expertsOf(DEEPSEEK_V3.hiddenSize, DEEPSEEK_V3.moeIntermediateSize, DEEPSEEK_V3.nRoutedExperts + 1),
  active: expertsOf(DEEPSEEK_V3.hiddenSize, DEEPSEEK_V3.moeIntermediateSize, DEEPSEEK_V3.numExpertsPerTok + 1),
  copies: DEEPSEEK_V3.numExpertsPerTok,
  tile: 128,
};

/** DeepSeek-V3's own choice. */
export const V3_DESIGN: Design = {
  experts: DEEPSEEK_V3.nRoutedExperts,
  activeExperts: DEEPSEEK_V3.numExpertsPerTok,
  width: DEEPSEEK_V3.moeIntermediateSize,
};

export const designExercise = defineExercise<DesignLayer>({
  id: "01-design",
  reference: bestDesign,
  cases: [
    { name: "V3's budget", args: [V3_BUDGET] },
    { name: "V3's budget, a network that carries half", args: [{ ...V3_BUDGET, copies: 4 }] },
    {
      name: "a narrow model",
      args: [
        { hiddenSize: 2048, total: expertsOf(2048, 1408, 66), active: expertsOf(2048, 1408, 7), copies: 6, tile: 64 },
      ],
    },
  ],
  // Budgets of a layer that exists: whatever the network carries of it, a design fits between 90% and 100% of both.
  draw: fromSeed((random) => {
    const tile = oneOf(random, [64, 128]);
    const [hiddenSize, width] = [256 * wholeBetween(random, 6, 30), tile * wholeBetween(random, 12, 20)];
    const activeExperts = wholeBetween(random, 5, 9);
    const total = expertsOf(hiddenSize, width, wholeBetween(random, 12, 40) * activeExperts);
    const active = expertsOf(hiddenSize, width, activeExperts + 1);
    return [{ hiddenSize, total, active, copies: wholeBetween(random, 4, activeExperts), tile }];
  }),
  accept: (got, best, [budget]) => {
    const complaint = designComplaint(budget, got);
    if (complaint !== null) return complaint;
    const [yours, possible] = [designScore(got), designScore(best)];
    if (yours >= possible - 0.5) return true;
    const [got10, best10] = [yours, possible].map((power) => `10^${power.toFixed(1)}`);
    return `within both budgets, with ${got10} sets to choose from; ${best10} are possible`;
  },
  score: {
    name: "sets of experts to choose from, as a power of ten",
    unit: "",
    of: designScore,
    v3: designScore(V3_DESIGN),
  },
  misconceptions: [
    {
      name: "two matrices an expert",
      answer: (b) => designFor(b, b.copies, { matrices: 2 }),
      message:
        "Your experts have two matrices. Gated ones have three: 3 · hiddenSize · width. The design overspends by half.",
    },
    {
      name: "shared expert forgotten",
      answer: (b) => designFor(b, b.copies, { shared: 0 }),
      message: "The shared expert is missing in your count: it takes its part of both budgets.",
    },
    {
      name: "few wide experts",
      answer: (b) => designFor(b, 2),
      message:
        "Within both budgets, but with two wide experts a token has few sets to choose from. What does the network " +
        "allow?",
    },
    {
      name: "more experts than the network carries",
      answer: (b) => designFor(b, 2 * b.copies),
      message: "More active experts than copies: the network can't carry a token to so many.",
    },
  ],
});
