/** What lesson 03's exercises compare with: the right answers, in plain numbers, and the parts that wrong ones change. */
import type { ModelConfig } from "../../model/config";
import { latentCacheBytes } from "../../economics/memory";

export const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
/** x [n] · w [n][m] → [m] */
export const times = (x: number[], w: number[][]) => w[0].map((_, j) => x.reduce((sum, value, i) => sum + value * w[i][j], 0));
export const transposed = (w: number[][]) => w[0].map((_, j) => w.map((row) => row[j]));

/** RMSNorm with a gain of 1. */
export const normalised = (x: number[]) => x.map((value) => value / Math.sqrt(dot(x, x) / x.length + 1e-6));

// ---- bytes of the cache

export type CacheShape = Pick<
  ModelConfig,
  "numHiddenLayers" | "numAttentionHeads" | "kvLoraRank" | "qkNopeHeadDim" | "qkRopeHeadDim" | "vHeadDim"
>;
/** Bytes that one token leaves in the latent cache, with `bytes` for a number. */
export type TokenBytes = (shape: CacheShape, bytes: number) => number;

export const bytesByLib: TokenBytes = (shape, bytes) => latentCacheBytes(shape as ModelConfig, bytes);

/** Bytes from the numbers that a layer keeps. */
export const wrongBytes =
  (perLayer: (shape: CacheShape) => number, layers = (shape: CacheShape) => shape.numHiddenLayers): TokenBytes =>
  (shape, bytes) => layers(shape) * perLayer(shape) * bytes;

// ---- compress and expand

export interface Compressed {
  /** What the cache keeps, [C]. */
  latent: number[];
  /** The key of one head, [d]. */
  key: number[];
}
/** x [D], W^DKV [D][C], W^UK of a head [C][d] → the latent and the key. */
export type Compress = (x: number[], down: number[][], up: number[][]) => Compressed;

export const compressRight: Compress = (x, down, up) => {
  const latent = normalised(times(x, down));
  return { latent, key: times(latent, up) };
};

// ---- absorption

/** A head's query [d] and W^UK [C][d] → the query in the space of the latents, [C]. */
export type Absorb = (query: number[], up: number[][]) => number[];

export const absorbRight: Absorb = (query, up) => times(query, transposed(up));

// ---- what commutes

/** What could stand between the latent and a head's key. */
export const STEPS = ["scale", "matrix", "gain", "rotation", "norm"] as const;
export type Step = (typeof STEPS)[number];
/** For each step, whether it can be moved to the query once and for all. */
export type Movable = () => Record<Step, boolean>;

export const movableRight: Movable = () => ({ scale: true, matrix: true, gain: true, rotation: false, norm: false });

// ---- the score

export interface HeadParts {
  qC: number[];
  kC: number[];
  /** Rotated, as kR is. */
  qR: number[];
  kR: number[];
}
/** The score of a query and a key before the softmax. */
export type Score = (parts: HeadParts) => number;

export const scoreRight: Score = ({ qC, kC, qR, kR }) => (dot(qC, kC) + dot(qR, kR)) / Math.sqrt(qC.length + qR.length);
