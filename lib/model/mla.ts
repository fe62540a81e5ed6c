/**
 * Multi-head latent attention (the report, section 2.1.1, equations 1–11).
 *
 * Keys and values of all heads are functions of one short vector a token, the latent cKV, so only cKV need be kept.
 * A rotation by position would not commute with that compression. So each head's query and key have a second part that
 * carries the position: its key kPe is one for all heads and is kept beside cKV.
 *
 * Two ways to compute the same thing:
 * - naive expands cKV to keys and values of every head, as the equations are written;
 * - absorbed multiplies W^UK into the query and W^UV into the output instead, and attends to cKV itself. More
 *   arithmetic a score, yet past tokens are never expanded: that is what decoding wants.
 */
import * as tf from "@tensorflow/tfjs";
import { causalAttention, causalSoftmax, rmsNorm, rotate } from "../tensor/nn";
import type { LatentCache, Latents } from "./latent-cache";
import type { ModelConfig } from "./config";
import { FLOAT32, project, type Arithmetic, type Linear } from "./arithmetic";
import type { ModelParts } from "./parts";
import { softmaxScale, type RotaryTables } from "./rotary";
import type { MlaWeights } from "./weights";

/** Epsilon of the latents' norms. DeepSeek's code and transformers fix it; rmsNormEps is for the residual stream. */
export const LATENT_EPS = 1e-6;

export interface MlaOptions {
  rotary: RotaryTables;
  method: "naive" | "absorbed";
  /** How the linear maps multiply, and what enters the attention operator; float32 where left out. */
  arithmetic?: Arithmetic;
  /** Past tokens; this layer's are appended. */
  cache?: { store: LatentCache; layer: number };
  /** What is to be computed by other functions than these. */
  parts?: Partial<ModelParts>;
  /** Is shown the probabilities [B, H, T, S] and what is cached, for as long as the call lasts. */
  observe?: (name: "attn_probs" | "cache_ckv" | "cache_kpe", value: tf.Tensor) => void;
}

/**
 * Attention of x over itself and, with a cache, over what came before.
 *
 * @param x [B, T, D], normalised
 * @returns [B, T, D]
 */
export function mla(x: tf.Tensor3D, weights: MlaWeights, config: ModelConfig, options: MlaOptions): tf.Tensor3D {
  const { rotary, observe, arithmetic = FLOAT32, parts = {} } = options;
  const linear = arithmetic.linear("attention");
  const steps = { rmsNorm: parts.rmsNorm ?? rmsNorm, rotate: parts.rotate ?? rotate };
  return tf.tidy(() => {
    const query = queries(x, weights, config, rotary, linear, steps);
    const past = keepLatents(x, weights, config, options, linear, steps);
    observe?.("cache_ckv", past.cKV);
    observe?.("cache_kpe", past.kPe);
    const attend = options.method === "naive" ? (parts.naive ?? attendNaive) : (parts.absorbed ?? attendAbsorbed);
    return attend(query, past, weights, config, { arithmetic, observe });
  });
}

/** What is kept of the tokens of x, and of those before them where there is a cache. */
function keepLatents(
  x: tf.Tensor3D,
  weights: MlaWeights,
  config: ModelConfig,
  { rotary, cache, parts }: MlaOptions,
  linear: Linear,
  steps: Pick<RememberSteps, "rmsNorm" | "rotate">,
): Latents {
  const other = parts?.remember;
  if (other === undefined) {
    const fresh = latent(x, weights, config, rotary, linear, steps);
    return cache === undefined ? fresh : cache.store.append(cache.layer, fresh.cKV, fresh.kPe);
  }
  const grow = (past: Latents | null) => other(x, past, weights, { config, rotary, ...steps });
  return cache === undefined ? grow(null) : cache.store.update(cache.layer, grow);
}

/** What `remember` computes with. */
export interface RememberSteps {
  config: ModelConfig;
  /** cos and sin of the new tokens' positions. */
  rotary: RotaryTables;
  rmsNorm: ModelParts["rmsNorm"];
  rotate: ModelParts["rotate"];
}

/**
 * What is kept of all tokens, the new ones included.
 *
 * @param x the new tokens, [B, T, D], normalised
 * @param past what is kept of those before, null at the begin
 */
export function remember(
  x: tf.Tensor3D,
  past: Latents | null,
  weights: MlaWeights,
  { config, rotary, ...steps }: RememberSteps,
): Latents {
  return tf.tidy(() => {
    const fresh = latent(x, weights, config, rotary, tf.matMul, steps);
    if (past === null) return fresh;
    return { cKV: tf.concat([past.cKV, fresh.cKV], 1), kPe: tf.concat([past.kPe, fresh.kPe], 1) };
  });
}

/** The queries of T tokens. */
export interface Query {
  qC: tf.Tensor4D; // [B, H, T, nope], without position
  qR: tf.Tensor4D; // [B, H, T, R], rotated
}

/** A lower precision, and who is shown the probabilities. */
export type AttentionAside = Pick<MlaOptions, "arithmetic" | "observe">;

/** The weights that attention itself multiplies by. */
export type AttendWeights = Pick<MlaWeights, "kvBProj" | "oProj">;

/** Attention's output [B, T, D] from the queries of T tokens and what is kept of S: keys and values are expanded. */
export function attendNaive(
  query: Query,
  past: Latents,
  weights: AttendWeights,
  config: ModelConfig,
  aside?: AttentionAside,
): tf.Tensor3D {
  return attend(naive, query, past, weights, config, aside);
}

/** The same without expanding anything. */
export function attendAbsorbed(
  query: Query,
  past: Latents,
  weights: AttendWeights,
  config: ModelConfig,
  aside?: AttentionAside,
): tf.Tensor3D {
  return attend(absorbed, query, past, weights, config, aside);
}

function attend(
  method: typeof naive,
  { qC, qR }: Query,
  past: Latents,
  { kvBProj, oProj }: AttendWeights,
  config: ModelConfig,
  { arithmetic = FLOAT32, observe }: AttentionAside = {},
): tf.Tensor3D {
  const operand = <T extends tf.Tensor>(x: T) => arithmetic.input(x, "attentionOperator");
  return tf.tidy(() => {
    const probabilitiesOf = (content: tf.Tensor4D) => {
      const positional = againstShared(operand(qR), operand(past.kPe)); // [B, H, T, S], one key for all heads
      const probabilities = causalSoftmax(content, positional, softmaxScale(config)); // equation 10
      observe?.("attn_probs", probabilities);
      return operand(probabilities);
    };
    const inSteps = () => mergeHeads(method(operand(qC), past.cKV, kvBProj, config, probabilitiesOf, arithmetic));
    // Where nobody needs the probabilities, one operation may do.
    const inOne = method === naive && observe === undefined && arithmetic.plain("attention", "attentionOperator");
    const heads = inOne ? naiveInOne({ qC, qR }, past, kvBProj, config, inSteps) : inSteps(); // [B, T, H·v]
    return project(heads, oProj, arithmetic.linear("attention")); // equation 11
  });
}

type Probabilities = (contentScores: tf.Tensor4D) => tf.Tensor4D; // [B, H, T, S] → [B, H, T, S]

/**
 * Expands the latents to keys and values of every head (equations 2 and 5) and attends to these.
 *
 * @param qC [B, H, T, nope]
 * @param cKV [B, S, C]
 * @param kvBProj W^UK and W^UV of all heads, [C, H·(nope + v)]
 * @param probabilitiesOf adds the scores' other part, scales, masks and takes the softmax
 * @returns [B, H, T, v]
 */
export function naive(
  qC: tf.Tensor4D,
  cKV: tf.Tensor3D,
  kvBProj: tf.Tensor2D,
  config: ModelConfig,
  probabilitiesOf: Probabilities,
  arithmetic: Arithmetic,
) {
  const { numAttentionHeads: H, qkNopeHeadDim: nope, vHeadDim } = config;
  const expanded = arithmetic.input(project(cKV, kvBProj, arithmetic.linear("attention")), "attentionOperator");
  const [kC, v] = tf.split(splitHeads(expanded, H), [nope, vHeadDim], 3) as tf.Tensor4D[]; // [B, H, S, ·]
  const probabilities = probabilitiesOf(tf.matMul(qC, kC, false, true));
  return tf.matMul(probabilities, v) as tf.Tensor4D;
}

/**
 * Takes the query into the latent space, qᵀ·(W^UK·c) = (W^UKᵀ·q)ᵀ·c, attends to the latents, and expands the result.
 * kvBProj multiplies in float32 here, whatever the precision. Parameters and result are those of naive.
 */
export function absorbed(
  qC: tf.Tensor4D,
  cKV: tf.Tensor3D,
  kvBProj: tf.Tensor2D,
  config: ModelConfig,
  probabilitiesOf: Probabilities,
) {
  const { wUK, wUV } = upMatrices(kvBProj, config); // [H, C, nope], [H, C, v]
  const inLatentSpace = perHead(qC, wUK, true); // [B, H, T, nope] · [H, C, nope]ᵀ → [B, H, T, C]
  const probabilities = probabilitiesOf(againstShared(inLatentSpace, cKV));
  const mixture = againstShared(probabilities, cKV, false); // [B, H, T, S] · [B, S, C] → [B, H, T, C]
  return perHead(mixture, wUV); // [B, H, T, C] · [H, C, v] → [B, H, T, v]
}

/** naive in one operation, where there is a kernel for it: [B, T, H·v]. */
function naiveInOne(
  query: Query,
  past: Latents,
  kvBProj: tf.Tensor2D,
  config: ModelConfig,
  inSteps: () => tf.Tensor3D,
) {
  const kv = () => project(past.cKV, kvBProj); // [B, S, H·(nope + v)]
  return causalAttention(query, { kv, kR: past.kPe }, softmaxScale(config), inSteps);
}

/** W^UK [H, C, nope] and W^UV [H, C, v], which are stored side by side: kvBProj is [C, H·(nope + v)]. */
export function upMatrices(kvBProj: tf.Tensor2D, config: ModelConfig) {
  const { numAttentionHeads: H, kvLoraRank: C, qkNopeHeadDim: nope, vHeadDim: v } = config;
  return tf.tidy(() => {
    const byHead = kvBProj.reshape<tf.Tensor3D>([C, H, nope + v]).transpose([1, 0, 2]); // [H, C, nope + v]
    const [wUK, wUV] = tf.split(byHead, [nope, v], 2) as tf.Tensor3D[];
    return { wUK, wUV };
  });
}

/** [B, T, H·d] → [B, H, T, d] */
export function splitHeads(x: tf.Tensor3D, heads: number): tf.Tensor4D {
  const [B, T, width] = x.shape;
  return tf.tidy(() => x.reshape([B, T, heads, width / heads]).transpose([0, 2, 1, 3]));
}

/** [B, H, T, d] → [B, T, H·d] */
export function mergeHeads(x: tf.Tensor4D): tf.Tensor3D {
  const [B, H, T, d] = x.shape;
  return tf.tidy(() => x.transpose([0, 2, 1, 3]).reshape([B, T, H * d]));
}

/**
 * All heads times what they share, in one product: x [B, H, T, d] with y [B, S, d] → [B, H, T, S]; where `transposed` is
 * false, with y [B, d, e] → [B, H, T, e].
 */
export function againstShared(x: tf.Tensor4D, y: tf.Tensor3D, transposed = true): tf.Tensor4D {
  const [B, H, T, d] = x.shape;
  const width = y.shape[transposed ? 1 : 2];
  return tf.matMul(x.reshape<tf.Tensor3D>([B, H * T, d]), y, false, transposed).reshape([B, H, T, width]);
}

/** Each head times its own matrix: x [B, H, T, d], w [H, d, e] (or [H, e, d], transposed) → [B, H, T, e]. */
function perHead(x: tf.Tensor4D, w: tf.Tensor3D, transposed = false): tf.Tensor4D {
  const [B, H, T, d] = x.shape;
  const rows = x.transpose([1, 0, 2, 3]).reshape<tf.Tensor3D>([H, B * T, d]);
  const width = w.shape[transposed ? 1 : 2];
  return tf.matMul(rows, w, false, transposed).reshape<tf.Tensor4D>([H, B, T, width]).transpose([1, 0, 2, 3]);
}

/** The two functions of a model that queries and latents are made with. */
type Steps = Pick<ModelParts, "rmsNorm" | "rotate">;
const LIB_STEPS: Steps = { rmsNorm, rotate };

/** Equations 6–9: the query of each head, qC without and qR with a position: [B, H, T, nope], [B, H, T, R]. */
export function queries(
  x: tf.Tensor3D,
  weights: MlaWeights,
  config: ModelConfig,
  rotary: RotaryTables,
  linear: Linear = tf.matMul,
  steps = LIB_STEPS,
): Query {
  const { numAttentionHeads: H, qkNopeHeadDim: nope, qkRopeHeadDim: R } = config;
  const [B, T] = x.shape;
  const projected = project(...compressQuery(x, weights, config, linear, steps), linear).reshape<tf.Tensor4D>([
    B,
    T,
    H,
    nope + R,
  ]);
  const [qC, qPe] = tf.split(projected, [nope, R], 3) as tf.Tensor4D[];
  const turned = steps.rotate(qPe, rotary);
  return { qC: qC.transpose<tf.Tensor4D>([0, 2, 1, 3]), qR: turned.transpose<tf.Tensor4D>([0, 2, 1, 3]) };
}

/** The input and the weight of the query's last projection: through the bottleneck cQ, or straight from x. */
function compressQuery(
  x: tf.Tensor3D,
  weights: MlaWeights,
  config: ModelConfig,
  linear: Linear,
  { rmsNorm }: Steps,
): [tf.Tensor3D, tf.Tensor2D] {
  if (config.qLoraRank === null) return [x, weights.qProj!];
  const cQ = rmsNorm(project(x, weights.qAProj!, linear), weights.qALayernorm!, LATENT_EPS); // [B, T, qLoraRank]
  return [cQ, weights.qBProj!];
}

/** Equations 1 and 3: the normalised latent cKV [B, T, C], and the rotated shared key kPe [B, T, R], not normalised. */
export function latent(
  x: tf.Tensor3D,
  weights: MlaWeights,
  config: ModelConfig,
  rotary: RotaryTables,
  linear: Linear = tf.matMul,
  { rmsNorm, rotate } = LIB_STEPS,
) {
  const { kvLoraRank: C, qkRopeHeadDim: R } = config;
  const [B, T] = x.shape;
  const [compressed, key] = tf.split(project(x, weights.kvAProjWithMqa, linear), [C, R], 2) as tf.Tensor3D[];
  return {
    cKV: rmsNorm(compressed, weights.kvALayernorm, LATENT_EPS),
    kPe: rotate(key.reshape([B, T, 1, R]), rotary).reshape<tf.Tensor3D>([B, T, R]),
  };
}
