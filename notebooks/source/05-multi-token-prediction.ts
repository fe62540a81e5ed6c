// %% [markdown]
// # 05 · Multi-token prediction
//
// ## What does predicting one more token buy, in training and in decoding?
//
// A language model predicts the next token. DeepSeek-V3 was trained to predict the next token **and the one after it**.
// For that it has one more block beside the main model, the *multi-token prediction module*, MTP for short.
//
// It buys two different things, which are easily mixed up. In training, a second question about every token may
// make the model a little better. In decoding, the module guesses ahead, the main model checks the guess, and a
// guess that holds is a second token of one pass. At the end of this lesson you can
//
// - say **what sees what**: the main model, V3's module, and the parallel heads that others use;
// - build the module's input in the order that the released weights expect;
// - verify a draft so that the text is **exactly** as the main model alone would write it, and prove it with dice;
// - compute from an acceptance rate how much faster decoding gets, and say when it doesn't.
//
// *About two hours, with five exercises. Before it: [lesson 01](01-mixture-of-experts.ipynb).*

// %% [markdown]
// ## What is said
//
// | id | claim, in our words |
// |---|---|
// | `mtp-2-4` | V3 is trained to predict the next 2 to 4 tokens |
// | `mtp-unseen` | To predict token N+2 the model cannot rely on first seeing token N+1 |
// | `mtp-inference` | At inference nothing changes |
// | `mtp-planning` | It makes the model plan ahead, with better long-range reasoning and more stable training |
// | `mtp-cost` | The cost is modest: the extra predictions share almost everything and differ only in the output layer |
// | `mtp-origin` | The idea comes from speculative decoding |
//
// The sources: the [technical report](https://arxiv.org/abs/2412.19437) (sections 2.2, 4.5.1 and 5.4.3), the released
// weights, and the papers on parallel heads and on speculative decoding. What can be computed, we compute, with a model
// that runs here: **v3-mini**, trained on bytes, with a module of V3's kind.

// %% jupyter={"source_hidden": true}
import * as tf from "@tensorflow/tfjs";
import { openCorpus } from "./lib/corpus/build";
import { BEGIN_OF_DOCUMENT, bytesOf, textOf } from "./lib/corpus/bytes";
import { DOMAINS, heldOutWindows, type Domain } from "./lib/corpus/corpus";
import { claimed } from "./lib/claims/claims";
import { claimInWords, verdictOf } from "./lib/claims/audit";
import { multiTokenPredictionDrawing } from "./lib/drawings";
import { citeLink, fact, modelFact, value } from "./lib/economics/facts";
import { forwardFlops, mtpForwardFlops } from "./lib/economics/flops";
import { mtpParameters, totalParameters } from "./lib/economics/parameters";
import { expectedTokens, speculativeSpeedUp, verificationCost } from "./lib/economics/speculation";
import { agreements, type Agreement } from "./lib/inference/acceptance";
import { decode, type DecodedToken } from "./lib/inference/decode";
import { argMax, draw } from "./lib/inference/sampling";
import { decodeSpeculatively, verify } from "./lib/inference/speculative";
import {
  acceptanceByKind, acceptanceByTemperature, acceptanceOf, batchTimes, byModule, CHARACTER_KINDS,
  charactersOf, combineExercise, curveInWords, depthExercise, engineTimes, expectedExercise, expertsOfTwo, flopsPerToken,
  hardestKind, mtpAblation, normed, originOf, overlapByEqual, parallelAtBest, readingOfTwo, targetsExercise, verifyExercise,
  whoSeesWhatChart, type CombineWeights, type DepthBudget,
} from "./lib/lessons/05-multi-token-prediction";
import { DEEPSEEK_V3 } from "./lib/model/config";
import { loadModel } from "./lib/checkpoint/checkpoint";
import { DeepSeekV3 } from "./lib/model/model";
import {
  barChart, billions, check, checkInterrupt, checkParameters, colouredText, fixed, lineChart, percent, plot,
  progress, result, say, showDrawing, showSource, sliderPlot, solvedOr, table, verdicts, whole,
} from "./lib/notebook";
import { compare, intervalWords } from "./lib/statistics/comparison";
import { mean, meanGap } from "./lib/statistics/interval";
import { useBackend } from "./lib/tensor/backend";
import { Random } from "./lib/tensor/random";
import { bitsPerByte, nextTokenLoss } from "./lib/training/next-token-loss";
import { bitsPerByteIn, compareSeeds, pairsOf, RUN_MEASURES } from "./lib/training/compare-seeds";
import { recordedRuns, type RecordedRun } from "./lib/training/record";

const backend = await useBackend();
say`Ready: tensors are computed by **${backend.name}**.`;

// %% [markdown]
// **The numbers worth changing.** Change one, then *Run → Run All Cells*: every figure below follows.

// %% tags=["parameters"]
const depth = 1; // 1..3 tokens: how many tokens further the modules in the first picture look
const acceptance = 0.85; // 0..1.0 share: how often a draft is accepted, in the computed speed-ups
const writing = "novel"; // novel | speeches | code | arithmetic: the kind of text that the model continues
const writtenTokens = 200; // 50..300 tokens: how long it writes
const temperature = 0; // 0..2.0 temperature: of the text in colours; 0 takes the most likely token
const lambda = 0.3; // 0..2.0 weight: of the module's loss beside the main one
const gpus = 8; // 1..320 GPUs: that share the decoding of V3 in the computed picture
const context = 2048; // 128..131072 tokens: that each of V3's texts has behind it there
const rounds = 15; // 3..100 rounds: measurements of each step's time
const seed = 1; // 0..999999 number: where all random numbers start

// %%
checkParameters("05-multi-token-prediction", {
  depth, acceptance, writing, writtenTokens, temperature, lambda, gpus, context, rounds, seed,
});

// %% [markdown]
// ## 1. A second guess for free?
//
// A step of decoding reads all the weights that it needs and writes **one** token. Now a small module guesses the next
// token in advance. The step computes both at once, the certain token and the guess, and if the guess was right, it has
// written two. DeepSeek reports how often the guess is right. So, **predict**: at an acceptance of 85%, how many
// tokens does a step write on average? And could it be more than two?

// %%
const yourPrediction = 1.5; // tokens a step: change it before you run on

// %% jupyter={"source_hidden": true}
const reported = fact("serving", "speculation", "acceptance");
say`You said ${yourPrediction}. It is **${fixed(expectedTokens(0.85, 1))}**: one token is certain, the second comes
with the acceptance rate. With one guess a step it can never be more than two.

The report gives ${percent(reported.low!)} to ${percent(reported.high!)} (${citeLink(reported)}), and
${fixed(value("serving", "speculation", "speedUp"), 1)} times the tokens per second. Keep that in mind: the second
number is *smaller* than the first. Section 8 asks where the rest goes.`;

// %% [markdown]
// ## 2. Who sees what
//
// There are two ways to predict further than the next token.
//
// - **Parallel heads** (Meta's paper of 2024): several output heads on one state. The state at token $i$ predicts token
//   $i+1$, and with another head token $i+2$. That head does not know what token $i+1$ is.
// - **A chain of modules** (DeepSeek-V3): module 1 takes the state at token $i$ **and the embedding of token $i+1$**,
//   and predicts token $i+2$. Module 2 would take module 1's state and token $i+2$. Each prediction has seen everything
//   before it: the causal chain is kept.
//
// The drawing shows the chain in V3's measures.

// %% jupyter={"source_hidden": true}
showDrawing(multiTokenPredictionDrawing(DEEPSEEK_V3));

// %% [markdown]
// Beside it, what each prediction has seen, for one state $i$. Squares are what a prediction has seen, the diamond is
// what it predicts.

// %% jupyter={"source_hidden": true}
plot(whoSeesWhatChart(depth));
say`Look at the rows that predict token i+2. The module has seen token i+1; the parallel head has a gap there.`;

// %% [markdown]
// What is that gap worth? Take a beginning and the three likeliest ways to go on. V3's kind of module looks at the letter
// that came. A parallel head has to answer **before** it knows the letter. The best it could do is to mix all cases by
// their probability, which we can compute exactly: every token that may come next, and what would follow it. The model is
// v3-mini.

// %%
const model = loadModel("data/checkpoints/v3-mini");
const corpus = openCorpus();
say`v3-mini is loaded: ${model.config.numHiddenLayers} layers, and ${model.weights.mtp.length} module beside them.`;

// %%
const start = "We are w";
const beginning = [BEGIN_OF_DOCUMENT, ...bytesOf(start)];
const shown = (id: number) => (id === 32 ? "␣" : textOf([id]));
const best = (probabilities: ArrayLike<number>) => ({
  guess: shown(argMax(probabilities)),
  probability: percent(probabilities[argMax(probabilities)]),
});
const blind = parallelAtBest(model, beginning);
const likeliest = tf.tidy(() => {
  const all = model.forward([beginning]);
  return Array.from(all.slice([0, beginning.length - 1, 0], [1, 1, -1]).reshape<tf.Tensor1D>([-1]).topk(3).indices.dataSync());
});
const knowing = likeliest.map((id) => byModule(model, [...beginning, id]));
table(
  [
    ...likeliest.map((id, i) => ({
      predictor: "the module",
      "has seen": `${start}${shown(id)}`,
      ...best(knowing[i]),
    })),
    { predictor: "a parallel head, at best", "has seen": start, ...best(blind) },
  ],
  { caption: "What comes after the next letter?" },
);
const differentGuesses = new Set(knowing.map(argMax)).size;
say`After ${likeliest.length} different letters the module has ${differentGuesses} different guesses. The parallel head has
one answer for all of them, and ${percent(blind[argMax(blind)])} is what the best one is worth.`;

// %% [markdown]
// How many modules? V3 has **one**. "The next 2 to 4 tokens" fits Meta's paper better than V3.

// %% jupyter={"source_hidden": true}
const parallel = modelFact("gloeckle-13b", "tokensPredicted");
say`V3's configuration: ${DEEPSEEK_V3.numNextnPredictLayers} module, so two tokens in all. Parallel heads:
${parallel.value} tokens in the fastest variant (${citeLink(parallel)}). (With \`depth\` you see the picture for longer
chains.)`;

// %% [markdown]
// ### Exercise 1 · What the k-th module is trained on
//
// *Implement · difficulty 1 of 3 · 8 minutes · 2 points*
//
// A text has tokens `ids[0]`, `ids[1]`, … The main model counts as $k = 0$. For module $k$, return a row
// `[state, sees, predicts]` for each state that can be trained: the number of the state from 0 on, the **newest** token that the
// module sees there, and the token that it has to predict. A state whose target lies beyond the text has no row.

// %% nbgrader={"grade": false, "grade_id": "05-targets", "locked": false, "schema_version": 3, "solution": true, "task": false}
function targets(ids: number[], k: number): [state: number, sees: number, predicts: number][] {
  /// BEGIN SOLUTION
  const rows: [number, number, number][] = [];
  for (let i = 0; i + k + 1 < ids.length; i++) rows.push([i, ids[i + k], ids[i + k + 1]]);
  return rows;
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "05-targets-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(targetsExercise, targets);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Write down the six tokens, put a finger on state 0, and say for k = 1: which tokens go in, which one comes out? Then
// ask which states run out of text.
//
// </details>
// <details><summary>Hint 2</summary>
//
// State i has seen the tokens up to number i. Module k has seen k tokens more, and predicts the one after those. The last
// row is the one whose target is the text's last token.
//
// </details>
// <details><summary>Hint 3</summary>
//
// A row is `const row = (i: number) => [i, ids[i + k], ids[i + k + 1]];`, for every i from 0 on whose target lies within the
// text.
//
// </details>

// %% [markdown]
// ## 3. The module, piece by piece
//
// Two vectors of width $D$ go in. Both are normalised, put side by side, and brought back to width $D$ by a matrix
// $M\,[2D, D]$. Then comes an ordinary block with attention and experts of its own. With $h_i$ the main model's state and
// $T$ tokens, this is how the report writes it for the first module (equations 21 to 23):
//
// $$h'_i = M\,[\mathrm{RMSNorm}(h_i);\; \mathrm{RMSNorm}(\mathrm{Emb}(t_{i+1}))]$$
// $$h^1_{1:T-1} = \mathrm{Block}(h'_{1:T-1}), \qquad p_{i+2} = \mathrm{Head}(h^1_i)$$
//
// Embedding and head are the main model's. That is easy to say and has to be arranged: DualPipe puts the first layers and
// the last ones, so embedding and head, on the same rank, where module and main model share one copy of each and its
// gradient ([the report](https://arxiv.org/abs/2412.19437), section 3.2.3). The code of a module is short:

// %%
showSource("lib/model/mtp.ts", "predictFurther");

// %% [markdown]
// The code does three things that the equations leave open or say otherwise. The equations put the state first; the
// released matrix wants the **embedding first**. $h_i$ is the state **after the main model's final norm**: what the head
// gets. And the module has a norm of its own before the head. Our v3-mini was trained that way too. How much do the first
// two mistakes cost? Bits per byte of held-out text (about 10 s):

// %%
const windows = DOMAINS.flatMap((domain) =>
  heldOutWindows(corpus.heldOut[domain], { length: 98, count: 8, seed }),
); // [B][T + 2]
const stateRows = windows.map((row) => row.slice(0, 96));
const nextRows = windows.map((row) => row.slice(1, 97));
const targetRows = windows.map((row) => row.slice(2, 98));

/** The model with the two halves of the module's matrix exchanged: the same as exchanging its inputs. */
function withHalvesExchanged(): DeepSeekV3 {
  const [module] = model.weights.mtp;
  const halves = tf.tidy(() => tf.concat(tf.split(module.ehProj, 2).reverse())) as tf.Tensor2D;
  return new DeepSeekV3(model.config, { ...model.weights, mtp: [{ ...module, ehProj: halves }] });
}

/** Bits per byte of the token after the next, from given states. */
function moduleBits(by: DeepSeekV3, states: "after the final norm" | "before it"): number {
  return tf.tidy(() => {
    let last: tf.Tensor3D | undefined;
    const observe = (name: string, tensor: tf.Tensor) => {
      if (name === `layer${by.config.numHiddenLayers - 1}.hidden_out`) last = tf.keep(tensor.clone()) as tf.Tensor3D;
    };
    const hidden = by.hiddenStates(stateRows, { observe });
    const logits = by.draft(states === "before it" ? last! : hidden, nextRows);
    last?.dispose();
    return bitsPerByte(nextTokenLoss(logits, targetRows).dataSync()[0]);
  });
}
const exchanged = withHalvesExchanged();
/** The main model on the same targets: from the state one token later. */
const mainBits = tf.tidy(() => {
  const logits = model.forward(windows.map((row) => row.slice(0, 97))).slice([0, 1, 0], [-1, 96, -1]);
  return bitsPerByte(nextTokenLoss(logits as tf.Tensor3D, targetRows).dataSync()[0]);
});
const bits = {
  right: moduleBits(model, "after the final norm"),
  order: moduleBits(exchanged, "after the final norm"),
  norm: moduleBits(model, "before it"),
};
exchanged.weights.mtp[0].ehProj.dispose();
table(
  [
    { "what goes in": "embedding first, state after the final norm (right)", "bits per byte": bits.right },
    { "what goes in": "state first, as the report writes it", "bits per byte": bits.order },
    { "what goes in": "state before the final norm", "bits per byte": bits.norm },
  ],
  { caption: "How well the module predicts the token after the next", digits: 2 },
);
say`In the wrong order it takes ${fixed(bits.order)} bits in place of ${fixed(bits.right)}; a uniform guess over the
vocabulary takes ${fixed(Math.log2(model.config.vocabSize))}. Leaving out the final norm changes
${fixed(bits.norm - bits.right)} bits.

Beside it: the main model predicts the same bytes at ${fixed(mainBits)} bits, one step later. Both have then seen the
same tokens. The main model has ${model.config.numHiddenLayers} blocks for them; the module has
${model.weights.mtp.length}, on top of a state that was computed one token earlier. The difference is
${fixed(bits.right - mainBits)} bits.`;
result("one token further, v3-mini", bits.right, "bits");

// %% [markdown]
// ### Exercise 2 · What goes into the module
//
// *Implement · difficulty 2 of 3 · 12 minutes · 3 points*
//
// You get the states as the **last block** leaves them, $[T, D]$, the embeddings of the same tokens, $[T, D]$, and three
// norms' weights: the main model's final norm, `weights.norm`, and the module's, `weights.enorm` and `weights.hnorm`. Return
// the module's input for the first $T - 1$ states: $[T - 1, 2D]$. `normed(states[0], weights.norm)` is RMSNorm for one vector.

// %% nbgrader={"grade": false, "grade_id": "05-combine", "locked": false, "schema_version": 3, "solution": true, "task": false}
function combine(states: number[][], embeddings: number[][], weights: CombineWeights): number[][] {
  /// BEGIN SOLUTION
  const { norm, enorm, hnorm } = weights;
  return states.slice(0, -1).map((h, i) => [
    ...normed(embeddings[i + 1], enorm),
    ...normed(normed(h, norm), hnorm),
  ]);
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "05-combine-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(combineExercise, combine);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// For each state but the last: two vectors of width $D$, one from the embedding of the next token, one from the state.
// `normed` is RMSNorm. How many norms does the state go through? Which of the two does the projection expect first?
//
// </details>
// <details><summary>Hint 2</summary>
//
// The embedding's half comes first, normed with `weights.enorm`. The state is normed twice: with `weights.norm`, as before
// the head, and the result with `weights.hnorm`.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const row = (i: number) => [
//   ...normed(embeddings[i + 1], weights.enorm),
//   ...normed(normed(states[i], weights.norm), weights.hnorm),
// ];
// ```
//
// </details>

// %% [markdown]
// What does the module add? "Differs only in the output layer" has it the wrong way round: the output layer is the part
// that is **shared**. What is new is a whole block, with all its experts, and the matrix $M$.

// %%
const added = (config: typeof DEEPSEEK_V3) => ({
  total: mtpParameters(config).unique,
  ofModel: mtpParameters(config).unique / totalParameters(config),
  flops: mtpForwardFlops(config, 1024) / forwardFlops(config, 1024),
});
const [addedToV3, addedToMini] = [added(DEEPSEEK_V3), added(model.config)];
const asPercent = { format: (share: unknown) => percent(Number(share)) };
table(
  [
    { model: "DeepSeek-V3", ...addedToV3, parameters: billions(addedToV3.total) },
    { model: "v3-mini", ...addedToMini, parameters: `${fixed(addedToMini.total / 1e6)}M` },
  ].map((row) => ({
    model: row.model,
    "parameters added": row.parameters,
    "of the main model's": row.ofModel,
    "arithmetic for a token, of the main model's": row.flops,
  })),
  {
    caption: "What one module costs",
    columns: { "of the main model's": asPercent, "arithmetic for a token, of the main model's": asPercent },
  },
);
say`For V3 that is ${percent(addedToV3.flops)} more arithmetic in training (the shared head has to be computed a second
time, too). Modest, yes. At inference the module can be thrown away: then it costs nothing and does nothing.`;

// %% [markdown]
// ## 4. The loss, and training with and without
//
// The module's cross-entropy joins the main one with a weight $\lambda$. With $n$ modules (equations 24 and 25 of the
// report, which calls their number $D$; here $D$ stays the width):
//
// $$L = L_\mathrm{main} + \frac{\lambda}{n} \sum_{k=1}^{n} L_k$$
//
// V3 took $\lambda = 0.3$ for most of its training, then 0.1 (section 4.2). On the held-out text from above:

// %%
const asNats = (inBits: number) => inBits * Math.LN2;
table(
  [
    { part: "main loss", "nats a token": asNats(mainBits), "in the total": asNats(mainBits) },
    { part: "the module's loss", "nats a token": asNats(bits.right), "in the total": lambda * asNats(bits.right) },
    { part: "total", "nats a token": null, "in the total": asNats(mainBits) + lambda * asNats(bits.right) },
  ],
  { caption: `The loss with λ = ${lambda}`, digits: 3 },
);
say`With λ = ${lambda}, ${percent((lambda * bits.right) / (mainBits + lambda * bits.right))} of what training makes
smaller is the module's. Through $h_i$ and the shared embedding its gradient reaches the whole main model: that is the
point of it.`;

// %% [markdown]
// Does the main model get better by that? Runs were recorded, with the module and without: the same model, data and number
// of steps, and for each seed the same order of batches. **Predict**: on which of four kinds of text does it help most, and
// are so few runs enough to say so?

// %%
const yourText: Domain = "code"; // novel | speeches | code | arithmetic: change it before you run on

// %% jupyter={"source_hidden": true}
const withModule = { name: "with the module", runs: recordedRuns("bias") };
const without = { name: "without it", runs: recordedRuns("no-mtp") };
const pairs = pairsOf(without, withModule);
const million = (tokens: number) => tokens / 1e6;
const savedAt = (domain: Domain, e: number) =>
  mean(pairs.map(([off, on]) => off.evaluations[e].bitsPerByte[domain] - on.evaluations[e].bitsPerByte[domain]));
plot(
  lineChart({
    title: "How many bits does the main model save by having been trained with the module?",
    x: { title: "training tokens (millions)" },
    y: { title: `bits per byte, without minus with, mean of ${pairs.length} seeds` },
    series: DOMAINS.map((domain) => ({
      name: domain,
      x: withModule.runs[0].evaluations.map(({ tokens }) => million(tokens)),
      y: withModule.runs[0].evaluations.map((_, e) => savedAt(domain, e)),
    })),
  }),
);
const finalIn = (runs: RecordedRun[], domain: Domain) => runs.map(bitsPerByteIn(domain).of);
const savedIn = (domain: Domain) => compareSeeds(without, withModule, bitsPerByteIn(domain)).interval;
table(
  DOMAINS.map((domain) => ({
    text: domain,
    without: fixed(mean(finalIn(without.runs, domain)), 3),
    with: fixed(mean(finalIn(withModule.runs, domain)), 3),
    saved: intervalWords(savedIn(domain), { digits: 3 }),
    "two seeds without it differ by": fixed(meanGap(finalIn(without.runs, domain)), 3),
  })),
  {
    caption:
      `Held-out bits per byte of the main model at the end, the module thrown away: means of ${pairs.length} seeds. ` +
      "Last column: the mean difference between two seeds",
  },
);
const overall = compareSeeds(withModule, without, RUN_MEASURES.bitsPerByte);
say`You said **${yourText}**: ${fixed(savedIn(yourText).estimate, 3)} bits saved.
${compareSeeds(withModule, without, bitsPerByteIn(yourText)).text} And for all four kinds together: ${overall.text}`;

// %% [markdown]
// The yardstick is in the last column: how far apart two trainings lie that differ in nothing but the seed. A pair with and
// without the module shares its seed, so part of that luck cancels; the interval says how much is left. A curve that stays
// above zero adds nothing to it: its points belong to the same few trainings. The authors compared larger models on more
// tokens. Their table, in full, of tests with the module thrown away:

// %% jupyter={"source_hidden": true}
const ablation = mtpAblation();
const sizeName = (size: "small" | "large") => billions(value("training-runs", `v3-ablation-mtp-${size}`, "totalParameters"));
const [smallSize, largeSize] = [sizeName("small"), sizeName("large")];
table(
  ablation
    .filter(({ size }) => size === "small")
    .map((small) => {
      const large = ablation.find(({ size, test }) => size === "large" && test === small.test)!;
      const digits = small.test.startsWith("Pile") ? 3 : 1;
      return {
        test: small.test,
        [`${smallSize}, without`]: fixed(small.without, digits),
        [`${smallSize}, with`]: fixed(small.with, digits),
        [`${smallSize}, gain`]: fixed(small.gain, digits),
        [`${largeSize}, without`]: fixed(large.without, digits),
        [`${largeSize}, with`]: fixed(large.with, digits),
        [`${largeSize}, gain`]: fixed(large.gain, digits),
      };
    }),
  { caption: "DeepSeek's ablation: per cent right, and bits per byte where fewer are better" },
);
const gained = ablation.filter(({ gain }) => gain > 0.0005); // the printed digits: an equal score is no gain
const lost = ablation.filter(({ gain }) => gain < -0.0005);
const largestGain = ablation.reduce((a, b) => (b.gain > a.gain ? b : a));
say`From ${citeLink(fact("training-runs", "v3-ablation-mtp-large", "humanEvalWith"))}. Of its ${ablation.length} rows
${gained.length} are better with the module and ${lost.length} worse
(${lost.map(({ test, size, gain }) => `${test}, ${size} model: ${fixed(gain, 1)}`).join("; ")}). The largest gain is
${fixed(largestGain.gain, 1)} points in ${largestGain.test}. Here too each size was trained once with and once without, so
the rows are ${ablation.length} tests of two pairs of trainings. The report gives no spread.`;

// %% [markdown]
// Higher scores: is that "planning"? The report says that it *may* let the model plan its representations (section 2.2),
// and measures no such thing. Nor does it compare the stability of training with and without. What the module costs
// in time, our runs can show:

// %% jupyter={"source_hidden": true}
const [[timedWithout, timedWith]] = pairs; // one machine made both
const timeRatio = timedWith.run.trainingSeconds / timedWithout.run.trainingSeconds;
say`With the module, the same number of steps took ${percent(timeRatio - 1)} more time, in one pair of runs
(${timedWith.run.machine.gpu?.split(",")[0] ?? timedWith.run.machine.backend}, arithmetic alone:
${percent(addedToMini.flops)} more). It is a larger share than V3's ${percent(addedToV3.flops)}, since one block of
${model.config.numHiddenLayers} is more than one of ${DEEPSEEK_V3.numHiddenLayers}.`;

// %% [markdown]
// ## 5. Drafts: how to guess without cheating
//
// Now to decoding. The idea is older than MTP, and came from elsewhere: *speculative decoding* (Leviathan et al. and Chen
// et al., both of 2023) lets any cheap model write a **draft**, and the large model verifies it. V3's module happens to
// be such a cheap model.
//
// It must not change what is written. At temperature 0 that is easy: keep the draft if the main model would have taken
// the same token. When tokens are drawn by chance, it takes a trick. Let $q$ be the distribution from which the draft $d$
// was drawn, and $p$ the main model's.
//
// 1. Keep $d$ with probability $\min(1,\; p_d / q_d)$.
// 2. Otherwise draw the token from what $p$ has over $q$: $\max(0,\, p - q)$, made to sum to 1.
//
// By hand, with four tokens:

// %%
const names = ["A", "B", "C", "D"];
const p = [0.1, 0.4, 0.3, 0.2];
const q = [0.5, 0.3, 0.15, 0.05];
const common = p.map((x, v) => Math.min(x, q[v]));
plot(
  barChart({
    title: "How much of the draft's distribution can be kept?",
    x: { title: "probability", percent: true },
    labels: names,
    series: [
      { name: "main model, p", values: p },
      { name: "draft, q", values: q },
      { name: "kept, min(p, q)", values: common },
    ],
  }),
);
const kept = common.reduce((a, b) => a + b);
say`The module likes A far too much. A draft A is kept with probability ${fixed(p[0] / q[0], 1)}; B, C and D always. In
all, $\\sum_v \\min(p_v, q_v)$ = **${percent(kept)}** of the drafts are kept: that is the acceptance rate. The missing
${percent(1 - kept)} go to B, C and D, just what these lack.`;

// %% [markdown]
// Now with dice. The first column is what the main model wants. The second is the rule. The third looks as
// plausible: keep a draft with probability $p_d$, else draw from $p$.

// %%
const DRAWS = 20_000;
function frequencies(rule: (draft: number, random: Random) => number): number[] {
  const random = new Random(seed);
  const counts = names.map(() => 0);
  for (let i = 0; i < DRAWS; i++) counts[rule(draw(q, random), random)]++;
  return counts.map((count) => count / DRAWS);
}
const exact = frequencies((draft, random) => verify(p, q, draft, random).id);
const naive = frequencies((draft, random) => (random.uniform() < p[draft] ? draft : draw(p, random)));
table(
  names.map((token, v) => ({ token, "main model": p[v], "the rule": exact[v], "kept with p": naive[v] })),
  { caption: `How often each token comes out, of ${whole(DRAWS)}`, digits: 3 },
);
const furthest = (drawn: number[]) => Math.max(...drawn.map((x, v) => Math.abs(x - p[v])));
const byChance = Math.max(...p.map((x) => 1.96 * Math.sqrt((x * (1 - x)) / DRAWS))); // 95% of a fair share's frequencies
say`With ${whole(DRAWS)} draws, chance alone moves a frequency by up to ${fixed(byChance, 3)} (95% of the time). The rule
is off by ${fixed(furthest(exact), 3)} at most, the other by ${fixed(furthest(naive), 3)}: the module's taste shows
through.`;

// %% [markdown]
// ### Exercise 3 · Keep it or replace it
//
// *Implement · difficulty 2 of 3 · 15 minutes · 3 points*
//
// Given both distributions and the draft, return the probability with which the draft is accepted, `accept`, and the
// distribution from which a rejected draft is replaced, `replacement`. (No case has $p = q$.)

// %% nbgrader={"grade": false, "grade_id": "05-verify", "locked": false, "schema_version": 3, "solution": true, "task": false}
function verifyDraft(p: number[], q: number[], draft: number): { accept: number; replacement: number[] } {
  /// BEGIN SOLUTION
  const owed = p.map((x, v) => Math.max(0, x - q[v]));
  const sum = owed.reduce((a, b) => a + b, 0);
  return { accept: Math.min(1, p[draft] / q[draft]), replacement: owed.map((x) => x / sum) };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "05-verify-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(verifyExercise, verifyDraft);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Token v comes out in two ways: drafted and kept, which happens with q[v] · accept(v); or another draft was rejected
// and v replaced it. Both together must be p[v]. How much do kept drafts give at most?
//
// </details>
// <details><summary>Hint 2</summary>
//
// Token v can't be kept more often than it is drafted, $q_v$, and should not come out more often than $p_v$. So let it be
// drafted and kept with probability $\min(p_v, q_v)$: `accept` is that, divided by $q_v$. What is each token still owed?
//
// </details>
// <details><summary>Hint 3</summary>
//
// `accept` is `Math.min(1, p[draft] / q[draft])`. What the tokens are owed is
// `const owed = p.map((x, v) => Math.max(0, x - q[v]));`; for `replacement` divide all of it by its sum.
//
// </details>

// %% [markdown]
// ## 6. Live: a text with its drafts
//
// One step: the module drafts a token; the main model goes over the newest token and the draft in **one** pass; the draft
// is kept or replaced; after a kept one, the same pass also says what follows. Both models keep their own latents, and
// what a rejected draft left there is cut off again. Now v3-mini writes. Point at a character to see the probabilities.

// %%
const PROMPTS: Record<Domain, string> = {
  novel: "The captain said ",
  speeches: "Fellow citizens of the Senate ",
  code: "function add(a, b) {\n",
  arithmetic: "12 + 30 = ",
};
const promptOf = (domain: Domain) => [BEGIN_OF_DOCUMENT, ...bytesOf(PROMPTS[domain])];

/** Writes with drafts; Interrupt ends it. */
async function write(domain: Domain, options: { temperature: number; tokens: number }) {
  const running = decodeSpeculatively(model, promptOf(domain), { ...options, seed });
  const tokens: DecodedToken[] = [];
  for await (const token of running) {
    checkInterrupt();
    tokens.push(token);
  }
  return { tokens, stats: running.stats };
}
const written = await write(writing, { temperature, tokens: writtenTokens });
const describe = ({ draft, probability }: DecodedToken) =>
  draft === undefined
    ? `no draft; the main model gave it ${percent(probability)}`
    : `draft ${shown(draft.id)}: the module gave it ${percent(draft.drafted)}, the main model ${percent(draft.verified)}`;
colouredText(
  `After "${PROMPTS[writing].trim()}", at temperature ${temperature}`,
  charactersOf(written.tokens).map(({ text, tokens }) => ({
    text,
    kind: originOf(tokens[tokens.length - 1]),
    hover: tokens.map(describe).join("; "),
  })),
  { own: "the main model's own token", accepted: "draft, accepted", replaced: "draft, rejected and replaced" },
);
const { stats } = written;
say`${stats.accepted} of ${stats.drafted} drafts were accepted (${percent(stats.accepted / stats.drafted)}). So
${stats.tokens} tokens took ${stats.steps} passes of the main model, in place of ${stats.tokens - 1}:
**${fixed(stats.tokens / stats.steps)} tokens a step**.`;
result("drafts accepted", stats.accepted / stats.drafted);

// %% [markdown]
// Is it the same text that the main model would have written alone? At temperature 0 it must be, token by token.

// %%
async function writtenAlone() {
  const ids: number[] = [];
  for await (const { id } of decode(model, promptOf(writing), { temperature: 0, tokens: writtenTokens })) ids.push(id);
  return ids;
}
const alone = await writtenAlone();
const drafted = (await write(writing, { temperature: 0, tokens: writtenTokens })).tokens.map(({ id }) => id);
const equalUpTo = alone.findIndex((id, i) => id !== drafted[i]);
say`${equalUpTo === -1 && alone.length === drafted.length
  ? `**All ${alone.length} tokens are the same.**`
  : `The texts part after ${equalUpTo} tokens.`} (Above temperature 0, the two are different throws of the same dice; a
test of the library compares 20,000 of them with the exact probabilities.)`;

// %% [markdown]
// Where are drafts rejected? **Predict**: which kind of character is hardest to guess one step early? (The cell after your
// guess writes eight texts, half of them at temperature 1; about 10 s.)

// %%
const yourKind: (typeof CHARACTER_KINDS)[number] = "digit";
// first letter of a word | letter within a word | space | digit | other sign: change it before you run on

// %%
async function byKind() {
  const counts = Object.fromEntries(CHARACTER_KINDS.map((kind) => [kind, { drafted: 0, accepted: 0 }]));
  for await (const i of progress(2 * DOMAINS.length, "writing", { unit: "texts" })) {
    const domain = DOMAINS[i % DOMAINS.length];
    const { tokens } = await write(domain, { temperature: i < DOMAINS.length ? 0 : 1, tokens: 150 });
    const found = acceptanceByKind(tokens, PROMPTS[domain].slice(-1));
    for (const kind of CHARACTER_KINDS) {
      counts[kind].drafted += found[kind].drafted;
      counts[kind].accepted += found[kind].accepted;
    }
  }
  return CHARACTER_KINDS.map((kind) => ({ kind, ...counts[kind] })).filter(({ drafted }) => drafted > 0);
}
const kinds = await byKind();
plot(
  barChart({
    title: "Which characters does the module guess?",
    x: { title: "drafts accepted", percent: true },
    labels: kinds.map(({ kind, drafted }) => `${kind} (${drafted})`),
    series: [{ name: "accepted", values: kinds.map(({ drafted, accepted }) => accepted / drafted) }],
  }),
);
const verdictOnKinds = hardestKind(kinds);
say`You said **${yourKind}**. ${verdictOnKinds.text} (In brackets is how many drafts there were. The intervals take drafts as
independent, which drafts of one text are not quite: they are rather too narrow.)`;

// %% [markdown]
// Now along text that v3-mini did not write. At temperature 0 a draft is accepted where both models find the same token
// most likely; at temperature 1 with probability $\sum_v \min(p_v, q_v)$, as above. Is that the same rate? Two tokens show
// that it need not be:

// %%
const near = { p: [0.55, 0.45], q: [0.45, 0.55] };
const sure = { p: [0.95, 0.05], q: [0.85, 0.15] };
table(
  Object.entries({ "undecided, and differ": near, "sure, and agree": sure }).map(([models, { p, q }]) => ({
    "the two models are": models,
    "p": p.join(", "),
    "q": q.join(", "),
    "accepted at temperature 0": percent(argMax(p) === argMax(q) ? 1 : 0),
    "accepted at temperature 1": percent(p.reduce((sum, x, v) => sum + Math.min(x, q[v]), 0)),
  })),
  { caption: "Equal first choice, or common probability" },
);

// %% [markdown]
// So temperature 1 gains where the first choices differ though the models are close, and loses where they agree. Which of
// the two weighs more is a matter of measurement (about 5 s):

// %%
async function alongText() {
  const measured: { domain: Domain; texts: Agreement[][] }[] = []; // texts: [windows][positions]
  for await (const i of progress(DOMAINS.length, "measuring", { unit: "kinds of text" })) {
    const windows = heldOutWindows(corpus.heldOut[DOMAINS[i]], { length: 98, count: 16, seed });
    measured.push({ domain: DOMAINS[i], texts: await agreements(model, windows) });
  }
  return measured;
}
const heldOutTexts = await alongText();
table(
  heldOutTexts.map(({ domain, texts }) => {
    const { greedy, sampled } = acceptanceOf(texts.flat());
    const { order, interval } = acceptanceByTemperature(texts, "windows");
    return {
      text: domain,
      "at temperature 0": percent(greedy),
      "at temperature 1": percent(sampled),
      "difference": intervalWords(interval, { unit: "points", digits: 1 }),
      "temperature 1 accepts": { higher: "more", lower: "fewer", "cannot tell": "cannot tell" }[order],
    };
  }),
  { caption: `Acceptance along held-out text, in ${heldOutTexts[0].texts.length} windows of each kind` },
);
const positions = heldOutTexts.flatMap(({ texts }) => texts.flat());
const over = overlapByEqual(positions);
const agreeing = acceptanceOf(positions).greedy;
say`The first choices agree at ${percent(agreeing)} of the positions, where temperature 1 accepts ${percent(over.equal)}: it
loses ${percent(agreeing * (1 - over.equal))} of all drafts there. They differ at ${percent(1 - agreeing)}, where it still
accepts ${percent(over.different)} and temperature 0 nothing: that gains
${percent((1 - agreeing) * over.different)}. The difference of the two is what temperature 1 gains over
all these windows.`;

// %% jupyter={"source_hidden": true}
say`For V3 the report has ${percent(reported.low!)} to ${percent(reported.high!)}, across topics. Ours and theirs can't be
compared number by number: our tokens are bytes, theirs are pieces of words.`;

// %% [markdown]
// ## 7. From acceptance to tokens
//
// With $k$ drafts in a row, each accepted with chance $a$, a step writes
//
// $$E(a, k) = 1 + a + a^2 + \dots + a^k = \frac{1 - a^{k+1}}{1 - a}$$
//
// tokens: the second draft counts only if the first was kept. (A single module can be used in a chain, its own state in
// place of the main model's; it was not trained for that.) A chain is not the only way to draft further.
// [Medusa](https://arxiv.org/abs/2401.10774) has parallel heads and takes several candidates from each;
// [EAGLE](https://arxiv.org/abs/2401.15077) drafts with a small model on the main model's states. Both verify a whole
// **tree** of drafts in one pass, with an attention mask that lets each draft see only its own branch. $E(a, k)$ is for one
// chain.
//
// ### Exercise 4 · Tokens a step
//
// *Implement · difficulty 1 of 3 · 8 minutes · 2 points*
//
// Return $E(a, k)$, where `acceptance` is $a$ and `drafts` is $k$. Both ends count: with an `acceptance` of 1, and with none.

// %% nbgrader={"grade": false, "grade_id": "05-expected", "locked": false, "schema_version": 3, "solution": true, "task": false}
function tokensPerStep(acceptance: number, drafts: number): number {
  /// BEGIN SOLUTION
  let [tokens, chance] = [1, 1];
  for (let draft = 1; draft <= drafts; draft++) {
    chance *= acceptance;
    tokens += chance;
  }
  return tokens;
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "05-expected-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(expectedExercise, tokensPerStep);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// One token is certain. The first draft adds another with chance a. When does the second draft add one?
//
// </details>
// <details><summary>Hint 2</summary>
//
// The second draft needs the first one's luck and its own. So each term of the sum is the one before it, times
// `acceptance`. The closed form divides by zero at 1; a loop does not.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// let [tokens, chance] = [1, 1];
// for (let draft = 1; draft <= drafts; draft++) {
//   chance *= acceptance; // this draft and all before it are accepted
//   tokens += chance;
// }
// ```
//
// </details>

// %%
const expected = await solvedOr(expectedExercise, tokensPerStep); // yours, once it passes
const rates = Array.from({ length: 41 }, (_, i) => i / 40);
plot(
  lineChart({
    title: "How many tokens does a step write?",
    x: { title: "acceptance of a draft", percent: true },
    y: { title: "tokens a step" },
    series: [1, 2, 4, 8].map((k) => ({
      name: `${k} ${k === 1 ? "draft" : "drafts"}`,
      x: rates,
      y: rates.map((a) => expected(a, k)),
    })),
  }),
);
say`At ${percent(acceptance)}, one draft gives ${fixed(expected(acceptance, 1))} tokens a step, four give
${fixed(expected(acceptance, 4))}: the first adds ${fixed(acceptance)}, the fourth ${fixed(acceptance ** 4)}.`;

// %% [markdown]
// ## 8. From tokens to time
//
// Tokens a step are not yet speed. Drafting takes time, and a step over two tokens may take longer than one over one.
// In units of a plain step, let a draft cost $c$ and the verifying step $v$. Then decoding gets faster by
//
// $$S = \frac{E(a, k)}{k\,c + v}$$
//
// What are $c$ and $v$ on your machine? Our library can decode in two ways, with equal results. The **tensor** engine
// calls a tfjs operation for each step of the arithmetic, and each call has a cost of its own, whatever the number of rows.
// The **wasm** engine does without tensors (only on wasm): its time goes into reading weights. A pass over two tokens reads
// each matrix once for both, but a second token mostly has other experts. **Predict**: for which of the two does speculation
// pay? (The measurement takes about 15 s.)

// %%
const yourEngine: "tensor" | "wasm" | "both" | "neither" = "both"; // change it before you run on

// %% tags=["timing"]
const engines = backend.name === "wasm" ? (["tensor", "wasm"] as const) : (["tensor"] as const);
const measuredText = promptOf("novel");

/** Tokens a second of one text. */
async function speedOf(engine: "tensor" | "wasm", speculative: boolean) {
  const run = (speculative ? decodeSpeculatively : decode)(model, measuredText, {
    temperature: 0, tokens: 120, engine,
  });
  let perSecond = 0;
  for (let again = 0; again < 3; again++) { // the fastest counts: the machine may be doing other things too
    for await (const token of run) checkInterrupt();
    perSecond = Math.max(perSecond, run.stats.tokens / run.stats.seconds);
  }
  return { perSecond, acceptance: run.stats.accepted / run.stats.drafted };
}

async function measureEngines() {
  const rows = [];
  for await (const i of progress(engines.length, "measuring engines", { unit: "engines" })) {
    const engine = engines[i];
    const { one, two, draft, draftTwo } = await engineTimes(model, engine, { text: measuredText, rounds });
    const [plain, drafting] = [await speedOf(engine, false), await speedOf(engine, true)];
    // The module reads every token that is written: after an accepted draft, two.
    const perDraft = draft + drafting.acceptance * (draftTwo - draft);
    rows.push({ engine, one, c: perDraft / one, v: two / one, plain, drafting });
  }
  return rows;
}
const engineRows = await measureEngines();
table(
  engineRows.map(({ engine, one, c, v, plain, drafting }) => ({
    engine,
    "a step (ms)": one,
    "c, a draft": c,
    "v, verifying": v,
    "speed-up, formula": speculativeSpeedUp({
      acceptance: drafting.acceptance, drafts: 1, draftCost: c, verifyCost: v,
    }),
    "speed-up, measured": drafting.perSecond / plain.perSecond,
    "tokens/s, plain": Math.round(plain.perSecond),
    "tokens/s, with drafts": Math.round(drafting.perSecond),
  })),
  { caption: "Speculation on this machine, one text, temperature 0", digits: 2 },
);
say`You said **${yourEngine}**. ${engineRows.map(({ engine, v, plain, drafting }) =>
  `**${engine}**: a step over two tokens takes ${fixed(v)} times as long as over one, and with drafts decoding is ` +
  `${fixed(drafting.perSecond / plain.perSecond)} times as fast`,
).join(". ")}. Run the cell a second time: by how much the numbers move is how well they are known.`;

// %% [markdown]
// V3's report has a larger speed-up for its model. What keeps ours from it? A second token has experts of its own to read.
// How many they are can be counted in the routers of v3-mini:

// %% tags=["timing"]
const ofTwo = expertsOfTwo(model, measuredText);
const readByTwo = readingOfTwo(model.config, ofTwo);
const { c: draftShare, v: verifyShare, drafting: lastDrafting } = engineRows[engineRows.length - 1];
const boundedBy = (verifyCost: number) =>
  fixed(speculativeSpeedUp({ acceptance: lastDrafting.acceptance, drafts: 1, draftCost: draftShare, verifyCost }));
say`Two neighbouring tokens of this text choose ${fixed(ofTwo)} times as many different experts as one, so a step over two
reads ${fixed(readByTwo)} times the weights of a step over one. With drafts that cost ${fixed(draftShare)} and
${percent(lastDrafting.acceptance)} of them accepted, decoding could get ${boundedBy(readByTwo)} times as fast if a step did
nothing but read weights; with the ${fixed(verifyShare)} that was measured it is ${boundedBy(verifyShare)}. If both tokens
chose the same experts, and a draft were free, it would be ${fixed(1 + lastDrafting.acceptance)}.`;

// %% [markdown]
// What decides is whether a step has **arithmetic to spare**. Where it waits for something that does not grow with the
// tokens (the reading of weights on a GPU, the calls of operations here), a second token costs little. Where a step is
// arithmetic already, two tokens take twice the time of one, and no guess pays.
//
// Many texts decoded together fill a step with arithmetic too. Does that take the gain away? Measured with the tensor
// engine, three times for each number of texts (about 20 s):

// %% tags=["timing"]
const batchSizes = [1, 2, 4, 8, 16, 32];
const REPEATS = 3;
async function measureBatches() {
  const rows = [];
  for await (const i of progress(REPEATS * batchSizes.length, "measuring batches", { unit: "measurements" })) {
    const batch = batchSizes[i % batchSizes.length];
    const { one, two, draft } = await batchTimes(model, batch, { text: measuredText, rounds: Math.min(rounds, 3) });
    rows.push({ batch, c: draft / one, v: two / one });
  }
  return rows;
}
const batchRows = await measureBatches();
const ownRate = engineRows[0].drafting.acceptance;
const speedUpOf = ({ c, v }: { c: number; v: number }) =>
  speculativeSpeedUp({ acceptance: ownRate, drafts: 1, draftCost: c, verifyCost: v });
plot(
  lineChart({
    title: "What is left of the speed-up when many texts decode together?",
    x: { title: "texts decoded together (log scale)", log: true },
    y: { title: "times the tokens per second" },
    series: [
      { name: "from measured costs", x: batchRows.map(({ batch }) => batch), y: batchRows.map(speedUpOf), points: true },
      { name: "tokens a step", x: batchSizes, y: batchSizes.map(() => expected(ownRate, 1)), dashed: true },
    ],
  }),
);
const measuredAt = (batch: number) => batchRows.filter((row) => row.batch === batch).map(speedUpOf);
const largestBatch = batchSizes[batchSizes.length - 1];
say`${compare(
  { name: `with ${largestBatch} texts`, values: measuredAt(largestBatch) },
  { name: "with one", values: measuredAt(batchSizes[0]) },
  { quantity: "the speed-up that the measured costs give", of: "measurements", digits: 2, paired: false },
).text}`;

// %% [markdown]
// ### V3 on GPUs, computed
//
// For V3 the number of texts works in both directions. Verifying needs a second token's **experts**. With a single text many
// of these are other experts than the first token's, and have to be read as well. With some hundred texts nearly all
// experts are read anyway, and a second token needs no more of them. With very many, arithmetic decides. The curve is a
// **roofline estimate**: the time of a step is taken to be the reading of its weights or its arithmetic, whichever is
// longer, at the GPU's bandwidth and peak, with experts drawn by chance and without communication (lessons 06 and 07 have
// the model behind it).

// %%
const h200 = (key: string) => value("accelerators", "h200", key);
const unit = {
  gpus, memory: h200("memory"), bandwidth: h200("memoryBandwidth"), peak: h200("peakFp8"),
  bytesPerParameter: 1, efficiency: 1,
};
const draftCost = mtpForwardFlops(DEEPSEEK_V3, context) / forwardFlops(DEEPSEEK_V3, context);
const estimate = (batch: number, drafts: number) => {
  const verifyCost = verificationCost(DEEPSEEK_V3, { batch, drafts, context, unit });
  return speculativeSpeedUp({ acceptance, drafts, draftCost, verifyCost });
};
const crowd = Array.from({ length: 57 }, (_, i) => 2 ** (i / 4));
sliderPlot({
  title: `How much faster would V3 decode on ${gpus} H200, by a roofline?`,
  parameter: "drafts",
  unit: "a step",
  values: [1, 2, 4],
  initial: 1,
  figure: (drafts) =>
    lineChart({
      title: "",
      x: { title: "texts decoded together (log scale)", log: true },
      y: { title: "times the tokens per second" },
      series: [
        { name: "roofline estimate", x: crowd, y: crowd.map((batch) => estimate(batch, drafts)) },
        { name: "no gain", x: [1, crowd[crowd.length - 1]], y: [1, 1], dashed: true },
        {
          name: "SGLang, measured",
          x: [1, 32],
          y: [value("serving", "speculation", "sglangBatch1"), value("serving", "speculation", "sglangBatch32")],
          points: true,
        },
      ],
    }),
});
say`With one draft and ${percent(acceptance)} acceptance the estimate is
${curveInWords(crowd, crowd.map((batch) => estimate(batch, 1)))} texts. The points are measurements of a serving library (${citeLink(fact("serving", "speculation", "sglangBatch1"))}).`;

// %% jupyter={"source_hidden": true}
const measuredPoints = [
  { texts: 1, measured: value("serving", "speculation", "sglangBatch1") },
  { texts: 32, measured: value("serving", "speculation", "sglangBatch32") },
];
say`${measuredPoints.map(({ texts, measured }) =>
  `With ${texts === 1 ? "one text" : `${texts} texts`} the library measured ${fixed(measured)}, the estimate is ${fixed(estimate(texts, 1))}`,
).join(". ")}. Neither is a limit for the other: the estimate divides one least time by another, and such a ratio can be
too large as well as too small. What it leaves out works in both directions: neighbouring tokens may share more experts
than chance gives them; a step also waits for what is neither reading nor arithmetic, as in our tensor engine; there is
communication; and the library's number of drafts and of GPUs is not ours. Which of these it is, these points don't say.`;

// %% [markdown]
// ### Exercise 5 · How many drafts under a budget?
//
// *Design · difficulty 3 of 3 · 15 minutes · 4 points*
//
// Drafts save time and cost arithmetic. The unit is what the main model computes for one token; a draft costs `draftCost`
// units. A step with $k$ drafts computes the main model on $k + 1$ tokens, whether they are kept or not, and writes $E(a, k)$
// tokens on average. Divide one by the other: that is what a **written token** costs, and it may cost at most `budget`.
// Return the largest number of drafts, from 0 to `most`, that keeps to it; `acceptance` is $a$. With two drafts $E$ is
// `tokensPerStep(acceptance, 2)`, yours from above, or `expected(acceptance, 2)`, the same, checked.

// %% nbgrader={"grade": false, "grade_id": "05-depth", "locked": false, "schema_version": 3, "solution": true, "task": false}
function draftsWithin({ acceptance, draftCost, budget, most }: DepthBudget): number {
  /// BEGIN SOLUTION
  const cost = (k: number) => (k + 1 + k * draftCost) / expected(acceptance, k);
  let best = 0;
  while (best < most && cost(best + 1) <= budget) best++;
  return best;
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "05-depth-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
await check(depthExercise, draftsWithin);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// What does a step with k drafts compute? The main model goes over k + 1 tokens, the module over k. How many of them
// stay in the text?
//
// </details>
// <details><summary>Hint 2</summary>
//
// With one draft, a step computes two tokens and a draft, and writes `expected(acceptance, 1)` tokens. Write the same for k
// drafts. Since the last draft is the least likely to be kept, the cost of a written token only grows with k.
//
// </details>
// <details><summary>Hint 3</summary>
//
// The cost is `const cost = (k: number) => (k + 1 + k * draftCost) / expected(acceptance, k);`. Go up from 0 to `most` and
// keep the last number of drafts whose cost is at most `budget`.
//
// </details>

// %% jupyter={"source_hidden": true}
const costOf = (k: number) => flopsPerToken({ acceptance, draftCost, budget: 0, most: k }, k);
say`For V3 at ${percent(acceptance)}: with one draft a written token takes ${percent(costOf(1) - 1)} more arithmetic,
with two ${percent(costOf(2) - 1)}, with four ${percent(costOf(4) - 1)}. Speculation spends arithmetic to save time.`;

// %% [markdown]
// ## 9. Verdicts

// %% jupyter={"source_hidden": true}
const reportedSpeedUp = fact("serving", "speculation", "speedUp");
verdicts([
  {
    claim: claimInWords("mtp-2-4"),
    verdict: verdictOf("mtp-2-4"),
    sources: "V3's configuration has one module: the next token and one more. Four is in Meta's paper",
    computed:
      `${1 + DEEPSEEK_V3.numNextnPredictLayers} tokens at every place: within ${claimed("mtp-2-4", "low")} to ` +
      `${claimed("mtp-2-4", "high")}, but never more`,
  },
  {
    claim: claimInWords("mtp-unseen"),
    verdict: verdictOf("mtp-unseen"),
    sources: "section 2.2, equation 21: the module is given the embedding of token N+1. It is parallel heads that are not",
    computed:
      `after ${likeliest.length} different letters v3-mini's module has ${differentGuesses} different guesses; one guess for ` +
      `all cases is worth ${percent(blind[argMax(blind)])}`,
  },
  {
    claim: claimInWords("mtp-inference"),
    verdict: verdictOf("mtp-inference"),
    sources:
      `the module can be thrown away; used as a draft it gives ${fixed(reportedSpeedUp.value, 1)} times the tokens per ` +
      "second (section 5.4.3)",
    computed: `the same text, ${fixed(stats.tokens / stats.steps)} tokens for each pass of the main model`,
  },
  {
    claim: claimInWords("mtp-planning"),
    verdict: verdictOf("mtp-planning"),
    sources:
      `planning is a "may" in section 2.2; table 4 has scores, better in ${gained.length} of ${ablation.length} rows, and no ` +
      "test of planning, long ranges or stability",
    computed: `no planning. ${overall.text}`,
  },
  {
    claim: claimInWords("mtp-cost"),
    verdict: verdictOf("mtp-cost"),
    sources: "section 2.2: embedding and head are shared; a whole block and a projection are the module's own",
    computed:
      `${billions(addedToV3.total)} parameters (${percent(addedToV3.ofModel)} of V3), ` +
      `${percent(addedToV3.flops)} more arithmetic: modest; and the output layer is what does not differ`,
  },
  {
    claim: claimInWords("mtp-origin"),
    verdict: verdictOf("mtp-origin"),
    sources:
      "predicting several tokens to decode faster is from 2018 ([blockwise parallel decoding](https://arxiv.org/abs/1811.03115)). " +
      "The report (section 2.2) takes up a training objective (Gloeckle et al.) and names EAGLE, a draft model, as a kindred " +
      "idea with another aim",
    computed: "both fit together here: a module that was trained for one serves the other",
  },
]);

// %% [markdown]
// ## What to take along
//
// - V3 predicts two tokens, through a chain that keeps causality. Its module is a block, and shares embedding and head.
// - As a training objective it goes with higher scores in most rows of the report's table, of one training each. What our
//   own runs can tell stands in section 4.
// - As a draft it leaves what is written as it was, and makes it faster **where a step has arithmetic to spare**.
//
// ## Where to read on
//
// - [DeepSeek-V3 Technical Report](https://arxiv.org/abs/2412.19437), sections 2.2 (the module), 4.5.1 (ablation), 5.4.3
//   (acceptance).
// - [Better & Faster Large Language Models via Multi-token Prediction](https://arxiv.org/abs/2404.19737), sections 2
//   and 3: parallel heads.
// - [Fast Inference from Transformers via Speculative Decoding](https://arxiv.org/abs/2211.17192), section 2 and
//   appendix A: the rule and its proof; [Accelerating Large Language Model Decoding with Speculative
//   Sampling](https://arxiv.org/abs/2302.01318): the same, found independently.
// - [Medusa](https://arxiv.org/abs/2401.10774) and [EAGLE](https://arxiv.org/abs/2401.15077): trees of drafts.
// - `npm run --silent generate -- --model data/checkpoints/v3-mini --prompt "The captain" --speculative` writes in a
//   terminal. Lesson 06 has the roofline behind section 8, lesson 07 the money.
//
// **Next: [lesson 06](06-hardware-and-communication.ipynb)**, on what keeps 2,048 GPUs from waiting for each other.
