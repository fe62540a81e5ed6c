// %% [markdown]
// # 03 · Multi-head latent attention
//
// ## How do 128 heads remember a long text in so little memory?
//
// To write its next word, a model looks back at every word before it. So it keeps something of each: the cache of keys
// and values. With plain attention the cache of one long text would fill a whole server of GPUs. V3 keeps a small part of
// that. Its report calls the quality comparable to that of plain attention (section 2.1.1).
//
// At the end of this lesson you can
//
// - count what each kind of attention keeps, for any model;
// - write the attention of one decoding step yourself, from a cache of latents that is never expanded;
// - say why rotary positions break that trick, and how V3 repairs it;
// - say what the compressed queries are for;
// - tell when the trick pays: in decoding it does, in training and in reading a prompt it does not.
//
// *About two and a half hours, with six exercises. Before it: [lesson 01](01-mixture-of-experts.ipynb).*

// %% jupyter={"source_hidden": true}
import * as tf from "@tensorflow/tfjs";
import { loadModel } from "./lib/checkpoint/checkpoint";
import { attentionRules } from "./lib/claims/attention";
import { findClaim, sourcesOf } from "./lib/claims/claims";
import { openCorpus } from "./lib/corpus/build";
import { bytesOf } from "./lib/corpus/bytes";
import { DOMAINS, heldOutWindows } from "./lib/corpus/corpus";
import { citeLink, modelFact, value } from "./lib/economics/facts";
import {
  attentionFlops, attentionShape, DECODE_MODES, decodeFlops, forwardFlops, type DecodeMode,
} from "./lib/economics/flops";
import { expandedCacheBytes, kvCacheBytes, latentCacheBytes } from "./lib/economics/memory";
import { decoderShape } from "./lib/economics/other-models";
import {
  activeParameters, layerParameters, mtpParameters, plainAttentionParameters, totalParameters,
} from "./lib/economics/parameters";
import { intensity, leastTime, machine, ridge } from "./lib/economics/roofline";
import {
  absorbExercise, bytesExercise, cacheReading, commuteExercise, compareWidths, crossover, crossoverLimit, decodeExercise,
  decodeTimes, decoupledExercise, describeHeads, describeTimes, keptForBackward, measureHeads, median, MODE_NAMES, passWork,
  preferences, projectionsOf, readLatentWidths, rotaryErrors, STEPS, TARGETS, valuesExercise, WAYS, widthsOf, groupedReading, type CacheShape,
  type DecodeInput, type Decoded, type DecodeTimes, type DecoupledParts, type Mixed, type Step,
} from "./lib/lessons/03-multi-head-latent-attention";
import { project } from "./lib/model/arithmetic";
import { latentAttentionDrawing } from "./lib/drawings";
import { DEEPSEEK_V3, tinyConfig } from "./lib/model/config";
import { LatentCache } from "./lib/model/latent-cache";
import { againstShared, latent, mergeHeads, mla, queries, upMatrices } from "./lib/model/mla";
import { createModel } from "./lib/model/model";
import { rotaryTables, softmaxScale } from "./lib/model/rotary";
import {
  barChart, check, checkParameters, fixed, heatmapChart, lineChart, medianTime, percent, plot, progress, result, say,
  showDrawing, showSource, sliderPlot, solvedOr, table, times, verdicts, whole,
} from "./lib/notebook";
import { useBackend } from "./lib/tensor/backend";
import { rotate } from "./lib/tensor/nn";
import { Random } from "./lib/tensor/random";

const backend = await useBackend();
say`Ready: tensors are computed by **${backend.name}**.`;

// %% [markdown]
// ## What is said
//
// These are the claims of a popular account on attention, in our words:

// %% jupyter={"source_hidden": true}
const claimIds = ["mla-latent", "mla-params", "mla-perceiver", "mla-tradeoff"];
table(claimIds.map((id) => ({ id, "claim, in our words": findClaim(id).claim })));

// %% [markdown]
// Sources: the [technical report](https://arxiv.org/abs/2412.19437) of V3, section 2.1.1; the
// [report](https://arxiv.org/abs/2405.04434) of V2, where the method was introduced, section 2.1; and
// [Insights into DeepSeek-V3](https://arxiv.org/abs/2505.09343), section 2.1.2. The rest we compute.
//
// **The numbers worth changing.** Change one, then *Run → Run All Cells*: every figure below follows.

// %% tags=["parameters"]
const context = 32768; // 1024..163840 tokens: length of the text behind the token that is written
const cacheBytes = 2; // 1 | 2 | 4 bytes: of a number in the cache; 2 is BF16, 1 is FP8
const chunk = 2048; // 1..163840 tokens: of a prompt, read in one pass (section 11)
const head = 2; // 0..7 head: of v3-mini, whose attention is drawn first in section 10
const longest = 2048; // 256..4096 tokens: the longest past that is timed
const seed = 1; // 0..999999 number: where all random numbers start

// %%
checkParameters("03-multi-head-latent-attention", { context, cacheBytes, chunk, head, longest, seed });
const KB = 1e3;
const GB = 1e9;

// %% [markdown]
// ## 1. The cache is the problem
//
// Attention compares a *query* of the new token with the *keys* of all tokens before it, and mixes their *values* by how
// well they fit. Keys and values of the past don't change, so they are kept. Plain **multi-head attention** (MHA) keeps
// them for each of its $H$ heads; **grouped-query** (GQA) shares each pair of key and value among some heads, **multi-query**
// (MQA) among all.
//
// **Predict.** V3 has 61 layers with 128 heads (the report, section 4.2). How many kilobytes per token would plain attention
// keep, with `cacheBytes` bytes a number (see the parameters)? And how many does V3 keep? Put your guesses, then run both cells.

// %%
const myGuess = { plain: 500, v3: 100 }; // KB per token

// %% jupyter={"source_hidden": true}
const v3Heads = {
  layers: DEEPSEEK_V3.numHiddenLayers, heads: DEEPSEEK_V3.numAttentionHeads, kvHeads: 8, headDim: DEEPSEEK_V3.vHeadDim,
};
const { qkNopeHeadDim: v3Nope, qkRopeHeadDim: v3Rope, vHeadDim: v3Value, kvLoraRank: v3Latent } = DEEPSEEK_V3;
const kept = [
  { name: `MHA with V3's heads (keys of ${v3Nope + v3Rope})`, bytes: expandedCacheBytes(DEEPSEEK_V3, cacheBytes) },
  { name: `MHA with keys of ${v3Value}, as wide as the values`, bytes: kvCacheBytes(v3Heads, "multi-head", cacheBytes) },
  { name: "GQA, groups of 16 heads", bytes: kvCacheBytes(v3Heads, "grouped-query", cacheBytes) },
  { name: "MQA, one pair for all", bytes: kvCacheBytes(v3Heads, "multi-query", cacheBytes) },
  { name: "MLA, V3's latent", bytes: latentCacheBytes(DEEPSEEK_V3, cacheBytes) },
];
const [mha, narrowMha, , mqa, latentKept] = kept;
plot(
  barChart({
    title: "What does one token leave in the cache of a model of V3's layers and heads?",
    x: { title: "KB per token (log scale)", log: true },
    labels: kept.map(({ name }) => name),
    series: [{ name: "cache", values: kept.map(({ bytes }) => bytes / KB) }],
  }),
  { height: 320 },
);
say`You said ${whole(myGuess.plain)} and ${whole(myGuess.v3)} KB. Plain attention with V3's heads keeps
**${whole(mha.bytes / KB)} KB** per token, V3 **${fixed(latentKept.bytes / KB, 1)} KB**: ${times(mha.bytes / latentKept.bytes)} less.
Against plain attention with keys as wide as its values it is ${times(narrowMha.bytes / latentKept.bytes)} less. Both
ratios are in use. One shared pair would take ${times(latentKept.bytes / mqa.bytes)} less still, but it is one pair: in V3 each head has
keys and values of its own.`;
result("cache per token", latentKept.bytes, "bytes");

// %% [markdown]
// How can every head have its own keys and values if so little is kept? That is what this lesson is about. First, what it
// buys. Move the slider: how much memory does the cache of one text take?

// %% jupyter={"source_hidden": true}
const contexts = [4096, 16384, 32768, 65536, 131072, 163840];
sliderPlot({
  title: "How much memory does one text take?",
  parameter: "context",
  unit: "tokens",
  values: contexts,
  initial: contexts.reduce((best, one) => (Math.abs(one - context) < Math.abs(best - context) ? one : best)),
  figure: (tokens) =>
    barChart({
      title: `${tokens} tokens`,
      x: { title: "GB (log scale)", log: true },
      labels: kept.map(({ name }) => name),
      series: [{ name: "cache of one text", values: kept.map(({ bytes }) => (bytes * tokens) / GB) }],
    }),
  height: 400,
});
const gpuMemory = value("accelerators", "h800", "memory");
const fits = (bytes: number) => Math.floor(gpuMemory / (bytes * context));
say`An H800 has ${whole(gpuMemory / GB)} GB. If it held nothing but caches, ${whole(fits(latentKept.bytes))} texts of
${whole(context)} tokens would fit with latents, ${fits(mha.bytes) === 0 ? "not a single one" : whole(fits(mha.bytes))} with
plain attention: one text would take ${fixed((mha.bytes * context) / gpuMemory, 1)} GPUs.`;
result("texts that fit one H800", fits(latentKept.bytes), "texts");

// %% [markdown]
// The developers print such a table for three real models. Two of them have groups of heads. We compute the sizes from the
// models' shapes and set them beside what is printed:

// %% jupyter={"source_hidden": true}
const published = ["deepseek-v3", "qwen2.5-72b", "llama-3.1-405b"].map((id) => {
  const printed = modelFact(id, "kvCacheBytes");
  const bytes = id === "deepseek-v3" ? latentCacheBytes(DEEPSEEK_V3) : kvCacheBytes(decoderShape(id), "grouped-query");
  return { id, printed: printed.value, bytes };
});
table(
  published.map(({ id, printed, bytes }) => ({
    model: id,
    "KB per token, computed": bytes / KB,
    "KB per token, printed": printed / KB,
    "times V3's": bytes / published[0].bytes,
  })),
  { caption: "Cache per token in BF16", digits: 2 },
);
say`Printed in ${citeLink(modelFact("deepseek-v3", "kvCacheBytes"))}. ${
  published.every(({ printed, bytes }) => printed === bytes) ? "The sizes agree to the byte." : "Not all sizes agree."
} The ratio of the last row is **${fixed(published[2].bytes / published[0].bytes)}**; the paper prints
${modelFact("llama-3.1-405b", "kvCacheRatio").value}, which its own two sizes don't give.`;

// %% [markdown]
// ## 2. One latent for all heads
//
// The idea (the report, equations 1, 2 and 5): multiply the token's state $h_t$ by a narrow matrix, keep the result, and make
// the keys and values of all heads from it.
//
// $$c_t^{KV} = \mathrm{RMSNorm}(W^{DKV} h_t) \qquad k_t^C = W^{UK} c_t^{KV} \qquad v_t^C = W^{UV} c_t^{KV}$$
//
// $W^{DKV}$ goes **d**own to the latent, $W^{UK}$ and $W^{UV}$ go **u**p to the keys and values. The norm is not in equation 1:
// section 4.2 adds it, behind each compressed latent. V2's report says why: "to ensure stable training" (section 3.1.2).
//
// Here are the shapes along the way, in a small model and in V3:

// %%
const small = tinyConfig({ numHiddenLayers: 1, ropeScaling: null });
const smallModel = createModel(small, seed);
const smallAttention = smallModel.weights.layers[0].selfAttn;
const shapeRow = (step: string, of: (c: typeof small) => string) => ({ step, here: of(small), "in V3": of(DEEPSEEK_V3) });
table(
  [
    shapeRow("state of a token, h", (c) => `[${whole(c.hiddenSize)}]`),
    shapeRow("latent, cKV (kept)", (c) => `[${c.kvLoraRank}]`),
    shapeRow("rotary key, kPe (kept; section 4)", (c) => `[${c.qkRopeHeadDim}]`),
    shapeRow("keys and values of all heads (not kept)", (c) => `[${c.numAttentionHeads} · (${c.qkNopeHeadDim} + ${c.vHeadDim})]`),
  ],
  { caption: "What a layer makes of a token" },
);
say`In the released files W^DKV and the rotary key's matrix are one tensor, here [${smallAttention.kvAProjWithMqa.shape.join(", ")}];
W^UK and W^UV of all heads are another, [${smallAttention.kvBProj.shape.join(", ")}].`;

// %% [markdown]
// ## 3. Never expand again
//
// Keeping latents saves memory. But if all the past has to be expanded at every step, each step costs far more arithmetic. The
// trick: a score is a product, and products can be taken in another order.
//
// $$q^\top k_s = q^\top (W^{UK} c_s) = (W^{UK\top} q)^\top c_s$$
//
// On the left, every past token is expanded. On the right the *query* is taken into the space of the latents, once, and then
// meets the latents as they are. $W^{UK}$ is **absorbed** into the query.
//
// In the exercises of this lesson tensors have these sizes: B sequences, H heads, T new tokens, S tokens seen so far, C
// numbers in a latent, nope channels of a head without position, R channels with it, v channels of a head's value. In the
// formulas, as in the report, a raised C or R names a part of a query or key, and $R_t$ is a rotation.
//
// ### Exercise 1 · Absorb W^UK into the query
//
// *Implement · difficulty 2 of 3 · 12 minutes · 3 points*
//
// `qC` [B, H, T, nope] holds the queries of all heads, `wUK` [H, C, nope] each head's own matrix: a head's key is latent times
// matrix (so the formula's $W^{UK}$ is its transpose). Return the queries in the space of the latents, [B, H, T, C]: the
// product of such a query with any latent has to be the product of the old query with that latent's key.
//
// `tf.matMul(qC, qC, false, true)` multiplies the last two axes, here with the second factor transposed; the axes before
// them must agree, and an axis of size 1 is repeated as needed. `wUK.expandDims(0)` is [1, H, C, nope].

// %% nbgrader={"grade": false, "grade_id": "03-absorb", "locked": false, "schema_version": 3, "solution": true, "task": false}
function absorb(qC: tf.Tensor4D, wUK: tf.Tensor3D): tf.Tensor4D {
  /// BEGIN SOLUTION
  return tf.tidy(() => tf.matMul(qC, wUK.expandDims<tf.Tensor4D>(0), false, true));
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "03-absorb-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(absorbExercise, absorb);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Take one head and one query. Channel j of a key is the sum over i of $c_i W_{ij}$. Write out $q \cdot k$ as a double sum and
// collect what stands with $c_i$.
//
// </details>
// <details><summary>Hint 2</summary>
//
// What stands with $c_i$ is the sum over j of $q_j W_{ij}$: the query meets the *last* index of the matrix. Which of the two
// flags of a product does that ask for, and which axis does the matrix lack?
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const matrices = wUK.expandDims<tf.Tensor4D>(0); // [1, H, C, nope], for all sequences
// ```
//
// [B, H, T, nope] times its transpose, [1, H, nope, C], is [B, H, T, C]. Wrap the work into `tf.tidy`, so that `matrices` is freed.
//
// </details>

// %%
const absorbedQuery = await solvedOr(absorbExercise, absorb);
const { numAttentionHeads: H, qkNopeHeadDim: nope, kvLoraRank: C, vHeadDim: vWidth } = small;
const random = new Random(seed);
const past = 6;
const scoresTwice = tf.tidy(() => {
  const { wUK } = upMatrices(smallAttention.kvBProj, small); // [H, C, nope]
  const qC = random.normalTensor([1, H, 1, nope]) as tf.Tensor4D;
  const cKV = random.normalTensor([1, past, C]) as tf.Tensor3D;
  const keys = tf.matMul(cKV.expandDims(1).tile([1, H, 1, 1]), wUK.expandDims(0)); // [1, H, S, nope]: all expanded
  return {
    expanded: Array.from(tf.matMul(qC, keys, false, true).dataSync()).slice(0, past),
    absorbed: Array.from(againstShared(absorbedQuery(qC, wUK), cKV).dataSync()).slice(0, past),
  };
});
table(
  scoresTwice.expanded.map((score, s) => ({
    "past token": s,
    "expanded: q · (W c)": score,
    "absorbed: (Wᵀ q) · c": scoresTwice.absorbed[s],
  })),
  { caption: "The first head's scores, computed twice", digits: 6 },
);

// %% [markdown]
// The values get the same treatment. A head's output is $\sum_s p_s W^{UV} c_s = W^{UV} \sum_s p_s c_s$: mix the latents first,
// then expand the *mixture*, once.
//
// ### Exercise 2 · Absorb W^UV into the output
//
// *Implement · difficulty 2 of 3 · 12 minutes · 3 points*
//
// `probabilities` [B, H, T, S] say how much each query takes of each token, `cKV` [B, S, C] are the latents, `wUV` [H, C, v] the
// heads' matrices: a head's value is latent times matrix. Return two tensors: `mixture` [B, H, T, C], the latents mixed by each
// head, and `heads` [B, H, T, v], what each head gives. No token's value may be made on the way.
//
// `againstShared(probabilities, cKV, false)` multiplies what each head has for itself with what all heads share: [B, H, T, S]
// with [B, S, C] gives [B, H, T, C].

// %% nbgrader={"grade": false, "grade_id": "03-values", "locked": false, "schema_version": 3, "solution": true, "task": false}
function mixThenExpand(probabilities: tf.Tensor4D, cKV: tf.Tensor3D, wUV: tf.Tensor3D): Mixed {
  /// BEGIN SOLUTION
  return tf.tidy(() => {
    const mixture = againstShared(probabilities, cKV, false);
    return { mixture, heads: tf.matMul(mixture, wUV.expandDims<tf.Tensor4D>(0)) };
  });
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "03-values-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(valuesExercise, mixThenExpand);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Two products, in the order of the formula's right side. In the first, all heads share the second factor; in the second,
// each head has its own.
//
// </details>
// <details><summary>Hint 2</summary>
//
// The second product is [B, H, T, C] with [H, C, v]: nothing is transposed this time, and the missing axis is added as in
// exercise 1. `tf.tidy` may return an object of tensors: it keeps them all.
//
// </details>

// %%
const expandedMixture = await solvedOr(valuesExercise, mixThenExpand);

// %% [markdown]
// V2's report says that $W^{UV}$ "can be absorbed into" $W^O$ (section 2.1.2). Why not multiply the two matrices once and
// keep the product? Guess before you run the cell: would that matrix be smaller or larger than the two?

// %% jupyter={"source_hidden": true}
const v3Projections = projectionsOf(DEEPSEEK_V3);
const parametersOf = (symbol: string) => v3Projections.find((one) => one.symbol.includes(symbol))!.parameters;
const wUvAlone = DEEPSEEK_V3.numAttentionHeads * v3Latent * v3Value;
const merged = DEEPSEEK_V3.numAttentionHeads * v3Latent * DEEPSEEK_V3.hiddenSize;
say`Apart, W^UV and W^O have ${fixed(wUvAlone / 1e6, 1)} and ${fixed(parametersOf("W^O") / 1e6, 1)} million numbers. Merged, each head would
go straight from its latent mixture to the state: ${fixed(merged / 1e6, 1)} million, **${times(merged / (wUvAlone + parametersOf("W^O")))}** as
many to store and to read. So "absorbed" means another order of products, not another matrix.`;

// %% [markdown]
// ## 4. Positions break it, and the repair
//
// A query also has to know *where* a key stands. V3, like many models, uses **rotary** positions: a query at position $t$ is
// turned by $R_t$, a key at $s$ by $R_s$, by angles that grow with the position. The score then depends on the distance only. But
// now a rotation stands between the query and the latent:
//
// $$(R_t q)^\top (R_s W^{UK} c_s) = q^\top R_{s-t} W^{UK} c_s$$
//
// $R_{s-t}$ is another matrix for every distance. To absorb it, one needs another query for every key, and nothing is saved.
// What if one absorbs all the same, as if the rotations were not there, or with the query's rotation alone?

// %%
const wrongScores = rotaryErrors(DEEPSEEK_V3.qkRopeHeadDim, 64, 400, seed); // 400 random pairs at each distance

// %% jupyter={"source_hidden": true}
plot(
  lineChart({
    title: "How wrong is a score when a rotary key is absorbed all the same?",
    x: { title: "distance between query and key (tokens)" },
    y: { title: "error, as a share of the scores' size" },
    series: [
      { name: "both rotations left out", x: wrongScores.distances, y: wrongScores.ignored },
      { name: "only the query turned", x: wrongScores.distances, y: wrongScores.queryOnly, dashed: true },
    ],
  }),
);
const halfWrong = wrongScores.ignored.findIndex((error) => error > 0.5);
say`Sizes are root mean squares over pairs. Without rotations the error is ${wrongScores.ignored[0] < 1e-4 ? "nothing" : percent(wrongScores.ignored[0])} at distance 0,
${halfWrong < 0 ? "below half of a score's size at all distances" : `more than half of a score's size from distance ${halfWrong} on`}, and
${percent(wrongScores.ignored[wrongScores.ignored.length - 1])} at distance ${wrongScores.distances.length - 1}. With only the query turned, as one at position
${wrongScores.distances.length - 1}, it is ${percent(wrongScores.queryOnly[1])} for the token before: right only for the very first
token, which is not turned itself.`;

// %% [markdown]
// ### Exercise 3 · What can be moved to the query?
//
// *Predict · difficulty 2 of 3 · 10 minutes · 2 points*
//
// Imagine one more step between the latent and a head's key. For each, say whether it could be moved to the query *once and
// for all*, as $W^{UK}$ is:
//
// - `scale`: all channels times the same number;
// - `matrix`: another fixed matrix;
// - `gain`: each channel times a number of its own, fixed;
// - `rotation`: turned by an angle that depends on the key's position;
// - `norm`: divided by the key's own length.

// %% nbgrader={"grade": false, "grade_id": "03-commute", "locked": false, "schema_version": 3, "solution": true, "task": false}
function movable(): Record<Step, boolean> {
  /// BEGIN SOLUTION
  return { scale: true, matrix: true, gain: true, rotation: false, norm: false };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "03-commute-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(commuteExercise, movable);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Ask of each step: is it linear? Is it the same for every key?
//
// </details>
// <details><summary>Hint 2</summary>
//
// A step that is linear and the same for every key is a matrix, and a matrix moves by its transpose. Which of the five need
// to know something about the key before you can write their matrix down?
//
// </details>

// %% jupyter={"source_hidden": true}
const movableSteps = (await solvedOr(commuteExercise, movable))();
say`Of the ${STEPS.length} steps, ${STEPS.filter((step) => movableSteps[step]).join(", ")} can move. The norm of section 2 is none of
them, and need not be: it stands before the latent is kept, where each token passes it once.`;

// %% [markdown]
// V3's repair is called **decoupled** rotary keys (equations 3, 4 and 8 to 10). A head's query and key get two parts. The first is
// *never turned*: it comes from the latent and can be absorbed. The second is short and turned. Its key is made straight from the
// state, $k_t^R = R_t W^{KR} h_t$; it is **one for all heads** and is kept beside the latent. The score is the sum of both
// products:
//
// $$\frac{q^{C\top} k_s^C + q^{R\top} k_s^R}{\sqrt{d_{nope} + d_{rope}}}$$
//
// ### Exercise 4 · The decoupled key
//
// *Implement · difficulty 3 of 3 · 15 minutes · 4 points*
//
// Compute the scores of a whole text, [B, H, T, T], before mask and softmax. You get the object `parts`: `qC` and `kC` [B, H, T, nope],
// queries and keys without positions; `qR` [B, H, T, R], the rotary queries, turned already; `h` [B, T, D], the states; `wKR` [D, R], the
// matrix of the rotary key; `rotary`, the angles of the positions. Make the one rotary key of each token, turn it, and add up
// both parts of the score.
//
// - `project(parts.h, parts.wKR)` is the product for all tokens, [B, T, R];
// - `rotate(x, parts.rotary)` turns a tensor x [B, T, heads, R], each token by its position; the number of heads may be 1;
// - `againstShared(x, y)` multiplies all heads x [B, H, T, R] with keys y [B, S, R] that they share.

// %% nbgrader={"grade": false, "grade_id": "03-decoupled-key", "locked": false, "schema_version": 3, "solution": true, "task": false}
function decoupledScores(parts: DecoupledParts): tf.Tensor4D {
  /// BEGIN SOLUTION
  const { qC, kC, qR, h, wKR, rotary } = parts;
  return tf.tidy(() => {
    const [B, T] = h.shape;
    const R = wKR.shape[1];
    const key = project(h, wKR).reshape<tf.Tensor4D>([B, T, 1, R]); // one head's worth
    const kR = rotate(key, rotary).reshape<tf.Tensor3D>([B, T, R]);
    const content = tf.matMul(qC, kC, false, true);
    return content.add<tf.Tensor4D>(againstShared(qR, kR)).div(Math.sqrt(qC.shape[3] + qR.shape[3]));
  });
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "03-decoupled-key-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
await check(decoupledExercise, decoupledScores);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Four steps: project the states, turn the result, compute each of the two parts of the score, add and scale. What is the
// query already, and what is not yet done with the key?
//
// </details>
// <details><summary>Hint 2</summary>
//
// `rotate` needs an axis for heads where the shared key has none: reshape [B, T, R] to [B, T, 1, R] before it and back after it.
// The scale counts the channels of the whole query, both parts.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const [B, T] = parts.h.shape;
// const R = parts.wKR.shape[1];
// const key = project(parts.h, parts.wKR).reshape<tf.Tensor4D>([B, T, 1, R]);
// const content = tf.matMul(parts.qC, parts.kC, false, true);
// const channels = parts.qC.shape[3] + parts.qR.shape[3];
// ```
//
// What is left: turn `key`, reshape it, add its scores to `content`, and divide by `Math.sqrt(channels)`.
//
// </details>

// %% jupyter={"source_hidden": true}
const yarnFactor = softmaxScale(DEEPSEEK_V3) * Math.sqrt(v3Nope + v3Rope);
say`One thing the formula leaves out: V3 was stretched to long texts by YaRN, and with it the score is multiplied by
**${fixed(yarnFactor)}** once more, m² with m = 0.1 · ln(${DEEPSEEK_V3.ropeScaling?.factor ?? 1}) + 1. It is the same number for all scores, so it changes
nothing about absorption; the library's ${"`softmaxScale`"} has it.`;

// %% [markdown]
// ### Exercise 5 · Bytes per token
//
// *Implement · difficulty 1 of 3 · 8 minutes · 2 points*
//
// How many bytes does one token leave in the cache of a model with MLA, all layers together, if a number takes `bytes` bytes? The
// fields of `shape` are `numHiddenLayers`, `numAttentionHeads`, `kvLoraRank` (the width of the latent), `qkNopeHeadDim`,
// `qkRopeHeadDim` and `vHeadDim`. Not all of them matter.

// %% nbgrader={"grade": false, "grade_id": "03-cache-bytes", "locked": false, "schema_version": 3, "solution": true, "task": false}
function bytesOfToken(shape: CacheShape, bytes: number): number {
  /// BEGIN SOLUTION
  return shape.numHiddenLayers * (shape.kvLoraRank + shape.qkRopeHeadDim) * bytes;
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "03-cache-bytes-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(bytesExercise, bytesOfToken);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// What does one layer need of a past token, if it absorbs? Go through the two products of a score and the one of the mixture.
//
// </details>
// <details><summary>Hint 2</summary>
//
// The latent serves the first part of the score and the mixture; the second part of the score has a key of its own. Which of
// the two does each head have for itself?
//
// </details>

// %% [markdown]
// ### Is it the same?
//
// One trained model, one text, four ways to compute the next byte's logits. The model is v3-mini, a small V3:

// %%
const corpus = openCorpus(); // the first time, it is built from installed packages in some seconds
const mini = loadModel("data/checkpoints/v3-mini");
say`v3-mini is loaded: ${fixed((totalParameters(mini.config) + mtpParameters(mini.config).unique) / 1e6, 1)} million parameters that
were trained beforehand.`;

// %%
const words = bytesOf("the past is kept as latents, and the score stays the same");
const nextLogits = (attention: "naive" | "absorbed", cached: boolean) =>
  tf.tidy(() => {
    if (!cached) return Array.from(mini.forward([words], { attention }).slice([0, words.length - 1]).dataSync());
    const cache = new LatentCache();
    mini.hiddenStates([words.slice(0, -1)], { cache, attention });
    const logits = Array.from(mini.forward([words.slice(-1)], { cache, attention }).dataSync());
    cache.dispose();
    return logits;
  });
const everyWay = {
  "all at once, expanded": nextLogits("naive", false),
  "all at once, absorbed": nextLogits("absorbed", false),
  "from the latent cache, expanded again": nextLogits("naive", true),
  "from the latent cache, absorbed": nextLogits("absorbed", true),
};
const plainWay = everyWay["all at once, expanded"];
table(
  Object.entries(everyWay).map(([way, logits]) => ({
    "way to compute": way,
    "largest difference of a logit": Math.max(...logits.map((x, i) => Math.abs(x - plainWay[i]))).toExponential(1),
    "likeliest next byte": JSON.stringify(String.fromCharCode(logits.indexOf(Math.max(...logits)))),
  })),
  { caption: "v3-mini's logits for the next byte, four ways" },
);

// %% [markdown]
// What differs is float32 rounding error. In the library the two ways are these two functions. First the naive one, which
// expands:

// %%
showSource("lib/model/mla.ts", "naive");

// %% [markdown]
// And the absorbed one. Compare the lines in which `cKV` appears: here no weight multiplies it.

// %%
showSource("lib/model/mla.ts", "absorbed");

// %% [markdown]
// ### Exercise 6 · The cached decoder
//
// *Implement · difficulty 3 of 3 · 25 minutes · 5 points*
//
// Now one whole decoding step of a layer. You get `input`: `x` [B, 1, D], the new token's normalised state; `past`, with `cKV` [B, S, C]
// and `kPe` [B, S, R], what is kept of the S tokens before it, the keys turned; `weights` and `config`. Append what is to be kept of the
// new token, attend to everything, and return `out` [B, 1, D], `cKV` and `kPe`, these two with the new token.
//
// - `rotaryTables(input.config, [[0]])` gives the angles of position 0; which position has the new token?
// - `queries(input.x, input.weights, input.config, rotary)` gives `qC` and `qR`, `latent(input.x, input.weights, input.config, rotary)`
//   what is to be kept, `cKV` and `kPe`; `rotary` are the angles;
// - `upMatrices(input.weights.kvBProj, input.config)` gives the matrices of exercises 1 and 2, and `absorbedQuery(qC, wUK)` and
//   `expandedMixture(probabilities, cKV, wUV)` are those exercises' answers (the library's where you have not solved them);
// - `softmaxScale(input.config)` is the scale, `mergeHeads(x)` puts the heads of x [B, H, T, v] side by side, and `project(x, w)`
//   with `input.weights.oProj`, which is $W^O$, makes the output of them.

// %% nbgrader={"grade": false, "grade_id": "03-decode", "locked": false, "schema_version": 3, "solution": true, "task": false}
function decode(input: DecodeInput): Decoded {
  /// BEGIN SOLUTION
  const { x, past, weights, config } = input;
  return tf.tidy(() => {
    const rotary = rotaryTables(config, [[past.cKV.shape[1]]]);
    const { qC, qR } = queries(x, weights, config, rotary); // [B, H, 1, nope], [B, H, 1, R]
    const fresh = latent(x, weights, config, rotary); // [B, 1, C], [B, 1, R]
    const cKV = tf.concat([past.cKV, fresh.cKV], 1); // [B, S + 1, C]
    const kPe = tf.concat([past.kPe, fresh.kPe], 1); // [B, S + 1, R]
    const { wUK, wUV } = upMatrices(weights.kvBProj, config);
    const content = againstShared(absorbedQuery(qC, wUK), cKV); // [B, H, 1, S + 1]
    const scores = content.add<tf.Tensor4D>(againstShared(qR, kPe)).mul<tf.Tensor4D>(softmaxScale(config));
    const { heads } = expandedMixture(tf.softmax(scores), cKV, wUV); // [B, H, 1, v]
    return { out: project(mergeHeads(heads), weights.oProj), cKV, kPe };
  });
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "03-decode-check", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
await check(decodeExercise, decode);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// The order: angles, queries and latent of the new token; the cache grows; then scores, softmax, mixture, output. The new token
// also attends to itself, so the cache grows *before* the scores.
//
// </details>
// <details><summary>Hint 2</summary>
//
// S tokens stand at positions 0 to S − 1, and `input.past.cKV.shape[1]` is S. The cache grows along axis 1, by `tf.concat`. The scores
// are those of exercise 4, with `absorbedQuery` and the latents in place of the expanded keys. No mask is needed: the newest
// token sees everything.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const rotary = rotaryTables(input.config, [[input.past.cKV.shape[1]]]);
// const { qC, qR } = queries(input.x, input.weights, input.config, rotary);
// const fresh = latent(input.x, input.weights, input.config, rotary);
// const cKV = tf.concat([input.past.cKV, fresh.cKV], 1);
// const kPe = tf.concat([input.past.kPe, fresh.kPe], 1);
// const { wUK, wUV } = upMatrices(input.weights.kvBProj, input.config);
// ```
//
// All of it belongs in one `tf.tidy`. What is left: `againstShared` twice for the scores, scale, `tf.softmax`, `expandedMixture`,
// and `project(x, w)` of the merged heads and `input.weights.oProj`.
//
// </details>

// %% [markdown]
// Your step, called for one token after the other, has to give what the library computes for the whole text at once:

// %%
const decodeStep = await solvedOr(decodeExercise, decode);
const tokenByToken = tf.tidy(() => {
  const T = 8;
  const x = random.normalTensor([1, T, small.hiddenSize]) as tf.Tensor3D;
  let cacheSoFar = {
    cKV: tf.zeros([1, 0, small.kvLoraRank]) as tf.Tensor3D,
    kPe: tf.zeros([1, 0, small.qkRopeHeadDim]) as tf.Tensor3D,
  };
  const steps = Array.from({ length: T }, (_, t) => {
    const step = decodeStep({ x: x.slice([0, t], [1, 1]), past: cacheSoFar, weights: smallAttention, config: small });
    cacheSoFar = step;
    return step.out;
  });
  const rotary = rotaryTables(small, [Array.from({ length: T }, (_, t) => t)]);
  const atOnce = mla(x, smallAttention, small, { rotary, method: "naive" });
  const size = atOnce.abs().max().dataSync()[0];
  return { tokens: T, kept: cacheSoFar.cKV.shape[1], error: tf.concat(steps, 1).sub(atOnce).abs().max().dataSync()[0] / size };
});
say`After ${tokenByToken.tokens} steps the cache holds ${tokenByToken.kept} tokens, and the outputs differ from those of the whole text by
at most ${tokenByToken.error.toExponential(1)} of the largest.`;

// %% [markdown]
// ## 5. The queries are compressed too
//
// Queries are not kept, so the cache gains nothing from it. All the same V3 makes them through a narrow place (equations 6 to 8):
//
// $$c_t^Q = \mathrm{RMSNorm}(W^{DQ} h_t) \qquad q_t^C = W^{UQ} c_t^Q \qquad q_t^R = R_t W^{QR} c_t^Q$$
//
// So there are *two* latents in a layer, and both are normalised. The report names the purpose: this one "can reduce the activation
// memory during training" (section 2.1.1). This is the way of a token through one layer's attention; the cache keeps what is marked:

// %% jupyter={"source_hidden": true}
showDrawing(latentAttentionDrawing(DEEPSEEK_V3));

// %% [markdown]
// Here are all matrices of one layer's attention:

// %%
table(
  v3Projections.map(({ symbol, name, inputs, outputs, parameters }) => ({
    matrix: symbol,
    "in the released file": name,
    shape: `[${whole(inputs)}, ${whole(outputs)}]`,
    "parameters (millions)": parameters / 1e6,
  })),
  { caption: "The attention of one of V3's layers", digits: 1 },
);
const attentionOfLayer = layerParameters(DEEPSEEK_V3).attention;
const directQuery = projectionsOf({ ...DEEPSEEK_V3, qLoraRank: null })[0].parameters;
const compressedQuery = parametersOf("W^DQ") + parametersOf("W^UQ");
say`Together with the two norms that is ${fixed(attentionOfLayer / 1e6, 1)} million. A single matrix from state to queries would have
${fixed(directQuery / 1e6, 1)} million in place of ${fixed(compressedQuery / 1e6, 1)}. The largest part is neither the queries' nor the latent's: it is
W^O, ${percent(parametersOf("W^O") / attentionOfLayer)}.`;
result("parameters of a layer's attention", attentionOfLayer, "parameters");

// %% [markdown]
// **Predict.** In training, everything that the backward pass needs has to stay in memory until it comes. V3 keeps the latents, and
// makes queries, keys and values from them *again* in the backward pass (the report, section 3.2.3). How many times less does it
// keep that way?

// %%
const backwardGuess = 5; // times

// %% jupyter={"source_hidden": true}
const backward = keptForBackward(DEEPSEEK_V3);
const trainingLength = 4096; // tokens of a sequence in V3's pre-training (the report, section 4.2)
const gbOf = (numbers: number) => (numbers * DEEPSEEK_V3.numHiddenLayers * trainingLength * 2) / GB;
const keptRows = [
  { what: "queries", whole: backward.queries.whole, latent: backward.queries.latent },
  { what: "keys and values", whole: backward.keysAndValues.whole, latent: backward.keysAndValues.latent },
];
const keptSum = { what: "together", whole: keptRows[0].whole + keptRows[1].whole, latent: keptRows[0].latent + keptRows[1].latent };
table(
  [...keptRows, keptSum].map((row) => ({
    "what the backward pass needs": row.what,
    "whole, numbers per token": row.whole,
    "as latents": row.latent,
    "times less": fixed(row.whole / row.latent, 1),
    "whole, GB": fixed(gbOf(row.whole), 2),
    "as latents, GB": fixed(gbOf(row.latent), 2),
  })),
  { caption: `Per layer and token; GB for all layers and one sequence of ${whole(trainingLength)} tokens, BF16` },
);
say`You said ${backwardGuess} times. It is **${times(keptSum.whole / keptSum.latent)}** less in all, ${times(keptRows[0].whole / keptRows[0].latent)} for the queries alone. The price is to multiply
by W^UQ, W^UK and W^UV once more in the backward pass. (Left out: what else a layer keeps, as the attention's output.)`;
result("activation memory, whole against latents", keptSum.whole / keptSum.latent);

// %% [markdown]
// ## 6. More arithmetic, and faster
//
// Count what the attention of one new token costs in one layer of V3, behind `context` tokens. Absorbed, a score is a product over
// latent and rotary key in place of one head's key, and a mixture is as wide as the latent in place of one head's value: more
// arithmetic for each past token. Expanding again costs far more still.

// %% jupyter={"source_hidden": true}
const h800 = machine("h800");
const works = DECODE_MODES.map((mode) => {
  const work = cacheReading(DEEPSEEK_V3, context, mode, cacheBytes);
  return { mode, work, time: leastTime({ name: mode, format: "bf16", ...work }, h800) };
});
table(
  works.map(({ mode, work, time }) => ({
    "in the cache": MODE_NAMES[mode],
    GFLOPs: work.flop / 1e9,
    "MB read": work.bytes / 1e6,
    "FLOPs per byte": intensity(work),
    "at least, µs": time.seconds * 1e6,
    "waits for": time.bound,
  })),
  { caption: `One token, one layer, ${whole(context)} tokens behind it, on V3's own chip, the H800 (BF16)`, digits: 2 },
);
const [keptWork, againWork, absorbedWork] = works;
const faster = keptWork.time.seconds / absorbedWork.time.seconds;
say`Absorbing does **${fixed(absorbedWork.work.flop / keptWork.work.flop, 1)} times the arithmetic** of keeping everything and
${faster > 1 ? `needs, at the least, **${times(faster)} less time**` : "is not faster for it"}. Keeping everything has
${fixed(intensity(keptWork.work), 1)} FLOPs per byte, where the chip could do ${whole(ridge(h800, "bf16"))}: it waits for ${keptWork.time.bound}.
Expanding again costs ${times(againWork.work.flop / absorbedWork.work.flop)} the arithmetic of absorbing.`;
result("arithmetic, absorbed against expanded", absorbedWork.work.flop / keptWork.work.flop);
result("least time, absorbed against expanded", absorbedWork.time.seconds / keptWork.time.seconds);

// %% [markdown]
// More arithmetic, and yet less time, as far as the chip's limits say. One latent is read once and serves 128 heads, so each
// byte is used many times. With plain heads or groups of heads, a byte is used as often as heads share it:

// %% jupyter={"source_hidden": true}
const llama = decoderShape("llama-3.1-405b");
const intensities = [
  { name: "plain heads", value: intensity(groupedReading({ ...v3Heads, kvHeads: v3Heads.heads }, 1, cacheBytes)) },
  { name: `Llama 3.1 405B (${llama.heads / llama.kvHeads} heads per group)`, value: intensity(groupedReading(llama, 1, cacheBytes)) },
  { name: "one pair for all of V3's heads", value: intensity(groupedReading({ ...v3Heads, kvHeads: 1 }, 1, cacheBytes)) },
  { name: "V3, absorbed", value: intensity(cacheReading(DEEPSEEK_V3, 1, "absorbed", cacheBytes)) },
];
const absorbedIntensity = intensities[intensities.length - 1].value;
const chips = ["h800", "a100", "h200", "mi300x", "b200"].map((id) => {
  const chip = machine(id);
  return { name: chip.name, ridge: ridge(chip, "bf16") };
});
plot(
  barChart({
    title: "How often is a byte of the cache used, once it has been read?",
    x: { title: "FLOPs per byte (log scale)", log: true },
    labels: [...intensities.map(({ name }) => name), ...chips.map(({ name }) => `ridge of ${name}`)],
    series: [{ name: "FLOPs per byte", values: [...intensities.map((one) => one.value), ...chips.map((chip) => chip.ridge)] }],
  }),
  { height: 420 },
);
const waits = (bound: string, some: typeof chips) =>
  some.length === 0 ? "" : `It waits for ${bound} on ${some.map(({ name, ridge }) => `${name} (${whole(ridge)})`).join(", ")}.`;
say`The **ridge** is where memory and arithmetic take equally long. V3's absorbed attention has ${whole(absorbedIntensity)} FLOPs per byte with
numbers of ${cacheBytes} bytes. ${waits("memory", chips.filter((chip) => chip.ridge > absorbedIntensity))}
${waits("arithmetic", chips.filter((chip) => chip.ridge <= absorbedIntensity))} On V3's own chip it stands at ${percent(absorbedIntensity / chips[0].ridge)} of the
ridge. More texts at once change nothing about it: each has a cache of its own. [Lesson 06](06-hardware-and-communication.ipynb) has the
whole roofline, and the three ways measured on a real GPU.`;

// %% [markdown]
// And on this machine? One layer, one new token, a growing past. The layer is smaller than V3's, with its proportions: the
// latent is four times as wide as a head. The second cell below takes about 10 s.
//
// **Predict.** Your machine is no H800. Which of the three will be the fastest at the longest past?

// %%
const fastestGuess = "keys and values kept"; // "latents kept, expanded again", "latents kept, absorbed"

// %%
const timedConfig = tinyConfig({
  hiddenSize: 256, numAttentionHeads: 16, qLoraRank: 96, kvLoraRank: 128, qkNopeHeadDim: 32, qkRopeHeadDim: 16, vHeadDim: 32,
  numHiddenLayers: 1, ropeScaling: null, maxPositionEmbeddings: 2 * longest,
});
const timedModel = createModel(timedConfig, seed);
const lengths = [16, 8, 4, 2, 1].map((part) => Math.round(longest / part));
/** Milliseconds of one token at each length. */
async function clock(): Promise<DecodeTimes[]> {
  const found: DecodeTimes[] = [];
  for await (const i of progress(lengths.length, "timing a token", { unit: "lengths" })) {
    found.push(decodeTimes(timedModel.weights.layers[0].selfAttn, timedConfig, { context: lengths[i], seed, rounds: 9 }));
  }
  return found;
}
const clocked = await clock();

// %% tags=["timing"] jupyter={"source_hidden": true}
plot(
  lineChart({
    title: "How long does one layer take for one new token, on this machine?",
    x: { title: "tokens behind it (log scale)", log: true },
    y: { title: "ms, median (log scale)", log: true },
    series: DECODE_MODES.map((mode) => ({
      name: MODE_NAMES[mode], x: lengths, y: clocked.map((timesAt) => median(timesAt[mode])),
    })),
  }),
);
const atLongest = clocked[clocked.length - 1];
const fastestMode = DECODE_MODES.reduce((best, mode) => (median(atLongest[mode]) < median(atLongest[best]) ? mode : best));
const timedReading = (mode: DecodeMode) => cacheReading(timedConfig, longest, mode, 4);
say`You said: ${fastestGuess}. The lowest median with ${whole(longest)} tokens behind it has: ${MODE_NAMES[fastestMode]}. ${describeTimes(atLongest)}

In this layer, absorbing takes ${times(timedReading("absorbed").flop / timedReading("expanded").flop)} the arithmetic of keeping everything and reads
${times(timedReading("expanded").bytes / timedReading("absorbed").bytes)} fewer bytes. Whatever the times are, part of them is our own doing: the
caches of this library grow by being copied at every step, which costs the larger one more.`;

// %% [markdown]
// ### Without any cache
//
// For comparison, what decoding costs if nothing is kept and the whole text goes through the model at every step:

// %% tags=["timing"] jupyter={"source_hidden": true}
const written = 48;
const prompt = bytesOf("It was a dark morning when Captain Ahab came up, and the men looked at him without a word. ".repeat(2)).slice(0, 160);
const oneStep = {
  recomputed: medianTime(() => tf.tidy(() => mini.forward([prompt]).slice([0, prompt.length - 1]).dataSync()), 3),
  cached: 0,
};
{
  const cache = new LatentCache();
  mini.hiddenStates([prompt.slice(0, -1)], { cache }).dispose();
  const begin = performance.now();
  for (let t = 0; t < written; t++) tf.tidy(() => mini.forward([[prompt[t]]], { cache }).dataSync());
  oneStep.cached = (performance.now() - begin) / written;
  cache.dispose();
}
say`With ${prompt.length} tokens behind it, v3-mini takes ${fixed(oneStep.recomputed, 0)} ms for a token if everything is computed
again and ${fixed(oneStep.cached, 1)} ms from its latents: ${times(oneStep.recomputed / oneStep.cached)} as long.`;

// %% [markdown]
// ## 7. What does it cost in quality?
//
// The developers of V2 trained models that differ in attention only, up to 250 billion parameters, and printed four
// benchmarks of each (V2's report, appendix D, tables 8 and 9). The dense ones also differ in the number of layers, so that
// all have about as many parameters. First what *sharing* keys and values among heads costs, then what the
// latent costs:

// %% jupyter={"source_hidden": true}
const benchmarks = ["bbh", "mmlu", "cEval", "cmmlu"] as const;
const printedScore = (id: string, key: string) => modelFact(id, key).value;
const scoreRow = (id: string, name: string) => ({
  model: name,
  ...Object.fromEntries(benchmarks.map((key) => [modelFact(id, key).unit.split(", ")[1], printedScore(id, key)])),
});
table(
  [
    scoreRow("v2-dense-mha", "7B dense, MHA"),
    scoreRow("v2-dense-gqa", "7B dense, GQA (8 groups)"),
    scoreRow("v2-dense-mqa", "7B dense, MQA"),
    scoreRow("v2-small-mha", "16B mixture of experts, MHA"),
    scoreRow("v2-small-mla", "16B mixture of experts, MLA"),
    scoreRow("v2-large-mha", "250B mixture of experts, MHA"),
    scoreRow("v2-large-mla", "250B mixture of experts, MLA"),
  ],
  { caption: "Benchmarks as printed, % right", digits: 1 },
);
const gains = (better: string, than: string) => benchmarks.map((key) => printedScore(better, key) - printedScore(than, key));
const mlaGains = [...gains("v2-small-mla", "v2-small-mha"), ...gains("v2-large-mla", "v2-large-mha")];
const mqaLosses = gains("v2-dense-mha", "v2-dense-mqa");
const cacheShare = (size: string) => printedScore(`v2-${size}-mla`, "cacheNumbers") / printedScore(`v2-${size}-mha`, "cacheNumbers");
say`Sources: ${citeLink(modelFact("v2-dense-mha", "bbh"))}, and ${citeLink(modelFact("v2-large-mla", "bbh"))}. MHA is ahead of MQA in ${mqaLosses.filter((gain) => gain > 0).length} of
${mqaLosses.length} benchmarks, by ${fixed(Math.min(...mqaLosses), 1)} to ${fixed(Math.max(...mqaLosses), 1)} points. MLA is ahead of MHA in
${mlaGains.filter((gain) => gain > 0).length} of ${mlaGains.length}; the differences go from ${fixed(Math.min(...mlaGains), 1).replace("-", "−")} to ${fixed(Math.max(...mlaGains), 1)} points. Its cache is
${percent(cacheShare("small"))} and ${percent(cacheShare("large"))} of MHA's.

Each model was trained once, and no spread is printed. So nobody can say how much of a lead of one point is chance.${
  [mlaGains.slice(0, benchmarks.length), mlaGains.slice(benchmarks.length)].every((some) => some.reduce((a, b) => a + b) > 0)
    ? " What can be said: the averages over the four, as printed, show no loss at either size."
    : ""
} V2's report says "better performance than MHA" (appendix D.2), V3's only "comparable" (section 2.1.1).`;

// %% [markdown]
// ### How narrow may the latent be?
//
// The report doesn't say how 512 was chosen. We asked on a small scale: models with latents of different width, trained on the
// same text, each width with several seeds. All have the same number of parameters: what a narrow latent saves goes to the dense
// layer. The trainings were made beforehand; `tools/measure/latent-width.ts` makes them again.
//
// **Predict.** Four heads with keys and values of 16 make 128 numbers per token. Up to which width will one be able to tell from the
// loss that a wider latent predicts better?

// %%
const widthGuess = 64; // numbers in the latent

// %% jupyter={"source_hidden": true}
const recorded = readLatentWidths();
const trainedWidths = widthsOf(recorded.runs);
const trainedSeeds = [...new Set(recorded.runs.map((run) => run.seed))];
plot(
  lineChart({
    title: `How well does a small model predict, by the width of its latent (${recorded.options.steps} steps)?`,
    x: { title: "width of the latent, C (log scale)", log: true },
    y: { title: "bits per byte, held-out text" },
    series: trainedSeeds.map((one) => ({
      name: `seed ${one}`,
      points: true,
      x: trainedWidths,
      y: trainedWidths.map((width) => recorded.runs.find((run) => run.width === width && run.seed === one)!.bitsPerByte),
    })),
  }),
);
const widthSizes = recorded.runs.map((run) => run.parameters);
say`You said ${widthGuess}. Recorded on ${recorded.provenance.date.slice(0, 10)}: ${trainedSeeds.length} seeds for each width, ${recorded.options.steps} steps of ${recorded.options.batch} sequences of
${recorded.options.length} tokens. The numbers of parameters agree within ${percent(Math.max(...widthSizes) / Math.min(...widthSizes) - 1)}. Each width
against the next wider one:

${compareWidths(recorded.runs)
  .map(({ comparison }) => `- ${comparison.text}`)
  .join("\n")}`;

// %% [markdown]
// What this can show is limited: the models are tiny, see little text, and their texts are short. A wide latent may have its
// price here, since it takes parameters from the dense layer. None of it says anything about 512 in V3.
//
// ## 8. What attention costs a model
//
// `mla-params` says that attention would otherwise dominate a model's parameters and its work. To judge it we need two
// models: V3 as it is, and the same with plain attention of the same heads.

// %% jupyter={"source_hidden": true}
const layersOf = DEEPSEEK_V3.numHiddenLayers;
const mlaParameters = layersOf * attentionOfLayer;
const plainParameters = layersOf * plainAttentionParameters(DEEPSEEK_V3);
const total = totalParameters(DEEPSEEK_V3);
const active = activeParameters(DEEPSEEK_V3, { head: true, embedding: false });
const shares = [
  { name: "V3, with MLA", attention: mlaParameters },
  { name: "with plain attention", attention: plainParameters },
].map(({ name, attention }) => ({
  name,
  attention,
  ofAll: attention / (total - mlaParameters + attention),
  ofActive: attention / (active - mlaParameters + attention),
}));
table(
  shares.map(({ name, attention, ofAll, ofActive }) => ({
    model: name,
    "attention (billions)": fixed(attention / 1e9, 1),
    "of all parameters": percent(ofAll),
    "of those that work for a token": percent(ofActive),
  })),
  { caption: "How many of the parameters are attention's?" },
);
say`Of all parameters, attention has ${percent(shares[0].ofAll)} and would have ${percent(shares[1].ofAll)}: the experts have nearly all the rest. But each token goes
through all of attention and few of the experts: of what works for a token, attention has ${percent(shares[0].ofActive)} and would
have ${percent(shares[1].ofActive)}.`;
result("attention's share of the parameters", shares[0].ofAll);

// %% [markdown]
// Parameters are not all of the work. Scores and mixtures have none, and grow with the text:

// %% jupyter={"source_hidden": true}
const shownContexts = [1, 256, 1024, 4096, 16384, 65536, 163840];
const flopShares = shownContexts.map((tokens) => {
  const all = forwardFlops(DEEPSEEK_V3, tokens);
  return { pairs: attentionFlops(attentionShape(DEEPSEEK_V3), tokens) / all, matrices: (2 * mlaParameters) / all };
});
plot(
  lineChart({
    title: "Which share of V3's arithmetic for a token is attention?",
    x: { title: "tokens behind it (log scale)", log: true },
    y: { title: "share of the FLOPs", percent: true },
    series: [
      { name: "scores and mixtures", x: shownContexts, y: flopShares.map(({ pairs }) => pairs) },
      { name: "attention's matrices", x: shownContexts, y: flopShares.map(({ matrices }) => matrices), dashed: true },
    ],
  }),
);
const crossing = shownContexts.findIndex((_, i) => flopShares[i].pairs > 0.5);
say`At ${whole(4096)} tokens scores and mixtures are ${percent(flopShares[3].pairs)} of the arithmetic, at ${whole(163840)} tokens ${percent(flopShares[6].pairs)}.
(Keys and values at hand, as in training.)${
  crossing <= 0 ? "" : ` They pass one half between ${whole(shownContexts[crossing - 1])} and ${whole(shownContexts[crossing])} tokens.`
} MLA does not reduce this part: its heads are as many and as wide.`;

// %% [markdown]
// So three things have to be told apart. Of all parameters, attention would not dominate a model with so many experts. Of the work for
// a token it would be a large part, and the compressed matrices make it smaller. What MLA saves first of all is **memory**, and with it the
// bytes that decoding has to read.
//
// ## 9. Is this Perceiver's idea?
//
// One popular account says so. [Perceiver](https://arxiv.org/abs/2103.03206) reads a long input into a *fixed number* of latent
// vectors: its memory does not grow with the input. MLA keeps a latent for *every token*: its memory grows with each, only
// more slowly than plain attention's. Both have something called a latent; they are narrow along different axes.

// %% jupyter={"source_hidden": true}
const perceiver = { latents: 512, width: 1024 }; // an example; for any other the line is as flat
plot(
  lineChart({
    title: "How many numbers does a layer keep of a text?",
    x: { title: "tokens of the text (log scale)", log: true },
    y: { title: "numbers kept (log scale)", log: true },
    series: [
      {
        name: "plain attention (V3's heads)", x: shownContexts,
        y: shownContexts.map((tokens) => (tokens * expandedCacheBytes(DEEPSEEK_V3, 1)) / layersOf),
      },
      {
        name: "MLA (V3)", x: shownContexts,
        y: shownContexts.map((tokens) => (tokens * latentCacheBytes(DEEPSEEK_V3, 1)) / layersOf),
      },
      { name: "Perceiver", x: shownContexts, y: shownContexts.map(() => perceiver.latents * perceiver.width), dashed: true },
    ],
  }),
);
say`A Perceiver with ${whole(perceiver.latents)} latents of ${whole(perceiver.width)} numbers keeps ${whole(perceiver.latents * perceiver.width)}, whatever it has read. The
other two lines rise alike: MLA keeps ${whole(v3Latent + v3Rope)} more with every token. Its nearest relatives are multi-query and
grouped-query attention, which also share what is kept among heads, and low-rank maps.`;

// %% [markdown]
// ## 10. Where does v3-mini look?
//
// The trained model reads a line. Each row is a token, each column one that it may look at; the darker, the more attention. Move
// the slider from head to head. What does each of them do?

// %%
const miniLayer = Math.floor(mini.config.numHiddenLayers / 2);
/** Attention of the layer for texts of equal length: [text][head][T][S]. */
const attentionOf = (texts: number[][]): number[][][][] =>
  tf.tidy(() => {
    let seen: number[][][][] = [];
    mini.hiddenStates(texts, {
      attention: "naive",
      observe: (name, tensor) => {
        if (name === `layer${miniLayer}.attn_probs`) seen = tensor.arraySync() as number[][][][];
      },
    });
    return seen;
  });

// %% jupyter={"source_hidden": true}
const line = "const size = 12; const width = size";
const lineTokens = Array.from(line, (character) => (character === " " ? "␣" : character));
const [maps] = attentionOf([bytesOf(line)]);
sliderPlot({
  title: `Where does layer ${miniLayer} of v3-mini look?`,
  parameter: "head",
  unit: "",
  values: maps.map((_, h) => h),
  initial: Math.min(head, maps.length - 1),
  figure: (h) =>
    heatmapChart({
      title: `head ${h}`,
      x: { title: "token looked at", labels: lineTokens },
      y: { title: "token that looks", labels: lineTokens },
      values: maps[h].map((row, t) => row.map((p, s) => (s > t ? null : p))),
      colour: { title: "attention", range: [0, 1] },
    }),
  height: 620,
});

// %% [markdown]
// One line and one's eyes are not enough to say what a head does. A head that looked at everything alike would also give the
// first token something, and the one before. So we measure on many texts and ask by how much each target gets *more* than
// uniform attention over the visible tokens would give it:

// %%
const measuredTexts = DOMAINS.flatMap((domain) => heldOutWindows(corpus.heldOut[domain], { length: 64, count: 8, seed }));
const measures = measureHeads(attentionOf(measuredTexts), measuredTexts);

// %% jupyter={"source_hidden": true}
const uniformOf = (target: string) => measures.find((one) => one.target === target)!.uniform;
table(
  [
    ...maps.map((_, h) => ({
      head: String(h),
      ...Object.fromEntries(
        measures
          .filter((one) => one.head === h)
          .map(({ target, attention, comparison }) => [
            target, `${percent(attention)}${comparison.order === "higher" ? " ▲" : comparison.order === "lower" ? " ▽" : ""}`,
          ]),
      ),
    })),
    { head: "uniform", ...Object.fromEntries(TARGETS.map(({ name }) => [name, percent(uniformOf(name))])) },
  ],
  { caption: `Layer ${miniLayer}: where its attention goes (▲ more, ▽ less than uniform, by the 95% interval over texts)` },
);
say`${describeHeads(measures)} Measured on ${measuredTexts.length} pieces of held-out text. That is ${measures.length} comparisons; of so many, each at 95%, about
${Math.round(0.05 * measures.length)} would stand out by chance alone.${
  new Set(preferences(measures).map((one) => one?.target)).size > 1
    ? " All heads read the same latents, and yet they differ: each has queries of its own, and its own matrix that makes keys."
    : ""
}`;

// %% [markdown]
// ## 11. Prefill, training, decoding: when does it pay?
//
// So far one new token looked at a long past. There are two other cases. In **training** all tokens of a text are new at once. In
// **prefill**, a prompt is read, in one pass or in chunks, before the first word is written. Then expanding a past token once serves
// *all* new ones, while absorbing costs each of them more. For $n$ new tokens, $S$ seen in all and $P$ pairs of them (the mask leaves
// $P \approx n S$ if $n$ is small), one layer takes
//
// $$\text{expanded:}\quad 2 H C (d_{nope} + d_v)\, S + 2 H (d_{nope} + d_{rope} + d_v)\, P$$
// $$\text{absorbed:}\quad 2 H C (d_{nope} + d_v)\, n + 2 H (2 C + d_{rope})\, P$$
//
// FLOPs. These cases are computed from the two formulas:

// %%
const cases = [
  { name: "training, a whole sequence", pass: { queries: trainingLength, seen: trainingLength } },
  { name: "prefill, the last chunk of the prompt", pass: { queries: Math.min(chunk, context), seen: context } },
  { name: "decoding with a drafted token", pass: { queries: 2, seen: context } },
  { name: "decoding, one token", pass: { queries: 1, seen: context } },
].map(({ name, pass }) => {
  const [expanded, absorbed] = WAYS.map((way) => {
    const work = passWork(DEEPSEEK_V3, pass, way, cacheBytes);
    return { work, time: leastTime({ name, format: "bf16", ...work }, h800) };
  });
  return { name, pass, expanded, absorbed };
});

// %% jupyter={"source_hidden": true}
table(
  cases.map(({ name, pass, expanded, absorbed }) => ({
    case: name,
    "new tokens": whole(pass.queries),
    seen: whole(pass.seen),
    "GFLOPs, expanded": fixed(expanded.work.flop / 1e9, 1),
    "GFLOPs, absorbed": fixed(absorbed.work.flop / 1e9, 1),
    "ms, expanded": fixed(expanded.time.seconds * 1e3, 3),
    "ms, absorbed": fixed(absorbed.time.seconds * 1e3, 3),
    cheaper: expanded.time.seconds < absorbed.time.seconds ? "expanded" : "absorbed",
  })),
  { caption: "One layer's attention, one text; ms: the least on an H800 in BF16" },
);
const [trainingCase, , , decodingCase] = cases;
say`In training, absorbing would take ${times(trainingCase.absorbed.work.flop / trainingCase.expanded.work.flop)} the arithmetic of expanding; in
decoding, expanding takes ${times(decodingCase.expanded.work.flop / decodingCase.absorbed.work.flop)} that of absorbing. (Expanded keys and values are
written by one kernel and read by the next, which counts in the time.)`;

// %% [markdown]
// **Predict.** Somewhere between one new token and a whole prompt the two ways cost the same. At how many new tokens?

// %%
const crossoverGuess = 1000; // new tokens in one pass

// %% jupyter={"source_hidden": true}
const seenTokens = Math.max(context, 1024);
const meeting = crossover(DEEPSEEK_V3, seenTokens)!;
const passSizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768].filter((n) => n <= seenTokens);
const perQuery = (way: (typeof WAYS)[number]) =>
  passSizes.map((n) => passWork(DEEPSEEK_V3, { queries: n, seen: seenTokens }, way).flop / n / 1e9);
plot(
  lineChart({
    title: "Expand or absorb: what does a new token cost, by how many come in one pass?",
    x: { title: "new tokens in the pass (log scale)", log: true },
    y: { title: "GFLOPs per new token, one layer (log scale)", log: true },
    series: [
      { name: "expanded: the past once for all", x: passSizes, y: perQuery("expanded") },
      { name: "absorbed: each token by itself", x: passSizes, y: perQuery("absorbed"), dashed: true },
    ],
  }),
);
say`You said ${whole(crossoverGuess)}. With ${whole(seenTokens)} tokens seen, expanding takes less arithmetic from **${whole(meeting)} new tokens**
on; for ever longer texts that goes to ${fixed(crossoverLimit(DEEPSEEK_V3), 1)}, that is $C (d_{nope} + d_v) / (2C - d_{nope} - d_v)$. The number of heads is
not in it, nor the chip. Below, absorbing wins: writing. Above, expanding: reading and training.`;
result("new tokens from which expanding is cheaper", meeting, "tokens");

// %% [markdown]
// So one model is run by two programs. DeepSeek's own kernels have a mode for the absorbed way, in which all heads share one
// key that is as wide as latent and rotary key together ([FlashMLA](https://github.com/deepseek-ai/FlashMLA) calls it MQA
// mode). The weights are the same.
//
// ## Recap: the claims, and what came out

// %% jupyter={"source_hidden": true}
const claimFacts = attentionRules.facts();
verdicts(
  attentionRules.rules.map((rule) => {
    const claim = findClaim(rule.id);
    const { evidence, verdict } = rule.judge(claimFacts);
    return { claim: `${claim.id}: ${claim.claim}`, sources: sourcesOf(claim), computed: evidence, verdict };
  }),
);
const wholeToken = decodeFlops(DEEPSEEK_V3, context, "absorbed") / decodeFlops(DEEPSEEK_V3, context, "expanded");
say`Two ratios of arithmetic meet here. The ${fixed(absorbedWork.work.flop / keptWork.work.flop, 1)} of section 6 is the attention over the cache alone. Of a whole
token, with all matrices and experts, behind ${whole(context)} tokens absorbing takes ${fixed(wholeToken)} times the arithmetic; the table above says
at which context its number was computed.`;

// %% [markdown]
// **In one sentence:** keep one narrow latent per token, make every head's keys and values from it, let positions travel beside it
// so that the making can be moved into the query, and decoding reads dozens of times fewer bytes for a few times the arithmetic.
//
// ## Where to read on
//
// - [DeepSeek-V3 Technical Report](https://arxiv.org/abs/2412.19437), section 2.1.1: the equations; section 3.2.3: what is kept for the
//   backward pass;
// - [DeepSeek-V2](https://arxiv.org/abs/2405.04434), section 2.1 and appendix D: why, absorption, and the comparison with MHA, GQA and MQA;
// - [Insights into DeepSeek-V3](https://arxiv.org/abs/2505.09343), section 2.1.2: the table of cache sizes;
// - [GQA](https://arxiv.org/abs/2305.13245) and [multi-query attention](https://arxiv.org/abs/1911.02150): the relatives.
//
// **Next: [lesson 04](04-fp8-training.ipynb)**, on training with eight-bit numbers.

// %% jupyter={"source_hidden": true}
mini.dispose();
smallModel.dispose();
timedModel.dispose();
say`Tensors left: ${tf.memory().numTensors}.`;
