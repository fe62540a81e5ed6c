/** The five exercises of lesson 03: bytes of the cache, the latent, absorption, what does not commute, a bug in the score. */
import { DEEPSEEK_V3 } from "../../model/config";
import { defineExercise } from "../../notebook/exercise/check";
import {
  absorbRight, bytesByLib, compressRight, dot, movableRight, normalised, scoreRight, times, wrongBytes,
  type Absorb, type CacheShape, type Compress, type HeadParts, type Movable, type Score, type TokenBytes,
} from "./answers";

const expandedWidth = (c: CacheShape) => c.numAttentionHeads * (c.qkNopeHeadDim + c.qkRopeHeadDim + c.vHeadDim);
const latentWidth = (c: CacheShape) => c.kvLoraRank + c.qkRopeHeadDim;
const small: CacheShape = {
  numHiddenLayers: 3, numAttentionHeads: 4, kvLoraRank: 24, qkNopeHeadDim: 16, qkRopeHeadDim: 8, vHeadDim: 12,
};

export const bytesExercise = defineExercise<TokenBytes>({
  id: "03-cache-bytes",
  title: "Bytes of a token",
  difficulty: 1,
  minutes: 8,
  points: 2,
  reference: bytesByLib,
  cases: [
    { name: "DeepSeek-V3 in BF16", args: [DEEPSEEK_V3, 2] },
    { name: "a small model in FP8", args: [small, 1] },
    { name: "the small one in float32", args: [small, 4] },
  ],
  misconceptions: [
    {
      name: "keys and values of every head",
      answer: wrongBytes(expandedWidth),
      message: "You count keys and values of every head: that is what MLA avoids. One latent serves all heads.",
    },
    {
      name: "a latent for each head",
      answer: wrongBytes((c) => c.numAttentionHeads * latentWidth(c)),
      message: "You multiply by the heads. Latent and rotary key are shared: every head reads the same ones.",
    },
    {
      name: "the rotary key forgotten",
      answer: wrongBytes((c) => c.kvLoraRank),
      message: "You count the latent alone. The rotated key is not a function of it and is kept beside it.",
    },
    {
      name: "the rotary key of every head",
      answer: wrongBytes((c) => c.kvLoraRank + c.numAttentionHeads * c.qkRopeHeadDim),
      message: "You count a rotary key for each head. There is one for all heads.",
    },
    {
      name: "one layer",
      answer: wrongBytes(latentWidth, () => 1),
      message: "That is one layer. Each layer has its own latents.",
    },
    {
      name: "twice, for key and value",
      answer: wrongBytes((c) => 2 * latentWidth(c)),
      message: "You count everything twice. Keys and values come from the same latent.",
    },
  ],
  hints: [
    "What does a layer keep of a token? Look at what `LatentCache.append` is given, and at the two widths in its comment.",
    "layers · (kvLoraRank + qkRopeHeadDim) · bytes. Heads do not appear.",
  ],
});

const down = [[0.5, -1, 0.25], [1, 0.5, -0.5], [-0.75, 0.25, 1], [0.25, 1, 0.5]]; // [D = 4][C = 3]
const up = [[1, 0.5], [-0.5, 2], [0.25, -1]]; // [C = 3][d = 2]
const square = [[1, 2, 0], [0, -1, 0.5], [3, 0.25, 1]]; // [3][3]

const wrongCompress =
  (latentOf: (raw: number[]) => number[], keyOf: (latent: number[], raw: number[], w: number[][]) => number[]): Compress =>
  (x, w, u) => {
    const raw = times(x, w);
    const latent = latentOf(raw);
    return { latent, key: keyOf(latent, raw, u) };
  };

export const compressExercise = defineExercise<Compress>({
  id: "03-compress",
  title: "Compress and expand",
  difficulty: 1,
  minutes: 10,
  points: 2,
  reference: compressRight,
  cases: [
    { name: "four channels, a latent of three, a key of two", args: [[1, -2, 0.5, 3], down, up] },
    { name: "another token", args: [[0.1, 0.2, -0.1, 0.05], down, up] },
    { name: "a key as wide as the latent", args: [[2, 1, -1, 0.5], down, square] },
  ],
  misconceptions: [
    {
      name: "not normalised",
      answer: wrongCompress((raw) => raw, (latent, _, u) => times(latent, u)),
      message: "Your latent is the bare product. V3 normalises it (RMSNorm) before it is kept and expanded.",
    },
    {
      name: "kept bare, expanded normalised",
      answer: wrongCompress((raw) => raw, (_, raw, u) => times(normalised(raw), u)),
      message: "Your key is right, but what you keep is not normalised. Every later step would have to normalise it again.",
    },
    {
      name: "kept normalised, expanded bare",
      answer: wrongCompress(normalised, (_, raw, u) => times(raw, u)),
      message: "Your key comes from the bare product. It is made from what is kept: the normalised latent.",
    },
    {
      name: "the mean subtracted",
      answer: wrongCompress(
        (raw) => normalised(raw.map((value) => value - raw.reduce((a, b) => a + b) / raw.length)),
        (latent, _, u) => times(latent, u),
      ),
      message: "You subtract the mean. RMSNorm only divides by the root of the mean square.",
    },
    {
      name: "the key normalised too",
      answer: wrongCompress(normalised, (latent, _, u) => normalised(times(latent, u))),
      message: "You normalise the key as well. Only the latent has a norm; the key is a plain product of it.",
    },
  ],
  hints: [
    "Two products with a norm between them: x · W^DKV, RMSNorm, that is the latent; latent · W^UK, that is the key.",
    "latent = normalised(times(x, down)) and key = times(latent, up).",
  ],
});

export const absorbExercise = defineExercise<Absorb>({
  id: "03-absorb",
  title: "Absorb W^UK into the query",
  difficulty: 2,
  minutes: 12,
  points: 3,
  reference: absorbRight,
  cases: [
    { name: "a head of two, a latent of three", args: [[1, -2], up] },
    { name: "a head as wide as the latent", args: [[0.5, 1, -1], square] },
    { name: "another query", args: [[3, 0.25, 2], square] },
  ],
  misconceptions: [
    {
      name: "not transposed",
      answer: (query, w) => (w.length === query.length ? times(query, w) : absorbRight(query, w)),
      message:
        "With a square matrix you multiply by W^UK where its transpose is needed: q · (c W) = Σ over the head's channels, so " +
        "the query meets the second index of W, not the first.",
    },
    {
      name: "scaled already",
      answer: (query, w) => absorbRight(query, w).map((value) => value / Math.sqrt(query.length)),
      message: "You divide by √d. The scale comes later, once, over the sum of both parts of the score.",
    },
    {
      name: "divided by the latent's width",
      answer: (query, w) => absorbRight(query, w).map((value) => value / Math.sqrt(w.length)),
      message: "You divide by √C. The score must stay what it was; its scale belongs to the head's width, and comes later.",
    },
    {
      name: "normalised",
      answer: (query, w) => normalised(absorbRight(query, w)),
      message: "You normalise the result. Then its product with a latent is no longer the score of query and key.",
    },
  ],
  hints: [
    "You want q̃ with q̃ · c = q · k for every latent c, where k_j = Σ_i c_i W_ij. Write the right side out and collect what " +
      "stands with c_i.",
    "q̃_i = Σ_j q_j · W_ij: each row of W^UK, times the query. That is times(query, transposed(up)), or up.map((row) => dot(row, query)).",
  ],
});

const judged = (change: Partial<ReturnType<Movable>>): Movable => () => ({ ...movableRight(), ...change });

export const commuteExercise = defineExercise<Movable>({
  id: "03-commute",
  title: "What can be moved to the query?",
  difficulty: 2,
  minutes: 10,
  points: 2,
  reference: movableRight,
  cases: [{ name: "your five answers", args: [] }],
  misconceptions: [
    {
      name: "rotations are matrices, so they can move",
      answer: judged({ rotation: true }),
      message:
        "A rotation is a matrix, but another one for every position of the key. Moved to the query, there would have to be a " +
        "query for every key: nothing is saved.",
    },
    {
      name: "a norm can move",
      answer: judged({ norm: true }),
      message: "A norm divides by a length that each key has for itself: no matrix does that. It has to be done before the cache.",
    },
    {
      name: "rotation and norm can move",
      answer: judged({ rotation: true, norm: true }),
      message: "Neither of the two that depend on the key can move: the rotation (on its position), the norm (on its length).",
    },
    {
      name: "a gain cannot move",
      answer: judged({ gain: false }),
      message: "A gain for each channel is a diagonal matrix, the same for all keys: it moves like any fixed matrix.",
    },
    {
      name: "only the scale can move",
      answer: judged({ matrix: false, gain: false }),
      message: "Any fixed linear map moves, by its transpose: a scale, a gain, a whole matrix. That is what absorption does.",
    },
  ],
  hints: [
    "A step can be moved if it is a linear map that is the same for every key. Ask of each: linear? the same for all?",
    "Scale, matrix and gain are fixed and linear. A rotation depends on the key's position. A norm is not linear.",
  ],
});

const wrongScore =
  (width: (parts: HeadParts) => number, rotary = ({ qR, kR }: HeadParts) => dot(qR, kR)): Score =>
  (parts) => (dot(parts.qC, parts.kC) + rotary(parts)) / Math.sqrt(width(parts));

export const scoreExercise = defineExercise<Score>({
  id: "03-score",
  title: "A score with a bug",
  difficulty: 2,
  minutes: 10,
  points: 3,
  reference: scoreRight,
  cases: [
    { name: "parts of two and two", args: [{ qC: [1, 2], kC: [0.5, -1], qR: [1, 1], kR: [2, 0.5] }] },
    { name: "parts of four and two", args: [{ qC: [1, 0, -1, 2], kC: [0.5, 1, 2, 1], qR: [0.2, -1], kR: [3, 1] }] },
    { name: "parts of three and one", args: [{ qC: [2, 1, 0.5], kC: [1, -1, 1], qR: [1.5], kR: [-2] }] },
  ],
  misconceptions: [
    {
      name: "scaled by the part without position",
      answer: wrongScore(({ qC }) => qC.length),
      message: "You divide by the root of qC's width alone. The score is one product over both parts: d_nope + d_rope channels.",
    },
    {
      name: "the rotary key normalised",
      answer: wrongScore(({ qC, qR }) => qC.length + qR.length, ({ qR, kR }) => dot(qR, normalised(kR))),
      message: "You normalise the rotary key. Only the latent is normalised; the rotary key goes beside it as it is.",
    },
    {
      name: "each part scaled by itself",
      answer: ({ qC, kC, qR, kR }) => dot(qC, kC) / Math.sqrt(qC.length) + dot(qR, kR) / Math.sqrt(qR.length),
      message: "You scale each part by its own width. They are one query and one key, concatenated: one scale.",
    },
    {
      name: "no scale",
      answer: wrongScore(() => 1),
      message: "There is no scale. Without it scores grow with the width, and the softmax saturates.",
    },
    {
      name: "the rotary part forgotten",
      answer: wrongScore(({ qC, qR }) => qC.length + qR.length, () => 0),
      message: "The rotary part is missing: this attention would not know where anything stands.",
    },
  ],
  hints: [
    "Two things are wrong in the code. Compare the width under the root, and what happens to kR, with equations 4, 8 and 10 of the report.",
    "(dot(qC, kC) + dot(qR, kR)) / Math.sqrt(qC.length + qR.length), with kR as it comes.",
  ],
});
