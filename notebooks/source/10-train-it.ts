// %% [markdown]
// # 10 · Train it
//
// ## What does a model of V3's kind learn in the time that you have, and what does each choice buy?
//
// The lessons before took a trained model. Here you train one: a small V3 with all its mechanisms, from random numbers, on
// this machine. You choose its experts, its ranks, its precision, its balancing, what it reads and for how long. You watch
// the loss and the experts while it trains, and then look inside.
//
// At the end of this lesson you can
//
// - say what a training run is made of, and count what it costs before it begins;
// - stop a run, go on with it, and trust that nothing was lost;
// - read a loss curve, expert loads and drafts of a model that you have trained yourself;
// - judge a design by what several seeds can show, and by no more than that.
//
// *About two hours, with three exercises. Before it: lessons [02](02-load-balancing.ipynb),
// [03](03-multi-head-latent-attention.ipynb) and [07](07-cost-economics.ipynb).*

// %% jupyter={"source_hidden": true}
import { findClaim } from "./lib/claims/claims";
import { openCorpus } from "./lib/corpus/build";
import { DOMAINS } from "./lib/corpus/corpus";
import { forwardFlops, mtpForwardFlops } from "./lib/economics/flops";
import { NOT_CLAIMED } from "./lib/economics/variants";
import {
  activeShare, addToBoard, atEqualTokens, atV3Sentence, atV3Table, BASE_DESIGN, besideBase, besideFurther, besidePapers,
  boardLine, budgetChart, budgetSentences, budgetTable, busiestOverTime, cacheExercise, CLAIMS_HERE, claimsHere,
  costExercise, decidedLater, DESIGN_RUN, designCosts, designLosses, DESIGNS, differingChoices, directionsSentence,
  dollarsFor, draftsByKind, guessSentence, heldOut, imbalance, leanerExercise, liveView, meanBits, measure, missingSentence,
  moduleSentence, notTrainedSentence, openAblation, ownRunSentence, planCosts, planRun, provenance, readBoard,
  recordedDesigns, saveAndLoad, scaleSentence, sharesByKind, shownRouter, stepsFor, trainMyRun, tryDesign, V3_SUM, visible,
  type Design, type Purchase, type Sum,
} from "./lib/lessons/10-train-it";
import { DEEPSEEK_V3, type ModelConfig } from "./lib/model/config";
import { latentCacheBytes } from "./lib/economics/memory";
import { activeParameters, totalParameters } from "./lib/economics/parameters";
import {
  check, checkParameters, fixed, heatmapChart, percent, plot, progress, result, say, showSource, solvedOr, table, verdicts,
  whole,
} from "./lib/notebook";
import { compare } from "./lib/statistics/comparison";
import { useBackend } from "./lib/tensor/backend";

const backend = await useBackend("auto", { readsLater: true }); // a GPU too: here every tensor is read with await
const corpus = openCorpus(); // the first time, it is built from installed packages in some seconds
say`Ready: tensors are computed by **${backend.name}**.`;

// %% [markdown]
// ## What is said
//
// These sentences of a popular account of V3 touch on training, in our words. At the end you hold your own run beside them.

// %% jupyter={"source_hidden": true}
table(CLAIMS_HERE.map((id) => ({ id, "claim, in our words": findClaim(id).claim })));

// %% [markdown]
// **The numbers worth changing.** Change one, then *Run → Run All Cells*: another choice is another run, with a folder of
// its own.

// %% tags=["parameters"]
const size = "v3-micro"; // v3-micro | v3-mini: width, layers, heads and size of a step; v3-mini wants a GPU
const experts = 16; // 4 | 8 | 16 | 32 | 64 experts: routed experts of a layer
const active = 4; // 1..8 experts: of these, how many a token takes
const latentRank = 16; // 2..128 channels: of the latent that the cache keeps
const queryRank = 32; // 4..256 channels: that queries are compressed to
const mtpModules = 1; // 0 | 1 modules: that predict one token further
const policy = "float32"; // float32 | bf16 | fp8 | fp8-all: how it multiplies; fp8 is V3's table, fp8-all spares nothing
const balance = "bias"; // bias | auxiliary | none: how the experts are kept busy
const novel = 0.15; // 0..1.0 share: how often a window of the novel is read
const speeches = 0.3; // 0..1.0 share: the same of speeches
const code = 0.4; // 0..1.0 share: of code
const arithmetic = 0.15; // 0..1.0 share: of arithmetic
const steps = 150; // 10..1000000 steps: of the run, where minutes is 0
const minutes = 0; // 0..600.0 minutes: budget in time; the speed is measured, and the steps follow from it
const seed = 1; // 0..999999 number: of the first weights and of what is read when

// %%
checkParameters("10-train-it", {
  size, experts, active, latentRank, queryRank, mtpModules, policy, balance, novel, speeches, code, arithmetic, steps,
  minutes, seed,
});
const choices = {
  size, experts, active, latentRank, queryRank, mtpModules, policy, balance, novel, speeches, code, arithmetic, seed,
};
const plan = planRun(choices, minutes > 0 ? await stepsFor(minutes, choices, corpus) : steps, corpus);

// %% [markdown]
// ## 1. A run before it begins
//
// A run is three things: a configuration, the training's options, and a seed. All that it will cost can be counted from
// them. Beside it DeepSeek-V3, by the same functions:

// %% jupyter={"source_hidden": true}
const costs = planCosts(plan);
table(
  [
    { "": "parameters", yours: whole(costs.total), "DeepSeek-V3": whole(totalParameters(DEEPSEEK_V3)) },
    {
      "": "of these, at work on a token", yours: percent(costs.active / costs.total),
      "DeepSeek-V3": percent(activeParameters(DEEPSEEK_V3, { head: true, embedding: false }) / totalParameters(DEEPSEEK_V3)),
    },
    { "": "cache, bytes a token", yours: whole(costs.cacheBytes), "DeepSeek-V3": whole(latentCacheBytes(DEEPSEEK_V3)) },
    { "": "tokens of the training", yours: whole(costs.tokens), "DeepSeek-V3": "see exercise 1" },
    { "": "FLOPs of the training", yours: costs.flops.toExponential(1), "DeepSeek-V3": "see exercise 1" },
  ],
  { caption: `Your run: ${whole(plan.options.steps)} steps of ${plan.options.batch} × ${plan.options.length} tokens` },
);

// %% [markdown]
// A step is short in code. The loop that makes it knows neither notebooks nor terminals:

// %%
showSource("lib/training/loop.ts", "train");

// %% [markdown]
// A model that knows nothing gives every token the same chance. **Predict**: how many bits per byte is that, and
// where will the loss be at the end of your run?

// %%
const yourPrediction = 3; // bits per byte at the end: change it before you run on

// %% [markdown]
// ## 2. Train it
//
// With the values as they came, the cell below trains for about three quarters of a minute. Two pictures grow while it
// runs: the loss, and the loads of the last layer's experts.
//
// **Interrupt** (the square above) stops it. Run the cell again, and it goes on with the step where it stopped; so it does
// when the kernel was restarted, or the machine went down: the state is saved every ten seconds. Nothing of a run that is
// complete is made again. To train it once more, change the seed.

// %%
const run = await trainMyRun(plan, corpus, { show: liveView(plan.options.steps) });

// %% jupyter={"source_hidden": true}
const moments = run.history.moments;
const blank = Math.log2(plan.config.vocabSize);
const atEnd = moments[moments.length - 1].bitsPerByte;
const quarter = moments.find(({ step }) => step >= plan.options.steps / 4) ?? moments[0];
say`Blind guessing is ${fixed(blank)} bits per byte. You said ${yourPrediction}; it ended at **${fixed(atEnd)}**. After the
first quarter of the steps the loss was ${fixed(quarter.bitsPerByte)}: that is
${percent((blank - quarter.bitsPerByte) / (blank - atEnd))} of the way.`;
result("training loss at the end", atEnd, "bits per byte");

// %% [markdown]
// The loss of a report is that of a few batches. A step up or down from one report to the next may be another text, and
// not another model. The second picture shows how evenly the tokens are spread, each time in one batch: a row that stays dark
// is an expert that gets too much, one that stays light an expert that gets nothing.

// %% jupyter={"source_hidden": true}
const busiest = busiestOverTime(run.history, shownRouter(run.history));
say`The busiest expert of a batch got ${fixed(busiest.early, 1)} times the mean load over the first quarter of the reports, and
${fixed(busiest.late, 1)} times over the last.`;

// %% [markdown]
// ## 3. What it wrote while it learned
//
// At some moments the run stopped and wrote a line, with the same beginning and the same random numbers.

// %% jupyter={"source_hidden": true}
table(
  run.history.samples.map((sample) => ({ "after step": whole(sample.step), "it writes": visible(sample.text) })),
  { caption: "The same model, older and older" },
);

// %% [markdown]
// What do you see first: likely letters, spaces at likely places, words? Sentences need many more steps: with
// `minutes = 10` you see some of the way.
//
// ## 4. Look inside
//
// Training loss is about text that the model learns from. What counts is text that it has not read.

// %%
const evaluation = await measure(run, corpus.heldOut);
const line = boardLine(run, evaluation);
table(
  DOMAINS.map((kind) => ({
    text: kind,
    "share of what it read": percent(choices[kind] / DOMAINS.reduce((sum, each) => sum + choices[each], 0)),
    "bits per byte": evaluation[kind].bitsPerByte,
    "one byte further": evaluation[kind].mtpBitsPerByte ?? undefined,
  })),
  { caption: "On held-out text", columns: { "bits per byte": { digits: 2 }, "one byte further": { digits: 2 } } },
);
result("loss on held-out text", meanBits(line), "bits per byte");

// %% [markdown]
// Is the byte after the next harder to predict than the next one? It need not be: V3's module is given the byte in between,
// so it too is asked for the first byte that it has not seen.

// %% jupyter={"source_hidden": true}
say`${besideFurther(evaluation)}`;

// %% [markdown]
// **Where do the tokens go?** The last router of the main model, by kind of text:

// %% jupyter={"source_hidden": true}
const router = shownRouter(run.history);
const shares = sharesByKind(evaluation, router);
plot(heatmapChart({
  title: "Which experts read which text?",
  x: { title: "expert" },
  y: { title: "kind of text", labels: [...DOMAINS] },
  values: shares,
  colour: { title: "share of the<br>text's choices" },
}));
const uneven = imbalance(evaluation, router);
say`Over all four kinds together MaxVio is ${fixed(uneven.together)}: the busiest expert gets ${fixed(1 + uneven.together)} times
the mean load. Within one kind it is ${DOMAINS.map((kind, i) => `${fixed(uneven.within[i])} (${kind})`).join(", ")}.
${uneven.within.every((within) => within > uneven.together)
  ? `Each kind by itself is less even than all together${
    choices.balance === "none" ? "" : ": balance is kept over what is read in a step, and not within each text"
  }.`
  : "Not every kind by itself is less even than all together."}`;

// %% [markdown]
// **Do the drafts hold?** A draft of the module is accepted, at temperature 0, where it is what the main model finds most
// likely. A module that always drafts one and the same byte would be right now and then: that is the level to compare with.

// %% jupyter={"source_hidden": true}
const drafts = await draftsByKind(run.training.model, heldOut(corpus.heldOut, plan.options.length));
if (drafts === null) say`This model has no module, so it has no drafts.`;
else {
  table(
    drafts.map(({ kind, equal, places, idle }) => ({
      text: kind, accepted: percent(equal / places), "one byte, always": percent(idle), places: whole(places),
    })),
    { caption: "Drafts that the main model would accept" },
  );
  for (const { said } of drafts) say`- ${said.text}`;
}

// %% [markdown]
// A high rate says little about a model that has learned little: two guesses can agree because both are the space. The
// rate is that of *agreement*, and not of being right.
//
// ## 5. Save it, load it
//
// The run's folder gets the model in the released layout: names, shapes and config.json as DeepSeek's own. It is read again
// at once, and both models compute the logits of the same text, in float32.

// %%
const saved = await saveAndLoad(run, heldOut(corpus.heldOut, plan.options.length).novel.slice(0, 2));
table(saved.files.map(({ name, bytes }) => ({ file: name, bytes: whole(bytes) })));
say`The largest difference of the logits is ${saved.difference === 0 ? "**0**" : `**${saved.difference.toExponential(0)}**`},
relative to the largest one.`;

// %% [markdown]
// Other programs read it too. In a terminal in the project's folder, with FOLDER the run's own (its name is below; from a
// browser tab, download the two files of its `model` first):
//
// - `npm run --silent generate -- --model FOLDER/model --prompt "The "` writes with it;
// - `npm run agree -- FOLDER/model` lets the library *transformers* compute the same logits and says how far apart they are;
// - `npm run quantise -- FOLDER/model` makes it a model in FP8, as V3 was released.

// %% jupyter={"source_hidden": true}
say`This run's folder is \`work/my-v3/${run.id}\`.`;

// %% [markdown]
// ## 6. Under one budget
//
// One run says little about an idea: another seed would have ended elsewhere. And a model whose tokens are cheaper could
// have read more of them. So there are recorded runs, made on a GPU, each with several seeds: a V3 of v3-mini's width, dense
// models of its size, and V3 with one idea after the other taken away. All of them had the same budget of FLOPs. What
// computes less for a token made more steps.

// %%
const ablationFolder = "data/ablation"; // "work/ablation" has runs of your own, once npm run ablation has made some
const ablation = openAblation(ablationFolder);

// %% jupyter={"source_hidden": true}
table(
  ablation.rows.map(({ title, change }) => ({ model: title, "what it is": change })),
  { caption: "Trained under one budget" },
);
say`${notTrainedSentence(ablation)}`;

// %% [markdown]
// **Predict**: which one would you train in V3's place, if only the loss on held-out text counted? Which of the others would
// you expect to be worse than V3, and which ones would the seeds not tell from it?

// %%
const yourModel = "no balancing"; // a model of the table: change it before you run on

// %% jupyter={"source_hidden": true}
table(budgetTable(ablation, line), {
  caption: "The same FLOPs for each model; your run below",
  columns: {
    "bits per byte": { digits: 3 }, "above V3's": { digits: 3 }, "MFLOPs a token": { digits: 1 },
    "active (millions)": { digits: 2 }, "in all (millions)": { digits: 2 }, "tensors at most (GB)": { digits: 1 },
  },
});
say`${provenance(ablation)}

${missingSentence(ablation)} ${ownRunSentence(ablation, line)}`;

// %% [markdown]
// Each model is compared with V3 seed by seed: the same seed draws the same batches. The bar is the interval of the table.
// Where it crosses V3's line, these seeds leave open which of the two is better.

// %% jupyter={"source_hidden": true}
plot(budgetChart(ablation));
say`${guessSentence(ablation, yourModel)}`;
for (const sentence of budgetSentences(ablation)) say`- ${sentence}`;

// %% [markdown]
// **Do the papers say the same?** Here is what they report of larger models, and whether these runs agree.

// %% jupyter={"source_hidden": true}
const beside = besidePapers(ablation);
if (beside.length > 0) {
  table(
    beside.map(({ model, paper, where, here }) => ({
      "in V3's place": model, "a paper says": paper, where, "these runs": here,
    })),
    { caption: "The papers, and these runs", columns: { where: { links: beside.map(({ url }) => url) } } },
  );
}
say`${directionsSentence(ablation)}

${moduleSentence(ablation)}`;

// %% [markdown]
// **And with equally many tokens?** That is how the papers compare: what a token costs is left aside. Three of the changes
// were also made to the whole of v3-mini, in longer runs:

// %% jupyter={"source_hidden": true}
const longer = atEqualTokens();
say`With ${fixed(longer.tokens / 1e6, 1)} million tokens each:`;
for (const { text } of longer.said) say`- ${text}`;
say`${decidedLater(ablation)}`;

// %% [markdown]
// **And in dollars?** The same changes, made to V3 itself, with its number of tokens. Would you have paid for any of them?

// %% jupyter={"source_hidden": true}
table(atV3Table(ablation), {
  caption: "At DeepSeek-V3's dimensions",
  columns: {
    "in all (billions)": { digits: 1 }, "active (billions)": { digits: 1 }, "FLOPs a token, V3 = 1": { digits: 2 },
    "pre-training (million dollars)": { digits: 2 }, "more than V3's": { digits: 2 }, "cache, kB a token": { digits: 0 },
  },
});
say`${atV3Sentence(ablation)} What these dollars do not say:`;
for (const limit of NOT_CLAIMED) say`- ${limit}`;

// %% [markdown]
// **What so small a scale cannot show.** Some of the ideas are for what these runs never do. On one GPU no expert waits for
// another, so balancing has no speed to win. The latent is there for the cache, and training keeps none. The module's drafts
// make writing faster, which no loss shows. All models had one learning rate, which was chosen for V3; another might suit a
// dense model better. And one size does not tell how an effect grows with the model.

// %% jupyter={"source_hidden": true}
say`${scaleSentence(ablation)}`;

// %% [markdown]
// To train some of them yourself, in a terminal: `npm run ablation -- --preset v3-micro --only v3,no-mtp --plan` says what
// it would train; without `--plan` it does so, and goes on where it was stopped. Set `ablationFolder` to its folder, and this
// section is about your runs.

// %% [markdown]
// ## 7. Your board
//
// Every run that came to its end has a line here. The file is `runs.jsonl` beside the runs' folders; lines are only ever
// added. Compare two choices with one seed, and then with three.

// %% tags=["timing"] jupyter={"source_hidden": true}
addToBoard(line);
const board = readBoard();
const byLoss = [...board.lines].sort((a, b) => meanBits(a) - meanBits(b));
table(
  byLoss.map((entry) => ({
    run: entry.id === run.id ? `${entry.id} (this one)` : entry.id,
    "other than this one in": entry.id === run.id ? "" : differingChoices(entry.choices, choices) || "steps",
    steps: whole(entry.steps),
    active: whole(entry.costs.active),
    "cache, bytes": whole(entry.costs.cacheBytes),
    FLOPs: entry.costs.flops.toExponential(1),
    "bits per byte": meanBits(entry),
  })),
  { caption: "Your runs, the lowest loss first", columns: { "bits per byte": { digits: 3 } } },
);
if (board.damaged > 0) say`${board.damaged} lines of the file could not be read and are passed over.`;

// %% [markdown]
// ## 8. Design under a budget
//
// ### Exercise 1 · What a sum buys
//
// *Implement · difficulty 2 of 3 · 20 minutes · 3 points*
//
// A sum of money is to be spent on training a given model. `sum` has `dollars` and the `price` of a GPU-hour; the number of
// `gpus` that run at once; the FLOP/s of one at its `peak` and the share `mfu` of it that the training reaches; how many
// tokens a token sees on average, `context`; and `stepTokens`, the tokens of one step. Return `{ steps, tokens, days }`: the
// whole steps that the sum buys, the tokens of these steps, and the days that they take.
//
// `forwardFlops(config, context)` and `mtpForwardFlops(config, context)` count what main model and one module compute for a
// token, forward. There are `config.numNextnPredictLayers` modules. The backward pass takes twice as much.

// %% nbgrader={"grade": false, "grade_id": "10-cost", "locked": false, "schema_version": 3, "solution": true, "task": false}
function planTraining(sum: Sum, config: ModelConfig): Purchase {
  /// BEGIN SOLUTION
  const forward =
    forwardFlops(config, sum.context) + config.numNextnPredictLayers * mtpForwardFlops(config, sum.context);
  const stepFlops = 3 * forward * sum.stepTokens;
  const rate = sum.peak * sum.mfu; // of one GPU
  const steps = Math.floor(((sum.dollars / sum.price) * 3600 * rate) / stepFlops);
  return { steps, tokens: steps * sum.stepTokens, days: (steps * stepFlops) / (rate * sum.gpus) / 86400 };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "10-cost-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(costExercise, planTraining);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Go from dollars to GPU-hours, to FLOPs, to steps. Which of the numbers in `sum` do you need on the way, and which one only
// for the days?
//
// </details>
// <details><summary>Hint 2</summary>
//
// A GPU does `sum.peak * sum.mfu` operations a second. A step takes three times the forward pass of its `sum.stepTokens`
// tokens. Round down to whole steps before you count tokens and days.
//
// </details>
// <details><summary>Hint 3</summary>
//
// ```ts
// const forward =
//   forwardFlops(config, sum.context) + config.numNextnPredictLayers * mtpForwardFlops(config, sum.context);
// const stepFlops = 3 * forward * sum.stepTokens;
// const hours = sum.dollars / sum.price;
// ```
//
// What is left: the steps from the hours, and from the steps tokens and days.
//
// </details>

// %% jupyter={"source_hidden": true}
const bought = costExercise.reference(V3_SUM, DEEPSEEK_V3);
say`The first case is V3's own pre-training: its hours at the report's price, and the utilisation that its authors give. By
this formula they buy ${fixed(bought.tokens / 1e12, 1)} trillion tokens in ${fixed(bought.days, 0)} days. Your run above, at
that price and rate, would cost ${dollarsFor(planCosts(plan).flops, V3_SUM).toExponential(0)} dollars.`;

// %% [markdown]
// ### Designs that were trained
//
// The next two exercises are about one small model, of a dense layer and a sparse one. A training takes too long for a
// check, and one seed says too little. So some designs were trained beforehand, each with several seeds, and your answer is
// judged by these: costs are counted exactly, and of the loss only what all seeds together can show. The losses themselves
// are not in the table. `experts`, `active` and `width` are those of the sparse layer, `latent` and `rope` what the cache
// holds of a token in each layer.

// %% jupyter={"source_hidden": true}
table(
  DESIGNS.map((design, i) => ({
    design: i === 0 ? "the base" : String(i),
    ...design,
    "active parameters": whole(designCosts(design).active),
    "of the base's": percent(activeShare(design, BASE_DESIGN)),
    parameters: whole(designCosts(design).total),
    "cache, bytes": whole(designCosts(design).cacheBytes),
  })),
  { caption: `Each was trained for ${DESIGN_RUN.steps} steps of ${DESIGN_RUN.batch} × ${DESIGN_RUN.length} tokens` },
);

// %% [markdown]
// You can train one yourself, with a seed. Change `false` to `true`; it takes about ten seconds. Try two seeds before you
// believe a difference.

// %%
const tryNow = false; // true trains the design below
const tried: Design = { ...BASE_DESIGN, active: 4 };
const trySeed = 1;

// %% jupyter={"source_hidden": true}
if (!tryNow) say`Nothing is trained.`;
else {
  const bar = progress(DESIGN_RUN.steps, "training the design", { unit: "steps" })[Symbol.asyncIterator]();
  await bar.next();
  const bits = await tryDesign(tried, trySeed, corpus, { each: async () => void (await bar.next()) });
  say`With seed ${trySeed} the design ends at ${fixed(bits, 3)} bits per byte on held-out text.`;
}

// %% [markdown]
// ### Exercise 2 · A fifth fewer active parameters
//
// *Design · difficulty 2 of 3 · 15 minutes · 3 points*
//
// Return a design whose active parameters are at most four fifths of `base`'s, and whose loss the seeds do not show to be
// higher. A design is `{ experts, active, width, latent, rope, heads }`; `{ ...base, active: 1 }` is `base` with one of
// them changed. `designCosts(design)` counts what a design costs.

// %% nbgrader={"grade": false, "grade_id": "10-leaner", "locked": false, "schema_version": 3, "solution": true, "task": false}
function leaner(base: Design): Design {
  /// BEGIN SOLUTION
  return { ...base, width: base.width / 2 };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "10-leaner-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(leanerExercise, leaner);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Which numbers of a design does a token pay for, and which ones only the memory? The table has both counts.
//
// </details>
// <details><summary>Hint 2</summary>
//
// A token pays for `active` times `width`, and for nothing that the other experts hold. Attention, the dense
// layer, the shared expert and the head are active in any case, so the experts have to give much more than a fifth. The table
// has several designs that do; try two of them.
//
// </details>

// %% jupyter={"source_hidden": true}
const leanest = (await solvedOr(leanerExercise, leaner))(BASE_DESIGN);
say`What the seeds say of ${JSON.stringify(leanest).replaceAll('"', "")}: ${besideBase(leanest, BASE_DESIGN).text}

"Cannot tell" is not "the same". The interval says how much worse the design may be, or better, and it is wide: these
trainings are short. To show that a design is no worse by so much, you need seeds until the interval is narrower than that.`;

// %% [markdown]
// ### Exercise 3 · Half the cache
//
// *Design · difficulty 3 of 3 · 20 minutes · 3 points*
//
// Return a design whose cache takes at most half of the bytes of `base`'s, for as little loss as you can: it passes if the
// seeds cannot tell its loss from that of the best trained design of so small a cache. Again, a design is
// `{ experts, active, width, latent, rope, heads }`. Before you look for a design: what
// would you rather narrow, the latent that all keys and values are made of, or the key that carries the position?

// %% nbgrader={"grade": false, "grade_id": "10-cache", "locked": false, "schema_version": 3, "solution": true, "task": false}
function halveCache(base: Design): Design {
  /// BEGIN SOLUTION
  return { ...base, latent: base.latent / 4 };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "10-cache-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(cacheExercise, halveCache);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// What does the cache hold of a token, and in how many layers? Two of the six fields matter, and none of the others.
//
// </details>
// <details><summary>Hint 2</summary>
//
// `latent + rope` has to fall from 48 to 24 or less. There are several ways to share 24 channels in the table: take one, train
// it above with two seeds, and another one likewise.
//
// </details>

// %% jupyter={"source_hidden": true}
const [narrowLatent, narrowKey] = [{ ...BASE_DESIGN, latent: 8 }, { ...BASE_DESIGN, latent: 20, rope: 4 }];
const [keptKey, keptLatent] = [narrowLatent, narrowKey].map((design) => designLosses(recordedDesigns(), design)!);
say`Two ways to keep ${whole(designCosts(narrowLatent).cacheBytes)} bytes, with ${narrowLatent.latent} channels of latent and
${narrowLatent.rope} of key, or ${narrowKey.latent} and ${narrowKey.rope}:
${compare({ name: "with the narrow latent", values: keptKey }, { name: "with the narrow key", values: keptLatent },
  { quantity: "the loss", unit: "bits per byte", of: "seeds", paired: true }).text}

This is said of trainings of ${DESIGN_RUN.steps} steps on windows of ${DESIGN_RUN.length} bytes, and of no longer ones. V3's
own shares are ${DEEPSEEK_V3.kvLoraRank} and ${DEEPSEEK_V3.qkRopeHeadDim}.`;

// %% [markdown]
// ## 9. With more time, or a GPU
//
// - `minutes = 10` gives this model ten minutes. Interrupt it whenever you like.
// - On a machine with a GPU, `npm run webgpu` installs what Node needs to use it, and `size = "v3-mini"` has the width and the
//   layers of the model that other lessons load. The cells are the same.
// - `npm run pretrain -- --preset v3-mini --minutes 60` trains without a notebook.
//
// ## Recap: the claims, and what came out
//
// A run of this size decides none of these claims: the verdicts are those of the audit in [lesson
// 11](11-the-article-audited.ipynb). What your run can show stands beside them.

// %% jupyter={"source_hidden": true}
verdicts(claimsHere(plan, evaluation));

// %% [markdown]
// ## What to take along
//
// - A run is a configuration, options and a seed. What it costs is known before it begins; what it learns is not.
// - In a run of more than a few steps the first bits are the cheap ones: section 2 says how much of the way your first quarter
//   went.
// - One run is an anecdote. Designs are compared seed by seed, and often the honest answer is that the seeds cannot tell.
//
// ## Where to read on
//
// - [DeepSeek-V3 Technical Report](https://arxiv.org/abs/2412.19437), section 4: data, hyper-parameters, schedules, and the
//   ablations of 4.5;
// - [Training Compute-Optimal Large Language Models](https://arxiv.org/abs/2203.15556), on parameters and tokens under a budget;
// - `lib/training/` here: the loop, the optimiser, the balancing and the saved state, each in a short file.
//
// **Next: [lesson 11](11-the-article-audited.ipynb)**, where every claim of a popular account is judged.
