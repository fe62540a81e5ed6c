// %% [markdown]
// # 01 · Mixture of experts
//
// ## How can 671 billion parameters cost like 37 billion?
//
// DeepSeek-V3 has 671 billion parameters, and 37 billion of them work on a token ([README of the
// release](https://github.com/deepseek-ai/DeepSeek-V3), section 1). So for the token that you are reading about right
// now, the other 634 billion did nothing at all. They sat in memory and waited for a token that wants them.
//
// The cost of its training follows from that (lesson 07 does the bill). But "costs like 37 billion" is true of one kind
// of cost, false of a second, and for a third it depends on how many users are served at once. At the end of this lesson
// you can
//
// - route a token **by hand**, from affinity to weights, as V3's router does;
// - derive both figures from the configuration, and say what somebody counts who says "37B";
// - tell what a sparse model saves, what it doesn't, and what changes when many tokens come at once;
// - judge a design: how many experts, how wide, how many active.
//
// *About two hours, with five exercises. Before it: [lesson 00](00-start-here.ipynb).*

// %% [markdown]
// ## What is said
//
// A popular account of DeepSeek-V3 says, in our words:
//
// | id | claim |
// |---|---|
// | `moe-37b` | V3 has 671B parameters of which 37B are active, so that inference costs like a 37B dense model |
// | `moe-256-8` | There are 256 experts a layer, and 8 are activated for each token |
// | `moe-early-6-8` | Typically 6 to 8 of the 256 experts are active |
// | `moe-capacity` | It has the capacity of the whole 671B, since different tokens use different experts |
// | `moe-hospital` | It is like a hospital with 256 specialists, of whom 8 are consulted for each patient |
// | `moe-mixtral` | Mixtral 8x7B has 8 experts of 7B with 2 active: it performs like a dense 70B at a fifth of the inference cost |
//
// How far does each hold? For that we ask the sources: the [technical
// report](https://arxiv.org/abs/2412.19437) (sections 2.1.2 and 4.2), the released configuration, and the released
// code. We compute what can be computed, and each claim gets its verdict at the end.

// %% jupyter={"source_hidden": true}
import * as tf from "@tensorflow/tfjs";
import { cite, modelFact, modelFacts } from "./lib/economics/facts";
import { countDecoder, countSwitch, decoderShape } from "./lib/economics/other-models";
import {
  activeParameters, countParameters, layerParameters, releasedCheckpoint, totalParameters,
} from "./lib/economics/parameters";
import {
  combinations, expertCoverage, log10, parametersRead, reachableCombinations, simulateCoverage,
} from "./lib/economics/routing";
import {
  activeCounts, countExercise, countsThatRoundTo, coverageExercise, designCost, designExercise, designScore, gateExercise,
  largest, lineOverlap, meanOverlaps, overlapComparisons, selectExercise, selectFillingWithZeros, selectionByLib, V3_BUDGET,
  V3_DESIGN, type Budget, type Design,
} from "./lib/lessons/01-mixture-of-experts";
import { fromRealWeights, REAL_ROUTERS } from "./lib/lessons/real-weights";
import { claimInWords, verdictOf } from "./lib/claims/audit";
import { DEEPSEEK_V3, tinyConfig, type ModelConfig } from "./lib/model/config";
import { layerDrawing } from "./lib/drawings";
import { moe, routedExperts as routedSum } from "./lib/model/experts";
import { loadModel } from "./lib/checkpoint/checkpoint";
import { createModel, DeepSeekV3 } from "./lib/model/model";
import { route, selectExperts } from "./lib/model/router";
import { initWeights, type MoeWeights } from "./lib/model/weights";
import {
  barChart, billions, check, checkParameters, fixed, heatmapChart, lineChart, medianTime, percent, planeChart, plot,
  progress, result, say, showDrawing, showSource, sliderPlot, solvedOr, table, times, verdicts, waffleChart, whole,
} from "./lib/notebook";
import { useBackend } from "./lib/tensor/backend";
import { Random } from "./lib/tensor/random";
import { runOf } from "./lib/training/record";

const backend = await useBackend();
say`Ready: tensors are computed by **${backend.name}**.`;

// %% [markdown]
// **The numbers worth changing.** Change one, then *Run → Run All Cells*: every figure below follows. The comment
// behind each says what it may be and what it means.

// %% tags=["parameters"]
const routedExperts = 256; // 64 | 128 | 256 | 512 experts: routed experts in each layer
const activeExperts = 8; // 1..32 experts: how many of them a token chooses in each layer
const expertWidth = 2048; // 512..4096 channels: width of one expert
const bytesPerParameter = 1; // 1 | 2 | 4 bytes: memory of one parameter (FP8, BF16, FP32)
const gpuMemory = 80; // 16..288 GB: memory of one GPU
const batch = 128; // 1..4096 tokens: tokens that are decoded together
const biasOfExpert1 = -0.4; // -1..1 affinity: correction bias of expert 1 in the example with six tokens
const skew = 1; // 0..3.0 exponent: how unequal the experts' popularity is in the simulation, 0 for equal
const measuredTokens = 1024; // 64..2048 tokens: tokens in the measurement of cost
const seed = 1; // 0..999999 number: where all random numbers start
const realWeights = ""; // any text: address or folder of a released model to read at the end, empty for none

// %%
checkParameters("01-mixture-of-experts", {
  routedExperts, activeExperts, expertWidth, bytesPerParameter, gpuMemory,
  batch, biasOfExpert1, skew, measuredTokens, seed, realWeights,
});
const config: ModelConfig = {
  ...DEEPSEEK_V3,
  nRoutedExperts: routedExperts,
  numExpertsPerTok: activeExperts,
  moeIntermediateSize: expertWidth,
};

// %% [markdown]
// ## 1. One token, and all those squares
//
// The squares below are the parameters of the model that the cell above describes. The coloured ones do something for
// one token.

// %%
const total = totalParameters(config);
const active = activeParameters(config, { head: true, embedding: false });
/** Parameters by component. Of the embedding, a token looks up one row. */
const parts = countParameters(config).map((part) =>
  part.component === "embedding" ? { ...part, active: config.hiddenSize } : part,
);
const part = (component: string) => parts.find((row) => row.component === component)!;
const [experts, attention, shared] = [part("routed experts"), part("attention"), part("shared experts")];
const square = total > 1e12 ? 4e9 : 1e9; // parameters
plot(
  waffleChart(
    `What works on one token? ${billions(active)} of ${billions(total)} parameters (a square: ${square / 1e9}B)`,
    [
      { name: "routed experts that were chosen", value: experts.active },
      { name: "attention", value: attention.active },
      { name: "shared experts", value: shared.active },
      { name: "dense layers, routers, norms, head", value: active - experts.active - attention.active - shared.active },
      { name: "nothing to do for this token", value: total - active, idle: true },
    ],
    { unit: square, columns: 45 },
  ),
  { height: 340 },
);
result("size of the model", total, "parameters");
result("active for a token", active, "parameters");
say`${percent(1 - active / total)} of the parameters do nothing for this token. For the next token, as many squares
light up: of the routed experts mostly other ones, of everything else the same.`;

// %% [markdown]
// Everything in this lesson follows from that picture. The coloured squares decide how much a token has to **compute**.
// All squares together decide how much **memory** the model needs. And which of the routed experts light up is decided
// anew for every token, in every layer, by a small matrix: the router.
//
// ## 2. Dense against sparse
//
// In a dense transformer, each layer has one feed-forward network, and every token passes through all of it.
// DeepSeek-V3 uses the gated form, with three matrices, from width $D$ to width $I$ and back:
//
// $$\mathrm{FFN}(x) = W_\mathrm{down}\,\bigl(\mathrm{SiLU}(W_\mathrm{gate}\,x) \odot W_\mathrm{up}\,x\bigr)$$
//
// A mixture of experts puts $E$ small networks of this form side by side. A router picks a set $\mathcal C(x)$ of $K$
// of them for each token $x$, with weights $g_i$; a shared expert works on every token (the report, equation 12,
// without the residual):
//
// $$y = \sum_{i \in \mathcal C(x)} g_i \,\mathrm{FFN}_i(x) \;+\; \mathrm{FFN}_\mathrm{shared}(x)$$
//
// Not every layer is like that: V3's first three are dense (the report, section 4.2), and it does not say why. The authors'
// earlier model kept its first layer dense because its load was especially slow to even out (DeepSeekMoE, section 5.1.2).
// Here is the place of the mixture in a layer:

// %% jupyter={"source_hidden": true}
showDrawing(layerDrawing(DEEPSEEK_V3));

// %% [markdown]
// And here is such a mixture, from our library: six tokens go in, six come out, and on the way each has a row of gates in
// which almost everything is zero.

// %%
const small = createModel(tinyConfig(), seed); // random weights are enough to see the shapes
const layer = small.weights.layers[1].mlp as MoeWeights;

function throughOneLayer(): { shape: string; gatesInUse: number } {
  return tf.tidy(() => {
    const x = new Random(seed).normalTensor([6, small.config.hiddenSize]) as tf.Tensor2D; // [N, D]
    const { gates } = route(x, layer.gate, small.config); // [N, E]
    const y = moe(x, layer, small.config, { dispatch: "grouped" }); // [N, D]
    const gatesInUse = gates.greater(0).sum().dataSync()[0] / 6;
    return { shape: `x [${x.shape}] → gates [${gates.shape}] → y [${y.shape}]`, gatesInUse };
  });
}
const once = throughOneLayer();
say`\`${once.shape}\`: each token has ${small.config.nRoutedExperts} gates, of which ${once.gatesInUse} are not
zero.`;

// %% [markdown]
// A parameter that takes part costs two floating-point operations for a token: one multiplication, one addition. One
// that does not take part costs none. (Attention also multiplies tokens with each other. That grows with the length of
// the text, has no parameters, and is left out in this lesson.) So a layer has two sizes:

// %%
const one = layerParameters(config);
const layerTotal = routedExperts * one.expert + one.sharedExperts + one.router;
const layerActive = activeExperts * one.expert + one.sharedExperts + one.router;
const sizesOf = (kind: string, parameters: number, used: number) => ({
  layer: kind,
  parameters,
  "used by a token": used,
  "FLOPs per token": 2 * used,
});
table(
  [
    sizesOf("sparse, as in this configuration", layerTotal, layerActive),
    sizesOf("dense, with the same parameters", layerTotal, layerTotal),
    sizesOf("dense, with the same FLOPs", layerActive, layerActive),
  ],
  { caption: "The feed-forward part of one layer has two sizes; in a dense model they are the same number" },
);
say`The sparse layer holds ${times(layerTotal / layerActive)} as many parameters as it uses for a token.`;

// %% [markdown]
// ## 3. The hospital, and where it misleads
//
// The popular picture: a hospital with 256 specialists; a patient comes in, eight of them are consulted, the others see
// somebody else. Hold it against the model:
//
// | the picture | the model | does it fit? |
// |---|---|---|
// | many specialists, few per patient | $E$ experts, $K$ per token | yes: this is the point of it all |
// | all of them are on the payroll | all experts are in memory | yes: and this is a cost that the picture hides |
// | there is a general practitioner whom everybody sees | the shared expert | yes, though the story usually leaves it out |
// | a patient sees one team | each layer has its own experts and chooses anew | no: one token meets hundreds of experts |
// | a patient is a whole case | a token is a piece of a word | no: the next piece of the same word may go elsewhere |
// | specialists were trained in their subject | all start as random numbers and become different by being used | no: nobody assigned subjects |
// | cardiology, oncology … | which expert does what has to be measured (lesson 02) | no: subjects are ours, not the model's |
// | the team discusses and writes one report | $K$ vectors are multiplied by weights and added | no: experts of a layer don't see each other's output |
// | a receptionist who understands the case | one matrix, one product per token | partly: it sees one vector, but attention has put the context into it |
//
// How many specialists does one token meet on its way?

// %%
const sparseLayers = config.numHiddenLayers - config.firstKDenseReplace; // the first ones are dense
say`${config.numHiddenLayers} layers, ${sparseLayers} of them sparse, ${activeExperts} routed experts in each: a
token meets **${sparseLayers * activeExperts} routed experts**, all different, out of
${whole(sparseLayers * routedExperts)} in the house.`;

// %% [markdown]
// ## 4. The router, step by step
//
// How does a token get its experts? Five steps. We take them on an example that fits on a sheet of paper: six tokens,
// twelve experts in four groups of three, two groups kept, three experts chosen. (V3: 256 experts in eight groups of
// 32, four groups kept, eight experts chosen.)
//
// **Step 1, affinity.** One number between 0 and 1 for each pair of token and expert (equation 15). Expert $i$ has a
// vector $w_i$ of width $D$, a column of the router's matrix $W$:
//
// $$s_i = \sigma(x \cdot w_i), \qquad x\,[N, D],\; W\,[D, E] \;\to\; s\,[N, E]$$
//
// The sigmoid $\sigma$ scores each expert by itself. Earlier routers, Mixtral's and Switch's among them, use a softmax,
// where experts compete: if one gets more, all others get less. See what happens to the others when the first of three
// logits rises:

// %%
const quiet = tf.tensor1d([0.5, 0.4, -1]);
const loud = tf.tensor1d([3, 0.4, -1]);
const rounded = (t: tf.Tensor1D) => Array.from(t.dataSync(), (value) => value.toFixed(2)).join("   ");
table(
  tf.tidy(() => [
    { logits: "0.5   0.4   -1", sigmoid: rounded(quiet.sigmoid()), softmax: rounded(quiet.softmax()) },
    { logits: "3   0.4   -1", sigmoid: rounded(loud.sigmoid()), softmax: rounded(loud.softmax()) },
  ]),
  { caption: "Under the sigmoid the second and third expert don't notice" },
);
tf.dispose([quiet, loud]);

// %% [markdown]
// For the example we write the affinities down, with one decimal, so that you can check every step in your head. Expert
// 1 is popular: three tokens like it. So this lesson gives it a correction bias below zero (the parameter
// `biasOfExpert1`), and experts 4 and 10 one above. (How biases move is lesson 02. Here they are given.)

// %%
const tokens = ["The", "patient", "took", "two", "tablets", "."];
const affinities = [
  // group A         group B         group C         group D
  [0.3, 0.8, 0.2,  0.2, 0.1, 0.3,  0.6, 0.2, 0.1,  0.5, 0.4, 0.1],
  [0.2, 0.7, 0.9,  0.1, 0.3, 0.2,  0.1, 0.4, 0.2,  0.4, 0.1, 0.6],
  [0.1, 0.2, 0.3,  0.7, 0.5, 0.4,  0.3, 0.8, 0.1,  0.2, 0.2, 0.1],
  [0.1, 0.2, 0.1,  0.8, 0.6, 0.1,  0.9, 0.1, 0.1,  0.5, 0.5, 0.2],
  [0.2, 0.9, 0.8,  0.1, 0.2, 0.1,  0.2, 0.3, 0.7,  0.1, 0.2, 0.4],
  [0.1, 0.2, 0.1,  0.2, 0.3, 0.1,  0.1, 0.2, 0.3,  0.1, 0.1, 0.3],
];
const biases = [0, biasOfExpert1, 0, 0, 0.1, 0, 0, 0, 0, 0, 0.2, 0];
const choice = { nRoutedExperts: 12, nGroup: 4, topkGroup: 2, numExpertsPerTok: 3 };
const onPaper = { ...choice, normTopkProb: true, routedScalingFactor: 2.5 };

function routeOnPaper() {
  return tf.tidy(() => {
    const routing = selectExperts(tf.tensor2d(affinities), tf.tensor1d(biases), onPaper);
    const values = (t: tf.Tensor2D) => t.arraySync();
    return {
      affinity: values(routing.affinity), // s [6, 12]
      biased: values(routing.biased), // z [6, 12]
      groupScores: values(routing.groupScores), // [6, 4]
      groupMask: values(routing.groupMask), // [6, 4]
      mask: values(routing.mask), // [6, 12]
      gates: values(routing.gates), // g [6, 12]
    };
  });
}
const routed = routeOnPaper();

// %% [markdown]
// **Predict.** Look at the row of *two*. Expert 6 likes it more than any other expert does: 0.9. Will expert 6 be one
// of its three experts? Put `true` or `false`, then go through the steps with the slider.

// %%
const expert6GetsTwo = true; // your guess

// %% jupyter={"source_hidden": true}
type Grid = (number | null)[][]; // a number, or nothing, for every token and expert
const group = (e: number) => Math.floor(e / 3);
const biasedWhere = (shown: (t: number, e: number) => boolean): Grid =>
  routed.biased.map((row, t) => row.map((z, e) => (shown(t, e) ? z : null)));
const pictures: Record<string, Grid> = {
  "1 affinity s": routed.affinity,
  "2 biased z = s + b": routed.biased,
  "3 group scores": routed.biased.map((row, t) => row.map((_, e) => routed.groupScores[t][group(e)])),
  "3 two groups stay": biasedWhere((t, e) => routed.groupMask[t][group(e)] === 1),
  "4 three are chosen": biasedWhere((t, e) => routed.mask[t][e] === 1),
  "5 weights g": routed.gates.map((row) => row.map((g) => (g > 0 ? g : null))),
};

sliderPlot({
  title: "Which experts does each token get?",
  parameter: "step",
  unit: "",
  values: Object.keys(pictures),
  initial: "1 affinity s",
  figure: (step) =>
    heatmapChart({
      title: step,
      x: { title: "expert, in groups A to D", labels: biases.map((_, e) => `${"ABCD"[group(e)]}${e}`) },
      y: { title: "token", labels: tokens },
      values: pictures[step],
      text: pictures[step].map((row) => row.map((value) => (value === null ? "" : fixed(value)))),
      colour: { title: "value", range: [-0.4, 1.5] },
      dividers: [3, 6, 9],
    }),
});

// %% [markdown]
// Take *took* through it by hand:
//
// 1. its affinities are the third row;
// 2. add the biases: expert 4 goes up by 0.1, expert 10 by 0.2, and expert 1 moves by `biasOfExpert1`. A score below
//    zero is allowed;
// 3. a group's score is **the sum of its two best**: look only at two numbers in each group. The two best groups stay,
//    all other experts are out (as if their score were $-\infty$);
// 4. the three best of what is left are chosen;
// 5. their weights come from the **affinities**, not from the biased scores: each divided by the sum of the three,
//    times the scale, here 2.5 as in V3.
//
// In formulas, for each token:
//
// $$z_i = s_i + b_i, \qquad \mathcal C = \mathrm{top}K\{\,z_i : i \text{ in a kept group}\,\}, \qquad
//   g_i = 2.5\,\frac{s_i}{\sum_{j \in \mathcal C} s_j}\;\;(i \in \mathcal C)$$
//
// The report has the affinity, bias and normalisation (equations 13 to 16). The two-best rule is in its section 2.1.2 in
// words, which speak of affinities; the released code adds up biased scores. The scale is only in the released code.

// %% jupyter={"source_hidden": true}
const two = tokens.indexOf("two");
const tablets = tokens.indexOf("tablets");
const chosenBy = (token: number) => routed.mask[token].flatMap((on, e) => (on ? [e] : []));
const score = (token: number, name: string) => fixed(routed.groupScores[token]["ABCD".indexOf(name)]);
const ofTablets = { s: routed.affinity[tablets][1], z: routed.biased[tablets][1], g: routed.gates[tablets][1] };
const isLargest = ofTablets.g === Math.max(...routed.gates[tablets]);
const how = isLargest ? "more than any other of this token" : "by its affinity";
say`**Expert 6 and two.** You said ${expert6GetsTwo}; it is **${chosenBy(two).includes(6)}**. Its experts are
${chosenBy(two).join(", ")}. Group C scores ${score(two, "C")}, behind B with ${score(two, "B")} and D with
${score(two, "D")}: one enthusiast does not carry a group.

**Expert 1 and tablets.** Its affinity of ${fixed(ofTablets.s)} is the highest of the row. For the choice, the bias
makes that ${fixed(ofTablets.z)}. Its weight is ${fixed(ofTablets.g)}: it counts
${ofTablets.g === 0 ? "nothing, since it was not chosen" : how}.

**The full stop.** Nobody wants it: its best affinity is ${fixed(Math.max(...routed.affinity[5]))}. Its weights
still sum to ${fixed(routed.gates[5].reduce((a, b) => a + b, 0))}, like everybody's.`;

// %% [markdown]
// What is all that for?
//
// - **Groups** save network, not arithmetic. V3's experts live on many machines; a group is what sits together, and a
//   token that stays within four groups travels to at most four machines (the report, section 2.1.2). Lesson 06 counts
//   the bytes.
// - **The bias** keeps the load even (lesson 02). It is *not* a penalty inside a softmax, as a popular account has it.
// - **The weights** ignore the bias, so that evening out the load does not change what an expert's answer is worth.
//
// This is the function that did it. Everything you saw is in these lines:

// %%
showSource("lib/model/router.ts", "selectExperts");

// %% [markdown]
// One line in it says `stopGradient(mask)`. Choosing is a step: move an affinity a little, and as a rule the same experts
// are chosen, so the choice itself has no gradient. How does a router learn at all?
//
// **Predict.** Say that for *took* the task would like more of expert 5 and less of expert 3. How many of the twelve
// affinities get a gradient?

// %%
const affinitiesWithGradient = 12; // your guess

// %%
const took = tokens.indexOf("took");
/** How much better the loss gets, to first order, as a gate rises: here invented. */
const usefulness = tf.tensor2d([[0, 0, 0, -1, 0.5, 1, 0, 0.2, 0, 0, 0, 0]]);
const gain = (s: tf.Tensor) =>
  selectExperts(s as tf.Tensor2D, tf.tensor1d(biases), onPaper).gates.mul(usefulness).sum() as tf.Scalar;
const slopes = tf.tidy(() => Array.from(tf.grad(gain)(tf.tensor2d([affinities[took]])).dataSync()));
usefulness.dispose();
table(
  slopes.map((slope, e) => ({ expert: e, affinity: affinities[took][e], gate: routed.gates[took][e], "gain per affinity": slope })),
  { caption: "What the router of took learns from one step", digits: 2 },
);
const withGradient = slopes.filter((slope) => Math.abs(slope) > 1e-6).length;
say`You said ${affinitiesWithGradient}; it is **${withGradient}** of ${slopes.length}. From the task, a router learns through the weights
of the experts that it chose, and through nothing else: those that helped more than the others gain, at the others'
expense (times the affinities, these slopes add up to ${fixed(Math.abs(slopes.reduce((sum, slope, e) => sum + slope * affinities[took][e], 0)), 1)}). An expert that was not chosen learns nothing from this token, and
nothing is learned about it. So a router that starts lopsided has little that would set it right, unless something else
evens it out: lesson 02.`;

// %% [markdown]
// And why 2.5? The report does not mention it. Here is what it does. The weights of the chosen experts sum to the scale. If
// the outputs of $K$ experts are about equally long and point in unrelated directions, then with equal weights of $1/K$ their
// sum is only $1/\sqrt K$ as long as one of them, and next to the shared expert it would count for less.

// %% jupyter={"source_hidden": true}
const { numExpertsPerTok: v3Chosen, routedScalingFactor: v3Scale } = DEEPSEEK_V3;
say`With ${v3Chosen} experts that is ${fixed(1 / Math.sqrt(v3Chosen))}; times ${v3Scale} it is
${fixed(v3Scale / Math.sqrt(v3Chosen))}. So, if each is about as long as the shared expert's output, the routed experts together weigh about as much
as the shared one. This is our reading; we know of no published one.`;

// %% [markdown]
// ### Exercise 1 · The gate
//
// *Implement · difficulty 2 of 3 · 12 minutes · 3 points*
//
// Write the gate of **one** token, without groups: from the logits $x \cdot w_i$ to the weights $g_i$. Return one
// number for each expert, 0 where it was not chosen. `largest(values, n)` gives the positions of the $n$ largest
// values.

// %% nbgrader={"grade": false, "grade_id": "01-gate", "locked": false, "schema_version": 3, "solution": true, "task": false}
function gate(logits: number[], bias: number[], k: number, scale: number): number[] {
  /// BEGIN SOLUTION
  const s = logits.map((x) => 1 / (1 + Math.exp(-x)));
  const z = s.map((affinity, e) => affinity + bias[e]);
  const chosen = largest(z, k);
  const sum = chosen.reduce((sofar, e) => sofar + s[e], 0);
  return s.map((affinity, e) => (chosen.includes(e) ? (scale * affinity) / sum : 0));
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "01-gate-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(gateExercise, gate);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Three lists of the same length, one after the other: the affinities, the biased scores, the weights. Which of the first
// two decides who is chosen? Which of them should the weights come from?
//
// </details>
// <details><summary>Hint 2</summary>
//
// An affinity is the sigmoid of a logit, and the biased score is affinity plus bias. `largest(values, k)` with the biased
// scores as its values gives the chosen experts. From there on only affinities count, and they are to add up to `scale`.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const s = logits.map((x) => 1 / (1 + Math.exp(-x))); // affinities
// const chosen = largest(s.map((affinity, e) => affinity + bias[e]), k);
// const sum = chosen.reduce((before, e) => before + s[e], 0);
// ```
//
// What is left: a list with `scale * s[0] / sum` for expert 0 if it is in `chosen`, else 0, and so on for all of them.
//
// </details>

// %% [markdown]
// ### Exercise 2 · The zero that was not nothing
//
// *Fix the bug · difficulty 2 of 3 · 12 minutes · 3 points*
//
// How do you leave out the experts of dropped groups? The well-known library *transformers* gave them the score 0.
// Affinities lie between 0 and 1, so 0 loses against anything, doesn't it? It shipped like that for about a year
// ([issue 45440](https://github.com/huggingface/transformers/issues/45440)), though *vLLM* had mended the same mistake in
// February 2025 ([pull request 13474](https://github.com/vllm-project/vllm/pull/13474)). Here is a token whose biased scores are
// all negative, as they become when biases have come down:

// %%
const lowScores = [-0.2, -0.5, -0.1, -0.4, -0.7, -0.3, -0.05, -0.9, -0.8, -0.6, -0.25, -0.35];
const rightly = selectionByLib(lowScores, 4, 2, 3);
const withZeros = selectFillingWithZeros(lowScores, 4, 2, 3);
table(
  lowScores.map((z, e) => ({
    expert: e,
    group: "ABCD"[group(e)],
    "biased score": z,
    "group kept": rightly.keptGroups.includes(group(e)) ? "yes" : "no",
    "chosen, rightly": rightly.chosen.includes(e) ? "chosen" : "",
    "chosen, with 0 in dropped groups": withZeros.includes(e) ? "chosen" : "",
  })),
  { caption: "Twelve experts in four groups, two groups kept, three experts chosen" },
);
const fromDropped = withZeros.filter((e) => !rightly.keptGroups.includes(group(e)));
say`With zeros, ${fromDropped.length} of the ${withZeros.length} chosen experts are in groups that were dropped.`;

// %% [markdown]
// Why did it last so long in *transformers*? It takes negative scores, and somebody looked: in V3's released weights every
// correction bias is positive. Only differences between biases matter, so V3's training could let all of them drift upwards.

// %% jupyter={"source_hidden": true}
const lowestBias = modelFact("deepseek-v3", "smallestCorrectionBias");
say`The smallest bias of all layers is reported as ${lowestBias.value} (${cite(lowestBias)}). With such biases no
score is ever below 0, and the bug never shows. A model whose scores do go below 0 is routed wrongly by the same
code.`;

// %% [markdown]
// Write the selection as it should be: from one token's biased scores to the positions of its $K$ experts, in ascending
// order. Groups are neighbours: of 12 experts in 4 groups, the first group is experts 0, 1, 2.

// %% nbgrader={"grade": false, "grade_id": "01-select", "locked": false, "schema_version": 3, "solution": true, "task": false}
function select(biased: number[], groups: number, kept: number, k: number): number[] {
  /// BEGIN SOLUTION
  const size = biased.length / groups;
  const groupOf = (e: number) => Math.floor(e / size);
  const twoBest = (scores: number[]) => largest(scores, 2).reduce((sum, i) => sum + scores[i], 0);
  const scores = Array.from({ length: groups }, (_, g) => twoBest(biased.slice(g * size, (g + 1) * size)));
  const stay = largest(scores, kept);
  const candidates = biased.map((z, e) => (stay.includes(groupOf(e)) ? z : -Infinity));
  return largest(candidates, k);
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "01-select-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(selectExercise, select);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Two choices, one after the other: which groups stay, and which experts of those. The experts of a group stand side by
// side: what is the size of a group, and which group does an expert belong to?
//
// </details>
// <details><summary>Hint 2</summary>
//
// Give each group a score, the sum of its two best, and use `largest` twice: over the scores of the groups, with `kept`,
// then over the experts, with `k`. Before the second time, what must an expert of a dropped group have in place of its own
// score, so that it never wins?
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const size = biased.length / groups;
// const groupOf = (e: number) => Math.floor(e / size);
// const membersOf = (g: number) => biased.slice(g * size, (g + 1) * size);
// const candidates = (stay: number[]) => biased.map((z, e) => (stay.includes(groupOf(e)) ? z : -Infinity));
// ```
//
// `largest(membersOf(0), 2)` gives the places of the two best within group 0; the score is the sum of what stands there.
//
// </details>

// %% [markdown]
// ## 5. Where 671 and 37 come from
//
// No figure of the press release is needed: the configuration decides. A linear map from width $a$ to width $b$ has $a
// \cdot b$ parameters, so a gated network of width $I$ has $3 D I$. With that, the parts:

// %%
const asPercent = { format: (share: unknown) => percent(Number(share)) };
table(
  parts.map((row) => ({
    component: row.component,
    "in all": row.total,
    "for one token": row.active,
    "share of all": row.total / total,
    "share for one token": row.active / active,
  })),
  { caption: "Parameters by component", columns: { "share of all": asPercent, "share for one token": asPercent } },
);
say`The largest row by hand: an expert has 3 · ${config.hiddenSize} · ${expertWidth} = ${whole(one.expert)}
parameters. Times ${routedExperts} experts, times ${sparseLayers} layers, that is ${whole(experts.total)}. With
${activeExperts} in place of ${routedExperts}, it is ${whole(experts.active)}.

Sum of all rows: **${whole(total)}** in all, and **${whole(active)}** for one token.`;

// %% jupyter={"source_hidden": true}
plot(
  barChart({
    title: "Where are the parameters, and which of them work?",
    x: { title: "parameters (log scale)", log: true },
    labels: parts.map(({ component }) => component),
    series: [
      { name: "in all", values: parts.map((row) => row.total) },
      { name: "for one token", values: parts.map((row) => row.active) },
    ],
  }),
);
say`Each line is ten times the one before, so look at the pairs of bars: beside the embedding, of which a token looks
up one row, only one pair differs. **All of the saving is in the routed experts.** They are
${percent(experts.total / total)} of the parameters, and ${percent(experts.active / active)} of what a token uses. The
attention is the reverse: ${percent(attention.total / total)} of the whole, ${percent(attention.active / active)} of
the work.`;

// %% [markdown]
// Which "37B" is it, then? "Active" is a convention. The head multiplies every token by its whole matrix; of the
// embedding a token looks up one row. Three counts are possible:

// %%
table(
  activeCounts(config).map(({ what, parameters }) => ({ "what is counted": what, active: billions(parameters) })),
  { caption: "Three counts of active parameters" },
);
const announced = modelFact("deepseek-v3", "activeParameters");
const checkpoint = modelFact("deepseek-v3", "checkpointParameters");
say`The announced figure is ${fixed(announced.value / 1e9, 0)}B (${cite(announced)}). Of the three
counts of V3's own configuration, what rounds to it is **${countsThatRoundTo(DEEPSEEK_V3, announced.value).join("**, and **") || "none"}**.
For cost, the middle count is the right one: it is what gets multiplied. (And the
"${fixed(checkpoint.value / 1e9, 0)}B" of the checkpoint? That file also holds the multi-token prediction module of
lesson 05, and the scales of its 8-bit numbers; counted for this configuration:
${billions(releasedCheckpoint(config).total)}.)`;

// %% [markdown]
// ### Exercise 3 · Count the active parameters
//
// *Implement · difficulty 2 of 3 · 15 minutes · 3 points*
//
// Write the middle count yourself, from a configuration: layers and head, without the embedding. The parameters of one
// layer's attention are given (lesson 03 takes them apart); norms may be left out. Useful fields of `c`: `hiddenSize`,
// `vocabSize`, `numHiddenLayers`, `firstKDenseReplace` (so many first layers are dense), `intermediateSize` (their
// width), `nRoutedExperts`, `numExpertsPerTok`, `nSharedExperts`, `moeIntermediateSize` (an expert's width).

// %% nbgrader={"grade": false, "grade_id": "01-count", "locked": false, "schema_version": 3, "solution": true, "task": false}
function countActive(c: ModelConfig, attention: number): number {
  /// BEGIN SOLUTION
  const gated = (width: number) => 3 * c.hiddenSize * width;
  const dense = c.firstKDenseReplace;
  const sparse = c.numHiddenLayers - dense;
  const perToken =
    (c.numExpertsPerTok + c.nSharedExperts) * gated(c.moeIntermediateSize) + c.hiddenSize * c.nRoutedExperts;
  const head = c.vocabSize * c.hiddenSize;
  return c.numHiddenLayers * attention + dense * gated(c.intermediateSize) + sparse * perToken + head;
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "01-count-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(countExercise, countActive);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Go a token's way through the model. Which parts does it meet in a dense layer, which in one with experts, and what comes
// after the last layer?
//
// </details>
// <details><summary>Hint 2</summary>
//
// Attention in every layer; in the first `c.firstKDenseReplace` layers one wide network, in all others a router and so many
// experts as a token uses, the shared one included; at the end the head. A gated network has three matrices of hidden size
// times its width.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const gated = (width: number) => 3 * c.hiddenSize * width;
// const router = c.hiddenSize * c.nRoutedExperts;
// const sparseLayers = c.numHiddenLayers - c.firstKDenseReplace;
// ```
//
// A sparse layer has the router and `c.numExpertsPerTok + c.nSharedExperts` networks of width `c.moeIntermediateSize`. The
// head has a row of the hidden size for each entry of the vocabulary.
//
// </details>

// %% [markdown]
// ## 6. Many small experts
//
// Why 256 experts of width 2048, and not 32 of width 16,384, with one active? Both have the same parameters and the
// same work for a token. The difference is **how many different sets of experts a token can get**. Choosing $K$ of $E$
// gives
//
// $$\binom{E}{K} = \frac{E!}{K!\,(E-K)!}$$
//
// DeepSeek calls cutting experts finer *fine-grained expert segmentation*
// ([DeepSeekMoE](https://arxiv.org/abs/2401.06066), section 3.1). Four models and their choices:

// %%
const choices: [name: string, E: number, K: number][] = [
  ["Switch-C", modelFact("switch-c", "experts").value, modelFact("switch-c", "activeExperts").value],
  ["Mixtral 8x7B", modelFact("mixtral-8x7b", "experts").value, modelFact("mixtral-8x7b", "activeExperts").value],
  ["DeepSeek-V2", modelFact("deepseek-v2", "experts").value, modelFact("deepseek-v2", "activeExperts").value],
  ["this configuration", routedExperts, activeExperts],
];
table(
  choices.map(([model, E, K]) => ({ model, experts: E, active: K, "different sets": combinations(E, K) })),
  { caption: "Sets of routed experts that a token can get in one layer" },
);
const sets = combinations(routedExperts, activeExperts);
const reachable = reachableCombinations({
  experts: routedExperts, active: activeExperts, groups: config.nGroup, kept: config.topkGroup,
});
say`And that in each of ${sparseLayers} layers anew. The limit to ${config.topkGroup} of ${config.nGroup} groups
leaves ${percent(Number(reachable) / Number(sets))} of the sets within reach: that is its price. What it buys is in
section 4.`;

// %% [markdown]
// Now hold the cost fixed and only cut finer: halve the width, double both $E$ and $K$. Parameters, work for a token,
// share of experts that is active: all stay the same.

// %% jupyter={"source_hidden": true}
const cuts = [0.125, 0.25, 0.5, 1, 2, 4].filter((cut) => Number.isInteger(cut * activeExperts));
plot(
  lineChart({
    title: "How many sets of experts, at one and the same cost?",
    x: { title: "experts per layer, the width of each shrinking accordingly (log scale)", log: true },
    y: { title: "different sets, as a power of ten" },
    series: [
      {
        name: "sets of experts",
        x: cuts.map((cut) => cut * routedExperts),
        y: cuts.map((cut) => log10(combinations(cut * routedExperts, cut * activeExperts))),
        text: cuts.map((cut) => `${cut * activeExperts} of ${cut * routedExperts}, width ${expertWidth / cut}`),
      },
      { name: "this configuration", x: [routedExperts], y: [log10(sets)], points: true },
    ],
  }),
);

// %% [markdown]
// So why stop there? The curve only goes up. Two things push back, and neither is in this plot: every active expert is
// one more place that a token has to be **sent to** (exercise 5 and lesson 06), and products with narrow matrices keep
// a processor less busy (section 8). Nor is the number of sets a measure of quality: it says how finely a router
// *could* combine, not how well it learned to. For quality there are only experiments. DeepSeekMoE's, at two billion
// parameters: fine-grained and shared experts did as well as a GShard model with 1.5 times the expert parameters and
// compute (its abstract).
//
// **The shared expert** is the other half of that paper. What every token needs, such as the grammar that holds any
// sentence together, would otherwise have to be learned by every routed expert again. One expert that always works can
// hold it, and the routed ones are free to differ. It also makes the honest count nine active experts, not eight.

// %% [markdown]
// ## 7. A batch is not a token
//
// Until here we followed one token. But a server decodes many at once, for many users. Each token brings its own choice
// of experts, and **a weight that any of them needs must be read from memory**.
//
// **Predict.** One token touches few of a layer's experts. `batch` tokens are decoded together (see the parameters).
// What percentage of the routed experts of a layer does at least one of them choose?

// %%
const myGuess = 25; // percent

// %% jupyter={"source_hidden": true}
const touched = expertCoverage(routedExperts, activeExperts, batch);
result("share of a layer's experts that the batch touches", touched);
say`You said ${myGuess}%. One token touches ${percent(expertCoverage(routedExperts, activeExperts, 1))} of a layer's
routed experts; a batch of ${batch} touches **${percent(touched)}**.`;

// %% [markdown]
// The model is as sparse as before: each token still computes with its few experts. But the tokens of a batch wake up
// different ones. Can you derive the formula?
//
// ### Exercise 4 · How many experts does a batch touch?
//
// *Implement · difficulty 1 of 3 · 8 minutes · 2 points*
//
// Each of $B$ tokens chooses $K$ different experts out of $E$, all experts are equally popular, and tokens choose
// independently. What share of the experts is chosen by at least one token, on average?

// %% nbgrader={"grade": false, "grade_id": "01-coverage", "locked": false, "schema_version": 3, "solution": true, "task": false}
function coverage(E: number, K: number, B: number): number {
  /// BEGIN SOLUTION
  const leftOutByAll = (1 - K / E) ** B;
  return 1 - leftOutByAll;
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "01-coverage-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(coverageExercise, coverage);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Look at one expert. What is the chance that one token leaves it out?
//
// </details>
// <details><summary>Hint 2</summary>
//
// A token takes $K$ of the $E$ experts, so it leaves a given one out with chance $1 - K/E$. What is the chance that all $B$
// tokens do?
//
// </details>
// <details><summary>Hint 3</summary>
//
// The tokens choose independently, so the chances multiply: all leave it out with chance $(1 - K/E)^B$. The share that is
// touched is what remains.
//
// </details>

// %% [markdown]
// Real experts are not equally popular, and tokens of one text are not independent. What the first of these does, dice
// can show: draw batches of tokens, count the experts they touch, once with equal popularity and once with a popularity
// of the $i$-th expert that falls like $1/i^{\mathrm{skew}}$ (see the parameters).

// %%
const cover = await solvedOr(coverageExercise, coverage); // yours, once it passes

/** The share of the experts that batches of these sizes touch. */
async function simulate(batchSizes: number[], s: number) {
  const random = new Random(seed);
  const uniform = () => random.uniform();
  const shares: number[] = [];
  for await (const i of progress(batchSizes.length, `drawing batches, skew ${s}`, { unit: "sizes" })) {
    const tokensIn = batchSizes[i];
    const trials = Math.ceil(400 / tokensIn) + 4;
    const drawn = { experts: routedExperts, active: activeExperts, batch: tokensIn, trials, skew: s, uniform };
    shares.push(simulateCoverage(drawn).mean);
  }
  return shares;
}
const batches = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const even = await simulate(batches, 0);
const uneven = await simulate(batches, skew);

// %% jupyter={"source_hidden": true}
const curve = Array.from({ length: 91 }, (_, i) => 2 ** (i / 10));
plot(
  lineChart({
    title: "What share of a layer's experts does a batch touch?",
    x: { title: "tokens decoded together (log scale)", log: true },
    y: { title: "experts touched", percent: true },
    series: [
      { name: "formula", x: curve, y: curve.map((B) => cover(routedExperts, activeExperts, B)) },
      { name: "drawn, all equally popular", x: batches, y: even, points: true },
      { name: `drawn, popularity as 1/i^${skew}`, x: batches, y: uneven, points: true },
      { name: "Mixtral's 2 of 8, formula", x: curve, y: curve.map((B) => cover(8, 2, B)), dashed: true },
    ],
  }),
);
say`Dice and formula agree where the formula's assumptions hold. The less equal the popularity, the fewer experts
are touched: at skew ${skew} a batch of ${batches[7]} touches ${percent(uneven[7])}, with equal popularity
${percent(even[7])}. That reads less, but it is waste: experts that are rarely wanted learn little. V3's
balancing works against it (lesson 02).`;

// %% [markdown]
// Now in bytes. A decoding step reads every weight it needs **once**, however many tokens share it. Compare with a
// dense model that does the same work for a token:

// %%
const gigabytes = (parameters: number) => (parameters * bytesPerParameter) / 1e9;
const perParameter = `${bytesPerParameter} ${bytesPerParameter > 1 ? "bytes" : "byte"} a parameter`;
const steps = Array.from({ length: 49 }, (_, i) => 2 ** (i / 4));
plot(
  lineChart({
    title: "How much weight memory does one decoding step read?",
    x: { title: "tokens decoded together (log scale)", log: true },
    y: { title: `GB at ${perParameter} (log scale)`, log: true },
    series: [
      { name: "this sparse model", x: steps, y: steps.map((B) => gigabytes(parametersRead(config, B))) },
      { name: "dense, equal work for a token", x: steps, y: steps.map(() => gigabytes(active)), dashed: true },
      { name: "dense, equal parameters", x: steps, y: steps.map(() => gigabytes(total)), dashed: true },
    ],
  }),
);
const ratio = parametersRead(config, batch) / active;
const readPerToken = gigabytes(parametersRead(config, batch)) / batch;
say`At batch 1 the sparse model reads ${fixed(gigabytes(parametersRead(config, 1)), 1)} GB, as the dense one does:
there "costs like" holds even for memory traffic. At batch ${batch} it reads
${fixed(gigabytes(parametersRead(config, batch)), 0)} GB, which is **${times(ratio)} the dense model's**. The work
for a token is the same throughout: ${fixed((2 * active) / 1e9, 1)} GFLOPs.

Shared out among the batch, that is ${fixed(readPerToken)} GB per token, and for the dense model
${fixed(gigabytes(active) / batch)} GB.`;

// %% [markdown]
// Is that bad? For each token it is less than at batch 1, since the whole batch shares the reading. But a dense model
// shares better. That is why V3 is served on many GPUs at once, so that each holds few experts and sees the tokens of
// *many* users who want just these: the report's decoding unit has 320 GPUs, each with a single expert of a layer
// (section 3.4.2). Sparse models are cheap to run **for those who serve many users at once**.

// %% [markdown]
// ## 8. Measured: the cost of a token as experts are added
//
// Do more experts really cost nothing, on a real machine? Our library computes the routed experts in two ways, with
// equal results:
//
// - **grouped**: sort the tokens by expert; each expert works on its own tokens. Work grows with $K$, not with $E$;
// - **masked**: every expert works on every token, and gates of zero throw most of it away. Work grows with $E$.
//
// The sorting is all there is to the first:

// %%
showSource("lib/model/experts.ts", "sortByExpert");

// %% [markdown]
// Now with a clock: the same layer, $K = 8$, from 16 to 256 experts (about ten seconds).

// %% tags=["timing"]
const sizes = [16, 32, 64, 128, 256];

/** A layer of E experts: median milliseconds of both dispatches, and how far apart their results are. */
function measureLayer(E: number) {
  const c = tinyConfig({ nRoutedExperts: E, numExpertsPerTok: 8, nGroup: 1, topkGroup: 1, hiddenSize: 128 });
  const random = new Random(seed);
  const normal = (...shape: number[]) => random.normalTensor(shape, 0.1);
  const x = normal(measuredTokens, 128) as tf.Tensor2D; // [N, D]
  const router = { weight: normal(128, E) as tf.Tensor2D, eScoreCorrectionBias: tf.zeros([E]) as tf.Tensor1D };
  const [gateProj, upProj, downProj] = [normal(E, 128, 64), normal(E, 128, 64), normal(E, 64, 128)] as tf.Tensor3D[];
  const routing = route(x, router, c);
  const run = (dispatch: "grouped" | "masked") => routedSum(x, routing, { gateProj, upProj, downProj }, dispatch);
  const time = (dispatch: "grouped" | "masked", repeats: number) =>
    medianTime(() => {
      const y = run(dispatch); // [N, D]
      y.dataSync(); // reading the numbers waits until they are there
      y.dispose();
    }, repeats);
  const difference = tf.tidy(() => run("grouped").sub(run("masked")).abs().max().dataSync()[0]);
  const expertSize = (gateProj.size + upProj.size + downProj.size) / E;
  const result = { experts: E, expertSize, grouped: time("grouped", 5), masked: time("masked", 1), difference };
  tf.dispose([x, router.weight, router.eScoreCorrectionBias, gateProj, upProj, downProj, ...Object.values(routing)]);
  return result;
}

async function measureAll() {
  const rows: ReturnType<typeof measureLayer>[] = [];
  for await (const i of progress(sizes.length, "measuring layers", { unit: "sizes" })) {
    rows.push(measureLayer(sizes[i]));
  }
  return rows;
}
const measured = await measureAll();

// %% tags=["timing"] jupyter={"source_hidden": true}
plot(
  lineChart({
    title: "What does a token cost as experts are added?",
    x: { title: `experts in the layer, 8 active for each of ${measuredTokens} tokens (log scale)`, log: true },
    y: { title: "microseconds per token (log scale)", log: true },
    series: [
      { name: "masked: all experts work", x: sizes, y: measured.map((m) => (1000 * m.masked) / measuredTokens) },
      { name: "grouped: only the chosen", x: sizes, y: measured.map((m) => (1000 * m.grouped) / measuredTokens) },
    ],
  }),
);
const [first, last] = [measured[0], measured[measured.length - 1]];
say`From ${first.experts} to ${last.experts} experts, ${times(last.experts / first.experts)} the parameters, a token
costs ${times(last.masked / first.masked)} as much when all experts work, and
**${times(last.grouped / first.grouped)} when only the chosen do**. Both give the same answer: the largest
difference is ${Math.max(...measured.map((m) => m.difference)).toExponential(0)}. (An expert here has
${whole(first.expertSize)} parameters, one of V3's has ${whole(layerParameters(DEEPSEEK_V3).expert)}.)`;

// %% [markdown]
// Where the line of *grouped* rises, the same work has been cut into more and smaller products, and small products use a
// processor worse; with fewer tokens (`measuredTokens`) you see more of it. One machine, no network, small experts: on a
// cluster the tokens have to travel to their experts, and that is where the price is paid (lesson 06).

// %% [markdown]
// ## 9. Beside its relatives: Mixtral and Switch
//
// "Mixtral 8x7B" sounds like eight models of seven billion. Multiply, and you get 56. The shape that its authors give
// says otherwise:

// %%
const mixtralShape = decoderShape("mixtral-8x7b");
const mixtral = countDecoder(mixtralShape);
const mistral = countDecoder({ ...mixtralShape, experts: 1, activeExperts: 1 }); // one expert, no router
const switchC = countSwitch("switch-c");
const llama = modelFact("llama-2-70b", "totalParameters");
say`With one expert, this shape would be a model of ${billions(mistral.total)}, and eight of those would have
${billions(8 * mistral.total)}. Mixtral itself has **${billions(mixtral.total)}**, of which ${billions(mixtral.active)}
work on a token: only the feed-forward networks exist eight times; attention and embeddings are shared. (Counted from
${cite(modelFact("mixtral-8x7b", "expertWidth"))}.)

Against ${modelFacts("llama-2-70b").name}: **${percent(mixtral.active / llama.value)} of the compute** for a token,
but **${percent(mixtral.total / llama.value)} of the memory**. "A fifth of the cost" is the first number.`;

// %% [markdown]
// The Switch Transformer of 2021 went to the other end: 2048 experts, and **one** of them for a token. Its router is a
// softmax. Each expert has room for its fair share of a batch times a *capacity factor*; tokens beyond that skip the layer
// (section 2.2 of [its paper](https://arxiv.org/abs/2101.03961)). The opposite idea is *expert choice*: each expert takes the
// tokens that it scores highest, and the load is even by construction ([Zhou et al., 2022](https://arxiv.org/abs/2202.09368)).
// But whether a token is taken then depends on the tokens after it, which a model that writes does not know yet. V3's tokens
// choose, and none is dropped (the report, section 2.1.2). Side by side (Switch-C has an
// encoder and a decoder; both are counted as active, though a token passes through only one of them):

// %% jupyter={"source_hidden": true}
const counted = (E: number, K: number, count: { total: number; active: number }) => ({
  experts: E,
  "active experts": K,
  total: billions(count.total),
  active: billions(count.active),
  "total / active": times(count.total / count.active),
});
const countedOf = (id: string, count: { total: number; active: number }) =>
  counted(modelFact(id, "experts").value, modelFact(id, "activeExperts").value, count);
table(
  [
    { model: "Switch-C (2021)", ...countedOf("switch-c", switchC), shared: 0, score: "softmax", drops: "yes" },
    { model: "Mixtral 8x7B (2023)", ...countedOf("mixtral-8x7b", mixtral), shared: 0, score: "softmax", drops: "no" },
    {
      model: "this configuration",
      ...counted(routedExperts, activeExperts, { total, active }),
      shared: config.nSharedExperts,
      score: "sigmoid",
      drops: "no",
    },
  ],
  { caption: "Three mixtures of experts; drops: whether tokens are left out where an expert is full" },
);

// %% [markdown]
// Two numbers describe what a model costs to run, so models live on a plane. Compute goes to the right, memory goes up.
// A dense model can only be on the diagonal. The dotted lines are the memory of 1, 8 and 16 GPUs:

// %% jupyter={"source_hidden": true}
const published = (id: string) => ({
  name: modelFacts(id).name,
  active: modelFact(id, "activeParameters").value,
  total: modelFact(id, "totalParameters").value,
});
const models = [
  { name: "DeepSeek-V3, this configuration", active, total },
  { name: modelFacts("mixtral-8x7b").name, ...mixtral },
  { name: modelFacts("switch-c").name, ...switchC },
  ...["deepseek-v2", "llama-3.1-405b", "llama-2-70b"].map(published),
];
plot(
  planeChart({
    title: "What does a model cost, in compute and in memory?",
    x: "GFLOPs per token: 2 × active parameters (log scale)",
    y: `GB at ${perParameter} (log scale)`,
    points: models.map((m) => ({ name: m.name, x: (2 * m.active) / 1e9, y: gigabytes(m.total) })),
    diagonal: { name: "dense models", slope: bytesPerParameter / 2 },
    levels: [1, 8, 16].map((gpus) => ({ name: `${gpus} × ${gpuMemory} GB`, y: gpus * gpuMemory })),
  }),
  { height: 560 },
);
const llama405 = modelFact("llama-3.1-405b", "totalParameters").value;
say`Against Llama 3.1 405B this configuration does ${percent(active / llama405)} of the work for a token and takes
${times(total / llama405)} its memory; the weights alone fill ${Math.ceil(gigabytes(total) / gpuMemory)} GPUs of
${gpuMemory} GB. Two costs, two answers: which counts depends on whether you pay for arithmetic or for memory.`;

// %% [markdown]
// Does the height on this plane count as **capacity**: is a parameter that sleeps most of the time worth as much as one
// that always works? To find out one needs a twin, a dense model with as many parameters, trained on the same text.
// DeepSeek trained such twins at two billion parameters ([DeepSeekMoE](https://arxiv.org/abs/2401.06066), section 4.3,
// table 2; the middle model is an older kind of mixture with more parameters).
//
// **Predict.** The sparse model uses an eighth of its expert parameters for a token, its dense twin all of them. Which has
// the lower loss on the same text, and by how much?

// %%
const sparseBehind = 0.1; // nats per token, your guess; below 0 if you think that the sparse one is ahead

// %% jupyter={"source_hidden": true}
const twinIds = ["deepseekmoe-2b", "deepseekmoe-gshard15", "deepseekmoe-dense16"];
const twinRows: [name: string, key: string, digits?: number][] = [
  ["expert parameters (B)", "totalExpertParameters", 2],
  ["of these, used by a token (B)", "activeExpertParameters", 2],
  ["Pile loss (nats per token, less is better)", "pileLoss", 3],
  ["HellaSwag (%)", "hellaSwag"],
  ["PIQA (%)", "piqa"],
  ["ARC-easy (%)", "arcEasy"],
  ["ARC-challenge (%)", "arcChallenge"],
  ["RACE-middle (%)", "raceMiddle"],
  ["RACE-high (%)", "raceHigh"],
  ["HumanEval (%)", "humanEval"],
  ["MBPP (%)", "mbpp"],
  ["TriviaQA (%)", "triviaQa"],
  ["NaturalQuestions (%)", "naturalQuestions"],
];
const twinValue = (id: string, key: string) => {
  const { value } = modelFact(id, key);
  return key.endsWith("Parameters") ? value / 1e9 : value;
};
table(
  twinRows.map(([what, key, digits = 1]) => ({
    "what was measured": what,
    DeepSeekMoE: fixed(twinValue(twinIds[0], key), digits),
    "GShard, 1.5 times as large": fixed(twinValue(twinIds[1], key), digits),
    "dense twin": fixed(twinValue(twinIds[2], key), digits),
  })),
  { caption: "A sparse model and its dense twin: all rows of the table" },
);
const tests = twinRows.slice(3).map(([, key]) => twinValue(twinIds[0], key) - twinValue(twinIds[2], key));
const apart = twinValue(twinIds[0], "pileLoss") - twinValue(twinIds[2], "pileLoss");
say`You said ${sparseBehind}. The sparse model is **${fixed(apart, 3)} nats** behind its twin, with ${fixed(modelFact(twinIds[0], "activeExpertParameters").value / 1e9)}B
against ${fixed(modelFact(twinIds[2], "activeExpertParameters").value / 1e9)}B expert parameters at work. Of the
${tests.length} tests it wins ${tests.filter((difference) => difference > 0).length}, loses
${tests.filter((difference) => difference < 0).length} and draws ${tests.filter((difference) => difference === 0).length}. Each
model was trained once, so nobody can say how much of that is chance. (${cite(modelFact(twinIds[0], "pileLoss"))})`;

// %% [markdown]
// So the claim is nearly right **where it was tested**: in this one pair, parameters that mostly sleep were worth almost as
// much as parameters that always work. That was at two billion parameters and a hundred billion tokens. For V3 no such twin
// is published, a dense model of its size on its text.

// %% [markdown]
// ## 10. A routing picture
//
// Which experts does a real text use? For this we need a model that was **trained**. The course has one: *v3-mini*, with
// every mechanism of V3 at 12 million parameters. It was trained by this course's own library on four kinds of text: a
// novel, speeches, TypeScript and sums ([its card](../data/checkpoints/v3-mini/README.md) says how). Its tokens are
// bytes, so a token is a character here.
//
// Beside it stands the same model **before its first step**: the record of the training has the seed and the spread of its
// first weights. We send six lines through both. Each goes from prose to code to a sum.

// %%
const lines = [
  ["the captain said nothing; ", "const size = x.shape[0]; ", "12 + 30 = 42"],
  ["she had never been so happy; ", "let total = values.length; ", "7 + 15 = 22"],
  ["my fellow citizens, we meet again; ", "return rows.map(f); ", "25 - 9 = 16"],
  ["there was a letter on the table; ", "if (n > 0) count += n; ", "8 * 6 = 48"],
  ["he looked at her for a moment; ", "export const base = 10; ", "31 + 44 = 75"],
  ["the people of this nation know; ", "for (const k of keys) add(k); ", "60 - 18 = 42"],
].map((parts) => ({
  characters: Array.from(parts.join("")),
  bytes: [...Buffer.from(parts.join(""))],
  kinds: parts.flatMap((part, kind) => Array.from(part, () => kind)),
}));
const MINI = "data/checkpoints/v3-mini";
const trained = loadModel(MINI);
const { seed: firstSeed, initStd } = runOf(MINI).options as { seed: number; initStd: number };
const untrained = new DeepSeekV3(trained.config, initWeights(trained.config, firstSeed, { std: initStd }));

/** Gates of each sparse layer: [layer][token][expert]. */
function gatesOf(model: DeepSeekV3, ids: number[]): number[][][] {
  const layers: number[][][] = [];
  const observe = (name: string, value: tf.Tensor) => {
    if (name.endsWith("router_gates")) layers.push(value.arraySync() as number[][]);
  };
  model.forward([ids], { observe }).dispose();
  return layers;
}
const gatesByLine = lines.map(({ bytes }) => ({ trained: gatesOf(trained, bytes), untrained: gatesOf(untrained, bytes) }));
const firstSparse = trained.config.firstKDenseReplace; // layers before it are dense

// %% [markdown]
// **Predict.** In the trained model, will the sum at the end of the first line use the same experts as the prose at its
// beginning? Decide, then look at one layer after the other.

// %% jupyter={"source_hidden": true}
const shownLine = lines[0];
sliderPlot({
  title: "Which experts of the trained model does each character go to?",
  parameter: "layer",
  unit: "",
  values: gatesByLine[0].trained.map((_, i) => i + firstSparse),
  initial: firstSparse,
  figure: (number) => {
    const gates = gatesByLine[0].trained[number - firstSparse]; // [N][E]
    return heatmapChart({
      title: `layer ${number}`,
      x: { title: "token (one character)", labels: shownLine.characters.map((c) => (c === " " ? "␣" : c)) },
      y: { title: "expert" },
      values: gates[0].map((_, e) => gates.map((row) => (row[e] > 0 ? row[e] : null))),
      colour: { title: "weight" },
      dividers: [shownLine.kinds.indexOf(1), shownLine.kinds.indexOf(2)],
    });
  },
});

// %% [markdown]
// Follow one letter, then compare the three parts of the line, between the dividers. Is it the letter that decides, or
// the kind of text? Numbers for both, over all six lines: the share of their experts that two tokens have in common.

// %%
const overlapOf = (which: "trained" | "untrained") =>
  lines.map(({ bytes, kinds }, i) => lineOverlap(gatesByLine[i][which], bytes, kinds));
const overlap = { untrained: overlapOf("untrained"), trained: overlapOf("trained") };
const chance = trained.config.numExpertsPerTok / trained.config.nRoutedExperts;
table(
  (["untrained", "trained"] as const).map((which) => {
    const mean = meanOverlaps(overlap[which]);
    return {
      model: which === "untrained" ? "before its first step" : "trained",
      "equal characters, one kind": percent(mean.equal),
      "equal, two kinds": percent(mean.equalElsewhere),
      "different, one kind": percent(mean.different),
      "different, two kinds": percent(mean.differentElsewhere),
      "by chance": percent(chance),
      "tokens at the busiest expert": percent(mean.busiest),
    };
  }),
  { caption: "Share of their experts that two tokens have in common, and the load of the busiest expert: means of six lines" },
);

// %% jupyter={"source_hidden": true}
const comparisons = overlapComparisons(overlap.trained, overlap.untrained, chance);
const lopsided = comparisons[comparisons.length - 1].order === "higher";
const sizeRatio = times(totalParameters(DEEPSEEK_V3) / totalParameters(trained.config));
say`What these lines can tell, and what they can't:

${comparisons.map(({ text }) => `- ${text}`).join("\n")}

${lopsided ? "The last one is the lopsided start of lesson 02: random vectors that went through random layers are alike, and the router's random vectors prefer the same few experts for all of them. That is our explanation; the table shows only that it is so. " : ""}Six lines of our own are few, and V3 is ${sizeRatio} the size of this model.`;

// %% [markdown]
// Is there an expert for prose, and one for sums? Six lines can't say, and nothing was done to make one. Lesson 02 asks whole
// texts, and holds the answer against labels that were dealt out at random.

// %% [markdown]
// ## 11. Design a layer
//
// ### Exercise 5 · A layer under a budget
//
// *Design · difficulty 3 of 3 · 20 minutes · 4 points*
//
// You have a budget of parameters for the experts of one layer, `total`, and a budget of parameters that one token may
// use, `active`; the one shared expert is paid from both. The network carries a token to at most `copies` routed
// experts. An expert's width must be a multiple of `tile`. Spend between 90% and 100% of both budgets, and give a token
// **as many different sets of experts as you can**. An expert is a gated network: three matrices of `hiddenSize` times its
// width. Return how many routed `experts` there are, how many `activeExperts` a token gets, and the `width` of an expert:
// `{ experts, activeExperts, width }`.

// %% nbgrader={"grade": false, "grade_id": "01-design", "locked": false, "schema_version": 3, "solution": true, "task": false}
function design(budget: Budget): Design {
  /// BEGIN SOLUTION
  const perChannel = 3 * budget.hiddenSize; // parameters of one channel of width
  const activeExperts = budget.copies; // finer is better: use all that the network carries
  const width = Math.floor(budget.active / (perChannel * (activeExperts + 1)) / budget.tile) * budget.tile;
  const experts = Math.floor(budget.total / (perChannel * width)) - 1; // one is the shared expert
  return { experts, activeExperts, width };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "01-design-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
await check(designExercise, design);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// For a given number of active experts, the active budget decides the width, and then the total budget decides how many
// experts there are. Don't forget that the shared expert is one more in both. Which number of active experts gives the
// most sets?
//
// </details>
// <details><summary>Hint 2</summary>
//
// `designScore({ experts, activeExperts, width })` gives the number of sets as a power of ten. Work out by hand the designs
// with 2, 4 and 8 active experts, and compare. Then think of what limits the number of active ones.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const perChannel = 3 * budget.hiddenSize; // parameters of one channel of width, in one expert
// const widthFor = (activeExperts: number) =>
//   Math.floor(budget.active / (perChannel * (activeExperts + 1)) / budget.tile) * budget.tile;
// ```
//
// The number of experts follows from `budget.total` in the same way; one of them is the shared one.
//
// </details>

// %% [markdown]
// Your design for V3's own budget (or the library's, until yours passes), beside V3's and an older taste:

// %%
const yours = (await solvedOr(designExercise, design))(V3_BUDGET);
const taste: [string, Design][] = [
  ["yours", yours],
  ["V3's", V3_DESIGN],
  ["two of them, wide", { experts: 84, activeExperts: 2, width: 6144 }],
];
table(
  taste.map(([name, d]) => ({
    design: name,
    "experts, active, width": `${d.experts}, ${d.activeExperts}, ${d.width}`,
    "of the total budget": percent(designCost(V3_BUDGET, d).total / V3_BUDGET.total),
    "of the active budget": percent(designCost(V3_BUDGET, d).active / V3_BUDGET.active),
    "sets to choose from": `10^${fixed(designScore(d), 1)}`,
  })),
);

// %% [markdown]
// ## On the real weights: does the vector choose, or the bias?
//
// In section 4 a bias of the wrong size would have chosen in the affinity's place. How is it in a released model? This section is off.
// Set `realWeights` to a model's folder, or to its address, such as `https://huggingface.co/deepseek-ai/DeepSeek-V3`: then the
// routers of three layers are read, not the rest. You see how long the experts' vectors $w_i$ are, how far the biases lie
// apart, and how many experts get a push that is large beside the others'. It can't show who is chosen: that takes tokens.

// %% jupyter={"source_hidden": true}
const realRouters = await fromRealWeights(realWeights, REAL_ROUTERS);
if (realRouters !== null) {
  table(
    realRouters.map(({ layer, experts, bias, norm, favoured }) => ({
      layer,
      experts,
      "shortest vector": norm?.min,
      "mean": norm?.mean,
      "longest": norm?.max,
      "biases apart, max − min": bias.spread,
      "standard deviation": bias.deviation,
      "largest above the mean, in deviations": (bias.max - bias.mean) / bias.deviation,
      "most pushed experts": favoured.map(({ expert }) => expert).join(", "),
    })),
    { caption: "Routers of a released model: the first, the middle and the last", digits: 3 },
  );
  say`Affinities lie between 0 and 1, so two experts whose biases are ${fixed(Math.max(...realRouters.map(({ bias }) => bias.spread)), 3)} apart (the most in
  these layers) trade places when their affinities differ by less. What all biases of a layer have in common changes nothing.`;
}

// %% [markdown]
// ## Recap: the claims, and what came out

// %% jupyter={"source_hidden": true}
// The claims are about V3 as it is, whatever the parameters above say.
const v2 = { E: modelFact("deepseek-v2", "experts").value, K: modelFact("deepseek-v2", "activeExperts").value };
const v3 = DEEPSEEK_V3;
const v3Active = activeParameters(v3, { head: true, embedding: false });
const v3Sparse = v3.numHiddenLayers - v3.firstKDenseReplace;
const v3Touched = expertCoverage(v3.nRoutedExperts, v3.numExpertsPerTok, batch);
const parametersOf = (id: string) => billions(modelFact(id, "totalParameters").value);
verdicts([
  {
    claim: claimInWords("moe-37b"),
    verdict: verdictOf("moe-37b"),
    sources: "37B active (README of the release, section 1)",
    computed:
      `Compute: yes, ${fixed((2 * v3Active) / 1e9, 1)} GFLOPs per token at every batch. Memory: no, ` +
      `${billions(totalParameters(v3))} must be held. Reading weights: equal at batch 1, ` +
      `${times(parametersRead(v3, batch) / v3Active)} as much at batch ${batch}.`,
  },
  {
    claim: claimInWords("moe-256-8"),
    verdict: verdictOf("moe-256-8"),
    sources: "the released configuration",
    computed:
      `${v3.nRoutedExperts} routed and ${v3.numExpertsPerTok} active, in ${v3Sparse} of ${v3.numHiddenLayers} ` +
      `layers, plus ${v3.nSharedExperts} shared: ${v3.numExpertsPerTok + v3.nSharedExperts} work on a token.`,
  },
  {
    claim: claimInWords("moe-early-6-8"),
    verdict: verdictOf("moe-early-6-8"),
    sources: `the released configuration; DeepSeek-V2 had ${v2.K} of ${v2.E} (its report, section 3.1.2)`,
    computed: `${v3.numExpertsPerTok} lies in that range. But it is a fixed number, the same for every token in every sparse layer.`,
  },
  {
    claim: claimInWords("moe-capacity"),
    verdict: verdictOf("moe-capacity"),
    sources: "DeepSeekMoE, section 4.3, table 2: a sparse model and its dense twin at 2B. There is no twin of V3.",
    computed:
      `Different tokens do use different experts: ${percent(v3Touched)} of them within a batch of ${batch}. The small ` +
      `sparse model is ${fixed(apart, 3)} nats behind its twin.`,
  },
  {
    claim: claimInWords("moe-hospital"),
    verdict: verdictOf("moe-hospital"),
    sources: "the report, section 2.1.2",
    computed:
      "Right about few of many, and about the payroll. Misleading about subjects and about one team " +
      `(${v3Sparse} layers choose anew), and silent about the shared expert.`,
  },
  {
    claim: claimInWords("moe-mixtral"),
    verdict: verdictOf("moe-mixtral"),
    sources: "That it is as good is its authors' evaluation (Mixtral of Experts, section 3).",
    computed:
      `A fifth is right for compute: ${percent(mixtral.active / llama.value)} of Llama 2 70B. It has ` +
      `${billions(mixtral.total)}, not 8 × 7B, and ${percent(mixtral.total / llama.value)} of that model's memory.`,
  },
]);

// %% [markdown]
// **In one sentence:** a mixture of experts breaks the tie between what a model *holds* and what a token *costs*; you
// save arithmetic, you pay in memory, and whether you also pay in memory traffic depends on how many tokens are decoded
// together.
//
// ## Where to read on
//
// - [DeepSeek-V3 Technical Report](https://arxiv.org/abs/2412.19437), section 2.1.2 (routing, shared expert, node
//   limit), 4.2 (sizes) and 3.4 (how it is served);
// - [DeepSeekMoE](https://arxiv.org/abs/2401.06066), section 3: why fine-grained and shared; section 4.5 measures
//   specialisation;
// - [Switch Transformers](https://arxiv.org/abs/2101.03961), section 2: the simplest router that works; table 9 for the
//   sizes;
// - [Mixtral of Experts](https://arxiv.org/abs/2401.04088), section 5: what its experts do, and that it isn't topics.
//
// **Next: [lesson 02](02-load-balancing.ipynb)**, on what keeps 256 experts busy.

// %% jupyter={"source_hidden": true}
for (const model of [small, trained, untrained]) model.dispose();
say`Tensors left: ${tf.memory().numTensors}.`;
