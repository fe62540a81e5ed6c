// %% [markdown]
// # 02 · Load balancing
//
// ## What keeps 256 experts busy, without a loss that fights the task?
//
// A router that is left alone comes to prefer some experts. Those are trained more, the others less, and so they are
// chosen less still. In this lesson you watch it happen, in a model that trains in front of you.
//
// The older cure is a second loss that asks for balance. It works, and it pulls at the same weights as the first one.
// DeepSeek-V3 has another cure: a number per expert that no gradient touches. At the end you can
//
// - say in one number how unbalanced a layer is, and what that costs on GPUs;
// - write V3's rule and the loss that it replaces, and choose its speed γ;
// - tell what "auxiliary-loss-free" means, and what it doesn't;
// - look into a trained model and say what its experts specialise in.
//
// *About two hours, with five exercises. Before it: [lesson 01](01-mixture-of-experts.ipynb).*

// %% [markdown]
// ## What is said
//
// | id | claim, in our words |
// |---|---|
// | `lb-collapse` | Without balancing, a few experts get most tokens and the rest stay untrained |
// | `lb-conflict` | Auxiliary losses set balance against accuracy |
// | `lb-penalty` | V3 puts a penalty inside the routing softmax that makes overused experts harder to pick |
// | `lb-no-loss` | So no balancing term is left in the loss, and no tuning of it |
// | `moe-specialise` | Experts specialise, but subtly and not by topics that humans would name |
//
// Sources: the [technical report](https://arxiv.org/abs/2412.19437) of V3, sections 2.1.2, 3.4 and 4.5; the
// [paper](https://arxiv.org/abs/2408.15664) on the method by some of the same authors. The rest we measure: on small
// models that train here, and on v3-mini, a V3 with 12 million parameters that was trained beforehand.

// %% jupyter={"source_hidden": true}
import * as tf from "@tensorflow/tfjs";
import { openCorpus } from "./lib/corpus/build";
import { claimInWords, verdictOf } from "./lib/claims/audit";
import { characters, textOf } from "./lib/corpus/bytes";
import { DOMAINS, drawBatch, heldOutWindows } from "./lib/corpus/corpus";
import { cite, fact } from "./lib/economics/facts";
import { meanOverlap } from "./lib/economics/routing";
import { gateByLib, logit, softmax, wrongGate } from "./lib/lessons/01-mixture-of-experts";
import {
  balanceGradients, batchesFrom, biasExercise, chanceMaxVio, comparePulls, compareTrials, copiesExercise, copyCounts, degrees,
  gammaExercise, gpuLoads, heatmapPanels, loadsBeforeTraining, lossExercise, maxVioExercise, placeExperts, pullsOf, recordedTrials,
  routeTokens, simulateBias, slowdown, taskGradients, tokenPool, TRIAL_NAMES, trialStep, trialTraining, trialValues, withoutBiases,
  type Balanced, type Gradients, type Pull, type Pulls, type Settling, type TrialMethod, type TrialResult,
  type TrialShape,
} from "./lib/lessons/02-load-balancing";
import { fromRealWeights, REAL_BIASES } from "./lib/lessons/real-weights";
import { DEEPSEEK_V3 } from "./lib/model/config";
import { loadModel } from "./lib/checkpoint/checkpoint";
import {
  barChart, check, checkParameters, colouredText, fixed, heatmapChart, lineChart, percent, plot, progress, result, say,
  showSource, sliderPlot, solvedOr, table, times, verdicts, whole,
} from "./lib/notebook";
import { useBackend } from "./lib/tensor/backend";
import { intervalWords } from "./lib/statistics/comparison";
import { mean, meanInterval } from "./lib/statistics/interval";
import { largest, plus } from "./lib/statistics/lists";
import { evaluate, evaluationWindows } from "./lib/training/evaluate";
import { routersOf } from "./lib/training/objective";
import {
  compareSeeds, finalLoads, idleExperts, ofLayers, RUN_MEASURES, type RunMeasure,
} from "./lib/training/compare-seeds";
import { recordedRuns, runOf, type RecordedRun } from "./lib/training/record";
import type { Training, TrainingReport } from "./lib/training/run";
import { expertInformation, shuffledInformation } from "./lib/training/specialisation";

const backend = await useBackend();
const corpus = openCorpus(); // the first time, it is built from installed packages in some seconds
say`Ready: tensors are computed by **${backend.name}**. The text: a novel, speeches, code and arithmetic,
${whole(Object.values(corpus.train).reduce((sum, stream) => sum + stream.length, 0))} bytes of it to train on.`;

// %% [markdown]
// **The numbers worth changing.** Change one, then *Run → Run All Cells*: every figure below follows.

// %% tags=["parameters"]
const liveExperts = 16; // 8 | 16 | 32 experts: routed experts in the layer that trains before your eyes
const liveActive = 2; // 2..4 experts: of these, active for a token
const liveSteps = 150; // 30..600 steps: length of each of the three live trainings
const liveGamma = 0.02; // 0..0.2 affinity per step: bias update speed γ in the live training
const liveAlpha = 0.01; // 0..1.0 weight: of the auxiliary losses in the live trainings
const simulatedTokens = 512; // 64..2048 tokens: tokens in a batch of the simulation
const popularity = 1; // 0..3.0 logits: how far the simulated experts differ in popularity
const served = "code"; // novel | speeches | code | arithmetic: the only kind of text that the server of section 8 gets
const gpus = 16; // 4 | 8 | 16 | 32 GPUs: over which v3-mini's 32 experts are spread in section 8
const redundantPerGpu = 1; // 1..4 experts: redundant experts on each GPU
const seed = 1; // 0..999999 number: where all random numbers start
const realWeights = ""; // any text: address or folder of a released model to read at the end, empty for none

// %%
checkParameters("02-load-balancing", {
  liveExperts, liveActive, liveSteps, liveGamma, liveAlpha, simulatedTokens, popularity, served, gpus,
  redundantPerGpu, seed, realWeights,
});
const MINI_FOLDER = "data/checkpoints/v3-mini";
const sumOf = (rows: number[][]) => rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0));

// %% [markdown]
// ## 1. Leave the router alone
//
// A small V3 with one sparse layer, random weights, and the plain task: predict the next byte. Nothing asks for balance.
// At the beginning no expert has learned anything. Yet some are chosen more often, by the luck of the random numbers:

// %% jupyter={"source_hidden": true}
const shape: TrialShape = {
  experts: liveExperts, active: liveActive, steps: liveSteps, gamma: liveGamma, alpha: liveAlpha,
};
/** An expert's load as a multiple of its fair share. */
const relative = (loads: number[]) => loads.map((load) => load / mean(loads));
const unlearned = relative(loadsBeforeTraining(shape, seed, corpus));
plot(
  barChart({
    title: "Who gets the tokens before anything is learned?",
    x: { title: "tokens of the first batch, as a multiple of the fair share" },
    labels: unlearned.map((_, e) => `expert ${e}`),
    series: [{ name: "random weights", values: unlearned }],
  }),
  { height: 130 + 18 * liveExperts },
);
say`The busiest expert has ${times(Math.max(...unlearned))} its fair share, the idlest ${times(Math.min(...unlearned))}.`;

// %% [markdown]
// Those that are chosen are trained, and the router learns from what its chosen experts did.
//
// **Predict.** There are `liveExperts` experts, and a token takes `liveActive` of them. If all were equally busy, an
// expert would see the share `liveActive / liveExperts` of the tokens. What share will **the busiest expert** see at the
// end of the training? Put your guess, then run the next two cells. (A training takes about ten seconds.)

// %%
const myShare = 30; // per cent of the tokens

// %%
interface LiveRun {
  training: Training;
  reports: TrainingReport[];
}

/** Trains, and reads the loads after every step. `look` sees the run now and then. */
async function live(name: string, method: TrialMethod, look?: (training: Training) => void) {
  const training = trialTraining(shape, method, seed);
  const reports: TrainingReport[] = [];
  const bar = progress(liveSteps, `training, ${name}`, { unit: "steps" });
  try {
    for await (const step of bar) {
      const report = await trialStep(training, corpus);
      reports.push(report);
      bar.note(`loss ${report.main.toFixed(2)}`);
      if ((step + 1) % Math.ceil(liveSteps / 10) === 0) look?.(training);
    }
    return { training, reports } satisfies LiveRun;
  } catch (error) {
    training.dispose(); // interrupted
    throw error;
  }
}
const none = await live("no balancing", "none");

// %% jupyter={"source_hidden": true}
const shownSteps = Array.from({ length: 50 }, (_, i) => Math.round(((i + 0.5) * liveSteps) / 50 - 0.5));
const heatOf = (run: LiveRun) => shownSteps.map((step) => relative(run.reports[step].loads[0]));
const stepTicks = shownSteps.map((step, i) => (i % 10 === 0 ? step + 1 : ""));
const tops = liveExperts / liveActive; // an expert that every token takes

plot(
  heatmapPanels({
    title: "Who gets the tokens, when nothing asks for balance?",
    x: "expert",
    y: { title: "training step, downwards", labels: stepTicks },
    panels: [{ name: "no balancing", values: heatOf(none) }],
    colour: { title: "load, as a multiple of the fair share", range: [0, tops] },
  }),
  { height: 380 },
);
const lastOf = (run: LiveRun) => sumOf(run.reports.slice(-10).map(({ loads }) => loads[0])); // of ten steps
const busiest = (loads: number[]) => (Math.max(...loads) / mean(loads)) * (liveActive / liveExperts);
say`You said ${myShare}%. In the last ten steps the busiest expert saw **${percent(busiest(lastOf(none)))} of the
tokens**, and ${idleExperts(lastOf(none))} of ${liveExperts} experts got less than a tenth of their fair share. With perfect
balance it would have been ${percent(liveActive / liveExperts)}, and none.`;

// %% [markdown]
// Look down the columns: does one that turns dark stay dark? This is **router collapse**. When is it decided who wins?

// %% jupyter={"source_hidden": true}
const winners = (rows: number[][]) => largest(sumOf(rows), liveActive);
const tenth = Math.max(1, Math.floor(liveSteps / 10));
const rowsOf = (run: LiveRun, from: number, to: number) => run.reports.slice(from, to).map(({ loads }) => loads[0]);
const inTheEnd = winners(rowsOf(none, -tenth, liveSteps));
const decidedAt = Array.from({ length: 10 }, (_, i) => i).find((i) =>
  winners(rowsOf(none, i * tenth, (i + 1) * tenth)).every((e) => inTheEnd.includes(e)),
);
say`Of all experts, those that are the ${liveActive} busiest in the end are so for the first time in
${decidedAt === undefined ? "the very last steps" : `steps ${decidedAt * tenth + 1} to ${(decidedAt + 1) * tenth}`} of
${liveSteps}. ${decidedAt !== undefined && decidedAt < 5 ? "That is no search for the best experts: at that time none has learned much." : ""}`;

// %% [markdown]
// ## 2. One number for it
//
// The paper on V3's method measures imbalance by the *maximal violation*: how far the busiest expert is above the mean,
// relative to the mean.
//
// $$\mathrm{MaxVio} = \frac{\max_i \mathrm{load}_i}{\overline{\mathrm{load}}} - 1$$
//
// 0 is perfect balance. If one expert gets every token, it is $E/K - 1$. It looks at the busiest expert alone: section 8
// shows why that is the one that counts.
//
// ### Exercise 1 · One number for imbalance
//
// *Implement · difficulty 1 of 3 · 5 minutes · 1 point*
//
// `loads` has the number of tokens of each expert. Return MaxVio.

// %% nbgrader={"grade": false, "grade_id": "02-maxvio", "locked": false, "schema_version": 3, "solution": true, "task": false}
function violation(loads: number[]): number {
  /// BEGIN SOLUTION
  const average = loads.reduce((a, b) => a + b) / loads.length;
  return Math.max(...loads) / average - 1;
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "02-maxvio-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
await check(maxVioExercise, violation);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Two numbers are enough: the largest load and the mean load.
//
// </details>
// <details><summary>Hint 2</summary>
//
// The largest over the mean is 1 in perfect balance. MaxVio should be 0 there.
//
// </details>

// %%
const vio = await solvedOr(maxVioExercise, violation); // yours, once it passes
const floorVio = chanceMaxVio({ experts: liveExperts, active: liveActive, tokens: 16 * 32, seed });
const noneVio = vio(lastOf(none));
say`The run above ends with MaxVio **${fixed(noneVio)}**; ${fixed(liveExperts / liveActive - 1)} is the most there
can be. And the least? Throw the same tokens at ${liveExperts} experts by dice: in a batch of ${16 * 32} tokens, chance
alone leaves ${fixed(floorVio)}. Below that, a batch's MaxVio says nothing.`;
result("MaxVio without balancing", noneVio);

// %% [markdown]
// ## 3. The old cure: a loss for balance
//
// Add a term to the loss that is smallest when the load is even (GShard 2020; Switch 2021):
//
// $$L_\mathrm{aux} = \alpha \sum_{i=1}^{E} f_i P_i, \qquad
//   f_i = \frac{E}{K N} \,\#\{t : i \text{ chosen by } t\}, \qquad
//   P_i = \frac1N \sum_t \frac{s_{i,t}}{\sum_j s_{j,t}}$$
//
// $f_i$ is the load as a multiple of the fair share. It comes from counting, and a count has no gradient. So there is a
// second factor, $P_i$, the average preference for the expert, which has one. Where $f_i$ is large, the gradient pushes
// the preference down.
//
// We train the same model on the same text again, with this loss (as long as before, and some seconds more). Now and then
// we stop and compute **two gradients**, each time on the same four batches: that of the task, and that of the balance loss.

// %%
const setAside = [0, 1, 2, 3].map((step) => drawBatch(corpus.train, { batch: 16, length: 33, seed: seed + 99, step }));
const pulls: ({ step: number } & Pulls)[] = [];
const auxiliary = await live("auxiliary loss", "auxiliary", ({ model, step }) => {
  pulls.push({ step, ...comparePulls(model, setAside, "batch") });
});
say`MaxVio in the last ten steps: **${fixed(vio(lastOf(auxiliary)))}**, instead of ${fixed(noneVio)}.${
  vio(lastOf(auxiliary)) < noneVio / 2 ? " The cure works." : ""
}`;
result("MaxVio with the auxiliary loss", vio(lastOf(auxiliary)));

// %% [markdown]
// Do the two losses fight? A gradient is a direction in the space of all weights. Two directions have an angle: at 0°
// both want the same, at 180° each undoes the other's work, and at 90° a small step for one leaves the other alone.
//
// **Predict.** What angle do you expect between the task's gradient and the balance loss's, on the router's weights?

// %%
const myAngle = 150; // degrees

// %% jupyter={"source_hidden": true}
const pullSteps = pulls.map(({ step }) => step);
const dealtAngles = pulls.flatMap(({ dealt }) => dealt.map(degrees));
const byChance = [Math.min(...dealtAngles), Math.max(...dealtAngles)];
plot(
  lineChart({
    title: "Do task and balance pull the router the same way?",
    x: { title: "training step" },
    y: { title: "angle between the two gradients (degrees)" },
    series: [
      { name: "on the router's weights", x: pullSteps, y: pulls.map(({ routers }) => degrees(routers.cosine)) },
      { name: "on all weights", x: pullSteps, y: pulls.map(({ all }) => degrees(all.cosine)) },
      { name: "the router's, dealt out at random: least", x: pullSteps, y: pulls.map(() => byChance[0]), dashed: true },
      { name: "the router's, dealt out at random: most", x: pullSteps, y: pulls.map(() => byChance[1]), dashed: true },
    ],
  }),
);
const angles = pulls.map(({ routers }) => degrees(routers.cosine));
const against = angles.filter((angle) => angle > byChance[1]).length;
const along = angles.filter((angle) => angle < byChance[0]).length;
say`You said ${myAngle}°. On the router it is **between ${fixed(Math.min(...angles), 0)}° and
${fixed(Math.max(...angles), 0)}°**. But in so many dimensions any two directions that have nothing to do with each other are
nearly at right angles: with the balance gradient's numbers dealt out at random the angle is ${fixed(byChance[0], 0)}° to
${fixed(byChance[1], 0)}°. Beyond that, on the side of a conflict, lie ${against} of ${angles.length} looks, and ${along} on the
side of agreement. And the task's own gradient on two halves of this text differs by
${fixed(mean(pulls.map(({ routers }) => degrees(routers.agreement))), 0)}° on average. ${
  against + along <= angles.length / 10
    ? "So these looks can't tell a fight from two directions that ignore each other."
    : against > 3 * along
      ? "So there is a conflict that chance does not explain."
      : along > 3 * against
        ? "Here the two agree more than chance explains."
        : "So they are at odds at some steps and at one at others: more than chance, and no steady fight."
}`;

// %% [markdown]
// But an angle says nothing about strength. Here is the length of the balance gradient, times its weight α, against that
// of the task:

// %% jupyter={"source_hidden": true}
const strength = (pull: Pull) => liveAlpha * pull.ratio;
plot(
  lineChart({
    title: "How strong is the pull for balance, against the task's?",
    x: { title: "training step" },
    y: { title: "length of the gradient, task = 1 (log scale)", log: true },
    series: [
      { name: "on the router's weights", x: pullSteps, y: pulls.map(({ routers }) => Math.max(1e-6, strength(routers))) },
      { name: "on all weights", x: pullSteps, y: pulls.map(({ all }) => Math.max(1e-6, strength(all))) },
      { name: "as strong as the task", x: pullSteps, y: pulls.map(() => 1), dashed: true },
    ],
  }),
);
const lateRouters = mean(pulls.slice(-3).map(({ routers }) => strength(routers)));
const lateAll = mean(pulls.slice(-3).map(({ all }) => strength(all)));
say`On all weights together the balance loss has ${percent(lateAll)} of the length of the task's gradient at the end.
On the router it is ${times(lateRouters)} the task's, and at its height
**${times(Math.max(...pulls.map(({ routers }) => strength(routers))))}**. The weight α is ${liveAlpha}.`;

// %% [markdown]
// So a second gradient moves the router, whatever its angle to the first. Make α smaller, and its pull for balance gets
// weaker; make it larger, and the router follows the balance more than the task. α has to be tuned.
//
// ## 4. V3's cure: move a number, not the gradient
//
// Lesson 01 had the router's second step: $z_i = s_i + b_i$, used for choosing and for nothing else. Where do the $b_i$
// come from? After every training step, over the whole batch (the report, section 2.1.2):
//
// $$b_i \leftarrow b_i + \gamma\,\mathrm{sign}\bigl(\overline{\mathrm{load}} - \mathrm{load}_i\bigr)$$
//
// Too busy: down by γ. Not busy enough: up by γ. That is all. Six tokens, four experts, two of them for each token, and
// the same six tokens come again in every batch, γ = 0.1. Move the slider from batch to batch; a dot marks what is
// chosen.

// %%
const sixTokens = ["The", "patient", "took", "two", "tablets", "."];
const sixAffinities = [
  [0.92, 0.41, 0.33, 0.2],
  [0.81, 0.72, 0.53, 0.1],
  [0.7, 0.34, 0.61, 0.43],
  [0.83, 0.6, 0.22, 0.51],
  [0.94, 0.55, 0.46, 0.3],
  [0.65, 0.56, 0.47, 0.31],
];
const byHand = simulateBias(() => sixAffinities, { active: 2, gamma: 0.1, steps: 8 });
const scoresAt = (batch: number) => sixAffinities.map((s) => plus(s, byHand[batch].bias));
sliderPlot({
  title: "Which two experts does each token get?",
  parameter: "batch",
  unit: "",
  values: byHand.map((_, batch) => batch + 1),
  initial: 1,
  figure: (batch) => {
    const z = scoresAt(batch - 1);
    return heatmapChart({
      title: `batch ${batch}`,
      x: { title: "expert, with its load in this batch", labels: [..."ABCD"].map((e, i) => `${e}: ${byHand[batch - 1].loads[i]}`) },
      y: { title: "token", labels: sixTokens },
      values: z,
      text: z.map((row) => row.map((value, e) => `${fixed(value)}${largest(row, 2).includes(e) ? " ●" : ""}`)),
      colour: { title: "z = s + b", range: [0, 1] },
    });
  },
});
table(
  byHand.map(({ bias, loads, maxVio }, i) => ({
    batch: i + 1,
    ...Object.fromEntries([..."ABCD"].map((e, j) => [`b of ${e}`, fixed(bias[j], 1)])),
    "loads of A, B, C, D": loads.join(", "),
    MaxVio: fixed(maxVio),
  })),
  { caption: "The same, batch by batch: the mean load is 3" },
);

// %% [markdown]
// Follow expert A: it is the first choice of every token, so its bias falls until some leave it. Which leave first? A token
// takes two experts, so one good other expert is no reason to leave: *patient* has 0.72 for B, and still takes A when *took*
// and the full stop have left. A token leaves A when **two** others have overtaken it, biases included. Nobody's affinity has
// changed, and no gradient was involved.
//
// Does it come to rest? Look at the last rows: a step has the size γ even when almost nothing is wrong. Section 5 comes
// back to that.
//
// ### Exercise 2 · A step of the bias
//
// *Implement · difficulty 2 of 3 · 15 minutes · 3 points*
//
// Route one batch and move the biases. `affinities` has $s$ for each token, $[N, E]$. Return `gates`, the weights of
// this batch, which sum to 1 for each token (we leave the scale out), and `bias`, the biases for the next batch.
// `largest(values, n)` gives the positions of the $n$ largest values.

// %% nbgrader={"grade": false, "grade_id": "02-bias-update", "locked": false, "schema_version": 3, "solution": true, "task": false}
function balanceStep(affinities: number[][], bias: number[], k: number, gamma: number): Balanced {
  /// BEGIN SOLUTION
  const loads = bias.map(() => 0);
  const gates = affinities.map((s) => {
    const chosen = largest(s.map((affinity, e) => affinity + bias[e]), k);
    const sum = chosen.reduce((sofar, e) => sofar + s[e], 0);
    chosen.forEach((e) => loads[e]++);
    return s.map((affinity, e) => (chosen.includes(e) ? affinity / sum : 0));
  });
  const average = (affinities.length * k) / bias.length;
  return { gates, bias: bias.map((b, e) => b + gamma * Math.sign(average - loads[e])) };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "02-bias-update-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(biasExercise, balanceStep);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Three passes, in this order: choose for every token and make the gates; count how many tokens chose each expert; then
// move the biases, once.
//
// </details>
// <details><summary>Hint 2</summary>
//
// Choosing looks at affinity plus bias, the gates at the affinities of the chosen alone. `Math.sign` gives −1, 0 or 1:
// which difference tells in which direction a bias has to move?
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const chosenBy = (s: number[]) => largest(s.map((affinity, e) => affinity + bias[e]), k); // one token's experts
// const meanLoad = (affinities.length * k) / bias.length;
// const moved = (e: number, load: number) => bias[e] + gamma * Math.sign(meanLoad - load);
// ```
//
// </details>

// %% [markdown]
// In the training it is these lines, for all layers at once:

// %%
showSource("lib/training/balance.ts", "updateBias");

// %% [markdown]
// And now live: same model, same text, same seed (about ten seconds).

// %%
const bias = await live("bias", "bias");

// %% jupyter={"source_hidden": true}
plot(
  heatmapPanels({
    title: "Who gets the tokens, under each method?",
    x: "expert",
    y: { title: "training step, downwards", labels: stepTicks },
    panels: [
      { name: "no balancing", values: heatOf(none) },
      { name: "auxiliary loss", values: heatOf(auxiliary) },
      { name: "bias", values: heatOf(bias) },
    ],
    colour: { title: "load, as a multiple of the fair share", range: [0, tops] },
  }),
  { height: 400 },
);
const lateLoss = (run: LiveRun) => mean(run.reports.slice(-20).map(({ main }) => main));
table(
  Object.entries({ "no balancing": none, "auxiliary loss": auxiliary, bias }).map(([method, run]) => ({
    method,
    "loss, mean of the last 20 steps (nats)": fixed(lateLoss(run), 3),
    MaxVio: fixed(vio(lastOf(run))),
    "busiest expert sees": percent(busiest(lastOf(run))),
    "experts with less than a tenth": idleExperts(lastOf(run)),
  })),
  { caption: "The same model on the same text: the loads are those of the last ten steps" },
);

// %% [markdown]
// Compare the columns of the three pictures: where is one dark from top to bottom, and where do dark cells come and go? Then
// the losses in the table. Is what lies between them the method, or luck? One training of each can't say. So the same
// trainings were made beforehand with several seeds (`npm run balancing`); a comparison takes runs with the same seed in
// pairs.

// %% jupyter={"source_hidden": true}
const recordedSmall = recordedTrials();
const heldOutBits = (a: TrialMethod, b: TrialMethod) => compareTrials(recordedSmall, a, b, "bitsPerByte");
const sleepCost = heldOutBits("none", "bias");
say`${sleepCost.text} ${heldOutBits("auxiliary", "bias").text}

${sleepCost.order === "higher"
  ? "So collapse costs something even in a training as short as this."
  : "So far, experts that sleep have not cost anything that these trainings could show. In so few steps a small model may learn little that needs many experts."}
What they would have been worth shows later, if at all. Section 7 looks at longer runs.`;

// %% [markdown]
// ## 5. How fast? γ on a slider
//
// γ is the only number of the method. V3 took one value for nearly all of its training:

// %% jupyter={"source_hidden": true}
const v3Gamma = fact("models", "deepseek-v3", "biasUpdateSpeed");
const miniRun = runOf(MINI_FOLDER).options;
say`γ = ${v3Gamma.value} (${v3Gamma.unit}; ${cite(v3Gamma)}). v3-mini, whose training had only
${whole(Number(miniRun.steps))} steps to arrive, was trained with ${Number(miniRun.biasSpeed)}.`;

// %% [markdown]
// We take the model away and keep the router: experts whose popularity differs, tokens that differ in taste, affinities
// that never change, 300 batches. That costs nothing, so we can try every γ.
//
// **Predict.** The best γ of this simulation is somewhere in the middle. What does one that is thirty times larger do?
// `true` if you think that it also balances, only faster.

// %%
const largerIsOnlyFaster = true; // your guess

// %%
const [simExperts, simActive, simSteps] = [16, 2, 300];
const pool = tokenPool({ tokens: 4096, experts: simExperts, popularity, taste: 1, seed });
const drawSim = batchesFrom(pool, { size: simulatedTokens, seed });
const gammas = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3];

async function sweepGamma() {
  const batches = Array.from({ length: simSteps }, (_, step) => drawSim(step));
  const runs: ReturnType<typeof simulateBias>[] = [];
  for await (const i of progress(gammas.length, "simulating", { unit: "values of γ" })) {
    runs.push(simulateBias((step) => batches[step], { active: simActive, gamma: gammas[i], steps: simSteps }));
  }
  return runs;
}
const sweep = await sweepGamma();
const simFloor = chanceMaxVio({ experts: simExperts, active: simActive, tokens: simulatedTokens, seed });
const lateVio = sweep.map((run) => mean(run.slice(-100).map(({ maxVio }) => maxVio)));

// %% jupyter={"source_hidden": true}
const popular = largest(sumOf(pool), simExperts); // all of them; by popularity:
const byPopularity = popular.sort((a, b) => sumOf(pool)[b] - sumOf(pool)[a]);
const followed = [0, 0.25, 0.6, 1].map((place) => byPopularity[Math.round(place * (simExperts - 1))]);
const followedNames = ["most popular expert", "popular expert", "less popular expert", "least popular expert"];
const thin = Array.from({ length: 100 }, (_, i) => 3 * i);
sliderPlot({
  title: "How do the biases move?",
  parameter: "γ",
  unit: "",
  values: gammas,
  initial: gammas[3],
  figure: (gamma) => {
    const run = sweep[gammas.indexOf(gamma)];
    const centre = thin.map((step) => mean(run[step].bias));
    const around = (step: number, i: number, e: number) => Number((run[step].bias[e] - centre[i]).toFixed(3));
    return lineChart({
      title: `γ = ${gamma}`,
      x: { title: "batch" },
      y: { title: "bias, above the mean of all" },
      series: followed.map((e, which) => ({
        name: followedNames[which],
        x: thin,
        y: thin.map((step, i) => around(step, i, e)),
      })),
    });
  },
});

// %% [markdown]
// At the initial γ each bias finds its place and stays near it: the popular expert below, the unpopular one above. Now
// move the slider to the left: they are still on their way when the batches end. And to the right: they overshoot and
// swing, since one step is larger than the differences between tokens that it is meant to weigh.

// %% jupyter={"source_hidden": true}
const bestAt = lateVio.indexOf(Math.min(...lateVio));
plot(
  lineChart({
    title: `Which γ balances best in ${simSteps} batches?`,
    x: { title: "γ (log scale)", log: true },
    y: { title: "MaxVio, mean of the last 100 batches (log scale)", log: true },
    series: [
      { name: "simulated", x: gammas, y: lateVio },
      { name: "chance alone", x: gammas, y: gammas.map(() => simFloor), dashed: true },
    ],
  }),
);
const thirty = Math.min(bestAt + 3, gammas.length - 1);
say`You said ${largerIsOnlyFaster}; the answer is **false**. The best of these is γ = ${gammas[bestAt]}, with MaxVio
${fixed(lateVio[bestAt])}, where chance alone leaves ${fixed(simFloor)}. At γ = ${gammas[thirty]} it is
**${fixed(lateVio[thirty])}**${bestAt === 0 ? "" : `, and at ${gammas[0]} it is ${fixed(lateVio[0])}: ${simSteps} batches were not enough`}.`;
result("best γ in the simulation", gammas[bestAt]);

// %% [markdown]
// So γ has to fit two things: the length of the training (slow enough steps still have to arrive) and the scale of the
// affinities (a step should be small against the differences between tokens). A third is in the floor: with few tokens in
// a batch, the sign is often noise.
//
// ### Exercise 3 · How soon, and how far past?
//
// *Implement · difficulty 2 of 3 · 10 minutes · 2 points*
//
// Two experts, one of them for each token. **Every** token likes the first one more, by `gap` in affinity. Both biases
// begin at 0. How many batches go to the first expert, until one goes to the second (`batches`)? And from then on the
// difference of the two biases jumps between two values, for ever: how far apart are they (`swing`)? Return
// `{ batches, swing }`.

// %% nbgrader={"grade": false, "grade_id": "02-gamma", "locked": false, "schema_version": 3, "solution": true, "task": false}
function settle(gap: number, gamma: number): Settling {
  /// BEGIN SOLUTION
  const move = 2 * gamma; // one goes down, the other up
  return { batches: Math.ceil(gap / move), swing: move };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "02-gamma-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(gammaExercise, settle);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Write down the first batches for a gap of 0.5 and γ = 0.1: the two biases, their difference, and who gets the batch.
//
// </details>
// <details><summary>Hint 2</summary>
//
// After every batch one bias goes down by γ and the other goes up by γ. How fast does their difference grow? How large must it
// be, so that the other expert is chosen?
//
// </details>
// <details><summary>Hint 3</summary>
//
// In each batch the difference grows by 2γ. The other expert is chosen as soon as it exceeds the gap. What does the next
// step do?
//
// </details>

// %% [markdown]
// The exercise has a limit of the method in it: tokens that are all alike go all to one side or all to the other. A bias
// can divide a crowd only where its members differ by more than a step.
//
// One more thing that the simulation shows. We drew the biases above their mean. The mean itself does not stay at 0:

// %% jupyter={"source_hidden": true}
const drift = (run: ReturnType<typeof simulateBias>) => mean(run[run.length - 1].bias);
table(
  gammas.map((gamma, i) => ({ γ: String(gamma), "mean bias after all batches": drift(sweep[i]) })),
  { caption: "Where all biases have gone together", digits: 3 },
);
const released = fact("models", "deepseek-v3", "smallestCorrectionBias");
say`Where loads swing, a few experts are far above the mean and the many others below it: more biases step up than down.
Only differences matter to the choice, so nothing pulls them back. That may be behind an odd fact from lesson 01: in the
released V3 all biases are positive, the smallest ${released.value} (${cite(released)}).`;

// %% [markdown]
// ## 6. What it is not
//
// **Not a penalty inside a softmax.** The popular account says that overused experts are made less likely in the routing
// softmax. It is right that they become harder to pick. Two things are wrong: there is no softmax in V3's router, and the
// bias leaves the weights alone. Below, one token with three of six experts. Its favourite is overloaded, and its correction
// goes down step by step. How much does the favourite count, in V3 and with a penalty in a softmax?

// %%
const oneToken = [0.8, 0.7, 0.62, 0.5, 0.4, 0.3].map(logit);
const penalised = wrongGate({ affinity: (x, b) => softmax(plus(x, b)), select: (s) => s });
const [favourite, , , firstOut] = oneToken; // three are chosen: the fourth is the first that is not
/** The correction at which the favourite is no longer chosen: of an affinity in V3, of a logit inside the softmax. */
const outAt = { v3: 0.5 - 0.8, softmax: firstOut - favourite };
const fractions = Array.from({ length: 41 }, (_, i) => i / 40);
const weightOf = (gate: typeof gateByLib, b: number) => gate(oneToken, [b, 0, 0, 0, 0, 0], 3, 1)[0];
const justIn = 0.999; // of the way
plot(
  lineChart({
    title: "What does a correction do to an expert's weight?",
    x: { title: "correction, as a share of the one at which the expert is no longer chosen", percent: true },
    y: { title: "its weight for this token" },
    series: [
      {
        name: "V3: bias for the choice only",
        x: fractions,
        y: fractions.map((f) => weightOf(gateByLib, Math.min(f, justIn) * outAt.v3)),
      },
      {
        name: "a penalty inside a softmax",
        x: fractions,
        y: fractions.map((f) => weightOf(penalised, Math.min(f, justIn) * outAt.softmax)),
        dashed: true,
      },
    ],
  }),
);
const weightsAt = (f: number) => ({
  v3: weightOf(gateByLib, f * outAt.v3),
  softmax: weightOf(penalised, f * outAt.softmax),
});
const [untouched, nearlyOut] = [weightsAt(0), weightsAt(justIn)];
say`Both corrections push the expert out of the choice, so compare them at the same distance from there. In V3 its weight is
${fixed(untouched.v3)} until it is no longer chosen. Inside a softmax it falls from ${fixed(untouched.softmax)} to
${fixed(nearlyOut.softmax)} on the way: every token that still goes there gets a fainter answer, and the gradient sees it.`;

// %% [markdown]
// **Not free of a balance loss.** V3 keeps one: the same $\alpha \sum f_i P_i$, but counted within each sequence, with
// the choices that the affinities alone would make (equations 17 to 20). It guards against a single sequence that uses
// the same few experts all the time. Its weight is tiny:

// %%
const v3Alpha = fact("models", "deepseek-v3", "sequenceBalanceWeight");
const v3mini = loadModel(MINI_FOLDER);

/** Both gradients on v3-mini. */
async function pullOnMini() {
  const batches = [0, 1].map((step) => drawBatch(corpus.train, { batch: 2, length: 129, seed, step }));
  const gradients: Gradients[] = [];
  const jobs = [
    ...batches.map((tokens) => () => taskGradients(v3mini, tokens)),
    ...batches.map((tokens) => () => balanceGradients(v3mini, tokens, "sequence")),
  ];
  for await (const i of progress(jobs.length, "gradients of v3-mini")) gradients.push(jobs[i]());
  return pullsOf(gradients.slice(0, batches.length), gradients.slice(batches.length));
}
const miniPull = await pullOnMini();
say`α = ${v3Alpha.value} (${cite(v3Alpha)}). On v3-mini such a weight gives a pull of
${percent(v3Alpha.value * miniPull.routers.ratio)} of the task's gradient on the routers, and
${percent(v3Alpha.value * miniPull.all.ratio)} on all weights, at an angle of
${fixed(degrees(miniPull.routers.cosine), 0)}° on the routers. ${
  v3Alpha.value * miniPull.routers.ratio < 0.1 ? "It is there; it does not steer." : "On the routers that can be felt."
}`;

// %% [markdown]
// ### Exercise 4 · The loss that V3 keeps
//
// *Implement · difficulty 3 of 3 · 15 minutes · 4 points*
//
// Write the sequence-wise balance loss of one sequence, from its affinities $s$, $[T, E]$. Section 3 has $f$ and $P$ (with
// $T$ for $N$). The current `bias` is handed to you as well: decide what to do with it.

// %% nbgrader={"grade": false, "grade_id": "02-balance-loss", "locked": false, "schema_version": 3, "solution": true, "task": false}
function balanceLoss(affinities: number[][], bias: number[], k: number, alpha: number): number {
  /// BEGIN SOLUTION
  const [T, E] = [affinities.length, bias.length];
  const f = bias.map((_, e) => (E / (k * T)) * affinities.filter((s) => largest(s, k).includes(e)).length);
  const total = (s: number[]) => s.reduce((a, b) => a + b);
  const P = bias.map((_, e) => affinities.reduce((sum, s) => sum + s[e] / total(s), 0) / T);
  return alpha * f.reduce((sum, x, e) => sum + x * P[e], 0);
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "02-balance-loss-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
await check(lossExercise, balanceLoss);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Two lists with one number for each expert: $f$, from counting choices, and $P$, from averaging. Then `alpha` times the
// sum of their products.
//
// </details>
// <details><summary>Hint 2</summary>
//
// For $f$: which choice is counted, the one with the bias or the one without? The formula in section 3 knows no $b$. For
// $P$: a token's affinities are divided by their sum first, so that each token weighs the same.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const [T, E] = [affinities.length, bias.length];
// const chosen = affinities.map((s) => largest(s, k)); // by affinity alone
// const f = bias.map((_, e) => (E / (k * T)) * chosen.filter((experts) => experts.includes(e)).length);
// ```
//
// $P$ has for each expert the mean over the tokens of its affinity over the sum of that token's affinities.
//
// </details>

// %% [markdown]
// **Not only for training.** γ is 0 in the last part of the training, and the biases stay as they are. They are frozen,
// not gone: the released inference code adds them before it chooses. What if one forgets them? Here is v3-mini on text
// that it has not seen, with its biases and without:

// %%
const halves = evaluationWindows(corpus.heldOut, { length: 128, count: 8, seed });
const bare = withoutBiases(v3mini);

async function withAndWithout() {
  const results: Awaited<ReturnType<typeof evaluate>>[] = [];
  for await (const i of progress(2, "evaluating v3-mini", { unit: "models" })) {
    results.push(await evaluate([v3mini, bare.model][i], halves, { batch: 8 }));
  }
  return results;
}
const [kept, forgotten] = await withAndWithout();
tf.dispose(bare.biases);
const inAll = (e: typeof kept, row: number) => sumOf(DOMAINS.map((domain) => e[domain].loads[row]));
table(
  DOMAINS.map((domain) => ({
    text: domain,
    "with its biases": kept[domain].bitsPerByte,
    "without": forgotten[domain].bitsPerByte,
    "worse by": percent(forgotten[domain].bitsPerByte / kept[domain].bitsPerByte - 1),
  })),
  { caption: "v3-mini with the biases that it was trained with, and without (bits per byte; less is better)", digits: 3 },
);
const miniBiases = routersOf(v3mini.weights).map(({ router }) => Array.from(router.eScoreCorrectionBias.dataSync()));
const worse = mean(DOMAINS.map((domain) => forgotten[domain].bitsPerByte / kept[domain].bitsPerByte - 1));
const [lowest, highest] = [Math.min(...miniBiases.flat()), Math.max(...miniBiases.flat())];
say`On average ${percent(Math.abs(worse))} ${worse > 0 ? "worse" : "better"}. Its biases lie between ${fixed(lowest)} and
${fixed(highest)}${lowest > 0 ? ", all positive, as in V3" : ""}; what counts is how far they lie apart, against affinities
between 0 and 1. ${
  Math.abs(worse) < 0.02
    ? "This small model survives it. But it is another model than the one that was trained."
    : "It is not the model that was trained."
}`;

// %% [markdown]
// ## 7. Balanced over what?
//
// The bias looks at a whole batch. The sequence-wise loss looks at each sequence. That sounds like a detail. What hangs on
// it?
//
// Think of a batch with a page of code and a page of a novel. Balanced over the **batch**, one half of the experts may
// serve the code and the other half the novel. Balanced within each **sequence**, every page has to use every expert.
// Then no expert can be for code.
//
// Here are the recorded trainings again, this time with a fourth method: the loss of section 3 with the same weight α, now
// within each sequence of 32 bytes. The last but one column asks: if I only see **which expert** a token went to, how much do I
// know about the kind of text? There are four kinds, so 2 bits would be all of it (section 9 says more about this measure).

// %% jupyter={"source_hidden": true}
const trialCount = trialValues(recordedSmall, "bias", "information").length;
const meanWords = (method: TrialMethod, key: keyof TrialResult, digits = 2) =>
  intervalWords(meanInterval(trialValues(recordedSmall, method, key)), { digits });
table(
  (Object.keys(TRIAL_NAMES) as TrialMethod[]).map((method) => ({
    balanced: TRIAL_NAMES[method],
    "MaxVio on mixed text": meanWords(method, "mixedMaxVio"),
    "MaxVio on text of one kind": meanWords(method, "oneKindMaxVio"),
    "bits about the kind of text, of 2": meanWords(method, "information"),
    "loss (bits per byte)": meanWords(method, "bitsPerByte", 3),
  })),
  { caption: `Means of ${trialCount} trainings of each, with their 95% intervals; parameters as the lesson comes` },
);
const roomFor = (["auxiliary", "bias"] as const).map((method) =>
  compareTrials(recordedSmall, method, "sequence", "information"),
);
const priceOf = (["auxiliary", "bias"] as const).map((method) =>
  compareTrials(recordedSmall, method, "sequence", "oneKindMaxVio"),
);
const leavesRoom = roomFor.every(({ order }) => order === "higher");
const costsBalance = priceOf.every(({ order }) => order === "higher");
say`${roomFor.map(({ text }) => `- ${text}`).join("\n")}
${priceOf.map(({ text }) => `- ${text}`).join("\n")}

${leavesRoom ? "**The batch leaves room for specialists.**" : "These trainings don't show that the batch leaves more room for specialists; the report's, which are longer and larger, do."} ${
  costsBalance ? "The price: who balances over the batch is less balanced on text of one kind. A server that only gets code will notice (section 8)." : ""
}`;

// %% [markdown]
// Does the room for specialists make a better model? The authors of V3 tested it with models of one and of three billion
// parameters: a loss within sequences, the bias, and, for fairness, a loss over the batch.

// %% jupyter={"source_hidden": true}
const ablation = ["v3-scope-1b", "v3-scope-3b"].map((id) => ({
  within: fact("models", id, "sequenceWise"),
  bias: fact("models", id, "lossFree"),
  batch: fact("models", id, "batchWise"),
}));
table(
  ablation.map((row, i) => ({
    model: ["1B", "3B"][i],
    "loss, within each sequence": row.within.value,
    "bias, over the batch": row.bias.value,
    "loss, over the batch": row.batch.value,
  })),
  { caption: "Validation loss in the report (nats; less is better)", digits: 3 },
);
const scopeCost = ablation[0].within.value - ablation[0].bias.value;
const batchCost = ablation[0].batch.value - ablation[0].bias.value;
say`Source: ${cite(ablation[0].bias)}. At 1B, the auxiliary loss over the batch is ${fixed(Math.abs(batchCost), 3)} nats away from
the bias, and the loss within each sequence ${fixed(scopeCost, 3)}. ${
  ablation.every(({ within, bias, batch }) => within.value - bias.value > Math.abs(batch.value - bias.value))
    ? "**At both sizes the scope made more difference than loss or no loss.** "
    : ""
}(One training of each is reported, and no spread: how much of it is chance, nobody can say.)`;

// %% [markdown]
// They also trained two larger pairs, and tested them on tasks: auxiliary losses, as strong as in DeepSeek-V2-Lite and
// DeepSeek-V2, against the bias. Here is all of that table (the report, section 4.5.2, table 5).

// %% jupyter={"source_hidden": true}
const tasks: [name: string, key: string][] = [
  ["Pile-test (bits per byte, less is better)", "pileBitsPerByte"],
  ["BBH (%)", "bbh"],
  ["MMLU (%)", "mmlu"],
  ["DROP (F1)", "drop"],
  ["TriviaQA (%)", "triviaQa"],
  ["NaturalQuestions (%)", "naturalQuestions"],
  ["HumanEval (%)", "humanEval"],
  ["MBPP (%)", "mbpp"],
  ["GSM8K (%)", "gsm8k"],
  ["MATH (%)", "math"],
];
const balanceFact = (size: "small" | "large", method: "auxiliary" | "bias", key: string) =>
  fact("models", `v3-balance-${size}-${method}`, key);
const taskWords = (size: "small" | "large", method: "auxiliary" | "bias", key: string) =>
  fixed(balanceFact(size, method, key).value, key === "pileBitsPerByte" ? 3 : 1);
const sizeName = (size: "small" | "large") => `${fixed(balanceFact(size, "bias", "totalParameters").value / 1e9, 1)}B`;
table(
  tasks.map(([task, key]) => ({
    task,
    [`${sizeName("small")}, auxiliary losses`]: taskWords("small", "auxiliary", key),
    [`${sizeName("small")}, bias`]: taskWords("small", "bias", key),
    [`${sizeName("large")}, auxiliary losses`]: taskWords("large", "auxiliary", key),
    [`${sizeName("large")}, bias`]: taskWords("large", "bias", key),
  })),
  { caption: "Auxiliary losses against the bias, as the report prints it" },
);
const gainOf = (size: "small" | "large", key: string) =>
  (key === "pileBitsPerByte" ? -1 : 1) * (balanceFact(size, "bias", key).value - balanceFact(size, "auxiliary", key).value);
const aheadAt = (size: "small" | "large") => tasks.filter(([, key]) => gainOf(size, key) > 0).length;
const [[bestTask, bestKey]] = [...tasks].sort((a, b) => gainOf("large", b[1]) - gainOf("large", a[1]));
const shortName = (task: string) => task.replace(/ \(.*\)$/, "");
const losing = tasks.filter(([, key]) => gainOf("large", key) < 0).map(([task]) => shortName(task));
say`The bias is ahead in ${aheadAt("small")} of ${tasks.length} rows at ${sizeName("small")} and in ${aheadAt("large")} at
${sizeName("large")}; the largest gain there is on ${shortName(bestTask)}, by ${fixed(gainOf("large", bestKey), 1)} points${losing.length > 0 ? `, and it loses on ${losing.join(" and ")}` : ""}.
One training of each, so no row by itself is safe. (${cite(balanceFact("large", "bias", "humanEval"))})`;

// %% [markdown]
// ### Longer runs
//
// Our own: v3-mini's shape, trained with each method and several seeds on a GPU beforehand, with the same text and budget. The
// record of each run lies in data/curves.

// %% jupyter={"source_hidden": true}
const runNames = { none: "no balancing", auxiliary: "auxiliary loss", bias: "bias" } as const;
type RunName = keyof typeof runNames;
const recorded = { none: recordedRuns("none"), auxiliary: recordedRuns("auxiliary"), bias: recordedRuns("bias") };
const runNamesInOrder = Object.keys(runNames) as RunName[];
const [recordedBias] = recorded.bias; // the first seed
const reportVio = (run: RecordedRun, report: number) => mean(ofLayers(run, run.reports[report].maxVio));
plot(
  lineChart({
    title: "How unbalanced is each run?",
    x: { title: "training step" },
    y: { title: `MaxVio, mean of the sparse layers and of ${recorded.none.length} seeds (log scale)`, log: true },
    series: runNamesInOrder.map((name) => ({
      name: runNames[name],
      x: recorded[name][0].reports.map(({ step }) => step),
      y: recorded[name][0].reports.map((_, i) => Number(mean(recorded[name].map((run) => reportVio(run, i))).toPrecision(3))),
    })),
  }),
);

// %% jupyter={"source_hidden": true}
const measured = (name: RunName, { of, digits = 3 }: RunMeasure) =>
  intervalWords(meanInterval(recorded[name].map(of)), { digits });
table(
  runNamesInOrder.map((name) => ({
    run: runNames[name],
    "loss (bits per byte)": measured(name, RUN_MEASURES.bitsPerByte),
    MaxVio: measured(name, RUN_MEASURES.maxVio),
    "share of idle experts": measured(name, RUN_MEASURES.idleShare),
  })),
  {
    caption:
      `After training, on held-out text of four kinds: means of ${recorded.none.length} seeds; ` +
      "idle: less than a tenth of the fair share",
  },
);

// %% jupyter={"source_hidden": true}
const named = (name: RunName) => ({
  name: { none: "without balancing", auxiliary: "with the auxiliary loss", bias: "with the bias" }[name],
  runs: recorded[name],
});
const runsApart = (a: RunName, b: RunName, measure: RunMeasure) => compareSeeds(named(a), named(b), measure);
const moreIdle = runsApart("none", "bias", RUN_MEASURES.idleShare);
const E = finalLoads(recordedBias)[0].length;
const idleIn = (name: RunName) => E * mean(recorded[name].map(RUN_MEASURES.idleShare.of));
say`- ${runsApart("none", "bias", RUN_MEASURES.bitsPerByte).text}
- ${runsApart("auxiliary", "bias", RUN_MEASURES.bitsPerByte).text}
- ${moreIdle.text}

${moreIdle.order === "higher"
  ? `Without balancing ${fixed(idleIn("none"), 0)} of ${E} experts in a layer do next to nothing on held-out text, with the bias ${fixed(idleIn("bias"), 0)}.`
  : "So these runs don't show that experts lie idle without balancing."}

The paper on the bias reports for its 1B model a perplexity of ${fact("models", "loss-free-1b", "biasPerplexity").value} with
the bias and ${fact("models", "loss-free-1b", "auxiliaryPerplexity").value} with the auxiliary loss
(${cite(fact("models", "loss-free-1b", "biasPerplexity"))}). Whatever the gain in quality, balance is
needed for what comes next, too.`;

// %% [markdown]
// ## 8. What imbalance costs: the slowest GPU decides
//
// In V3 the experts of a layer sit on different GPUs. Each works on the tokens that were sent to it, then all of them wait
// until the last one is done. The time of the layer is the time of **the busiest GPU**:
//
// $$\frac{\text{time}}{\text{time with perfect balance}} = \frac{\max_g \mathrm{load}_g}{\overline{\mathrm{load}}}
//   = \mathrm{MaxVio\ of\ the\ GPUs} + 1$$
//
// That is why MaxVio looks at the maximum. (We count the experts' arithmetic, which grows with the tokens; fetching
// weights and sending tokens come on top, lesson 06.)
//
// A trained model is balanced over its training mix. What arrives at a server is something else: say, one kind of text
// only (the parameter `served`). These are the loads of the recorded run with the bias, spread over `gpus` GPUs, experts
// in their order:

// %%
const loadsByKind = recordedBias.loads!;
const servedLoads = ofLayers(recordedBias, loadsByKind[served]); // [layer][expert]
const mixLoads = servedLoads.map((_, layer) => sumOf(DOMAINS.map((domain) => loadsByKind[domain][layer])));
const inOrder = Array.from({ length: E }, (_, e) => e);
const slowdownOf = (loads: number[], placement: number[]) => slowdown(gpuLoads(loads, placement, gpus));
const unplaced = {
  mix: mean(mixLoads.map((loads) => slowdownOf(loads, inOrder))),
  served: mean(servedLoads.map((loads) => slowdownOf(loads, inOrder))),
};
say`On the mix a layer takes **${times(unplaced.mix)}** the time of perfect balance, mean of the five layers. On
${served} alone it takes **${times(unplaced.served)}**: the GPUs wait ${percent(1 - 1 / unplaced.served)} of the time.`;

// %% [markdown]
// ### Redundant experts
//
// V3's answer when serving: give the busiest experts **a second copy** on another GPU. The weights are the same, so
// nothing changes for the model; the copies share the tokens. In prefilling there are so many copies a layer:

// %% jupyter={"source_hidden": true}
const redundant = fact("models", "deepseek-v3", "redundantExperts");
say`${redundant.value} ${redundant.unit} (${cite(redundant)}), for ${DEEPSEEK_V3.nRoutedExperts} routed ones. The report
says that they are chosen anew every so often, from the load that was observed; its example is every ten minutes.`;

// %% [markdown]
// Who gets a copy? DeepSeek published its algorithm, [EPLB](https://github.com/deepseek-ai/EPLB): copies are handed out
// one by one, each to the expert whose copies have the most to do **now**. Then the copies are packed onto GPUs, the
// heaviest first, each onto the lightest GPU that has room.
//
// ### Exercise 5 · Who gets a copy?
//
// *Implement · difficulty 2 of 3 · 12 minutes · 3 points*
//
// `load` has the tokens of each expert, `slots` is the number of places on all GPUs together. Return the number of copies
// of each expert (at least one each, `slots` in all). Where two are equally busy, the first one gets it.

// %% nbgrader={"grade": false, "grade_id": "02-copies", "locked": false, "schema_version": 3, "solution": true, "task": false}
function copies(load: number[], slots: number): number[] {
  /// BEGIN SOLUTION
  const count = load.map(() => 1);
  for (let slot = load.length; slot < slots; slot++) {
    const [busiestExpert] = largest(load.map((tokens, e) => tokens / count[e]), 1);
    count[busiestExpert]++;
  }
  return count;
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "02-copies-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(copiesExercise, copies);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Start with one copy for each expert. As long as there are slots left: who has the busiest copy?
//
// </details>
// <details><summary>Hint 2</summary>
//
// All copies of an expert share its tokens evenly. Keep a list of how many copies each expert has, and divide.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const count = load.map(() => 1);
// const [busiest] = largest(load.map((tokens, e) => tokens / count[e]), 1);
// ```
//
// That one gets the next copy: `count[busiest]++`. So on, until `slots` are given out.
//
// </details>

// %% [markdown]
// The whole algorithm, on the example that its authors print in the README: 12 experts in 4 groups, 16 slots, 8 GPUs on 2
// nodes. Groups stay together on a node, so that a token that keeps to few groups also keeps to few nodes.

// %%
const exampleLoad = [90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86];
const examplePlacement = placeExperts(exampleLoad, { slots: 16, gpus: 8, nodes: 2, groups: 4 });
table(
  Array.from({ length: 8 }, (_, gpu) => ({
    node: Math.floor(gpu / 4),
    GPU: gpu,
    "experts in its two slots": examplePlacement.slice(2 * gpu, 2 * gpu + 2).join(", "),
    tokens: gpuLoads(exampleLoad, examplePlacement, 8)[gpu],
  })),
  { caption: "The published example, as our library places it", digits: 1 },
);
say`It is the placement that the README prints: ${examplePlacement.join(", ")}. Experts
${copyCounts(examplePlacement, 12).flatMap((n, e) => (n > 1 ? [e] : [])).join(", ")} have two copies.`;

// %%
showSource("lib/lessons/02-load-balancing/expert-placement.ts", "replicate");

// %% [markdown]
// Back to our server, one layer of it, GPU by GPU: with experts in their order, with experts packed well, and with copies.

// %%
const place = (loads: number[], onGpus: number, copiesPerGpu: number) =>
  placeExperts(loads, { slots: E + onGpus * copiesPerGpu, gpus: onGpus });
const today = servedLoads[servedLoads.length - 1]; // the last layer
const placements: [string, number[]][] = [
  ["in order", inOrder],
  ["packed well, no copies", place(today, gpus, 0)],
  [`packed well, ${gpus * redundantPerGpu} copies`, place(today, gpus, redundantPerGpu)],
];
plot(
  barChart({
    title: `How much does each GPU have to do, when only ${served} arrives?`,
    x: { title: "tokens, as a multiple of the mean: the longest bar is the time of the layer" },
    labels: Array.from({ length: gpus }, (_, gpu) => `GPU ${gpu}`),
    series: placements.map(([name, placement]) => ({ name, values: relative(gpuLoads(today, placement, gpus)) })),
  }),
  { height: 160 + 30 * gpus },
);
const [ordered, packed, copied] = placements.map(([, placement]) => slowdownOf(today, placement));
say`The layer takes ${fixed(ordered)} times the time of perfect balance in order, **${fixed(packed)}** packed well, and
**${fixed(copied)}** with copies. Packing costs no memory: the same weights lie in other places.`;

// %% [markdown]
// **Predict.** Say that there is room for one more copy of every expert, however many GPUs there are. When do these copies
// help more: when a GPU holds many experts, or when it holds few? Put `true` for few.

// %%
const copiesHelpWithFew = false; // your guess

// %%
const gpuCounts = [4, 8, 16, 32].filter((count) => E % count === 0);
const meanSlowdown = (count: number, placing: (layer: number) => number[]) =>
  mean(servedLoads.map((loads, layer) => slowdown(gpuLoads(loads, placing(layer), count))));
const timeFor = (placing: (layer: number, count: number) => number[]) =>
  gpuCounts.map((count) => meanSlowdown(count, (layer) => placing(layer, count)));
const inOrderTimes = timeFor(() => inOrder);
const packedTimes = timeFor((layer, count) => place(servedLoads[layer], count, 0));
const asMany = (count: number) => E / count; // E copies in all, at every number of GPUs
const copiedTimes = timeFor((layer, count) => place(servedLoads[layer], count, asMany(count)));
const yesterdayTimes = timeFor((layer, count) => place(mixLoads[layer], count, asMany(count)));
const perGpuTimes = timeFor((layer, count) => place(servedLoads[layer], count, redundantPerGpu));
plot(
  lineChart({
    title: "When do redundant experts help?",
    x: { title: `GPUs for the ${E} experts of a layer (log scale)`, log: true },
    y: { title: "time of a layer, perfect balance = 1" },
    series: [
      { name: "in order", x: gpuCounts, y: inOrderTimes },
      { name: "packed well, no copies", x: gpuCounts, y: packedTimes },
      { name: `${E} copies, placed for the mix`, x: gpuCounts, y: yesterdayTimes },
      { name: `${E} copies, placed for ${served}`, x: gpuCounts, y: copiedTimes },
      {
        name: `${redundantPerGpu} copies a GPU, placed for ${served}`,
        x: gpuCounts,
        y: perGpuTimes,
        dashed: true,
      },
    ],
  }),
);
const last = gpuCounts.length - 1;
const saved = gpuCounts.map((_, i) => packedTimes[i] - copiedTimes[i]);
say`You said ${copiesHelpWithFew}; here it is **${saved[last] > saved[0]}**. With ${E} copies throughout, on ${gpuCounts[0]} GPUs the
layer's time goes from ${fixed(packedTimes[0])} packed well to ${fixed(copiedTimes[0])}. On ${gpuCounts[last]} there is one expert on
each, nothing is left to pack, and it goes from ${fixed(packedTimes[last])} to **${fixed(copiedTimes[last])}**. V3 decodes with
one expert on a GPU (the report, section 3.4.2).

(The dashed line is how one would buy copies in practice, ${redundantPerGpu} for each GPU: then their number grows along the
axis, from ${gpuCounts[0] * redundantPerGpu} to ${gpuCounts[last] * redundantPerGpu} for ${E} experts. V3's prefilling adds
${redundant.value} to ${DEEPSEEK_V3.nRoutedExperts}.)

One condition: copies and places chosen for yesterday's mix leave ${fixed(yesterdayTimes[last])}. The algorithm is as good as
the forecast of the load.`;

// %% [markdown]
// ## 9. What do the experts do?
//
// Now that all of them are busy: with what? We send held-out text of all four kinds through v3-mini and write down which
// experts each byte gets, in each of its five sparse layers.

// %%
const [windowLength, windowCount] = [128, 16];
const windows = DOMAINS.flatMap((domain, kind) =>
  heldOutWindows(corpus.heldOut[domain], { length: windowLength + 1, count: windowCount, seed }).map((ids) => ({ kind, ids })),
);

/** For each window, the experts of each layer and byte: [window][layer][byte][K]. */
async function routeAll(): Promise<number[][][][]> {
  const found: number[][][][] = [];
  const size = 8;
  for await (const i of progress(windows.length / size, "routing text through v3-mini", { unit: "batches" })) {
    const part = windows.slice(i * size, (i + 1) * size);
    const layers = routeTokens(v3mini, part.map(({ ids }) => ids.slice(0, windowLength)));
    part.forEach((_, j) =>
      found.push(layers.map(({ experts }) => experts.slice(j * windowLength, (j + 1) * windowLength))),
    );
  }
  return found;
}
const routedText = await routeAll();
const layerCount = routedText[0].length;
const miniExperts = v3mini.config.nRoutedExperts;
const firstLayer = v3mini.config.firstKDenseReplace;

// %%
/** Choices of each kind of text that fell on each expert, as a multiple of the fair share: [kind][expert]. */
const shareByKind = (layer: number) =>
  DOMAINS.map((_, kind) => {
    const counts = new Array<number>(miniExperts).fill(0);
    windows.forEach((window, w) => {
      if (window.kind === kind) routedText[w][layer].flat().forEach((e) => counts[e]++);
    });
    return relative(counts).map((share) => Number(share.toFixed(2)));
  });
const sharesByLayer = Array.from({ length: layerCount }, (_, layer) => shareByKind(layer));
const darkest = Math.ceil(Math.max(...sharesByLayer.flat(2)));
sliderPlot({
  title: "Which experts does each kind of text use?",
  parameter: "layer",
  unit: "",
  values: sharesByLayer.map((_, i) => i + firstLayer),
  initial: firstLayer + layerCount - 1,
  figure: (layer) =>
    heatmapChart({
      title: `layer ${layer}`,
      x: { title: "expert", labels: Array.from({ length: miniExperts }, (_, e) => e) },
      y: { title: "text", labels: [...DOMAINS] },
      values: sharesByLayer[layer - firstLayer],
      colour: { title: "multiple of the fair share", range: [0, darkest] },
    }),
  height: 380,
});

const lastShares = sharesByLayer[layerCount - 1];
const dearest = Math.max(...lastShares.flat());
const kindOfDearest = lastShares.findIndex((row) => row.includes(dearest));
/** Experts of a layer that serve every kind of text with half to twice their fair share. */
const generalists = sharesByLayer.map(
  (shares) => inOrder.filter((e) => shares.every((row) => row[e] > 0.5 && row[e] < 2)).length,
);
say`The darkest cell of the last layer is expert ${lastShares[kindOfDearest].indexOf(dearest)} on
${DOMAINS[kindOfDearest]}, with ${times(dearest)} its fair share. How many experts serve all four kinds alike, each with half to
twice the fair share? In layers ${firstLayer} to ${firstLayer + layerCount - 1}: **${generalists.join(", ")}** of ${miniExperts}.`;

// %% [markdown]
// Is that specialisation by topic? We need a measure, and something to compare it with.
//
// **Mutual information**: how many bits does the expert give away about a property of the token? 0 bits: nothing, the
// property and the expert are independent. We compute it for three properties: the **kind** of text, the **character**
// itself, and the character that comes **next**, which is what the model has to predict.
//
// Counting alone makes some bits even where there is nothing (few counts look like a pattern). So beside each value
// stands what the same counts give with the labels **dealt out at random**. There is a ceiling, too: a token takes $K$ of $E$
// experts, and seeing one of them can tell $\log_2 (E / K)$ bits at most.

// %%
/** Bytes that occur often enough to be counted. */
const frequency = new Map<number, number>();
for (const { ids } of windows) for (const id of ids) frequency.set(id, (frequency.get(id) ?? 0) + 1);
const common = new Set([...frequency].filter(([, count]) => count >= 60).map(([id]) => id));

/** Bits that the expert gives away, and what dealt-out labels give. */
function informationIn(layer: number) {
  const measure = (routed: { label: number; experts: number[] }[]) => ({
    bits: expertInformation(routed, miniExperts),
    chance: shuffledInformation(routed, miniExperts, { seed, deals: 5 }),
  });
  const ofTokens = (label: (ids: number[], at: number) => number) =>
    measure(
      windows
        .flatMap(({ ids }, w) => routedText[w][layer].map((experts, at) => ({ label: label(ids, at), experts })))
        .filter(({ label }) => common.has(label)),
    );
  return {
    kind: measure(windows.map(({ kind }, w) => ({ label: kind, experts: routedText[w][layer].flat() }))),
    character: ofTokens((ids, at) => ids[at]),
    next: ofTokens((ids, at) => ids[at + 1]),
  };
}
async function informationOfAll() {
  const rows: ReturnType<typeof informationIn>[] = [];
  for await (const layer of progress(layerCount, "counting", { unit: "layers" })) rows.push(informationIn(layer));
  return rows;
}
const information = await informationOfAll();
const numbers = information.map((_, i) => i + firstLayer);
const withChance = ({ bits, chance }: { bits: number; chance: number }) => `${fixed(bits)} (${fixed(chance)})`;
table(
  information.map(({ kind, character, next }, i) => ({
    layer: numbers[i],
    "kind of text": withChance(kind),
    "this character": withChance(character),
    "the next character": withChance(next),
  })),
  { caption: "Bits that the expert gives away; in brackets: with labels dealt out at random" },
);
plot(
  lineChart({
    title: "What does the expert give away about its token?",
    x: { title: "layer" },
    y: { title: "mutual information with the expert (bits)" },
    series: [
      { name: "this character", x: numbers, y: information.map(({ character }) => character.bits) },
      { name: "the next character", x: numbers, y: information.map(({ next }) => next.bits) },
      { name: "kind of text", x: numbers, y: information.map(({ kind }) => kind.bits) },
      { name: "kind, dealt out at random", x: numbers, y: information.map(({ kind }) => kind.chance), dashed: true },
    ],
  }),
);
const [firstInformation, lastInformation] = [information[0], information[layerCount - 1]];
const fadesOut = firstInformation.character.bits > 1.1 * lastInformation.character.bits;
const growsIn = lastInformation.next.bits > 1.1 * firstInformation.next.bits;
const kindBits = mean(information.map(({ kind }) => kind.bits));
const kindChance = mean(information.map(({ kind }) => kind.chance));
const ceiling = Math.log2(miniExperts / v3mini.config.numExpertsPerTok);
say`No expert of this model can give away more than ${fixed(ceiling, 1)} bits about its token. About the kind of text an expert
gives away ${fixed(kindBits)} of 2 bits: ${times(kindBits / kindChance)} what chance
gives, and ${percent(kindBits / 2)} of all there is to know. About the **character** it gives away
${fixed(firstInformation.character.bits)} bits in the first sparse layer and ${fixed(lastInformation.character.bits)} in the
last; about the **next** character ${fixed(firstInformation.next.bits)} and ${fixed(lastInformation.next.bits)}. ${
  !fadesOut
    ? "In this model early and late layers differ little in that."
    : growsIn
      ? "So the early experts know more of what a token **is** than the late ones, and less of what comes **next**."
      : "So the early experts know more of what a token **is** than the late ones."
}`;

// %% [markdown]
// And "topics", as far as there are any, may be little more than their characters: arithmetic is made of digits.
//
// Look at it on a text: four excerpts that the model has not seen, each character on the colour of its strongest expert.

// %%
const excerptLength = 120;
const excerpts = DOMAINS.map(
  (domain) => heldOutWindows(corpus.heldOut[domain], { length: excerptLength, count: 1, seed: seed + 3 })[0],
);
const excerptRouting = routeTokens(v3mini, excerpts);
const pieces = (layer: number) =>
  excerpts.flatMap((ids, excerpt) => [
    ...(excerpt > 0 ? [{ text: "\n⁂\n", kind: "" }] : []),
    ...characters(ids).map(({ text, at }) => ({
      text,
      kind: `expert ${excerptRouting[layer].strongest[excerpt * excerptLength + at]}`,
    })),
  ]);
colouredText(`Layer ${firstLayer}, the first sparse one: which expert has the largest weight?`, pieces(0));
colouredText(`Layer ${firstLayer + layerCount - 1}, the last one`, pieces(layerCount - 1));

// %%
/** Share of their experts that two bytes of the excerpts have in common: of the same character, and of different ones. */
function inCommon(layer: number) {
  const ids = excerpts.flat();
  const chosen = excerptRouting[layer].experts;
  return { same: meanOverlap(chosen, (a, b) => ids[a] === ids[b]), other: meanOverlap(chosen, (a, b) => ids[a] !== ids[b]) };
}
const [early, late] = [inCommon(0), inCommon(layerCount - 1)];
say`In the first picture two bytes of the same character share **${percent(early.same)}** of their experts, two different ones
${percent(early.other)}. In the last layer it is ${percent(late.same)} against ${percent(late.other)}. ${
  early.same > 1.1 * late.same
    ? "So a letter has more of its experts in common with itself in the first picture than in the last."
    : "So a letter keeps its experts about as well in both."
}`;

// %% [markdown]
// Which characters the most one-sided experts of the first sparse layer get:

// %%
const eaten = Array.from({ length: miniExperts }, () => new Map<number, number>());
windows.forEach(({ ids }, w) =>
  routedText[w][0].forEach((experts, at) =>
    experts.forEach((e) => eaten[e].set(ids[at], (eaten[e].get(ids[at]) ?? 0) + 1)),
  ),
);
const readable = (id: number) => (id === 32 ? "␣" : id === 10 ? "↵" : id > 127 ? "(other)" : textOf([id]));
const menus = eaten.map((counts, expert) => {
  const all = [...counts.values()].reduce((a, b) => a + b, 0);
  const best = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 6);
  const share = best.reduce((sum, [, count]) => sum + count, 0) / all;
  return { expert, share, favourites: best.map(([id]) => readable(id)).join("  ") };
});
table(
  [...menus].sort((a, b) => b.share - a.share).slice(0, 8).map(({ expert, share, favourites }) => ({
    expert,
    "its six most frequent characters": favourites,
    "their share of its tokens": percent(share),
  })),
  { caption: `The eight most one-sided experts of layer ${firstLayer}` },
);

// %% [markdown]
// How far does this carry? v3-mini reads bytes, has 32 experts a layer and four very different kinds of text. V3 reads
// pieces of words, with 256 experts. Figure 9 of the report (section 4.5.3) shows two models of 16B: with the bias, experts
// differ more by domain than with auxiliary losses, the same direction as in section 7. What our measurement supports is a
// modest form, for one small model: how much an expert gives away of a token's character and of the kind of text, beside
// what chance would give.

// %% [markdown]
// ## On the real weights: how uneven would the router have been?
//
// The biases are stored with a released model. They say how hard the rule had to push. This section is off. Set `realWeights` to
// a model's folder, or to its address, such as `https://huggingface.co/deepseek-ai/DeepSeek-V3`: then all layers' biases are
// read, not the rest. You see how far they lie apart in each layer, and who is pushed most.
//
// What it can't show is a load. A bias is where balancing had ended: an expert with a large one would get too few tokens
// without it, but how many, only tokens tell. And a router that learned beside its biases is not one that learned alone.

// %% jupyter={"source_hidden": true}
const realBiases = await fromRealWeights(realWeights, REAL_BIASES);
if (realBiases !== null) {
  const layers = realBiases.map(({ layer }) => layer);
  const fromMean = (pick: (bias: { min: number; max: number }) => number) => realBiases.map(({ bias }) => pick(bias) - bias.mean);
  plot(
    lineChart({
      title: "How far did balancing push the experts of each layer?",
      x: { title: "layer" },
      y: { title: "bias, from the layer's mean" },
      series: [
        { name: "largest", x: layers, y: fromMean(({ max }) => max) },
        { name: "smallest", x: layers, y: fromMean(({ min }) => min) },
        { name: "standard deviation", x: layers, y: realBiases.map(({ bias }) => bias.deviation), dashed: true },
      ],
    }),
  );
  const bySpread = [...realBiases].sort((a, b) => b.bias.spread - a.bias.spread);
  const named = (experts: { expert: number; bias: number }[]) => experts.map(({ expert, bias }) => `${expert} (${fixed(bias, 3)})`).join(", ");
  table(
    (bySpread.length > 6 ? [...bySpread.slice(0, 3), ...bySpread.slice(-3)] : bySpread).map(({ layer, bias, favoured, held }) => ({
      layer,
      "max − min": bias.spread,
      "standard deviation": bias.deviation,
      "pushed up most": named(favoured),
      "held down most": named(held),
    })),
    { caption: "The layers that needed most, and those that needed least", digits: 3 },
  );
  say`Affinities lie between 0 and 1. In layer ${bySpread[0].layer} the biases of two experts are ${fixed(bySpread[0].bias.spread, 3)} apart, in layer
  ${bySpread[bySpread.length - 1].layer} at most ${fixed(bySpread[bySpread.length - 1].bias.spread, 3)}. The farther apart,
  the harder balancing pushed; what v3-mini does with its biases set to 0 is in section 6.`;
}

// %% [markdown]
// ## Recap: the claims, and what came out

// %% jupyter={"source_hidden": true}
verdicts([
  {
    claim: claimInWords("lb-collapse"),
    verdict: verdictOf("lb-collapse"),
    sources: "the report, section 2.1.2, calls it routing collapse",
    computed:
      `Live: the busiest expert saw ${percent(busiest(lastOf(none)))} of the tokens, ${idleExperts(lastOf(none))} of ` +
      `${liveExperts} were idle. Recorded: ${fixed(idleIn("none"), 0)} of ${E} idle in a layer, ` +
      `${fixed(idleIn("bias"), 0)} with the bias. ${runsApart("none", "bias", RUN_MEASURES.bitsPerByte).text}`,
  },
  {
    claim: claimInWords("lb-conflict"),
    verdict: verdictOf("lb-conflict"),
    sources:
      "Too large a weight hurts (the report, section 2.1.2). But over the batch a loss did as well as the bias " +
      "(section 4.5.3): the conflict is with balance within each sequence.",
    computed:
      `The angle on the router was ${fixed(Math.min(...angles), 0)}° to ${fixed(Math.max(...angles), 0)}°; by chance ` +
      `it is ${fixed(byChance[0], 0)}° to ${fixed(byChance[1], 0)}°. The pull there was ${times(lateRouters)} the task's at the end.`,
  },
  {
    claim: claimInWords("lb-penalty"),
    verdict: verdictOf("lb-penalty"),
    sources: "Sigmoid, and a bias for the choice only (the report, equations 15 and 16; the released inference code).",
    computed:
      `Overused experts do become harder to pick. But just before it is no longer chosen, an expert's weight in V3 is still ` +
      `${fixed(nearlyOut.v3)}, and inside a softmax it has fallen to ${fixed(nearlyOut.softmax)}.`,
  },
  {
    claim: claimInWords("lb-no-loss"),
    verdict: verdictOf("lb-no-loss"),
    sources: `A sequence-wise loss with α = ${v3Alpha.value} is left, and γ = ${v3Gamma.value} is to be set (the report, section 4.2).`,
    computed:
      `In the simulation MaxVio ends between ${fixed(Math.min(...lateVio))} and ${fixed(Math.max(...lateVio))}, ` +
      `depending on γ. The loss that is left pulls little: ${percent(v3Alpha.value * miniPull.routers.ratio)} of the task's ` +
      "gradient on v3-mini's routers.",
  },
  {
    claim: claimInWords("moe-specialise"),
    verdict: verdictOf("moe-specialise"),
    sources: "The report, section 4.5.3, shows patterns by domain; how strong they are depends on the scope of balancing.",
    computed:
      `v3-mini's experts give away ${fixed(kindBits)} of 2 bits about the kind of text (chance: ${fixed(kindChance)}), ` +
      `and ${fixed(firstInformation.character.bits)} bits about the character in the first sparse layer.`,
  },
]);

// %% [markdown]
// **In one sentence:** a router left alone leaves many of its experts idle; a bias that is moved after each step and used for
// the choice alone brings them back without a gradient of its own; and over *what* one balances, batch or sequence, decides
// how far experts may differ.
//
// ## Where to read on
//
// - [DeepSeek-V3 Technical Report](https://arxiv.org/abs/2412.19437): 2.1.2 (the method), 3.4 (redundant experts), 4.5.2
//   and 4.5.3 (the ablations, and why scope matters);
// - [Auxiliary-Loss-Free Load Balancing](https://arxiv.org/abs/2408.15664): the method by itself, MaxVio, and what γ does;
// - [Switch Transformers](https://arxiv.org/abs/2101.03961), section 2.2: the auxiliary loss;
// - [EPLB](https://github.com/deepseek-ai/EPLB): the placement algorithm, a hundred and fifty lines.
//
// **Next: [lesson 03](03-multi-head-latent-attention.ipynb)**, on how 128 heads of attention keep so little in memory.

// %% jupyter={"source_hidden": true}
[none, auxiliary, bias].forEach(({ training }) => training.dispose());
v3mini.dispose();
say`Tensors left: ${tf.memory().numTensors}.`;
