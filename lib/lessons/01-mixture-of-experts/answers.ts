/**
 * Answers to the exercises of lesson 01: the right ones, which call lib, and the parts from which the known wrong ones
 * are made. Here so that the exercises themselves read as a list.
 */
import * as tf from "@tensorflow/tfjs";
import { combinations, log10 } from "../../economics/routing";
import { DEEPSEEK_V3, type ModelConfig } from "../../model/config";
import { selectExperts, type RoutingConfig } from "../../model/router";

/** The positions of the n largest values, ascending; of equal values the lower position comes first. */
export function largest(values: number[], n: number): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b);
  return order.slice(0, n).sort((a, b) => a - b);
}

// ---- the gate

/** Gates of one token: logits [E], bias [E], K active, scale → weights [E], 0 where not chosen. */
export type Gate = (logits: number[], bias: number[], k: number, scale: number) => number[];

export const sigmoid = (logits: number[]) => logits.map((x) => 1 / (1 + Math.exp(-x)));
export const logit = (affinity: number) => Math.log(affinity / (1 - affinity)); // undoes the sigmoid
export const softmax = (logits: number[]) => {
  const exps = logits.map((x) => Math.exp(x - Math.max(...logits)));
  return exps.map((x) => x / sum(exps));
};
export const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
export const plus = (a: number[], b: number[]) => a.map((x, i) => x + b[i]);

/** The gate with some of its parts replaced by wrong ones. */
export function wrongGate(parts: {
  affinity?: (logits: number[], bias: number[]) => number[];
  select?: (affinity: number[], bias: number[]) => number[];
  weigh?: (affinity: number[], bias: number[]) => number[];
  share?: (weights: number[], chosen: number[]) => number;
  scale?: (scale: number) => number;
}): Gate {
  const { affinity = sigmoid, select = plus, weigh = (s: number[]) => s } = parts;
  const {
    share = (weights: number[], chosen: number[]) => sum(chosen.map((e) => weights[e])),
    scale = (x: number) => x,
  } = parts;
  return (logits, bias, k, factor) => {
    const s = affinity(logits, bias);
    const chosen = largest(select(s, bias), k);
    const weights = weigh(s, bias);
    return s.map((_, e) => (chosen.includes(e) ? (scale(factor) * weights[e]) / share(weights, chosen) : 0));
  };
}

/** lib's router for one token and one group. */
export const gateByLib: Gate = (logits, bias, k, scale) =>
  tf.tidy(() => {
    const config = { nRoutedExperts: logits.length, numExpertsPerTok: k, nGroup: 1, topkGroup: 1, normTopkProb: true };
    const affinity = tf.sigmoid(tf.tensor2d([logits]));
    const { gates } = selectExperts(affinity, tf.tensor1d(bias), { ...config, routedScalingFactor: scale });
    return Array.from(gates.dataSync());
  });

// ---- group-limited selection

/** The experts of one token: biased scores [E], G groups of equal size, groups kept, K → K positions, ascending. */
export type Select = (biased: number[], groups: number, kept: number, k: number) => number[];

export const members = (biased: number[], groups: number, g: number) => {
  const size = biased.length / groups;
  return biased.slice(g * size, (g + 1) * size);
};
export const topTwo = (scores: number[]) => sum(largest(scores, 2).map((i) => scores[i]));

/** The selection with one step done otherwise. */
export function wrongSelect({
  score = topTwo,
  filler = -Infinity,
}: {
  score?: (scores: number[]) => number;
  filler?: number;
}): Select {
  return (biased, groups, kept, k) => {
    const size = biased.length / groups;
    const groupScores = Array.from({ length: groups }, (_, g) => score(members(biased, groups, g)));
    const keep = largest(groupScores, kept);
    return largest(
      biased.map((z, e) => (keep.includes(Math.floor(e / size)) ? z : filler)),
      k,
    );
  };
}

/** The selection as a well-known library shipped it for a while: the experts of dropped groups get the score 0. */
export const selectFillingWithZeros = wrongSelect({ filler: 0 });

/** lib's selection for one token. It wants affinities and a bias; only their sum matters here. */
export function selectionByLib(biased: number[], groups: number, kept: number, k: number) {
  const config: RoutingConfig = {
    nRoutedExperts: biased.length,
    numExpertsPerTok: k,
    nGroup: groups,
    topkGroup: kept,
    normTopkProb: true,
    routedScalingFactor: 1,
  };
  return tf.tidy(() => {
    const affinity = tf.fill([1, biased.length], 0.5) as tf.Tensor2D;
    const { groupMask, expertIndices } = selectExperts(affinity, tf.tensor1d(biased.map((z) => z - 0.5)), config);
    return {
      keptGroups: Array.from(groupMask.dataSync()).flatMap((on, g) => (on ? [g] : [])),
      chosen: Array.from(expertIndices.dataSync()),
    };
  });
}

// ---- counting what is active

/** Parameters active per token, the head counted and the embedding not; attention: those of one layer's attention. */
export type CountActive = (config: ModelConfig, attention: number) => number;

/** The count from its parts, some of them wrong; norms are left out, as an answer may. */
export function countWith(
  change: (
    c: ModelConfig,
  ) => Partial<Record<"routed" | "shared" | "dense" | "router" | "head" | "matrices" | "denseLayers", number>>,
): CountActive {
  return (c, attention) => {
    const parts = {
      routed: c.numExpertsPerTok,
      shared: c.nSharedExperts,
      router: c.nRoutedExperts,
      head: 1,
      matrices: 3,
      denseLayers: c.firstKDenseReplace,
      dense: 1,
      ...change(c),
    };
    const { hiddenSize: D, numHiddenLayers: layers } = c;
    const expert = parts.matrices * D * c.moeIntermediateSize;
    const moe = (layers - parts.denseLayers) * (parts.router * D + (parts.routed + parts.shared) * expert);
    const dense = parts.denseLayers * parts.dense * parts.matrices * D * c.intermediateSize;
    return layers * attention + dense + moe + parts.head * c.vocabSize * D;
  };
}

// ---- coverage

/** E routed experts, K active per token, B tokens → the expected share of the experts that are touched. */
export type Cover = (E: number, K: number, B: number) => number;

// ---- design under a budget

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
export function designComplaint(budget: Budget, design: Design): string | null {
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
export function designFor(budget: Budget, activeExperts: number, { matrices = 3, shared = 1 } = {}): Design {
  const size = matrices * budget.hiddenSize;
  const width = Math.floor(budget.active / (size * (activeExperts + shared)) / budget.tile) * budget.tile;
  return { experts: Math.floor(budget.total / (size * width)) - shared, activeExperts, width };
}

/** As many active experts as the network carries. */
export function bestDesign(budget: Budget): Design {
  const designs = Array.from({ length: budget.copies }, (_, i) => designFor(budget, i + 1)).filter(
    (design) => designComplaint(budget, design) === null,
  );
  return designs.reduce((best, design) => (designScore(design) >= designScore(best) ? design : best));
}

export const expertsOf = (hiddenSize: number, width: number, count: number) => 3 * hiddenSize * width * count;

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
