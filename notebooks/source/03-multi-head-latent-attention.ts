// %% [markdown]
// # 03 · Multi-head latent attention
//
// ## How do 128 heads remember a long text in so little memory?
//
// To write its next word, a model looks back at every word before it. So it keeps something of each: the cache of keys
// and values. With plain attention, one token of V3 would leave 5 MB there, and a text of 128,000 tokens would need more
// than eight GPUs for its cache alone. V3 keeps 70 KB a token, and says that nothing is lost.
//
// At the end of this lesson you can
//
// - count what each kind of attention keeps, for any model;
// - compress a token into a latent, and compute with it without ever expanding it again;
// - say why rotary positions break that trick, and how V3 repairs it;
// - tell when the trick pays: it does *more* arithmetic.
//
// *About two hours, with five exercises. Before it: [lesson 01](01-mixture-of-experts.ipynb).*

// %% [markdown]
// ## What is said
//
// | id | claim, in our words |
// |---|---|
// | `mla-latent` | attention is computed in a compressed latent space, so less has to be kept |
// | `mla-params` | MLA cuts parameters, bytes and work, where attention dominates a model |
// | `mla-perceiver` | its idea is that of Perceiver |
// | `mla-tradeoff` | fewer bytes are bought with a little more arithmetic, and the trade is worth it |
//
// Sources: the [technical report](https://arxiv.org/abs/2412.19437) of V3, section 2.1.1; the
// [report](https://arxiv.org/abs/2405.04434) of V2, where the method was introduced, section 2.1; and
// [Insights into DeepSeek-V3](https://arxiv.org/abs/2505.09343), section 2.1.2. The rest we compute.

// %% jupyter={"source_hidden": true}
import * as tf from "@tensorflow/tfjs";
import { attentionRules } from "./lib/claims/attention";
import { openCorpus } from "./lib/corpus/build";
import { bytesOf } from "./lib/corpus/bytes";
import { DOMAINS, drawBatch, heldOutWindows } from "./lib/corpus/corpus";
import { citeLink, modelFact, value } from "./lib/economics/facts";
import { attentionFlops, attentionShape, DECODE_MODES, forwardFlops, type DecodeMode } from "./lib/economics/flops";
import { expandedCacheBytes, kvCacheBytes, latentCacheBytes } from "./lib/economics/memory";
import { decoderShape } from "./lib/economics/other-models";
import { activeParameters, layerParameters, mtpParameters, totalParameters } from "./lib/economics/parameters";
import { intensity, leastTime, machine, ridge } from "./lib/economics/roofline";
import {
  absorbExercise, bytesExercise, cacheReading, commuteExercise, compressExercise, decodeTime, dot, groupedReading,
  keptEnergy, normalised, rankTrial, scoreExercise, singularValues, STEPS, times as rowTimes, transposed, type
  CacheShape, type Compressed, type HeadParts, type Step,
} from "./lib/lessons/03-multi-head-latent-attention";
import { DEEPSEEK_V3, tinyConfig } from "./lib/model/config";
import { LatentCache } from "./lib/model/latent-cache";
import { loadModel } from "./lib/checkpoint/checkpoint";
import { createModel } from "./lib/model/model";
import { rotaryTables } from "./lib/model/rotary";
import { rotate } from "./lib/tensor/nn";
import {
  barChart, check, checkParameters, fixed, heatmapChart, lineChart, medianTime, percent, plot, progress, result, say,
  showSource, sliderPlot, solvedOr, table, times, verdicts, whole,
} from "./lib/notebook";
import { useBackend } from "./lib/tensor/backend";
import { Random } from "./lib/tensor/random";
import { evaluate, evaluationWindows } from "./lib/training/evaluate";
import { MICRO } from "./lib/training/presets";
import { Training } from "./lib/training/run";

const backend = await useBackend();
const corpus = openCorpus(); // the first time, it is built from installed packages in some seconds
const mini = loadModel("data/checkpoints/v3-mini");
say`Ready: tensors are computed by **${backend.name}**. v3-mini is loaded, a V3 with
${fixed((totalParameters(mini.config) + mtpParameters(mini.config).unique) / 1e6, 1)} million parameters that was trained beforehand.`;

// %% [markdown]
// **The numbers worth changing.** Change one, then *Run → Run All Cells*: every figure below follows.

// %% tags=["parameters"]
const context = 32768; // 1024..163840 tokens: length of the text behind the token that is written
const sequences = 32; // 1..1024 sequences: texts that one GPU writes at once
const cacheBytes = 2; // 1 | 2 | 4 bytes: of a number in the cache; 2 is BF16, 1 is FP8
const head = 2; // 0..7 head: of v3-mini, whose attention is drawn first in section 9
const longest = 2048; // 256..4096 tokens: the longest past that is timed
const trialSteps = 80; // 20..600 steps: length of each of the live trainings
const seed = 1; // 0..999999 number: where all random numbers start

// %%
checkParameters("03-multi-head-latent-attention", {
  context, sequences, cacheBytes, head, longest, trialSteps, seed,
});
const mean = (values: number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
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
// **Predict.** V3 has 61 layers with 128 heads, and a head's key and value together are 320 numbers. How many kilobytes
// does a token leave with plain attention, two bytes a number? And with V3's own? Put your guesses, then run the cell.

// %%
const myGuess = { plain: 500, v3: 100 }; // KB a token

// %%
const v3Heads = {
  layers: DEEPSEEK_V3.numHiddenLayers, heads: DEEPSEEK_V3.numAttentionHeads, kvHeads: 8, headDim: DEEPSEEK_V3.vHeadDim,
};
const kept = [
  { name: "as V3's heads, all kept (MHA)", bytes: expandedCacheBytes(DEEPSEEK_V3, cacheBytes) },
  { name: "groups of 16 heads (GQA, 8 pairs)", bytes: kvCacheBytes(v3Heads, "grouped-query", cacheBytes) },
  { name: "one pair for all (MQA)", bytes: kvCacheBytes(v3Heads, "multi-query", cacheBytes) },
  { name: "V3's latent (MLA)", bytes: latentCacheBytes(DEEPSEEK_V3, cacheBytes) },
];
const [mha, , mqa, latentKept] = kept;
plot(
  barChart({
    title: "What does one token leave in the cache of a model of V3's layers and heads?",
    x: { title: "KB a token (log scale)", log: true },
    labels: kept.map(({ name }) => name),
    series: [{ name: "cache", values: kept.map(({ bytes }) => bytes / KB) }],
  }),
  { height: 300 },
);
say`You said ${whole(myGuess.plain)} and ${whole(myGuess.v3)} KB. Plain attention keeps **${whole(mha.bytes / KB)} KB** a
token, V3 **${fixed(latentKept.bytes / KB, 1)} KB**: ${times(mha.bytes / latentKept.bytes)} less, and
${times(latentKept.bytes / mqa.bytes)} what one shared pair would take.`;
result("cache of a token", latentKept.bytes, "bytes");

// %% [markdown]
// V3 keeps hardly more than the most frugal of the others, and each of its 128 heads still has keys and values of its
// own. The rest of the lesson is about how that can be.
//
// First, what it buys. Move the slider: how much memory does the cache of one text take?

// %%
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
  height: 380,
});
const gpuMemory = value("accelerators", "h800", "memory");
const fits = (bytes: number) => Math.floor(gpuMemory / (bytes * context));
say`An H800 has ${whole(gpuMemory / GB)} GB. If it held nothing but caches, ${whole(fits(latentKept.bytes))} texts of
${whole(context)} tokens would fit with latents, ${fits(mha.bytes) === 0 ? "not a single one" : whole(fits(mha.bytes))} with
plain attention: one text would take ${fixed((mha.bytes * context) / gpuMemory, 1)} GPUs.`;
result("texts that fit one H800", fits(latentKept.bytes), "texts");

// %% [markdown]
// The developers print such a table for three real models. Two of them have groups of heads. We compute it from their
// shapes, and set it beside what is printed:

// %%
const published = ["deepseek-v3", "qwen2.5-72b", "llama-3.1-405b"].map((id) => {
  const printed = modelFact(id, "kvCacheBytes");
  const bytes = id === "deepseek-v3" ? latentCacheBytes(DEEPSEEK_V3) : kvCacheBytes(decoderShape(id), "grouped-query");
  return { id, printed: printed.value, bytes };
});
table(
  published.map(({ id, printed, bytes }) => ({
    model: id,
    "KB a token, computed": bytes / KB,
    "KB a token, printed": printed / KB,
    "times V3's": bytes / published[0].bytes,
  })),
  { caption: "Cache of a token in BF16", digits: 2 },
);
say`Printed in ${citeLink(modelFact("deepseek-v3", "kvCacheBytes"))}. The sizes agree to the byte. The ratio of the last row is
**${fixed(published[2].bytes / published[0].bytes)}**; the paper prints ${modelFact("llama-3.1-405b", "kvCacheRatio").value}, which its own two sizes don't give.`;

// %% [markdown]
// ### Exercise 1 · Bytes of a token
//
// *Implement · difficulty 1 of 3 · 8 minutes · 2 points*
//
// How many bytes does a token leave in the **latent** cache of a model of this shape, all layers together? A layer keeps
// one latent of width `shape.kvLoraRank` and one rotary key of width `shape.qkRopeHeadDim`; there are
// `shape.numHiddenLayers` layers, and a number takes `bytes` bytes.

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
// What does a layer keep of a token? The heads all read the same.
//
// </details>
// <details><summary>Hint 2</summary>
//
// `shape.numHiddenLayers * (shape.kvLoraRank + shape.qkRopeHeadDim) * bytes`
//
// </details>

// %% [markdown]
// ## 2. One latent for all heads
//
// The idea (the report, equations 1, 2 and 5): multiply the token's state $h_t$ by a narrow matrix, keep the result, and make
// the keys and values of all heads from it.
//
// $$c_t^{KV} = \mathrm{RMSNorm}(W^{DKV} h_t) \qquad k_t^C = W^{UK} c_t^{KV} \qquad v_t^C = W^{UV} c_t^{KV}$$
//
// $W^{DKV}$ goes **d**own to the latent, $W^{UK}$ and $W^{UV}$ go **u**p to the keys and values. In V3 the latent has 512
// numbers; the keys and values of 128 heads together have 32,768. Here are the shapes along the way, in a small model:

// %%
const small = tinyConfig({ numHiddenLayers: 1, ropeScaling: null });
const smallModel = createModel(small, seed);
const smallAttention = smallModel.weights.layers[0].selfAttn;
const { numAttentionHeads: H, qkNopeHeadDim: nope, qkRopeHeadDim: rope, vHeadDim: vWidth, kvLoraRank: C } = small;
table(
  [
    { step: "state of a token, h", here: `[${small.hiddenSize}]`, "in V3": `[${whole(DEEPSEEK_V3.hiddenSize)}]` },
    {
      step: "latent, cKV (kept)", here: `[${C}]`, "in V3": `[${DEEPSEEK_V3.kvLoraRank}]`,
    },
    {
      step: "rotary key, kR (kept; section 4)", here: `[${rope}]`, "in V3": `[${DEEPSEEK_V3.qkRopeHeadDim}]`,
    },
    {
      step: "keys and values of all heads (not kept)", here: `[${H} · (${nope} + ${vWidth})]`,
      "in V3": `[${DEEPSEEK_V3.numAttentionHeads} · (${DEEPSEEK_V3.qkNopeHeadDim} + ${DEEPSEEK_V3.vHeadDim})]`,
    },
  ],
  { caption: "What a layer makes of a token" },
);
say`W^DKV here is [${smallAttention.kvAProjWithMqa.shape.join(", ")}], the rotary key's matrix beside it in the same tensor;
W^UK and W^UV together are [${smallAttention.kvBProj.shape.join(", ")}].`;

// %% [markdown]
// ### Exercise 2 · Compress and expand
//
// *Implement · difficulty 1 of 3 · 10 minutes · 2 points*
//
// From a state `x` `[D]` make what is kept, `latent` `[C]`, and from that the key of one head, `key` `[d]`. `rowTimes(x, w)`
// multiplies a row by a matrix, `normalised(x)` is RMSNorm with a gain of 1.

// %% nbgrader={"grade": false, "grade_id": "03-compress", "locked": false, "schema_version": 3, "solution": true, "task": false}
function compress(x: number[], down: number[][], up: number[][]): Compressed {
  /// BEGIN SOLUTION
  const latent = normalised(rowTimes(x, down));
  return { latent, key: rowTimes(latent, up) };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "03-compress-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(compressExercise, compress);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Two products, and a norm between them.
//
// </details>
// <details><summary>Hint 2</summary>
//
// The key is made from what is kept, not from the product before the norm.
//
// </details>

// %% [markdown]
// ### How much is lost?
//
// Stack the keys and values of all heads for many tokens: a matrix with a row a token. If its rows lie near a space of
// few dimensions, few numbers suffice for each. The tool for that question are its **singular values**: keep the $r$ largest,
// and the share of squares that is lost is that of the others.
//
// We take held-out text through v3-mini and look at a layer in its middle. Three ways to spend a budget of $r$ numbers a token:
// keys and values **together**, or half of it for keys and half for values.
//
// **Predict.** v3-mini's keys and values of one token are 512 numbers. From how many on is *nothing at all* lost?

// %%
const miniLayer = Math.floor(mini.config.numHiddenLayers / 2);
const texts = DOMAINS.flatMap((domain) => heldOutWindows(corpus.heldOut[domain], { length: 96, count: 4, seed }));
/** Rows of keys and of values of all heads, one a token: from the latents that the layer keeps. */
const [keyRows, valueRows] = tf.tidy(() => {
  const { numAttentionHeads: heads, qkNopeHeadDim, vHeadDim } = mini.config;
  let latents: tf.Tensor | undefined;
  mini.hiddenStates(texts, {
    observe: (name, tensor) => {
      if (name === `layer${miniLayer}.cache_ckv`) latents = tf.keep(tensor.clone());
    },
  });
  const rows = latents!.reshape<tf.Tensor2D>([-1, mini.config.kvLoraRank]); // [N, C]
  const both = tf.matMul(rows, mini.weights.layers[miniLayer].selfAttn.kvBProj); // [N, H·(nope + v)]
  const [keys, values] = tf.split(both.reshape([-1, heads, qkNopeHeadDim + vHeadDim]), [qkNopeHeadDim, vHeadDim], 2);
  const flat = [keys, values].map((one) => one.reshape([rows.shape[0], -1]).arraySync() as number[][]);
  latents!.dispose();
  return flat;
});
const spectra = {
  joint: singularValues(keyRows.map((row, n) => [...row, ...valueRows[n]])),
  keys: singularValues(keyRows),
  values: singularValues(valueRows),
};
const energy = (values: number[]) => values.reduce((sum, one) => sum + one ** 2, 0);
const budgets = [2, 4, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 128];
/** Share lost with r numbers: together, and half each. */
const lost = {
  together: (r: number) => 1 - keptEnergy(spectra.joint, r),
  apart: (r: number) => {
    const parts = [spectra.keys, spectra.values];
    const keptParts = parts.reduce((sum, one) => sum + keptEnergy(one, r / 2) * energy(one), 0);
    return 1 - keptParts / parts.reduce((sum, one) => sum + energy(one), 0);
  },
};
plot(
  lineChart({
    title: `How much of v3-mini's keys and values is lost with r numbers a token (layer ${miniLayer})?`,
    x: { title: "r, numbers kept a token" },
    y: { title: "share of the energy that is lost", percent: true },
    series: [
      { name: "keys and values together", x: budgets, y: budgets.map(lost.together) },
      { name: "half for keys, half for values", x: budgets, y: budgets.map(lost.apart), dashed: true },
    ],
  }),
);
const half = mini.config.kvLoraRank / 2;
say`From ${mini.config.kvLoraRank} on nothing is lost (${percent(Math.max(0, lost.together(mini.config.kvLoraRank)))}): by construction,
since all of it was made from a latent of that width. With half of it, ${half} numbers, ${percent(lost.together(half))} would be lost
together and **${percent(lost.apart(half))}** apart.`;

// %% [markdown]
// Two things to see. The dashed line is above the other: keys and values have much in common, and *joint* compression uses it.
// And the curve is zero at the latent's width, by construction; where it comes near zero earlier, this layer makes little use of
// the rest. But a small share of the energy need not be a small share of what the model needs. So the picture does **not** say that
// any model's keys and values may be cut down afterwards. MLA is no compression of a finished cache; the narrow place is there from
// the first step of training on.
//
// ## 3. Never expand again
//
// Keeping latents saves memory. But if all the past has to be expanded at every step, decoding gets slower, not faster. The
// trick: a score is a product, and products can be taken in another order.
//
// $$q^\top k_s = q^\top (W^{UK} c_s) = (W^{UK\top} q)^\top c_s$$
//
// On the left, every past token is expanded. On the right the *query* is taken into the space of the latents, once, and then
// meets the latents as they are. The values get the same treatment: mix the latents first, expand the mixture. $W^{UK}$ is
// **absorbed** into the query, $W^{UV}$ into the output.
//
// ### Exercise 3 · Absorb W^UK into the query
//
// *Implement · difficulty 2 of 3 · 12 minutes · 3 points*
//
// From a head's `query` `[d]` and its `up` = $W^{UK}$ `[C][d]` (so that a key is `rowTimes(latent, up)`), make the query in the
// space of the latents, `[C]`: its product with any latent has to be the product of query and key.

// %% nbgrader={"grade": false, "grade_id": "03-absorb", "locked": false, "schema_version": 3, "solution": true, "task": false}
function absorb(query: number[], up: number[][]): number[] {
  /// BEGIN SOLUTION
  return rowTimes(query, transposed(up));
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "03-absorb-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(absorbExercise, absorb);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// A key's channel j is the sum over i of c_i · W_ij. Write out q · k and collect what stands with c_i.
//
// </details>
// <details><summary>Hint 2</summary>
//
// It is the query times the transpose: rowTimes(query, transposed(up)).
//
// </details>

// %%
const absorbed = await solvedOr(absorbExercise, absorb);
const random = new Random(seed);
const vector = (n: number) => Array.from({ length: n }, () => random.normal());
const [headWidth, latentWidth] = [nope, C];
const up = Array.from({ length: latentWidth }, () => vector(headWidth)); // W^UK of one head, [C][d]
const query = vector(headWidth);
const latents = Array.from({ length: 6 }, () => normalised(vector(latentWidth)));
table(
  latents.map((latent, s) => ({
    "past token": s,
    "expanded: q · (c W)": dot(query, rowTimes(latent, up)),
    "absorbed: q̃ · c": dot(absorbed(query, up), latent),
  })),
  { caption: "The same score, computed twice", digits: 6 },
);

// %% [markdown]
// ## 4. Positions break it, and the repair
//
// A query also has to know *where* a key stands. V3, like most models, uses **rotary** positions: at position $p$, query and key
// are turned by an angle that grows with $p$. Then the score depends on the distance only. But now a rotation stands between
// the latent and the score:
//
// $$q^\top R_{t-s} W^{UK} c_s$$
//
// $R_{t-s}$ is another matrix for every distance. To absorb it, one needs another query for every key, and nothing is saved.
// What if one absorbs all the same, as if the rotation were not there, or with the rotation of the query alone?

// %%
const turning = tinyConfig({ qkRopeHeadDim: headWidth, ropeScaling: null });
const farthest = 64;
/** A vector turned as at a position. */
function turned(x: number[], position: number): number[] {
  return tf.tidy(() => {
    const rotated = rotate(tf.tensor4d(x, [1, 1, 1, x.length]), rotaryTables(turning, [[position]]));
    return Array.from(rotated.dataSync());
  });
}
const distances = Array.from({ length: farthest + 1 }, (_, i) => i);
const pastLatents = distances.map(() => normalised(vector(latentWidth)));
const errorsOf = (approximate: (distance: number) => number) =>
  distances.map((distance) => {
    const key = turned(rowTimes(pastLatents[distance], up), farthest - distance);
    return Math.abs(approximate(distance) - dot(turned(query, farthest), key)) / Math.sqrt(headWidth);
  });
const plainQuery = absorbed(query, up);
const turnedQuery = absorbed(turned(query, farthest), up);
const rotaryErrors = {
  ignored: errorsOf((distance) => dot(plainQuery, pastLatents[distance])),
  queryOnly: errorsOf((distance) => dot(turnedQuery, pastLatents[distance])),
};
const scoreSize = Math.sqrt(mean(pastLatents.map((c) => (dot(query, rowTimes(c, up)) / Math.sqrt(headWidth)) ** 2)));
plot(
  lineChart({
    title: "How wrong is a score when a rotary key is absorbed all the same?",
    x: { title: "distance between query and key (tokens)" },
    y: { title: "error of the score" },
    series: [
      { name: "rotation left out", x: distances, y: rotaryErrors.ignored },
      { name: "only the query turned", x: distances, y: rotaryErrors.queryOnly, dashed: true },
    ],
  }),
);
say`The scores themselves have a size of about ${fixed(scoreSize)} (root mean square). Without the rotation the error is 0 at
distance 0 and ${fixed(mean(rotaryErrors.ignored.slice(8)))} on average from distance 8 on: as large as the scores. With the query
turned alone it is ${fixed(mean(rotaryErrors.queryOnly))}, everywhere.`;

// %% [markdown]
// V3's repair is called **decoupled** rotary keys (equations 3, 4 and 8). A head's query and key get two parts. The first, from
// the latent, is *never turned*: it can be absorbed. The second is short, turned, and made straight from the state; its key is
// one for all heads, and is kept beside the latent. The score is the sum of both products:
//
// $$\frac{q^{C\top} k_s^C + q^{R\top} k_s^R}{\sqrt{d_{nope} + d_{rope}}}$$
//
// So a token keeps $512 + 64$ numbers in each of V3's layers. Does it work? One layer, three ways, the same text:

// %%
const words = bytesOf("the past is kept as latents, and nothing is lost");
const past = words.slice(0, -1);
const nextLogits = (attention: "naive" | "absorbed", cached: boolean) =>
  tf.tidy(() => {
    if (!cached) return Array.from(mini.forward([words], { attention }).slice([0, words.length - 1]).dataSync());
    const cache = new LatentCache();
    mini.hiddenStates([past], { cache, attention });
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
// What is left are roundings of float32. In the library the two ways are these:

// %%
showSource("lib/model/mla.ts", "mla");

// %% [markdown]
// ### Exercise 4 · What can be moved to the query?
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
// Three of the five are fixed linear maps.
//
// </details>

// %%
const answers = (await solvedOr(commuteExercise, movable))();
say`Of the ${STEPS.length} steps, ${STEPS.filter((step) => answers[step]).join(", ")} can move. That is why V3 normalises the
*latent*, before it is kept: a norm of the keys would have to be done again at every step, for every head.`;

// %% [markdown]
// ### Exercise 5 · A score with a bug
//
// *Fix the bug · difficulty 2 of 3 · 10 minutes · 3 points*
//
// This score gives plausible numbers and is wrong in two places:
//
// ```ts
// function score({ qC, kC, qR, kR }: HeadParts): number {
//   return (dot(qC, kC) + dot(qR, normalised(kR))) / Math.sqrt(qC.length);
// }
// ```
//
// Write it as the report has it.

// %% nbgrader={"grade": false, "grade_id": "03-score", "locked": false, "schema_version": 3, "solution": true, "task": false}
function score({ qC, kC, qR, kR }: HeadParts): number {
  /// BEGIN SOLUTION
  return (dot(qC, kC) + dot(qR, kR)) / Math.sqrt(qC.length + qR.length);
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "03-score-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(scoreExercise, score);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// What is normalised in MLA, and what is not? And how wide is a query, all in all?
//
// </details>
// <details><summary>Hint 2</summary>
//
// Only the latent is normalised. Query and key are d_nope + d_rope wide.
//
// </details>

// %% [markdown]
// ## 5. More arithmetic, and faster
//
// Count what one new token costs in one layer of V3, behind `context` tokens. Absorbed, a score is a product over
// $512 + 64$ numbers in place of $128 + 64$, and the mixture has 512 in place of 128. Expanding again costs far more still.

// %%
const modeNames: Record<DecodeMode, string> = {
  expanded: "keys and values kept", "expanded again": "latents kept, expanded again", absorbed: "latents kept, absorbed",
};
const h200 = machine("h200");
const works = DECODE_MODES.map((mode) => {
  const work = cacheReading(DEEPSEEK_V3, context, mode, cacheBytes);
  const time = leastTime({ name: mode, format: "bf16", ...work }, h200);
  return { mode, work, time };
});
table(
  works.map(({ mode, work, time }) => ({
    "in the cache": modeNames[mode],
    "GFLOPs": work.flop / 1e9,
    "MB read": work.bytes / 1e6,
    "FLOPs a byte": intensity(work),
    "at least, µs": time.seconds * 1e6,
    "waits for": time.bound,
  })),
  { caption: `One token, one layer, ${whole(context)} tokens behind it, on an H200 (BF16)`, digits: 2 },
);
const [keptWork, againWork, absorbedWork] = works;
say`Absorbing does **${fixed(absorbedWork.work.flop / keptWork.work.flop, 1)} times the arithmetic** of keeping everything and
needs **${percent(absorbedWork.time.seconds / keptWork.time.seconds)} of the time**, at the least. Keeping everything has
${fixed(intensity(keptWork.work), 1)} FLOPs a byte, where the chip could do ${whole(ridge(h200, "bf16"))}: it waits for memory.
Expanding again costs ${times(againWork.work.flop / absorbedWork.work.flop)} the arithmetic of absorbing.`;
result("arithmetic, absorbed against expanded", absorbedWork.work.flop / keptWork.work.flop);
result("least time, absorbed against expanded", absorbedWork.time.seconds / keptWork.time.seconds);

// %% [markdown]
// That is the surprise of this lesson: **more arithmetic, less time**. One latent is read once and serves 128 heads, so each
// byte is used hundreds of times. Compare with groups of heads, whose use of a byte is the number of heads in a group:

// %%
const llama = decoderShape("llama-3.1-405b");
const intensities = [
  { name: "plain heads", value: intensity(groupedReading({ ...v3Heads, kvHeads: v3Heads.heads }, 1, cacheBytes)) },
  { name: `Llama 3.1 405B (${llama.heads / llama.kvHeads} heads a group)`, value: intensity(groupedReading(llama, 1, cacheBytes)) },
  { name: "one pair for all of V3's heads", value: intensity(groupedReading({ ...v3Heads, kvHeads: 1 }, 1, cacheBytes)) },
  { name: "V3, absorbed", value: intensity(cacheReading(DEEPSEEK_V3, 1, "absorbed", cacheBytes)) },
];
plot(
  barChart({
    title: "How often is a byte of the cache used, once it has been read?",
    x: { title: "FLOPs a byte (log scale)", log: true },
    labels: [...intensities.map(({ name }) => name), "ridge of an H200 (BF16)"],
    series: [{ name: "intensity", values: [...intensities.map((one) => one.value), ridge(h200, "bf16")] }],
  }),
  { height: 320 },
);
say`V3's absorbed attention stands at ${percent(intensities[3].value / ridge(h200, "bf16"))} of the ridge, the point where memory and arithmetic
take equally long: neither of the two is left waiting for the other. [Lesson 06](06-hardware-and-communication.ipynb) has the whole roofline, and the same three ways measured on
a real H200.`;

// %% [markdown]
// And on this machine? One layer, one new token, a growing past. The layer is smaller than V3's, with its proportions: the
// latent is four times as wide as a head.
//
// **Predict.** Here there is no GPU that waits for memory. Which of the three will be the fastest at the longest past?

// %%
const timedConfig = tinyConfig({
  hiddenSize: 256, numAttentionHeads: 16, qLoraRank: 96, kvLoraRank: 128, qkNopeHeadDim: 32, qkRopeHeadDim: 16, vHeadDim: 32,
  numHiddenLayers: 1, ropeScaling: null, maxPositionEmbeddings: 2 * longest,
});
const timedModel = createModel(timedConfig, seed);
const lengths = [16, 8, 4, 2, 1].map((part) => Math.round(longest / part));
/** Milliseconds of one token, by way and length. */
async function clock(): Promise<Record<DecodeMode, number[]>> {
  const found: Record<DecodeMode, number[]> = { expanded: [], "expanded again": [], absorbed: [] };
  for await (const i of progress(lengths.length, "timing a token", { unit: "lengths" })) {
    for (const mode of DECODE_MODES) {
      const { selfAttn } = timedModel.weights.layers[0];
      found[mode].push(decodeTime(selfAttn, timedConfig, { context: lengths[i], mode, seed, repeats: 7 }));
    }
  }
  return found;
}
const clocked = await clock();

// %% tags=["timing"]
plot(
  lineChart({
    title: "How long does one layer take for one new token, on this machine?",
    x: { title: "tokens behind it (log scale)", log: true },
    y: { title: "ms (log scale)", log: true },
    series: DECODE_MODES.map((mode) => ({ name: modeNames[mode], x: lengths, y: clocked[mode] })),
  }),
);
const atLongest = (mode: DecodeMode) => clocked[mode][lengths.length - 1];
const growth = atLongest("absorbed") / clocked.absorbed[0];
say`With ${whole(longest)} tokens behind it, expanding again takes **${times(atLongest("expanded again") / atLongest("absorbed"))}** as
long as absorbing; keeping everything takes ${times(atLongest("expanded") / atLongest("absorbed"))}. From ${whole(lengths[0])} to
${whole(longest)} tokens, ${times(longest / lengths[0])} as many, the absorbed time grows ${times(growth)}.`;

// %% [markdown]
// Expanding again loses everywhere, more with every token. Between the other two it depends on the machine: a processor
// computes about as fast as it reads, so more arithmetic costs what it saves. On a GPU, which computes hundreds of times faster
// than it reads, absorbing wins clearly (lesson 06 measured it). And memory decides before time does: only latents fit.
//
// ### Without any cache
//
// For comparison, what decoding costs if nothing is kept and the whole text goes through the model at every step:

// %% tags=["timing"]
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
again and ${fixed(oneStep.cached, 1)} ms from its latents: **${times(oneStep.recomputed / oneStep.cached)}** as fast, and the distance
grows with the text.`;

// %% [markdown]
// ## 6. How narrow may the latent be?
//
// The report doesn't say how 512 was chosen. We can ask on a small scale: models with latents of different width, trained on
// the same text. To be fair, all get the same number of parameters: what a narrow latent saves goes to the dense layer.
//
// **Predict.** Four heads with keys and values of 16 make 128 numbers a token. How far can the latent shrink before the model
// predicts visibly worse?

// %%
const widest = 32;
const ranks = [1, 4, 16, widest];
const seeds = [seed, seed + 1]; // two runs of each width show what is chance
const windows = evaluationWindows(corpus.heldOut, { length: 64, count: 16, seed });

/** Trains the model of a rank; bits per byte on held-out text, the mean over the domains. */
async function trial(rank: number, start: number) {
  const training = new Training(rankTrial(rank, widest), {
    ...MICRO.training, steps: trialSteps, batch: 8, length: 48, seed: start,
    schedule: { ...MICRO.training.schedule, warmUpSteps: 10 },
  });
  try {
    for await (const step of progress(trialSteps, `latent of ${rank}, seed ${start}`, { unit: "steps" })) {
      training.makeStep(drawBatch(corpus.train, { batch: 8, length: 50, seed: start, step }));
      if (step % 10 === 9) await training.report(); // waits for the numbers, so that the bar tells the truth
    }
    const evaluation = await evaluate(training.model, windows, { batch: 16 });
    const bits = mean(DOMAINS.map((domain) => evaluation[domain].bitsPerByte));
    return { rank, start, bits, parameters: totalParameters(training.model.config) };
  } finally {
    training.dispose();
  }
}
const quality: Awaited<ReturnType<typeof trial>>[] = [];
for (const rank of ranks) for (const start of seeds) quality.push(await trial(rank, start));

// %%
const bitsOf = (rank: number) => quality.filter((one) => one.rank === rank).map(({ bits }) => bits);
plot(
  lineChart({
    title: `How well does a small model predict, by the width of its latent (${trialSteps} steps)?`,
    x: { title: "width of the latent, C (log scale)", log: true },
    y: { title: "bits per byte, held-out text" },
    series: [
      ...seeds.map((start) => ({
        name: `seed ${start}`, points: true, x: ranks, y: ranks.map((rank) => quality.find((one) => one.rank === rank && one.start === start)!.bits),
      })),
      { name: "mean", x: ranks, y: ranks.map((rank) => mean(bitsOf(rank))), dashed: true },
    ],
  }),
);
const sizes = quality.map((one) => one.parameters);
const chance = Math.max(...ranks.map((rank) => Math.max(...bitsOf(rank)) - Math.min(...bitsOf(rank))));
const means = ranks.map((rank) => mean(bitsOf(rank)));
const worst = ranks[means.indexOf(Math.max(...means))];
const spread = Math.max(...means) - Math.min(...means);
say`All have the same number of parameters, within ${percent(Math.max(...sizes) / Math.min(...sizes) - 1)}. Between widths the means differ by
at most **${fixed(spread, 3)} bits per byte**; the worst is a latent of ${worst}. Two runs of one width differ by up to ${fixed(chance, 3)}: ${
  spread > 2 * chance
    ? "so the difference is more than chance."
    : "so chance alone may explain it, and a training this short can't tell the widths apart."
}`;

// %% [markdown]
// Honest about the scale: these models are tiny, see little text, and hardly use what stands far back; plain attention of this
// shape would keep 128 numbers a token, the narrowest latent keeps one (the rotary key of eight beside it). Turn up `trialSteps`
// to see more. What was measured at scale: [V2's report](https://arxiv.org/abs/2405.04434), appendix D, compares MLA with plain
// attention in two mixtures of experts and finds MLA *better* in most tests, with a cache of 14% and of 4%.
//
// ## 7. What attention costs a model
//
// One often reads that attention dominates a model's parameters. In V3?

// %%
const attentionParameters = DEEPSEEK_V3.numHiddenLayers * layerParameters(DEEPSEEK_V3).attention;
const total = totalParameters(DEEPSEEK_V3);
const active = activeParameters(DEEPSEEK_V3, { head: true, embedding: false });
say`Attention has ${fixed(attentionParameters / 1e9, 1)} billion of ${whole(total / 1e9)} billion parameters, **${percent(attentionParameters / total)}**.
The experts have nearly all the rest. But each token goes through all of attention and few of the experts: of the parameters that
work for a token, attention has ${percent(attentionParameters / active)}.`;
result("attention's share of the parameters", attentionParameters / total);

// %%
const shownContexts = [1, 256, 1024, 4096, 16384, 65536, 163840];
const flopShares = shownContexts.map((tokens) => {
  const whole = forwardFlops(DEEPSEEK_V3, tokens);
  const pairs = attentionFlops(attentionShape(DEEPSEEK_V3), tokens);
  return { pairs: pairs / whole, matrices: (2 * attentionParameters) / whole };
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
const crossing = shownContexts.find((_, i) => flopShares[i].pairs > 0.5);
say`What grows with the text are scores and mixtures: at ${whole(4096)} tokens they are ${percent(flopShares[3].pairs)} of the arithmetic,
at ${whole(163840)} tokens ${percent(flopShares[6].pairs)}. (Keys and values at hand, as in training.)${
  crossing === undefined ? "" : ` More than half from somewhere below ${whole(crossing)} tokens on.`
}`;

// %% [markdown]
// So "dominant" is wrong for parameters, and for long texts right for the work. What MLA saves is first of all **memory**, and
// with it the bytes that decoding has to read.
//
// ## 8. Is this Perceiver's idea?
//
// One popular account says so. [Perceiver](https://arxiv.org/abs/2103.03206) reads a long input into a *fixed number* of latent
// vectors: its memory does not grow with the input. MLA keeps a latent for *every token*: its memory grows with each, only
// more slowly than plain attention's. Both have something called a latent; they are narrow along different axes.

// %%
const perceiver = { latents: 512, width: 1024 }; // an example; for any other the line is as flat
plot(
  lineChart({
    title: "How many numbers does a layer keep of a text?",
    x: { title: "tokens of the text (log scale)", log: true },
    y: { title: "numbers kept (log scale)", log: true },
    series: [
      {
        name: "plain attention (V3's heads)", x: shownContexts,
        y: shownContexts.map((tokens) => (tokens * expandedCacheBytes(DEEPSEEK_V3, 1)) / DEEPSEEK_V3.numHiddenLayers),
      },
      {
        name: "MLA (V3)", x: shownContexts,
        y: shownContexts.map((tokens) => (tokens * latentCacheBytes(DEEPSEEK_V3, 1)) / DEEPSEEK_V3.numHiddenLayers),
      },
      { name: "Perceiver", x: shownContexts, y: shownContexts.map(() => perceiver.latents * perceiver.width), dashed: true },
    ],
  }),
);
say`A Perceiver with ${whole(perceiver.latents)} latents of ${whole(perceiver.width)} numbers keeps ${whole(perceiver.latents * perceiver.width)}, whatever it has read. The
other two lines rise alike: MLA keeps ${whole(DEEPSEEK_V3.kvLoraRank + DEEPSEEK_V3.qkRopeHeadDim)} more with every token.`;

// %% [markdown]
// MLA's nearest relatives are multi-query and grouped-query attention, which also share what is kept among heads, and low-rank
// maps. What it adds is that every head gets keys and values of its own out of what is shared.
//
// ## 9. Where does v3-mini look?
//
// The trained model reads a line. Each row is a token, each column one that it may look at; the darker, the more attention. Move
// the slider from head to head: a head that looks one token back, one that looks at the beginning, one that looks for the same letter.

// %%
const line = "const size = 12; const width = size";
const lineTokens = Array.from(line, (character) => (character === " " ? "␣" : character));
const maps: number[][][] = tf.tidy(() => {
  let seen: number[][][] = [];
  mini.hiddenStates([bytesOf(line)], {
    attention: "naive",
    observe: (name, tensor) => {
      if (name === `layer${miniLayer}.attn_probs`) seen = (tensor.arraySync() as number[][][][])[0];
    },
  });
  return seen; // [H][T][S]
});
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
const back = maps.map((map) => mean(map.slice(1).map((row, i) => row[i])));
const first = maps.map((map) => mean(map.slice(1).map((row) => row[0])));
const topOf = (values: number[]) => values.indexOf(Math.max(...values));
table(
  maps.map((map, h) => ({
    head: h,
    "to the token before": percent(back[h]),
    "to the first token": percent(first[h]),
    "to itself": percent(mean(map.slice(1).map((row, i) => row[i + 1]))),
  })),
  { caption: `Where the heads of layer ${miniLayer} put their attention, on average over the line` },
);
say`Head ${topOf(back)} puts most on the token before (${percent(back[topOf(back)])}), head ${topOf(first)} most on the first one
(${percent(first[topOf(first)])}). They differ, though all read the same latents: each head has its own way to make keys of them.`;

// %% [markdown]
// ## Recap: the claims, and what came out

// %% jupyter={"source_hidden": true}
const claimFacts = attentionRules.facts();
const judged = (id: string) => attentionRules.rules.find((rule) => rule.id === id)!.judge(claimFacts);
verdicts([
  {
    claim: "mla-latent: attention is computed in a compressed latent space",
    sources: "The report, section 2.1.1: what is compressed is what is kept; heads have keys and values of their own.",
    computed: judged("mla-latent").evidence,
    verdict: judged("mla-latent").verdict,
  },
  {
    claim: "mla-params: it cuts parameters, bytes and work where attention dominates",
    sources: "The report calls it a reduction of the cache (section 2.1.1), not of a dominant share.",
    computed: judged("mla-params").evidence,
    verdict: judged("mla-params").verdict,
  },
  {
    claim: "mla-perceiver: its idea is Perceiver's",
    sources: "Neither report names Perceiver; V2's (section 2.1) starts from MHA, GQA and MQA.",
    computed: judged("mla-perceiver").evidence,
    verdict: judged("mla-perceiver").verdict,
  },
  {
    claim: "mla-tradeoff: fewer bytes for a little more arithmetic, and worth it",
    sources: "V2's report, section 2.1.2 and appendix D.",
    computed:
      `${judged("mla-tradeoff").evidence} Section 5 measured the three ways on this machine.`,
    verdict: judged("mla-tradeoff").verdict,
  },
]);

// %% [markdown]
// **In one sentence:** keep one narrow latent a token, make every head's keys and values from it, let positions travel beside it
// so that the making can be moved into the query, and decoding reads dozens of times fewer bytes for a few times the arithmetic.
//
// ## Where to read on
//
// - [DeepSeek-V3 Technical Report](https://arxiv.org/abs/2412.19437), section 2.1.1: the equations;
// - [DeepSeek-V2](https://arxiv.org/abs/2405.04434), section 2.1 and appendix D: why, absorption, and the comparison with MHA and GQA;
// - [Insights into DeepSeek-V3](https://arxiv.org/abs/2505.09343), section 2.1.2: the table of cache sizes;
// - [GQA](https://arxiv.org/abs/2305.13245) and [multi-query attention](https://arxiv.org/abs/1911.02150): the relatives.
//
// **Next: [lesson 04](04-fp8-training.ipynb)**, on training with eight-bit numbers.

// %%
mini.dispose();
smallModel.dispose();
timedModel.dispose();
say`Tensors left: ${tf.memory().numTensors}.`;
