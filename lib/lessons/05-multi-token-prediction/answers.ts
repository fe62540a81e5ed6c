/**
 * Answers to the exercises of lesson 05: the right ones, which call lib, and the parts from which the known wrong ones
 * are made.
 */
import * as tf from "@tensorflow/tfjs";
import { expectedTokens } from "../../economics/speculation";
import { residual } from "../../inference/speculative";
import { rmsNorm } from "../../tensor/nn";

export const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

// ---- targets

/** A line of a module's training: at which state, the newest token that it sees, the token that it has to predict. */
export type TargetRow = [state: number, sees: number, predicts: number];
export type Targets = (ids: number[], k: number) => TargetRow[];

/** Rows for states `from` … `to` − 1, the token seen and the one predicted so far behind them. */
export function targetRows(ids: number[], from: number, to: number, seen: number, predicted: number): TargetRow[] {
  const states = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  return states.map((i) => [i, ids[i + seen] ?? 0, ids[i + predicted] ?? 0]);
}

export const targetsByLib: Targets = (ids, k) => targetRows(ids, 0, ids.length - k - 1, k, k + 1);

// ---- the module's input

export interface CombineWeights {
  norm: number[]; // the main model's final norm [D]
  enorm: number[]; // [D]
  hnorm: number[]; // [D]
}
/** States as the last block leaves them [T][D], embeddings of the same tokens [T][D] → [T − 1][2D]. */
export type Combine = (states: number[][], embeddings: number[][], weights: CombineWeights) => number[][];

/** RMSNorm of one vector, with the released epsilon. */
export function normed(x: number[], weight: number[]): number[] {
  const scale = 1 / Math.sqrt(sum(x.map((value) => value * value)) / x.length + 1e-6);
  return x.map((value, i) => value * scale * weight[i]);
}

export const combineByLib: Combine = (states, embeddings, { norm, enorm, hnorm }) =>
  tf.tidy(() => {
    const T = states.length;
    const normal = (x: tf.Tensor2D, weight: number[]) => rmsNorm(x, tf.tensor1d(weight), 1e-6);
    const hidden = normal(tf.tensor2d(states.slice(0, T - 1)), norm);
    const next = tf.tensor2d(embeddings.slice(1));
    return tf.concat2d([normal(next, enorm), normal(hidden, hnorm)], 1).arraySync();
  });

/** The input with some of its parts replaced by wrong ones. */
export function wrongCombine(parts: {
  state?: (h: number[], weights: CombineWeights) => number[];
  embedding?: (e: number[], weights: CombineWeights) => number[];
  offset?: number;
  stateFirst?: boolean;
}): Combine {
  const {
    state = (h: number[], w: CombineWeights) => normed(normed(h, w.norm), w.hnorm),
    embedding = (e: number[], w: CombineWeights) => normed(e, w.enorm),
    offset = 1,
    stateFirst = false,
  } = parts;
  return (states, embeddings, weights) =>
    states.slice(0, -1).map((h, i) => {
      const [a, b] = [state(h, weights), embedding(embeddings[i + offset], weights)];
      return stateFirst ? [...a, ...b] : [...b, ...a];
    });
}

// ---- verifying a draft

export interface Verification {
  /** Probability that the draft is accepted. */
  accept: number;
  /** From what a rejected draft is replaced [V]. */
  replacement: number[];
}
export type VerifyDraft = (p: number[], q: number[], draft: number) => Verification;

export const verifyByLib: VerifyDraft = (p, q, draft) => ({
  accept: Math.min(1, p[draft] / q[draft]),
  replacement: Array.from(residual(p, q)),
});

export const normalised = (values: number[]) => values.map((value) => value / sum(values));

/** The verification with some of its parts replaced by wrong ones. */
export function wrongVerify(parts: {
  accept?: (p: number, q: number) => number;
  replacement?: (p: number[], q: number[], draft: number) => number[];
}): VerifyDraft {
  const { accept = (p: number, q: number) => Math.min(1, p / q) } = parts;
  const { replacement = (p: number[], q: number[]) => Array.from(residual(p, q)) } = parts;
  return (p, q, draft) => ({ accept: accept(p[draft], q[draft]), replacement: replacement(p, q, draft) });
}

// ---- depth under a budget

export interface DepthBudget {
  /** Chance that a draft is accepted. */
  acceptance: number;
  /** FLOPs of one draft, in FLOPs of the main model for a token. */
  draftCost: number;
  /** FLOPs that a written token may cost, in the same unit: 1 is plain decoding. */
  budget: number;
  /** Drafts that can be made at most. */
  most: number;
}
export type Depth = (task: DepthBudget) => number;

/** FLOPs of a written token with k drafts: k + 1 tokens are verified, and k drafted, for the tokens that are kept. */
export function flopsPerToken({ acceptance, draftCost }: DepthBudget, k: number): number {
  return (k + 1 + k * draftCost) / expectedTokens(acceptance, k);
}

/** The largest depth whose cost, as the function says, is within the budget. */
export function deepest(cost: (task: DepthBudget, k: number) => number): Depth {
  return (task) => {
    let best = 0;
    for (let k = 1; k <= task.most; k++) if (cost(task, k) <= task.budget) best = k;
    return best;
  };
}
