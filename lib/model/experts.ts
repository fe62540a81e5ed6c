/**
 * The mixture-of-experts layer (DeepSeekMoE; the report, section 2.1.2): a token's output is the gated sum of its K
 * routed experts plus the shared experts, which see every token.
 *
 * Two dispatches, equal results:
 * - grouped sorts the rows by expert and lets each expert work on its own rows: the cost follows the active experts.
 *   The selection has to be read for that; on a GPU, where a read-back stalls everything, routedSwiGlu sorts there.
 * - masked lets all E experts work on all rows and multiplies with gates that are mostly 0. E / K times the arithmetic,
 *   but plain operations only, and nothing is read back. Weights must be finite, also of experts that nobody chose:
 *   infinity times a gate of 0 is NaN.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../tensor/differentiable";
import { routedSwiGlu, sortedSwiGlu, swiGlu } from "../tensor/nn";
import { addRows, takeRows } from "../tensor/rows";
import type { ModelConfig } from "./config";
import { mlp } from "./mlp";
import { FLOAT32, type Arithmetic } from "./arithmetic";
import { columnsOfMask } from "../tensor/top-k";
import type { ModelParts } from "./parts";
import { route, type Routing } from "./router";
import type { ExpertWeights, MoeWeights } from "./weights";

export type Dispatch = "grouped" | "masked";

export interface MoeOptions {
  dispatch: Dispatch;
  /** Is shown the routing, for as long as the call lasts. */
  observe?: (routing: Pick<Routing, "affinity" | "expertIndices" | "gates" | "mask">) => void;
  /** What is to be computed by other functions than these. */
  parts?: Partial<ModelParts>;
  /** Float32 where left out. */
  arithmetic?: Arithmetic;
}

/**
 * Equation 12 without the residual: Σ gates · routed experts + shared experts.
 *
 * @param x [N, D]
 * @returns [N, D]
 */
export function moe(x: tf.Tensor2D, weights: MoeWeights, config: ModelConfig, options: MoeOptions): tf.Tensor2D {
  const { dispatch, observe, arithmetic = FLOAT32, parts = {} } = options;
  return tf.tidy(() => {
    const decision = (parts.route ?? route)(x, weights.gate, config, arithmetic.linear("router"));
    const expertIndices = decision.expertIndices ?? columnsOfMask(decision.mask, config.numExpertsPerTok);
    const routing = { ...decision, expertIndices };
    observe?.(routing);
    const routed =
      parts.experts === undefined
        ? routedExperts(x, routing, weights.experts, dispatch, arithmetic)
        : parts.experts(x, routing, weights.experts);
    if (weights.sharedExperts === undefined) return routed;
    return routed.add<tf.Tensor2D>(mlp(x, weights.sharedExperts, arithmetic.linear("sharedExperts")));
  });
}

/**
 * Σ over the chosen experts of gate · expert(x): [N, D] → [N, D].
 *
 * @throws if the dispatch is masked and the arithmetic not float32
 */
export function routedExperts(
  x: tf.Tensor2D,
  routing: Pick<Routing, "expertIndices" | "gates">,
  experts: ExpertWeights,
  dispatch: Dispatch,
  arithmetic = FLOAT32,
): tf.Tensor2D {
  const plain = arithmetic.plain("routedExperts");
  if (dispatch === "masked" && !plain) throw new Error("routedExperts: masked dispatch is float32 only; use grouped");
  if (dispatch === "masked") return maskedExperts(x, routing, experts);
  const grouped = () => groupedExperts(x, routing, experts, arithmetic);
  return plain ? routedSwiGlu(x, routing, experts, grouped) : grouped();
}

function groupedExperts(
  x: tf.Tensor2D,
  { expertIndices, gates }: Pick<Routing, "expertIndices" | "gates">,
  experts: ExpertWeights,
  arithmetic: Arithmetic,
): tf.Tensor2D {
  const { gateProj, upProj, downProj } = experts;
  const [N, K] = expertIndices.shape;
  const E = gates.shape[1];
  return tf.tidy(() => {
    const order = sortByExpert(expertIndices.dataSync(), K, E);
    const { counts, tokens, slots } = order;
    const inOperations = () => {
      const tokenOfRow = tf.tensor1d(tokens, "int32"); // [N·K]
      const rows = takeRows(x, tokenOfRow); // [N·K, D], sorted by expert
      const times = (x: tf.Tensor2D, w: tf.Tensor3D) => arithmetic.grouped(x, w, counts, "routedExperts");
      const inner = swiGlu(times(rows, gateProj), times(rows, upProj));
      const outputs = times(inner, downProj); // [N·K, D]
      const gateOfRow = takeRows(gates.reshape([N * E, 1]), tf.tensor1d(slots, "int32")); // [N·K, 1]
      return addRows(outputs.mul(gateOfRow), tokenOfRow, N);
    };
    return arithmetic.plain("routedExperts") ? sortedSwiGlu(x, gates, experts, order, inOperations) : inOperations();
  });
}

/**
 * The N·K (token, expert) pairs in the order of their experts.
 *
 * @param indices the chosen experts of each token, K after K
 * @returns counts [E], rows of each expert; tokens [N·K], the token of each row; slots [N·K], token · E + expert
 */
export function sortByExpert(indices: ArrayLike<number>, K: number, E: number) {
  const counts = new Array<number>(E).fill(0);
  for (let i = 0; i < indices.length; i++) counts[indices[i]]++;
  const next = new Int32Array(E); // where the next row of each expert goes
  for (let e = 1; e < E; e++) next[e] = next[e - 1] + counts[e - 1];
  const tokens = new Int32Array(indices.length);
  const slots = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) {
    const [token, expert] = [Math.floor(i / K), indices[i]];
    const row = next[expert]++;
    tokens[row] = token;
    slots[row] = token * E + expert;
  }
  return { counts, tokens, slots };
}

function maskedExperts(
  x: tf.Tensor2D,
  { gates }: Pick<Routing, "gates">,
  { gateProj, upProj, downProj }: ExpertWeights,
): tf.Tensor2D {
  const [E, D, I] = gateProj.shape;
  const N = x.shape[0];
  return tf.tidy(() => {
    // Each of these takes E · N · I numbers: what a step has used goes before the next begins.
    const gated = tf.tidy(() => {
      const inner = tf.tidy(() => swiGlu(timesEvery(x, gateProj), timesEvery(x, upProj))); // [E, N, I]
      return inner.mul(gates.transpose().expandDims(2)); // gates as [E, N, 1]
    });
    // The sum over experts is part of one product: [N, E·I] · [E·I, D].
    const rows = gated.transpose([1, 0, 2]).reshape<tf.Tensor2D>([N, E * I]);
    return tf.matMul(rows, downProj.reshape<tf.Tensor2D>([E * I, D]));
  });
}

/** x [N, D] times each of w [E, D, I] → [E, N, I]; tfjs has no gradient for a product that repeats one side. */
function timesEvery(x: tf.Tensor2D, w: tf.Tensor3D): tf.Tensor3D {
  return differentiable(
    (x: tf.Tensor2D, w: tf.Tensor3D) => ({ value: tf.matMul<tf.Tensor3D>(x.expandDims(0), w), saved: [x, w] }),
    (dy, [x, w]) => [
      tf.matMul(dy, w, false, true).sum(0), // Σ over E of [E, N, I] · [E, D, I]ᵀ
      tf.matMul(x.expandDims(0), dy, true, false), // [1, N, D]ᵀ · [E, N, I]
    ],
  )(x, w);
}
