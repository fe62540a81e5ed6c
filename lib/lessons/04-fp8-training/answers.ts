/** What the exercises of lesson 04 compute: right answers from lib, wrong ones from its pieces. */
import { attentionFlops, attentionShape, meanContext } from "../../economics/flops";
import { countParameters, type Component } from "../../economics/parameters";
import type { ModelConfig } from "../../model/config";
import { MODULES, type Module } from "../../model/arithmetic";
import { nearestCode } from "../../numerics/codec";
import { FORMATS, valueOf } from "../../numerics/formats";
import { dequantise, quantise } from "../../numerics/fp8-quantise";
import { BLOCKS } from "../../numerics/scaling";

// ---- decode

export type Decode = (byte: number) => number;

export const decodeByLib: Decode = (byte) => valueOf(byte, FORMATS.E4M3);

/** E4M3 by hand, with choices of how to get it wrong. */
export function wrongDecode({
  bias = 7,
  one = (exponent: number) => exponent > 0,
  signed = true,
  least = 1,
  nan = (magnitude: number): boolean => magnitude === 127,
  fraction = 8,
} = {}): Decode {
  return (byte) => {
    const magnitude = byte & 127;
    const exponent = magnitude >> 3;
    if (nan(magnitude)) return NaN;
    const size = ((one(exponent) ? 1 : 0) + (byte & 7) / fraction) * 2 ** (Math.max(exponent, least) - bias);
    return signed && byte >= 128 ? -size : size;
  };
}

/** The nearest number of E4M3, ties to even; beyond 448 it stays there. */
export const roundByLib = (x: number): number => valueOf(nearestCode(x, "E4M3", "saturate"), FORMATS.E4M3);

// ---- quantise

export interface QuantisedBlock {
  scale: number;
  /** What the codes stand for, without the scale. */
  values: number[];
}
export type QuantiseBlock = (block: number[]) => QuantisedBlock;

export const quantiseByLib: QuantiseBlock = (block) => {
  const { scales, codes } = quantise(Float32Array.from(block), [1, block.length], { format: "E4M3", block: BLOCKS.token });
  return { scale: scales[0], values: Array.from(codes, (code) => valueOf(code, FORMATS.E4M3)) };
};

/** The quantisation of a block with one step done otherwise. */
export function wrongQuantise({
  amax = (block: number[]) => Math.max(...block.map(Math.abs)),
  scale = (amax: number) => Math.max(amax, 1e-4) / 448,
  value = (x: number, s: number) => roundByLib(x / s),
} = {}): QuantiseBlock {
  return (block) => {
    const s = scale(amax(block));
    return { scale: s, values: block.map((x) => value(x, s)) };
  };
}

// ---- the outlier's victim

export type FindVictim = (activations: number[][]) => number;

/** What one scale for the whole matrix makes of it. */
export function throughOneScale(activations: number[][]): number[][] {
  const [rows, columns] = [activations.length, activations[0].length];
  const values = dequantise(quantise(Float32Array.from(activations.flat()), [rows, columns], { format: "E4M3", block: BLOCKS.tensor }));
  return activations.map((_, row) => Array.from(values.subarray(row * columns, (row + 1) * columns)));
}

const norm = (row: number[]) => Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
const minus = (a: number[], b: number[]) => a.map((x, i) => x - b[i]);
const place = (values: number[], best: (...values: number[]) => number) => values.indexOf(best(...values));

/** The row for which a measure is largest. */
export const victimBy =
  (measure: (row: number[], rounded: number[]) => number, best = Math.max): FindVictim =>
  (activations) => {
    const rounded = throughOneScale(activations);
    return place(activations.map((row, i) => measure(row, rounded[i])), best);
  };

export const victimByLib = victimBy((row, rounded) => norm(minus(row, rounded)) / norm(row));
export const VICTIMS = {
  absolute: victimBy((row, rounded) => norm(minus(row, rounded))),
  outlier: victimBy((row) => Math.max(...row.map(Math.abs))),
  smallest: victimBy(norm, Math.min),
  flushed: victimBy((_, rounded) => rounded.filter((x) => x === 0).length),
};

// ---- the promotion interval

export type ChooseInterval = (errorOf: (interval: number) => number, K: number, tolerance: number) => number;

export const intervals = (K: number) => Array.from({ length: Math.floor(Math.log2(K / 32)) + 1 }, (_, i) => 32 * 2 ** i);

export const chooseByLib: ChooseInterval = (errorOf, K, tolerance) =>
  Math.max(...intervals(K).filter((interval) => errorOf(interval) <= tolerance));

// ---- the precision table

export interface ModuleCost {
  module: string;
  /** Share of the model's arithmetic. */
  work: number;
  /** What the loss grows by with this module in FP8, in thousandths of itself. */
  loss: number;
}
export type ChooseModules = (costs: ModuleCost[], budget: number) => string[];

const sumOf = (costs: ModuleCost[], key: "work" | "loss") => costs.reduce((sum, cost) => sum + cost[key], 0);
const chosenOf = (costs: ModuleCost[], chosen: string[]) => costs.filter(({ module }) => chosen.includes(module));

export const workOf = (costs: ModuleCost[], chosen: string[]) => sumOf(chosenOf(costs, chosen), "work");
export const lossOf = (costs: ModuleCost[], chosen: string[]) => sumOf(chosenOf(costs, chosen), "loss");

/** All sets within the budget, the one with the most work in FP8. */
export const bestModules: ChooseModules = (costs, budget) => {
  let [best, most] = [[] as string[], -1];
  for (let set = 0; set < 2 ** costs.length; set++) {
    const chosen = costs.filter((_, i) => (set >> i) & 1);
    if (sumOf(chosen, "loss") <= budget && sumOf(chosen, "work") > most) {
      [best, most] = [chosen.map(({ module }) => module), sumOf(chosen, "work")];
    }
  }
  return best;
};

/** Takes modules in an order as long as the budget lasts. */
export const inOrderOf =
  (key: (cost: ModuleCost) => number, skips: boolean): ChooseModules =>
  (costs, budget) => {
    const chosen: ModuleCost[] = [];
    for (const cost of [...costs].sort((a, b) => key(b) - key(a))) {
      if (sumOf([...chosen, cost], "loss") <= budget) chosen.push(cost);
      else if (!skips) break;
    }
    return chosen.map(({ module }) => module);
  };

/** Whether a choice is good: true, or what is not good about it. */
export function judgeModules(costs: ModuleCost[], budget: number, chosen: string[]): true | string {
  const unknown = chosen.find((name) => !costs.some(({ module }) => module === name));
  if (unknown !== undefined) return `there is no module "${unknown}"`;
  const [loss, work] = [lossOf(costs, chosen), workOf(costs, chosen)];
  if (loss > budget + 1e-12) return `the loss would grow by ${loss.toFixed(2)} thousandths; the budget is ${budget}`;
  const best = workOf(costs, bestModules(costs, budget));
  if (work >= 0.995 * best) return true;
  return `within the budget, with ${(100 * work).toFixed(1)}% of the work in FP8; ${(100 * best).toFixed(1)}% is possible`;
}

const COMPONENT: Partial<Record<Module, Component>> = {
  attention: "attention",
  denseMlp: "dense feed-forward",
  sharedExperts: "shared experts",
  routedExperts: "routed experts",
  router: "router",
  head: "head",
};

/** Each module's share of the arithmetic of one token, forward, in a sequence of so many tokens. */
export function workShares(config: ModelConfig, sequence: number): Record<Module, number> {
  const counts = countParameters(config);
  const flops = MODULES.map((module) => {
    const component = COMPONENT[module];
    if (module === "attentionOperator") return attentionFlops(attentionShape(config), meanContext(sequence, true));
    return 2 * (counts.find((count) => count.component === component)?.active ?? 0); // lookups and norms: next to nothing
  });
  const all = flops.reduce((sum, value) => sum + value, 0);
  return Object.fromEntries(MODULES.map((module, i) => [module, flops[i] / all])) as Record<Module, number>;
}
