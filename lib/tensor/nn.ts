/**
 * What a model of this family is made of, beside matrix products: one name an operation, whatever it is computed on.
 * Each is written here in tfjs operations; where there is a kernel for it (wasm/, webgpu/), that is chosen here, and
 * nobody else asks for the backend. To add a kernel, write it in one of those folders and choose it here.
 *
 * Letters: N rows, D channels, B sequences, T tokens, S tokens seen so far, H heads, R rotated channels of a head.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "./differentiable";
import type { ChoiceRules, ExpertChoice, StackedExperts } from "./kernel-types";
import { takeRows } from "./rows";
import { chooseExpertsOnWebgpu } from "./webgpu/expert-choice";
import { routedSwiGluOnWebgpu } from "./webgpu/experts";
import { rmsNormOnWebgpu } from "./webgpu/norm";
import { onWebgpu } from "./webgpu/program";
import { rotateOnWebgpu } from "./webgpu/rotary";
import { swiGluOnWebgpu } from "./webgpu/swi-glu";
import { causalSoftmaxOnWebgpu } from "./webgpu/softmax";
import { causalAttentionOnWasm } from "./wasm/attention";
import { chooseExpertsOnWasm } from "./wasm/expert-choice";
import { sortedSwiGluOnWasm, type ExpertOrder } from "./wasm/experts";
import { rmsNormOnWasm } from "./wasm/norm";
import { rotateOnWasm } from "./wasm/rotary";
import { floatsOnWasm } from "./wasm/run-compiled";
import { causalSoftmaxOnWasm } from "./wasm/softmax";
import { swiGluOnWasm } from "./wasm/swi-glu";

/**
 * Root-mean-square normalisation (Zhang and Sennrich, 2019), over the last axis: LayerNorm without the mean and without
 * the offset.
 *
 *     RMSNorm(x) = w ⊙ x / √(mean(x²) + ε)
 *
 * DeepSeek-V3 normalises before each attention, before each feed-forward, before the head, and at both width
 * bottlenecks of the attention (the compressed query and the latent).
 *
 * @param x [..., D]
 * @param weight [D], one gain a channel
 * @param epsilon added to the mean square, so that a row of zeros stays zeros; the release uses 1e-6
 * @throws if the weight is not [D]
 */
export function rmsNorm<T extends tf.Tensor>(x: T, weight: tf.Tensor, epsilon: number): T {
  const width = x.shape[x.rank - 1];
  if (weight.rank !== 1 || weight.shape[0] !== width) {
    throw new Error(`rmsNorm: x is [${x.shape}], so the weight must be [${width}], not [${weight.shape}]`);
  }
  if (onWebgpu()) return rmsNormOnWebgpu(x, weight, epsilon);
  if (floatsOnWasm(x, weight)) return rmsNormOnWasm(x, weight, epsilon);
  return tf.tidy(() => {
    const meanSquare = x.square().mean(-1, true); // [..., 1]
    return x.mul(meanSquare.add(epsilon).rsqrt()).mul(weight) as T;
  });
}

/**
 * The inside of a gated feed-forward network (Shazeer, 2020): SiLU(gate) ⊙ up, with SiLU(x) = x · sigmoid(x).
 *
 * @param gate any shape
 * @param up the same
 */
export function swiGlu<T extends tf.Tensor>(gate: T, up: T): T {
  if (onWebgpu()) return swiGluOnWebgpu(gate, up);
  if (floatsOnWasm(gate, up) && tf.util.arraysEqual(gate.shape, up.shape)) return swiGluOnWasm(gate, up);
  return tf.tidy(() => gate.mul(gate.sigmoid()).mul<T>(up));
}

/**
 * What stands in for −∞ in a score: finite, since GPUs promise nothing about infinities. Its exponential is exactly 0 in
 * float32, and next to it any score vanishes.
 */
export const MINUS_INFINITY = -1e30;

/**
 * softmax((content + positional) · scale) over the keys that a query may see. Query t of T is key S - T + t of S, and
 * sees the keys up to itself.
 *
 * @param content [B, H, T, S], products of queries and keys
 * @param positional [B, H, T, S], their second part; null where there is one part only
 * @returns probabilities [B, H, T, S], exactly 0 for keys that come later
 */
export function causalSoftmax(content: tf.Tensor4D, positional: tf.Tensor4D | null = null, scale = 1): tf.Tensor4D {
  if (onWebgpu() && positional !== null) return causalSoftmaxOnWebgpu(content, positional, scale);
  if (floatsOnWasm(content, positional ?? content)) return causalSoftmaxOnWasm(content, positional, scale);
  const [, , T, S] = content.shape;
  return tf.tidy(() => {
    const sum = positional === null ? content : content.add<tf.Tensor4D>(positional);
    const scores = scale === 1 ? sum : sum.mul<tf.Tensor4D>(scale);
    if (T === 1) return tf.softmax(scores); // decoding: the newest token sees everything
    const future = new Float32Array(T * S);
    for (let t = 0; t < T; t++) future.fill(MINUS_INFINITY, t * S + (S - T + t) + 1, (t + 1) * S);
    return tf.softmax(scores.add<tf.Tensor4D>(tf.tensor2d(future, [T, S])));
  });
}

/**
 * Causal attention with keys of two parts, in one operation that keeps nothing of what a query does not see:
 *
 *     out[t] = Σ over the seen s:  softmax((qC[t]·kC[s] + qR[t]·kR[s]) · scale) · v[s]
 *
 * @param query qC [B, H, T, nope] and qR [B, H, T, R]
 * @param keys kR [B, S, R], one for all heads; kv() makes keys kC and values v, each head's side by side,
 *   [B, S, H·(nope + V)]; it is called where there is a kernel
 * @param scale above 0
 * @param inOperations computes it where there is none, and for a single query
 * @returns [B, T, H·V]
 */
export function causalAttention(
  { qC, qR }: { qC: tf.Tensor4D; qR: tf.Tensor4D },
  { kv, kR }: { kv: () => tf.Tensor3D; kR: tf.Tensor3D },
  scale: number,
  inOperations: () => tf.Tensor3D,
): tf.Tensor3D {
  const known = floatsOnWasm(qC, qR, kR) && qC.shape[2] > 1;
  return known ? causalAttentionOnWasm(qC, qR, kv(), kR, scale) : inOperations();
}

/**
 * Turns each pair (a, b) of neighbouring channels by its angle: (a·cos − b·sin, b·cos + a·sin).
 *
 * @param x [B, T, H, R]
 * @param angles cos and sin, [B or 1, T, 1, R], equal for both channels of a pair (model/rotary.ts makes them)
 * @returns [B, T, H, R], pairs still side by side as in DeepSeek's own code
 */
export function rotate(x: tf.Tensor4D, { cos, sin }: { cos: tf.Tensor4D; sin: tf.Tensor4D }): tf.Tensor4D {
  if (onWebgpu()) return rotateOnWebgpu(x, cos, sin);
  if (floatsOnWasm(x, cos, sin)) return rotateOnWasm(x, cos, sin);
  return tf.tidy(() => x.mul(cos).add<tf.Tensor4D>(quarterTurn(x).mul(sin)));
}

/** (a, b) → (-b, a) for each pair, as a product with a signed permutation: exact, and one fast call on every backend. */
function quarterTurn(x: tf.Tensor4D): tf.Tensor4D {
  const width = x.shape[3];
  const turn = new Float32Array(width * width);
  for (let j = 0; j < width; j += 2) {
    turn[(j + 1) * width + j] = -1;
    turn[j * width + j + 1] = 1;
  }
  return tf.matMul(x.reshape<tf.Tensor2D>([-1, width]), tf.tensor2d(turn, [width, width])).reshape(x.shape);
}

/**
 * The rows of an embedding, one for each token. On a GPU their gradients are added up by a product with one-hot rows: a
 * scatter adds with atomic operations, and where many tokens share few ids, these wait for each other.
 *
 * @param table [V, D]
 * @param ids int32 [N], each at least 0 and less than V
 * @returns [N, D]
 * @throws if an id is outside (not on webgpu)
 */
export function embeddingRows(table: tf.Tensor2D, ids: tf.Tensor1D): tf.Tensor2D {
  if (!onWebgpu()) return takeRows(table, ids);
  const [V] = table.shape;
  return differentiable(
    (table: tf.Tensor2D) => ({ value: takeRows(table, ids), saved: [ids] }),
    (dy, [ids]) => [tf.matMul(tf.oneHot(ids, V, 1, 0, "float32"), dy, true)], // [N, V]ᵀ · [N, D]
  )(table);
}

/**
 * The routed part of a mixture of experts, each a gated feed-forward network:
 *
 *     out[n] = Σ over the K chosen experts e of n:  gates[n, e] · down_e(SiLU(gate_e(x[n])) ⊙ up_e(x[n]))
 *
 * A GPU has one kernel for all of it, which sorts the rows there and reads nothing back.
 *
 * @param x [N, D]
 * @param routing the chosen experts, int32 [N, K], and the gates [N, E]
 * @param inOperations computes it where there is no such kernel
 * @returns [N, D]
 */
export function routedSwiGlu(
  x: tf.Tensor2D,
  { expertIndices, gates }: { expertIndices: tf.Tensor2D; gates: tf.Tensor2D },
  experts: StackedExperts,
  inOperations: () => tf.Tensor2D,
): tf.Tensor2D {
  return onWebgpu() ? routedSwiGluOnWebgpu(x, expertIndices, gates, experts) : inOperations();
}

/**
 * The same where the rows are sorted by expert already.
 *
 * @param x [N, D]
 * @param gates [N, E]
 * @param order the sorted rows
 * @param inOperations computes it where there is no kernel for it
 * @returns [N, D]
 */
export function sortedSwiGlu(
  x: tf.Tensor2D,
  gates: tf.Tensor2D,
  experts: StackedExperts,
  order: ExpertOrder,
  inOperations: () => tf.Tensor2D,
): tf.Tensor2D {
  const { gateProj, upProj, downProj } = experts;
  if (floatsOnWasm(x, gates, gateProj, upProj, downProj)) return sortedSwiGluOnWasm(x, gates, experts, order);
  return inOperations();
}

/**
 * The choice of each token's experts and their gates, as model/router.ts explains it. The gates are differentiable in
 * the affinity; the selection is a constant.
 *
 * @param affinity [N, E]
 * @param bias [E]
 * @param inOperations computes it where there is no kernel for it
 */
export function chooseExperts(
  affinity: tf.Tensor2D,
  bias: tf.Tensor1D,
  rules: ChoiceRules,
  inOperations: () => ExpertChoice,
): ExpertChoice {
  if (onWebgpu()) return chooseExpertsOnWebgpu(affinity, bias, rules);
  const [, E] = affinity.shape;
  const fits = floatsOnWasm(affinity, bias) && bias.shape[0] === E && E % rules.groups === 0;
  return fits ? chooseExpertsOnWasm(affinity, bias, rules) : inOperations();
}
