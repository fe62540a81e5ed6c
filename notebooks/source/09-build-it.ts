// %% [markdown]
// # 09 · Build it
//
// ## Can you write all of it yourself, load a trained model into it, and let it write?
//
// By now you have read V3's parts, run them and changed them. Here you write them: twelve functions on tensors, from the
// norm to the probabilities of the next token. Each is held to what the reference implementation computes. At the end
// your functions stand in the library's place, a trained model of V3's architecture is loaded into them, and **your own
// code writes text**.
//
// At the end of this lesson you can
//
// - write each part of V3 on tensors, with shapes in mind, without leaving tensors behind;
// - say which mistakes in them a text would show at once, and which ones it would hide;
// - put the parts together: a pass over a whole text, a pass from the cache, drafts;
// - use them outside of this notebook.
//
// Three claims of a popular account are about parts that you write here. Section 12 comes back to them.
//
// *Four to five hours with all twelve exercises. Each can be done by itself, in any order: what you have not written is the
// library's. Before it: lessons [01](01-mixture-of-experts.ipynb), [03](03-multi-head-latent-attention.ipynb) and
// [05](05-multi-token-prediction.ipynb).*

// %% jupyter={"source_hidden": true}
import * as tf from "@tensorflow/tfjs";
import { loadModel } from "./lib/checkpoint/checkpoint";
import { claimInWords, verdictOf } from "./lib/claims/audit";
import { openCorpus } from "./lib/corpus/build";
import { BEGIN_OF_DOCUMENT, bytesOf, textOf } from "./lib/corpus/bytes";
import { DOMAINS, heldOutWindows } from "./lib/corpus/corpus";
import { modelPartsDrawing } from "./lib/drawings";
import { type SamplingOptions } from "./lib/inference/sampling";
import {
  absorbedExercise, biasExercise, bitsOfWindows, blockExercise, compareParts, distributionExercise, expertsExercise, listed,
  logitDifferences, lossExercise, MODEL_FILE, mtpExercise, naiveExercise, objection, ownParts, rememberExercise,
  rmsNormExercise, rotateExercise, routeExercise, saveParts, write, writeWithoutCache, wrongParts,
} from "./lib/lessons/09-build-it";
import { project } from "./lib/model/arithmetic";
import { type BlockNorms, type BlockSteps } from "./lib/model/block";
import { type ModelConfig } from "./lib/model/config";
import { type Latents } from "./lib/model/latent-cache";
import {
  againstShared, mergeHeads, splitHeads, upMatrices, type AttendWeights, type Query, type RememberSteps,
} from "./lib/model/mla";
import { type MtpNorms, type MtpSteps } from "./lib/model/mtp";
import { LIB_PARTS } from "./lib/model/parts";
import { softmaxScale, type RotaryTables } from "./lib/model/rotary";
import { type RoutingConfig, type RoutingDecision } from "./lib/model/router";
import { type ExpertWeights, type MlaWeights, type RouterWeights } from "./lib/model/weights";
import {
  check, checkInterrupt, checkParameters, fixed, percent, result, say, showDrawing, showSource, table, verdicts, whole,
} from "./lib/notebook";
import { compare, intervalWords } from "./lib/statistics/comparison";
import { difference } from "./lib/statistics/interval";
import { useBackend } from "./lib/tensor/backend";
import { causalSoftmax, swiGlu } from "./lib/tensor/nn";
import { addRows, takeRows } from "./lib/tensor/rows";
import { columnsOfMask, topKMask } from "./lib/tensor/top-k";

const backend = await useBackend();
const model = loadModel("data/checkpoints/v3-mini");
const corpus = openCorpus(); // the first time, it is built from installed packages in some seconds
say`Ready: tensors are computed by **${backend.name}**. v3-mini is loaded: ${model.config.numHiddenLayers} layers of V3's
architecture, trained on bytes.`;

// %% [markdown]
// **The numbers worth changing.** Change one, then *Run → Run All Cells*: every figure below follows.

// %% tags=["parameters"]
const writing = "novel"; // novel | speeches | code | arithmetic: the kind of text that the models continue
const writtenTokens = 100; // 20..300 tokens: how long they write
const temperature = 0; // 0..2.0 temperature: of the text at the end; 0 takes the most likely token
const slow = 3; // 1..100 times: a part that takes more than this many times lib's time is called slow
const seed = 1; // 0..999999 number: where all random numbers start

// %%
checkParameters("09-build-it", { writing, writtenTokens, temperature, slow, seed });
const BEGINNINGS = {
  novel: "The captain ", speeches: "We must ", code: "function add(a, b) {\n", arithmetic: "12 + 7 = ",
};
const prompt = [BEGIN_OF_DOCUMENT, ...bytesOf(BEGINNINGS[writing])];

// %% [markdown]
// ## 1. A model is a record of functions
//
// These are the parts, and a token's way through them. Parts that you have written are marked; so far, none is.

// %% jupyter={"source_hidden": true}
showDrawing(modelPartsDrawing(model.config, []));

// %% [markdown]
// The library keeps them in one record. Whoever calls a model can hand in others, and what is not handed in is the
// library's own. So each function has a place of its own, with fixed shapes going in and coming out. Embedding, queries,
// dense networks, the shared expert and the head are not in the record: they are look-ups and products of matrices, and
// stay the library's.

// %%
showSource("lib/model/parts.ts", "ModelParts");

// %% [markdown]
// What does a wrong part do? Here are mistakes that people make. Each is put into one part of v3-mini, with everything else
// right:

// %% jupyter={"source_hidden": true}
table(wrongParts().map(({ part, mistake }) => ({ part, mistake })));

// %% [markdown]
// The measure is bits per byte on held-out text: fewer is better. **Predict**: which of them costs least? (The measurement
// takes about 8 s.)

// %%
const yourGuess = "softmax in place of sigmoid"; // change it to your guess before you run on

// %%
const windows = DOMAINS.flatMap((domain) => heldOutWindows(corpus.heldOut[domain], { length: 49, count: 3, seed }));
const rightBits = bitsOfWindows(model, windows);
const mistakes = wrongParts().map(({ part, mistake, parts }) => {
  checkInterrupt();
  const bits = bitsOfWindows(model, windows, parts);
  return { part, mistake, bits, more: difference(rightBits, bits, true) };
});
const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const byCost = [...mistakes].sort((a, b) => a.more.estimate - b.more.estimate);
table(
  byCost.map(({ part, mistake, bits, more }) => ({
    part,
    mistake,
    "bits per byte": meanOf(bits),
    "more than right": intervalWords(more, { digits: 3 }),
  })),
  { caption: `v3-mini with one wrong part, ${windows.length} windows of text`, columns: { "bits per byte": { digits: 3 } } },
);

// %% jupyter={"source_hidden": true}
const [cheapest, second] = byCost;
const dearest = byCost[byCost.length - 1];
const hidden = byCost.filter(({ more }) => more.low <= 0);
say`You said *${yourGuess}*. Right, v3-mini has ${fixed(meanOf(rightBits), 3)} bits per byte.
${compare({ name: `with "${cheapest.mistake}"`, values: cheapest.bits }, { name: `with "${second.mistake}"`, values: second.bits },
  { quantity: "the number of bits per byte", of: "windows", paired: true }).text}
${hidden.length === 0 ? "Each of the mistakes costs bits here, beyond what chance could do." :
  `Of ${listed(hidden.map(({ mistake }) => `"${mistake}"`))} this text cannot tell that anything is wrong: the interval holds zero.`}
On average over these windows, *${dearest.mistake}* costs most.

A mistake that costs little is the one to be afraid of: the text still reads well. So every exercise below compares your
function with **the reference implementation's own tensors**, to 1e-5, and not with how a text looks.`;

// %% [markdown]
// ## 2. A norm and a rotation
//
// Two habits for all twelve exercises.
//
// - Compute inside of `tf.tidy(() => …)` and return from it. It frees every tensor that is made inside and not returned. A
//   tensor that nobody frees stays, and a model makes thousands.
// - TypeScript often loses count of a tensor's axes. Where it says that `Tensor<Rank>` is not `Tensor3D`, tell it:
//   `h.add<tf.Tensor3D>(x)`, `x.reshape<tf.Tensor3D>([B, T, D])`, or `x as tf.Tensor3D` behind a whole expression.

// %% [markdown]
// ### Exercise 1 · RMSNorm
//
// *Implement · difficulty 1 of 3 · 8 minutes · 1 point*
//
// Divide each token's vector by the root of its mean square, and multiply each channel by its gain:
//
// $$\mathrm{RMSNorm}(x) = w \odot \frac{x}{\sqrt{\mathrm{mean}(x^2) + \varepsilon}}$$
//
// `x` has any number of axes, the channels are the last one; `weight` is $w$, `epsilon` is $\varepsilon$. The
// result has the shape of `x`.

// %% nbgrader={"grade": false, "grade_id": "09-rms-norm", "locked": false, "schema_version": 3, "solution": true, "task": false}
function rmsNorm<T extends tf.Tensor>(x: T, weight: tf.Tensor, epsilon: number): T {
  /// BEGIN SOLUTION
  return tf.tidy(() => {
    const meanSquare = x.square().mean(-1, true); // [..., 1]
    return x.div(meanSquare.add(epsilon).sqrt()).mul(weight) as T;
  });
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "09-rms-norm-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
await check(rmsNormExercise, rmsNorm);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// What is the shape of the mean squares of `x`? They have to fit beside `x` when you divide.
//
// </details>
// <details><summary>Hint 2</summary>
//
// `x.square().mean(-1, true)` takes the mean over the last axis and keeps that axis, with one number in it.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const meanSquare = x.square().mean(-1, true);
// const size = meanSquare.add(epsilon).sqrt();
// ```
//
// What is left: `x` divided by `size`, times `weight`. The result has the shape of `x`; a cast to `T` says so.
//
// </details>

// %% [markdown]
// ### Exercise 2 · Rotary positions, in pairs
//
// *Implement · difficulty 2 of 3 · 15 minutes · 2 points*
//
// Channels $2j$ and $2j+1$ are a point $(a, b)$ in the plane, which is turned by an angle $\phi$ that depends on position
// and pair:
//
// $$(a, b) \to (a \cos\phi - b \sin\phi,\; b \cos\phi + a \sin\phi)$$
//
// `x` is $[B, T, H, R]$. `cos` and `sin` are $[1, T, 1, R]$, or $[B, T, 1, R]$, with the number of each pair written
// twice, once for each of its channels. Return the turned channels **in the order in which they came**. Many libraries
// turn channel $j$ with channel $j + R/2$; weights that were trained one way are no use the other way.

// %% nbgrader={"grade": false, "grade_id": "09-rotate", "locked": false, "schema_version": 3, "solution": true, "task": false}
function rotate(x: tf.Tensor4D, { cos, sin }: RotaryTables): tf.Tensor4D {
  /// BEGIN SOLUTION
  const [B, T, H, R] = x.shape;
  return tf.tidy(() => {
    const [a, b] = tf.split(x.reshape([B, T, H, R / 2, 2]), 2, 4); // the two channels of each pair
    const partner = tf.concat([b.neg(), a], 4).reshape([B, T, H, R]); // (-b, a), side by side
    return x.mul(cos).add<tf.Tensor4D>(partner.mul(sin));
  });
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "09-rotate-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(rotateExercise, rotate);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Everything but the partners is done with `x.mul(cos)`. What has to be multiplied with `sin` so that both lines of the
// formula come out?
//
// </details>
// <details><summary>Hint 2</summary>
//
// The partners are $(-b, a)$ for each pair $(a, b)$. A reshape with a last axis of two channels puts each pair by itself; a
// second reshape puts the pairs back side by side.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const [B, T, H, R] = x.shape;
// const [a, b] = tf.split(x.reshape([B, T, H, R / 2, 2]), 2, 4);
// const partner = tf.concat([b.neg(), a], 4).reshape([B, T, H, R]);
// ```
//
// What is left is a sum of two products, in `tf.tidy(() => x)`.
//
// </details>

// %% [markdown]
// ## 3. Attention
//
// Multi-head latent attention keeps two things of each token: a latent from which keys and values of all heads are made, and
// one key with a position for all heads. Queries come from the library, made with your norm and your rotation as soon as you
// have them.
//
// ### Exercise 3 · The latent cache
//
// *Implement · difficulty 2 of 3 · 20 minutes · 3 points*
//
// `x` $[B, T, D]$ are the new tokens, normalised. One product with `weights.kvAProjWithMqa` gives the $C$ channels of the
// latent, then the $R$ channels of the key, where $C$ is `config.kvLoraRank` and $R$ is `config.qkRopeHeadDim`. The latent is
// normalised, with the gain `weights.kvALayernorm` and an epsilon of `1e-6`. The key is turned by the tokens' positions;
// `rotary` has their angles. `past` is what was kept of earlier tokens, or `null` where there are none; whoever gave it
// frees it. Return `{ cKV, kPe }` for all tokens, the new ones behind the others: $[B, S, C]$ and $[B, S, R]$.
//
// The functions of the first two exercises come with the arguments, so that this one can be done before them: `rmsNorm` as
// you know it, and `rotate`, which takes keys of $[B, T, H, R]$ and `rotary`. `project(x, w)` multiplies $[B, T, D]$ by a
// matrix.

// %% nbgrader={"grade": false, "grade_id": "09-remember", "locked": false, "schema_version": 3, "solution": true, "task": false}
function remember(
  x: tf.Tensor3D,
  past: Latents | null,
  weights: MlaWeights,
  { config, rotary, rmsNorm, rotate }: RememberSteps,
): Latents {
  /// BEGIN SOLUTION
  const { kvLoraRank: C, qkRopeHeadDim: R } = config;
  const [B, T] = x.shape;
  return tf.tidy(() => {
    const [c, k] = tf.split(project(x, weights.kvAProjWithMqa), [C, R], 2) as tf.Tensor3D[];
    const cKV = rmsNorm(c, weights.kvALayernorm, 1e-6);
    const kPe = rotate(k.reshape([B, T, 1, R]), rotary).reshape<tf.Tensor3D>([B, T, R]);
    if (past === null) return { cKV, kPe };
    return { cKV: tf.concat([past.cKV, cKV], 1), kPe: tf.concat([past.kPe, kPe], 1) };
  });
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "09-remember-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(rememberExercise, remember);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Three steps for the new tokens: one product, one cut, then each of the two parts gets its own treatment. Which one has a
// norm, which one is turned? Then ask what the next step will need.
//
// </details>
// <details><summary>Hint 2</summary>
//
// `tf.split(project(x, weights.kvAProjWithMqa), [config.kvLoraRank, config.qkRopeHeadDim], 2)` cuts the last axis. A rotation
// works on $[B, T, H, R]$, and here there is one key for all heads: $H$ is 1.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const { kvLoraRank: C, qkRopeHeadDim: R } = config;
// const [B, T] = x.shape;
// const [c, k] = tf.split(project(x, weights.kvAProjWithMqa), [C, R], 2) as tf.Tensor3D[];
// const turned = rotate(k.reshape([B, T, 1, R]), rotary).reshape<tf.Tensor3D>([B, T, R]);
// ```
//
// What is left: the norm of `c`, and `tf.concat([past!.kPe, turned], 1)`, where there is a past, for both.
//
// </details>

// %% [markdown]
// ### Exercise 4 · Attention, as it is written
//
// *Implement · difficulty 3 of 3 · 30 minutes · 4 points*
//
// The queries of $T$ tokens come in two parts, `qC` $[B, H, T, d]$ without position and `qR` $[B, H, T, R]$, turned. What is
// kept of $S$ tokens is `cKV` $[B, S, C]$ and `kPe` $[B, S, R]$; the queries are those of the **last** $T$ of them.
//
// 1. `project(cKV, kvBProj)` expands the latents, head after head: a head's key ($d$ channels, `config.qkNopeHeadDim`), then
//    its value (`config.vHeadDim`). `splitHeads(x, heads)` makes $[B, H, S, \cdot]$ of $[B, S, H\,\cdot]$.
// 2. Scores are the products of both parts of query and key, added, times `softmaxScale(config)`. `againstShared(qR, kPe)`
//    multiplies every head's queries by the keys that all share.
// 3. Query $t$ is token $S - T + t$ and sees the keys up to itself: all others get a score so low that the softmax makes 0 of
//    it. Then the softmax, and the mixture of the values.
// 4. `mergeHeads(x)` puts the heads side by side again, and `oProj` brings them back to width $D$.

// %% nbgrader={"grade": false, "grade_id": "09-naive", "locked": false, "schema_version": 3, "solution": true, "task": false}
function naive(
  { qC, qR }: Query,
  { cKV, kPe }: Latents,
  { kvBProj, oProj }: AttendWeights,
  config: ModelConfig,
): tf.Tensor3D {
  /// BEGIN SOLUTION
  const { numAttentionHeads: H, qkNopeHeadDim: nope, vHeadDim: v } = config;
  const [T, S] = [qC.shape[2], cKV.shape[1]];
  return tf.tidy(() => {
    const expanded = splitHeads(project(cKV, kvBProj), H); // [B, H, S, nope + v]
    const [kC, values] = tf.split(expanded, [nope, v], 3) as tf.Tensor4D[];
    const scores = tf.matMul(qC, kC, false, true).add(againstShared(qR, kPe)).mul(softmaxScale(config)); // [B, H, T, S]
    const later = tf.range(0, S).expandDims(0).greater(tf.range(S - T, S).expandDims(1)); // [T, S]
    const probabilities = tf.softmax(scores.sub(later.toFloat().mul(1e30)));
    return project(mergeHeads(tf.matMul(probabilities, values) as tf.Tensor4D), oProj);
  });
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "09-naive-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
await check(naiveExercise, naive);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Write the shapes down first: expanded latents, keys, values, scores, probabilities, mixture. The mask is $[T, S]$ and the
// same for every head.
//
// </details>
// <details><summary>Hint 2</summary>
//
// With `tf.split(x, [config.qkNopeHeadDim, config.vHeadDim], 3)` keys and values come apart. For the mask, compare
// `tf.range(0, cKV.shape[1])`, the keys in a row, with the numbers of the queries in a column: later keys are greater.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const [T, S] = [qC.shape[2], cKV.shape[1]];
// const expanded = splitHeads(project(cKV, kvBProj), config.numAttentionHeads);
// const [kC, values] = tf.split(expanded, [config.qkNopeHeadDim, config.vHeadDim], 3) as tf.Tensor4D[];
// const scores = tf.matMul(qC, kC, false, true).add(againstShared(qR, kPe)).mul(softmaxScale(config));
// const later = tf.range(0, S).expandDims(0).greater(tf.range(S - T, S).expandDims(1));
// ```
//
// What is left: `scores.sub(later.toFloat().mul(1e30))`, its softmax, the mixture, and the way back to width $D$.
//
// </details>

// %% [markdown]
// ### Exercise 5 · The same, absorbed
//
// *Implement · difficulty 3 of 3 · 25 minutes · 3 points*
//
// When one token is written, expanding all that is kept would be most of the work. Take the query into the space of the
// latents instead, attend to the latents themselves, and expand the mixture (lesson 03). `upMatrices(kvBProj, config)`
// has $W^{UK}$ $[H, C, d]$ and $W^{UV}$ $[H, C, d_v]$ of all heads, with $d$ channels in a head's key and $d_v$ in its
// value. `causalSoftmax(content, positional, scale)` adds the two parts of the scores, scales, masks and takes the
// softmax. The result is that of exercise 4, and no key and no value is made on the way.

// %% nbgrader={"grade": false, "grade_id": "09-absorbed", "locked": false, "schema_version": 3, "solution": true, "task": false}
function absorbed(
  { qC, qR }: Query,
  { cKV, kPe }: Latents,
  { kvBProj, oProj }: AttendWeights,
  config: ModelConfig,
): tf.Tensor3D {
  /// BEGIN SOLUTION
  return tf.tidy(() => {
    const { wUK, wUV } = upMatrices(kvBProj, config); // [H, C, nope], [H, C, v]
    const query = tf.matMul(qC, wUK.expandDims<tf.Tensor4D>(0), false, true) as tf.Tensor4D; // [B, H, T, C]
    const probabilities = causalSoftmax(againstShared(query, cKV), againstShared(qR, kPe), softmaxScale(config));
    const mixture = againstShared(probabilities, cKV, false); // [B, H, T, C]
    const heads = tf.matMul(mixture, wUV.expandDims<tf.Tensor4D>(0)) as tf.Tensor4D; // [B, H, T, v]
    return project(mergeHeads(heads), oProj);
  });
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "09-absorbed-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(absorbedExercise, absorbed);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// A score is $q \cdot (W^{UK} c)$ for each head. Which of the two products can be done first, so that $c$ is never expanded?
//
// </details>
// <details><summary>Hint 2</summary>
//
// `tf.matMul(qC, upMatrices(kvBProj, config).wUK.expandDims<tf.Tensor4D>(0), false, true)` are the queries in the space
// of the latents, $[B, H, T, C]$. `againstShared(x, y)` multiplies each head by what all share; with `false` as a third
// argument, the second one is not transposed.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const { wUK, wUV } = upMatrices(kvBProj, config);
// const query = tf.matMul(qC, wUK.expandDims<tf.Tensor4D>(0), false, true) as tf.Tensor4D;
// const p = causalSoftmax(againstShared(query, cKV), againstShared(qR, kPe), softmaxScale(config));
// const mixture = againstShared(p, cKV, false);
// ```
//
// What is left: each head's mixture times its own $W^{UV}$, and the way back to width $D$ as in exercise 4.
//
// </details>

// %% jupyter={"source_hidden": true}
const soFar = await ownParts({ rmsNorm, rotate, remember, naive, absorbed });
showDrawing(modelPartsDrawing(model.config, soFar.own));

// %% [markdown]
// ## 4. Experts
//
// ### Exercise 6 · The router
//
// *Implement · difficulty 3 of 3 · 25 minutes · 4 points*
//
// For tokens `x` $[N, D]$:
//
// 1. affinities $s = \mathrm{sigmoid}(x W)$, with `gate.weight`: one number for each of $E$ experts;
// 2. for the choice alone, $z = s + b$ with `gate.eScoreCorrectionBias`;
// 3. the experts lie in `config.nGroup` groups of equal size, one after the other. A group's score is the sum of its two
//    largest $z$; the best `config.topkGroup` groups stay in the choice;
// 4. the `config.numExpertsPerTok` largest $z$ within them are chosen;
// 5. the weights are the affinities $s$ of the chosen: divided by their sum where `config.normTopkProb` is true, times
//    `config.routedScalingFactor` in any case.
//
// Return `{ affinity, mask, gates }`, each $[N, E]$: $s$; 1 for the chosen experts and 0 for the others; the weights, 0 for
// those that are not chosen. The numbers of the chosen experts, which exercise 7 is given, are read from your mask.
// `topKMask(x, k)` has a 1 for the $k$ largest values of each row.

// %% nbgrader={"grade": false, "grade_id": "09-route", "locked": false, "schema_version": 3, "solution": true, "task": false}
function route(x: tf.Tensor2D, gate: RouterWeights, config: RoutingConfig): RoutingDecision {
  /// BEGIN SOLUTION
  const { nRoutedExperts: E, numExpertsPerTok: K, nGroup: G, topkGroup, normTopkProb, routedScalingFactor } = config;
  const N = x.shape[0];
  return tf.tidy(() => {
    const affinity = tf.sigmoid(tf.matMul(x, gate.weight)) as tf.Tensor2D;
    const biased = affinity.add(gate.eScoreCorrectionBias);
    const bestTwo = tf.topk(biased.reshape([N * G, E / G]), 2).values;
    const groups = topKMask(bestTwo.sum(1).reshape<tf.Tensor2D>([N, G]), topkGroup); // [N, G]
    const dropped = tf.sub(1, groups).expandDims(2).mul(1e30); // [N, G, 1]
    const candidates = biased.reshape([N, G, E / G]).sub(dropped).reshape<tf.Tensor2D>([N, E]);
    const mask = topKMask(candidates, K);
    const chosen = affinity.mul(mask);
    const shares = normTopkProb ? chosen.div(chosen.sum(1, true)) : chosen;
    return { affinity, mask, gates: shares.mul<tf.Tensor2D>(routedScalingFactor) };
  });
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "09-route-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
await check(routeExercise, route);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Keep the two kinds of numbers apart: which steps use $z$, which ones $s$? And a biased score can be negative: what has to
// stand in for an expert of a group that is out?
//
// </details>
// <details><summary>Hint 2</summary>
//
// With $G$ groups, a reshape to $[N G, E/G]$ has a group in each row: `tf.topk(x, 2).values` has the two largest of each row. Subtract
// `1e30` from all experts of the groups that are out; in the shape $[N, G, E/G]$ that is one subtraction.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const { nRoutedExperts: E, nGroup: G, topkGroup } = config;
// const N = x.shape[0];
// const s = tf.sigmoid(tf.matMul(x, gate.weight)) as tf.Tensor2D;
// const z = s.add(gate.eScoreCorrectionBias);
// const bestTwo = tf.topk(z.reshape([N * G, E / G]), 2).values;
// const groups = topKMask(bestTwo.sum(1).reshape<tf.Tensor2D>([N, G]), topkGroup);
// const dropped = tf.sub(1, groups).expandDims(2).mul(1e30);
// ```
//
// What is left: subtract `dropped`, choose with `topKMask(x, k)`, and make the weights from `s`.
//
// </details>

// %% [markdown]
// ### Exercise 7 · The experts, each on its own tokens
//
// *Implement · difficulty 3 of 3 · 25 minutes · 3 points*
//
// `x` $[N, D]$ are the tokens, `expertIndices` $[N, K]$ their chosen experts and `gates` $[N, E]$ the weights. Expert $e$
// computes
//
// $$\mathrm{down}_e(\mathrm{SiLU}(\mathrm{gate}_e(x)) \odot \mathrm{up}_e(x))$$
//
// with its own slice of `gateProj`, `upProj` $[E, D, I]$ and `downProj` $[E, I, D]$, where $I$ is the width inside an
// expert; `swiGlu(gate, up)` is the inside. Return the sum of each token's experts, each times its weight, $[N, D]$. An
// expert that nobody chose computes nothing.
//
// `takeRows(x, indices)` collects rows, `addRows(rows, indices, n)` adds rows up at their places among $n$; their indices are
// int32 tensors.

// %% nbgrader={"grade": false, "grade_id": "09-experts", "locked": false, "schema_version": 3, "solution": true, "task": false}
function experts(
  x: tf.Tensor2D,
  { expertIndices, gates }: { expertIndices: tf.Tensor2D; gates: tf.Tensor2D },
  { gateProj, upProj, downProj }: ExpertWeights,
): tf.Tensor2D {
  /// BEGIN SOLUTION
  const chosen = expertIndices.arraySync(); // [N][K]
  const [N, E] = gates.shape;
  return tf.tidy(() => {
    const outputs: tf.Tensor2D[] = [];
    const places: number[] = [];
    for (let e = 0; e < E; e++) {
      const tokens = chosen.flatMap((row, n) => (row.includes(e) ? [n] : []));
      if (tokens.length === 0) continue;
      const own = (w: tf.Tensor3D) => w.slice([e], [1]).squeeze<tf.Tensor2D>([0]);
      const indices = tf.tensor1d(tokens, "int32");
      const rows = takeRows(x, indices);
      const inner = swiGlu(tf.matMul(rows, own(gateProj)), tf.matMul(rows, own(upProj)));
      const weights = takeRows(gates.slice([0, e], [N, 1]), indices); // one for each row
      outputs.push(tf.matMul(inner, own(downProj)).mul<tf.Tensor2D>(weights));
      places.push(...tokens);
    }
    return addRows(tf.concat(outputs, 0), tf.tensor1d(places, "int32"), N);
  });
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "09-experts-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(expertsExercise, experts);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Turn the question round: not which experts a token has, but which tokens an expert has. Then each expert is three products
// on a few rows.
//
// </details>
// <details><summary>Hint 2</summary>
//
// `expertIndices.arraySync()` are the choices as plain numbers. For expert 3, the rows of its tokens are collected, computed,
// multiplied by column 3 of `gates`, and added at their places. One `addRows(rows, indices, n)` at the end can do it for all.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const tokensOf = (e: number) => expertIndices.arraySync().flatMap((row, n) => (row.includes(e) ? [n] : []));
// const compute = (e: number, rows: tf.Tensor2D) => {
//   const own = (w: tf.Tensor3D) => w.slice([e], [1]).squeeze<tf.Tensor2D>([0]);
//   const inner = swiGlu(tf.matMul(rows, own(gateProj)), tf.matMul(rows, own(upProj)));
//   return tf.matMul(inner, own(downProj));
// };
// ```
//
// What is left: a loop over the experts that skips those without tokens, the weights (`gates.slice([0, 3], [-1, 1])` is
// column 3), and the sum.
//
// </details>

// %% [markdown]
// ## 5. The block, and the module that guesses ahead
//
// ### Exercise 8 · The block
//
// *Implement · difficulty 1 of 3 · 10 minutes · 2 points*
//
// `h` $[B, T, D]$ is the residual stream. Attention reads a normalised copy of it, and what it gives is added to the
// stream. Then the feed-forward network does the same with the new stream. The gain of attention's norm is
// `inputLayernorm`, that of the other `postAttentionLayernorm`. `norm(x, weight)`, `attention(x)` and `feedForward(x)`
// come with the arguments. Call `attention` once: with a cache, each call keeps the tokens that it is given.

// %% nbgrader={"grade": false, "grade_id": "09-block", "locked": false, "schema_version": 3, "solution": true, "task": false}
function block(
  h: tf.Tensor3D,
  { inputLayernorm, postAttentionLayernorm }: BlockNorms,
  { norm, attention, feedForward }: BlockSteps,
): tf.Tensor3D {
  /// BEGIN SOLUTION
  return tf.tidy(() => {
    const middle = h.add<tf.Tensor3D>(attention(norm(h, inputLayernorm)));
    return middle.add<tf.Tensor3D>(feedForward(norm(middle, postAttentionLayernorm)));
  });
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "09-block-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(blockExercise, block);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Draw the stream as a line, with two branches that leave it and come back. Where on the branch does the norm stand?
//
// </details>
// <details><summary>Hint 2</summary>
//
// The first branch is `attention(norm(h, inputLayernorm))`. What does the second one read: `h`, or what came of the first
// addition?
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const middle = h.add<tf.Tensor3D>(attention(norm(h, inputLayernorm)));
// ```
//
// What is left: the same again, from `middle`, with `feedForward(x)` and the other norm.
//
// </details>

// %% [markdown]
// ### Exercise 9 · The multi-token prediction module
//
// *Implement · difficulty 2 of 3 · 12 minutes · 2 points*
//
// `hidden` $[B, T, D]$ are the main model's states after its last norm, `nextEmbedding` $[B, T, D]$ the embeddings of the
// tokens behind them. Both are normalised, with `enorm` for the embedding and `hnorm` for the state, and laid side by side,
// **embedding first**: that is how the released matrix `ehProj` $[2D, D]$ wants them. The product goes through the module's
// block, and then through its last norm, `sharedHeadNorm`. `norm(x, weight)`, `project(x, w)` and `block(h)` come with the
// arguments.

// %% nbgrader={"grade": false, "grade_id": "09-mtp", "locked": false, "schema_version": 3, "solution": true, "task": false}
function mtp(
  hidden: tf.Tensor3D,
  nextEmbedding: tf.Tensor3D,
  { enorm, hnorm, ehProj, sharedHeadNorm }: MtpNorms,
  { norm, project, block }: MtpSteps,
): tf.Tensor3D {
  /// BEGIN SOLUTION
  return tf.tidy(() => {
    const both = tf.concat([norm(nextEmbedding, enorm), norm(hidden, hnorm)], 2); // [B, T, 2D]
    return norm(block(project(both, ehProj)), sharedHeadNorm);
  });
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "09-mtp-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(mtpExercise, mtp);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Three norms, one concatenation, one product, one block. Which norm comes last, and why does the head need it?
//
// </details>
// <details><summary>Hint 2</summary>
//
// `tf.concat([norm(nextEmbedding, enorm), norm(hidden, hnorm)], 2)` lies along the channels.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const both = tf.concat([norm(nextEmbedding, enorm), norm(hidden, hnorm)], 2);
// const joined = project(both, ehProj);
// ```
//
// What is left: `block(joined)`, and the last norm, in `tf.tidy(() => hidden)`.
//
// </details>

// %% [markdown]
// ## 6. What training asks
//
// A trained model does without the next two. They belong to the whole all the same: the loss is what a model learns from,
// and the bias is what keeps its experts busy. [Lesson 10](10-train-it.ipynb) trains a model with both.
//
// ### Exercise 10 · The loss
//
// *Implement · difficulty 2 of 3 · 12 minutes · 2 points*
//
// `logits` are $[B, T, V]$, `ids` the $T$ tokens of each of $B$ texts. The logits at place $t$ say what token $t + 1$ is, so
// the last place of each text predicts nothing that is known. Return the mean of $-\ln p(\text{token } t + 1)$ over the
// other places, a scalar, in nats.

// %% nbgrader={"grade": false, "grade_id": "09-loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
function loss(logits: tf.Tensor3D, ids: number[][]): tf.Scalar {
  /// BEGIN SOLUTION
  const [B, T, V] = logits.shape;
  return tf.tidy(() => {
    const predicting = logits.slice([0, 0, 0], [B, T - 1, V]);
    const next = tf.tensor2d(ids.map((row) => row.slice(1)), [B, T - 1], "int32");
    const own = tf.logSoftmax(predicting).mul(tf.oneHot(next, V).toFloat()); // 0 but at the tokens that came
    return own.sum().div<tf.Scalar>(-B * (T - 1));
  });
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "09-loss-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(lossExercise, loss);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Write down a text of four tokens. Which rows of logits have a token to be compared with, and which token is it?
//
// </details>
// <details><summary>Hint 2</summary>
//
// `tf.logSoftmax(logits)` has the logarithms of the probabilities and does not overflow. `tf.oneHot(indices, depth)`
// picks one of them at each place.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const [B, T, V] = logits.shape;
// const predicting = logits.slice([0, 0, 0], [B, T - 1, V]);
// const next = tf.tensor2d(ids.map((row) => row.slice(1)), [B, T - 1], "int32");
// const picked = tf.oneHot(next, V).toFloat();
// ```
//
// What is left: the product of the logarithms with `picked`, its sum, divided by the number of places, with its sign.
//
// </details>

// %% [markdown]
// ### Exercise 11 · The step of the bias
//
// *Implement · difficulty 1 of 3 · 8 minutes · 1 point*
//
// After each step of training, an expert with more tokens than the mean gets a bias that is lower by `gamma`, one with
// fewer a higher one; an expert exactly at the mean keeps its own. `counts` $[E]$ says how many tokens chose each expert.
// Return the new bias $[E]$.

// %% nbgrader={"grade": false, "grade_id": "09-bias", "locked": false, "schema_version": 3, "solution": true, "task": false}
function moveBias(bias: tf.Tensor1D, counts: tf.Tensor1D, gamma: number): tf.Tensor1D {
  /// BEGIN SOLUTION
  // In whole numbers, E times the distance from the mean: so equal counts are exactly at it.
  return tf.tidy(() => bias.add<tf.Tensor1D>(counts.sum().sub(counts.mul(counts.size)).sign().mul(gamma)));
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "09-bias-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
await check(biasExercise, moveBias);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// The size of the step is the same for all. What is it that the counts decide?
//
// </details>
// <details><summary>Hint 2</summary>
//
// `tf.sign(x)` is −1, 0 or 1. Of which difference do you need it, and in which order?
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const missing = counts.mean().sub(counts);
// ```
//
// What is left: its sign, times `gamma`, added to `bias`, in `tf.tidy(() => bias)`.
//
// </details>

// %% [markdown]
// ## 7. From logits to a token
//
// ### Exercise 12 · The probabilities that are drawn from
//
// *Implement · difficulty 2 of 3 · 20 minutes · 3 points*
//
// `logits` has one number for each token of the vocabulary. Divide by `temperature`, take the softmax, and then cut: if
// `topK` is given, only so many of the most likely tokens stay; if `topP` is given, only the most likely of **those**,
// as many as it takes for their probabilities to reach the share `topP` of what top-k has left. Return a list of
// probabilities that sum to 1, 0 for what was cut, each at its token's place. At temperature 0 the most likely token has
// probability 1. Of equally likely tokens the first comes first, there and in both cuts. Plain numbers will do here.

// %% nbgrader={"grade": false, "grade_id": "09-distribution", "locked": false, "schema_version": 3, "solution": true, "task": false}
function distribution(logits: ArrayLike<number>, { temperature, topK, topP }: SamplingOptions): number[] {
  /// BEGIN SOLUTION
  const values = Array.from(logits);
  const largest = Math.max(...values);
  if (temperature === 0) return values.map((_, v) => (v === values.indexOf(largest) ? 1 : 0));
  const sum = (list: number[]) => list.reduce((total, value) => total + value, 0);
  const exponentials = values.map((logit) => Math.exp((logit - largest) / temperature));
  const candidates = [...values.keys()].sort((a, b) => values[b] - values[a] || a - b).slice(0, topK);
  const wanted = (topP ?? 1) * sum(candidates.map((v) => exponentials[v]));
  const kept: number[] = [];
  for (const v of candidates) {
    if (kept.length > 0 && sum(kept.map((u) => exponentials[u])) >= wanted) break;
    kept.push(v);
  }
  const total = sum(kept.map((v) => exponentials[v]));
  return values.map((_, v) => (kept.includes(v) ? exponentials[v] / total : 0));
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "09-distribution-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(distributionExercise, distribution);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Four steps: temperature, softmax, cut, and once more a sum of 1. What has to be done so that `Math.exp(800)` never occurs?
//
// </details>
// <details><summary>Hint 2</summary>
//
// Sort the numbers of the tokens, not the logits: `Array.from(logits).map((_, v) => v)` are the numbers. Then walk from the
// most likely one on, and stop when the sum of what you have kept reaches what is wanted.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const values = Array.from(logits);
// const largest = Math.max(...values);
// const exponentials = values.map((logit) => Math.exp((logit - largest) / temperature));
// const candidates = [...values.keys()].sort((a, b) => values[b] - values[a] || a - b).slice(0, topK);
// const reach = candidates.reduce((sum, v) => sum + exponentials[v], 0) * (topP ?? 1);
// ```
//
// What is left: keep candidates until their exponentials sum to `reach`, the first one in any case; divide by the sum of the
// kept ones; and temperature 0.
//
// </details>

// %% [markdown]
// ## 8. Put together
//
// Which parts are yours? Those whose check passes now; the library stands in for the others, and for a cell that does not
// compile yet.

// %%
const mine = await ownParts({ rmsNorm, rotate, remember, naive, absorbed, route, experts, block, mtp, distribution });

// %% jupyter={"source_hidden": true}
showDrawing(modelPartsDrawing(model.config, mine.own));
say`${mine.own.length === 0
  ? "None of the parts is yours yet: below, the library stands in for all of them, and everything runs all the same."
  : mine.missing.length === 0
    ? "All parts of the record are yours."
    : `Yours: ${listed(mine.own)}. The library stands in for ${listed(mine.missing)}.`}`;

// %% [markdown]
// Being right is not all. A part that leaves tensors behind fills the memory, and a slow one makes every token wait. Here
// is all that you have written, right or not, beside the library's own, on the first case of each check:

// %% tags=["timing"]
const reports = await compareParts(mine.answers);
if (reports.length > 0) {
  table(
    reports.map((report) => ({
      part: report.part,
      "largest difference": Number.isNaN(report.difference) ? "–" : report.difference.toExponential(1),
      "tensors left": Number.isNaN(report.leaks) ? undefined : report.leaks,
      "times lib's time": Number.isNaN(report.slowness) ? undefined : report.slowness,
      "what stands against it": objection(report, slow) ?? "nothing",
    })),
    { caption: "Your parts beside lib's", columns: { "times lib's time": { digits: 1 } } },
  );
} else say`There is nothing to compare yet.`;

// %% [markdown]
// Each time is that of the fastest of some calls. Calls this short vary all the same; run the cell again before you
// believe one. The library has kernels of its own for some parts, and sorts all tokens by expert at once. Yours may be
// slower and is still right.
//
// ## 9. Your model beside the library's
//
// Now the record goes to the model. v3-mini's weights were trained with the library's parts. **Predict**: by how much
// will the logits of your model differ from the library's, relative to the largest logit: not at all, by about 1e-6, by
// more than 1e-5?

// %%
const yourDifference = "about 1e-6"; // change it before you run on

// %%
const held = heldOutWindows(corpus.heldOut[writing], { length: 32, count: 1, seed });
const differences = logitDifferences(model, held, mine.parts);
table(differences.map(({ pass, largest }) => ({ pass, "largest difference": largest === 0 ? "0" : largest.toExponential(0) })));
const worst = Math.max(...differences.map(({ largest }) => largest));
say`You said *${yourDifference}*. The largest difference is ${worst === 0 ? "**0**" : `of the size **${worst.toExponential(0)}**`}${
  mine.own.length === 0 ? ": no part is yours, so it is the library that was compared with itself" : ""}.
${worst <= 1e-5 ? "That is within 1e-5 of the library's, on every way through the model." : "**That is more than 1e-5:** one of the parts differs beyond rounding."}
A sum in another order rounds in another way, so equal formulas need not give equal bits.`;

// %% [markdown]
// ## 10. It writes
//
// The same text three ways: each token from the whole text again, each token from the cache of latents, and with drafts
// by the module, which the main model verifies. At temperature 0 all three must be the same, to the last byte. The first
// way is slow and writes only the beginning. (About 10 s.)

// %%
const options = { tokens: writtenTokens, temperature: 0, parts: mine.parts };
const fromCache = await write(model, prompt, options);
checkInterrupt();
const withDrafts = await write(model, prompt, { ...options, drafts: true });
checkInterrupt();
const fromScratch = writeWithoutCache(model, prompt, { tokens: Math.min(writtenTokens, 24), parts: mine.parts });
const byLibrary = await write(model, prompt, { tokens: writtenTokens, temperature: 0 });
const same = (a: number[], b: number[]) => a.every((id, i) => id === b[i]);
table([
  { way: "from the cache", tokens: fromCache.ids.length, "passes of the main model": fromCache.stats.steps, "as the library writes": same(fromCache.ids, byLibrary.ids) ? "yes" : "no" },
  { way: "with drafts", tokens: withDrafts.ids.length, "passes of the main model": withDrafts.stats.steps, "as the library writes": same(withDrafts.ids, byLibrary.ids) ? "yes" : "no" },
  { way: "without a cache", tokens: fromScratch.length, "passes of the main model": fromScratch.length, "as the library writes": same(fromScratch, byLibrary.ids) ? "yes" : "no" },
]);

// %%
const text = temperature === 0 ? withDrafts : await write(model, prompt, {
  tokens: writtenTokens, temperature, seed, drafts: true, parts: mine.parts,
});
console.log(BEGINNINGS[writing] + textOf(text.ids));
say`${mine.missing.length === 0 ? "All parts of the record that wrote this are yours" : mine.own.length === 0
  ? "The library wrote this" : `${mine.own.length} of the ${mine.own.length + mine.missing.length} parts that wrote this are yours`}.
${text.stats.accepted} of ${text.stats.drafted} drafts were accepted (${percent(text.stats.accepted / Math.max(1, text.stats.drafted))}).`;
result("drafts accepted", text.stats.accepted / Math.max(1, text.stats.drafted));

// %% [markdown]
// ## 11. Save your model
//
// Your parts can leave the notebook, as a module. Change `false` to `true` and run the cell. It takes the cells in which
// your parts stand, as they are: a helper that you have declared in another cell does not come along, so put it into the
// cell that uses it. An older module is kept beside the new one.

// %%
const saveMyModel = false; // true writes your parts to work/my-model.ts

// %% jupyter={"source_hidden": true}
if (!saveMyModel) say`Nothing is written.`;
else if (mine.own.length === 0) say`None of the parts is yours yet, so there is nothing to write.`;
else {
  const saved = saveParts(mine.own);
  say`Your parts (${listed(mine.own)}) are in \`${saved.file}\`${saved.older === null ? "" : `; what stood there before is in \`${saved.older}\``}.
In a terminal of the course's folder (from a browser tab, download the file into its \`work/\` first), \`npm run --silent generate -- --parts ${saved.file} --model data/checkpoints/v3-mini --prompt "The captain" --speculative\`
writes with them.`;
}

// %% [markdown]
// ## 12. Recap: the claims, and what came out
//
// A verdict on a mechanism is easier with the mechanism in hand. These three are judged with the sources; what your model
// adds to them is in the third column.

// %% jupyter={"source_hidden": true}
const attend = { ...LIB_PARTS, ...mine.parts };
const [apart] = tf.tidy(() => {
  const [expanded, latent] = [attend.naive(...absorbedExercise.inputs(2)), attend.absorbed(...absorbedExercise.inputs(2))];
  return expanded.sub(latent).abs().max().div(expanded.abs().max()).dataSync();
});
const softmaxCost = byCost.find(({ mistake }) => mistake === "softmax in place of sigmoid")!;
verdicts([
  {
    claim: claimInWords("mla-latent"),
    verdict: verdictOf("mla-latent"),
    sources: "section 2.1.1: the latent is what is kept, and keys and values of each head are made from it",
    computed: `with keys and values expanded, and in the space of the latents, attention gives the same: ${
      apart === 0 ? "no difference at all" : `at most ${apart.toExponential(0)} of the largest number apart`}`,
  },
  {
    claim: claimInWords("lb-penalty"),
    verdict: verdictOf("lb-penalty"),
    sources: "section 2.1.2, equation 16: a bias is added to the scores for the choice alone, and the scores are sigmoids",
    computed: `a softmax in the sigmoid's place: ${intervalWords(softmaxCost.more, { digits: 3 })} more bits per byte with v3-mini's weights`,
  },
  {
    claim: claimInWords("mtp-inference"),
    verdict: verdictOf("mtp-inference"),
    sources: "sections 2.2 and 5.4.3: the module can be left out; kept as a draft, it makes decoding faster",
    computed: `${withDrafts.stats.steps} passes of the main model with drafts, ${fromCache.stats.steps} without, for ${
      same(withDrafts.ids, fromCache.ids) ? "the same text" : "texts that differ"}`,
  },
]);

// %% [markdown]
// ## What to take along
//
// - V3 is a small number of functions with fixed shapes between them. Each can be written, tested and replaced by itself.
// - The mistakes that hurt are those that a text hides. Numbers of a reference find them, reading does not.
// - Cache, absorption and drafts change what a text costs, and nothing about what it says.
//
// ## Where to read on
//
// - [DeepSeek-V3 Technical Report](https://arxiv.org/abs/2412.19437), section 2: the equations that you have written;
// - DeepSeek's own [inference code](https://github.com/deepseek-ai/DeepSeek-V3/tree/main/inference), in one file
//   of Python: with this lesson behind you, you can read it from top to bottom;
// - `lib/model/` and `lib/inference/` here, where each part of yours has its counterpart.
//
// **Next: [lesson 10](10-train-it.ipynb)**, where you train a model of this kind yourself.
