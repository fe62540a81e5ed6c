// %% [markdown]
// # 08 · Data and openness
//
// ## Everything is published except what it read. What can then be reproduced?
//
// Of DeepSeek-V3 you can download the weights, read the architecture in a report of fifty pages, and run the code. What
// it read to become what it is, nobody outside knows. Does that matter? A recipe without its ingredients can still be a
// good recipe. So this lesson does what one can do on a small scale: it trains models that differ **only in what they
// read**, and asks what anybody could tell from outside.
//
// At the end of this lesson you can
//
// - say what the report tells of its data, what it leaves out, and what others tell;
// - show that weights don't verify a recipe, and name what would;
// - find a test in a training text by n-gram overlap, and say what this finds and what it misses;
// - tell *open weights* from *open source*, and read from a list of artefacts what somebody can do with them.
//
// *A good hour, with four exercises. Before it: [lesson 00](00-start-here.ipynb). Helpful:
// [lesson 01](01-mixture-of-experts.ipynb).*

// %% [markdown]
// ## What is said
//
// The account of DeepSeek-V3 that most people have read says, in our words:
//
// | id | claim |
// |---|---|
// | `data-undisclosed` | the training data is not disclosed; every frontier laboratory withholds its own, for value, law and size |
// | `data-reproduce` | without the data the result cannot be verified by training again |
// | `open-weights` | open weights are not open source, but they help research everywhere |
// | `open-safety` | open models raise capability without oversight of safety; but concentration is a risk too |
//
// The second of these can be tried out. The others are for the sources to decide: the [technical
// report](https://arxiv.org/abs/2412.19437) (section 4.1), the
// [licence](https://github.com/deepseek-ai/DeepSeek-V3/blob/main/LICENSE-MODEL), and what other projects have published.

// %% jupyter={"source_hidden": true}
import * as tf from "@tensorflow/tfjs";
import { judgeClaim } from "./lib/claims/audit";
import { sourcesOf } from "./lib/claims/claims";
import {
  ARTEFACTS, findProject, GOAL_NAMES, GOALS, missingFor, missingForOpenSource, publishedBy, readOpenness,
  type Artefact, type Goal, type State,
} from "./lib/claims/openness-facts";
import { openCorpus } from "./lib/corpus/build";
import { textOf, VOCAB_SIZE } from "./lib/corpus/bytes";
import { DOMAINS, drawBatch, heldOutWindows, type Domain, type Streams } from "./lib/corpus/corpus";
import { entry } from "./lib/economics/facts";
import { trainingCompute } from "./lib/economics/flops";
import { totalParameters } from "./lib/economics/parameters";
import {
  coveringWindows, editWords, epochs, leakInto, missingExercise, mixtureExercise, NgramIndex, normalisedWords,
  overlapExercise, surviveExercise, survivingNgrams, weightsFingerprint, type Mixture,
} from "./lib/lessons/08-data-and-openness";
import { tinyConfig } from "./lib/model/config";
import {
  barChart, check, checkParameters, fixed, heatmapChart, lineChart, percent, plot, progress, result, say, sliderPlot,
  solvedOr, table, times, verdicts, whole,
} from "./lib/notebook";
import { useBackend } from "./lib/tensor/backend";
import { Random } from "./lib/tensor/random";
import { evaluate, evaluateWindows, evaluationWindows } from "./lib/training/evaluate";
import { MICRO } from "./lib/training/presets";
import { Training } from "./lib/training/run";

const backend = await useBackend();
say`Ready: tensors are computed by **${backend.name}**.`;

// %% [markdown]
// **The numbers worth changing.** Change one, then *Run → Run All Cells*: every figure below follows. The comment
// behind each says what it may be and what it means.

// %% tags=["parameters"]
const proseInA = 0.75; // 0.0..1.0 share: how much prose (novel and speeches) mixture A draws; the rest is code and arithmetic
const proseInB = 0.2; // 0.0..1.0 share: the same of mixture B
const steps = 80; // 10..600 steps: length of each training
const examBytes = 320; // 128..1024 bytes: length of the text that serves as a test
const leakShare = 0.5; // 0.05..0.9 share: how much of the speeches is the leaked test
const editedShare = 0.15; // 0.0..0.9 share: how many of its words are changed in the edited leak
const ngram = 13; // 1..30 words: length of the pieces that the detector compares
const seed = 1; // 0..999999 number: where all random numbers start

// %%
checkParameters("08-data-and-openness", { proseInA, proseInB, steps, examBytes, leakShare, editedShare, ngram, seed });

// %% [markdown]
// ## 1. What the report tells, and what it leaves out
//
// Section 4.1 of the report is about one page long. This is what stands in it, beside what a person would need who
// wanted to train the model again:

// %%
const openness = readOpenness();
const v3 = findProject(openness, "deepseek-v3");
const SIGNS: Record<State, string> = { yes: "● yes", partly: "◐ partly", no: "○ no", unknown: "? unknown" };
table(
  openness.artefacts.map(({ id, name, meaning }) => ({
    "to train it again": `${name}: ${meaning}`,
    "published?": SIGNS[v3.has[id].state],
    what: v3.has[id].note || "–",
    source: `${openness.sources[v3.has[id].source].title}, ${v3.has[id].where} (${v3.has[id].confidence})`,
  })),
  { caption: "DeepSeek-V3 as of December 2024" },
);

// %% [markdown]
// The report does say a good deal about *how* text was turned into training examples: documents are packed one after the
// other, and attention is not masked between them; a tenth of the examples have their middle moved to the end, so that the
// model learns to fill gaps ([report](https://arxiv.org/abs/2412.19437), section 4.1). What it doesn't say is *which* text.
// Is that usual? Others have told:

// %%
const told = openness.mixtures.filter(({ shares }) => shares.length > 0);
const kinds = [...new Set(told.flatMap(({ shares }) => shares.map(({ kind }) => kind)))];
const ofKind = (mixture: (typeof told)[number], kind: string) =>
  mixture.shares.filter((share) => share.kind === kind).reduce((sum, { share }) => sum + share, 0);
const everybody = openness.mixtures;
plot(
  barChart({
    title: "Where did the training text come from?",
    x: { title: "share of the text", percent: true },
    labels: kinds,
    series: everybody.map((mixture) => ({
      name: mixture.shares.length === 0 ? `${mixture.name}: not told` : mixture.name,
      values: kinds.map((kind) => ofKind(mixture, kind)),
    })),
  }),
  { height: 480 },
);
const v3Tokens = openness.mixtures.find(({ id }) => id === "deepseek-v3")!.tokens!;
const web = told.map((mixture) => ofKind(mixture, "web"));
say`Read it from the top: the web is ${percent(Math.min(...web))} of one and ${percent(Math.max(...web))} of another, so "we trained on web,
books and code" says next to nothing. For DeepSeek-V3 there is no bar to draw: the one number that is published is the
sum, ${fixed(v3Tokens / 1e12, 1)} trillion tokens. (Sources: ${told.map((m) => `${m.name}, ${openness.sources[m.source].title}, ${m.where}, ${m.confidence}`).join("; ")}.)`;

// %% [markdown]
// ## 2. One architecture, one budget, two mixtures
//
// Now the experiment. Two models have the same architecture (V3's, with two layers), start from the same random weights,
// and read the same number of bytes. Model A draws mostly prose, model B mostly code and arithmetic. Then both are tested
// on held-out text of all four kinds.
//
// The corpus is built from packages that are installed with the course: *Moby-Dick*, the State of the Union addresses,
// the TypeScript sources of the tensor library that you are using, and generated arithmetic.

// %%
const corpus = openCorpus();
const mixtureOf = (prose: number): Mixture<Domain> => ({
  novel: prose / 3,
  speeches: (2 * prose) / 3,
  code: (2 * (1 - prose)) / 3,
  arithmetic: (1 - prose) / 3,
});
const [A, B] = [mixtureOf(proseInA), mixtureOf(proseInB)];
const [nameA, nameB] = [`model A, ${percent(proseInA)} prose`, `model B, ${percent(proseInB)} prose`];
/** All of the corpus, but of the speeches a part: a leak into it is then no needle in a haystack. */
const clean: Streams = { ...corpus.train, speeches: corpus.train.speeches.subarray(0, 400_000) };
table(
  DOMAINS.map((domain) => ({
    text: domain,
    "there is (tokens)": clean[domain].length,
    "A draws": percent(A[domain]),
    "B draws": percent(B[domain]),
    licence: corpus.manifest.sources.find((source) => source.domain === domain)!.licence,
  })),
  { caption: "Two mixtures of the same four texts" },
);

// %%
const config = tinyConfig({
  vocabSize: VOCAB_SIZE, numHiddenLayers: 2, numNextnPredictLayers: 0, ropeScaling: null, maxPositionEmbeddings: 512,
});
const [batch, length] = [6, 48]; // windows a step, tokens of a window
const options = { ...MICRO.training, steps, batch, length, seed, learningRate: 8e-3 };

/** Trains a new model on some text; `from` is the seed that decides on the order of the text. */
async function trainOn(label: string, text: Streams, mixture: Mixture<Domain>, { upTo = steps, from = seed } = {}) {
  const training = new Training(config, options);
  for await (const step of progress(upTo, label, { unit: "steps" })) {
    training.makeStep(drawBatch(text, { batch, length: length + 2, seed: from, step, mixture }));
  }
  return training;
}
const windows = evaluationWindows(corpus.heldOut, { length, count: 48, seed });

// %% [markdown]
// **Predict.** By how many per cent will the two models' losses differ, as a mean over the four held-out texts? Write
// your guess, then run the next two cells.

// %%
const myGuess = 20; // per cent

// %%
const modelA = await trainOn(`training ${nameA}`, clean, A);
const modelB = await trainOn(`training ${nameB}`, clean, B);

// %%
const bits = async ({ model }: Training) => {
  const result = await evaluate(model, windows, { batch: 48 });
  return DOMAINS.map((domain) => result[domain].bitsPerByte);
};
const [bitsA, bitsB] = [await bits(modelA), await bits(modelB)];
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
plot(
  barChart({
    title: "How well does each model predict each kind of text? (less is better)",
    x: { title: "bits per byte on held-out text" },
    labels: [...DOMAINS, "mean of the four"],
    series: [
      { name: nameA, values: [...bitsA, mean(bitsA)] },
      { name: nameB, values: [...bitsB, mean(bitsB)] },
    ],
  }),
);
const apart = DOMAINS.map((_, i) => Math.abs(bitsA[i] / bitsB[i] - 1));
const furthest = apart.indexOf(Math.max(...apart));
const meanApart = Math.abs(mean(bitsA) / mean(bitsB) - 1);
say`You said ${myGuess}%. The means differ by **${percent(meanApart)}**; on ${DOMAINS[furthest]} alone the models differ by
**${percent(apart[furthest])}**. ${
  apart[furthest] > 3 * meanApart
    ? "Whoever publishes the mean has said almost nothing about which of the two it is."
    : "With these mixtures and so few steps the mean tells them apart as well as anything."
}`;
result("losses of the two mixtures differ by, mean", meanApart);
result(`losses of the two mixtures differ by, ${DOMAINS[furthest]}`, apart[furthest]);

// %% [markdown]
// This is what each of them would publish, if it published what is usual:

// %%
const fingerprints = [await weightsFingerprint(modelA.model), await weightsFingerprint(modelB.model)];
const cardOf = (model: Training, loss: number[], print: string) => ({
  architecture: `DeepSeek-V3, ${config.numHiddenLayers} layers, width ${config.hiddenSize}`,
  parameters: whole(totalParameters(config)),
  "bytes read": whole(model.tokens),
  data: "a mixture of literature, speeches, code and arithmetic",
  "bits per byte": fixed(mean(loss), 1),
  weights: `${print.slice(0, 12)}…`,
});
const cards = [cardOf(modelA, bitsA, fingerprints[0]), cardOf(modelB, bitsB, fingerprints[1])];
table(
  (Object.keys(cards[0]) as (keyof (typeof cards)[number])[]).map((row) => ({
    "model card": row,
    "model A": cards[0][row],
    "model B": cards[1][row],
  })),
  { caption: "Two model cards" },
);

// %% [markdown]
// All rows but the last could be copied from one to the other. The weights differ, but weights are not a statement
// about text: look at them as long as you like, there is no place in them where "three quarters prose" is written.
//
// (The difference can be *probed*: A is better at prose. From enough such probes one can guess a mixture, roughly. That is
// how outsiders guess at V3's. A guess is not a recipe, and it says nothing of a single document.)
//
// ### Exercise 1 · A mixture for a target
//
// *Design · difficulty 3 of 3 · 20 minutes · 4 points*
//
// How does one choose a mixture? Not freely: good text is scarce, and a small source that is drawn often comes around
// again and again. Up to about four times that costs little, after that repeating gains less and less ([Muennighoff et
// al., 2023](https://arxiv.org/abs/2305.16264)).
//
// Given are the shares that you would like, the size of each source in tokens, the tokens of the run, and how often a
// source may be read at most. Return the shares of the mixture nearest to your wish: a source that would be read too often
// is cut to what it can give, and the others share what is left **in their wanted proportions**. Together they make 1.

// %% nbgrader={"grade": false, "grade_id": "08-mixture", "locked": false, "schema_version": 3, "solution": true, "task": false}
function mix(wanted: number[], sizes: number[], tokens: number, most: number): number[] {
  /// BEGIN SOLUTION
  const caps = sizes.map((size) => (most * size) / tokens);
  const cut = new Set<number>();
  for (;;) {
    const left = 1 - [...cut].reduce((sum, i) => sum + caps[i], 0);
    const free = wanted.reduce((sum, share, i) => (cut.has(i) ? sum : sum + share), 0);
    const shares = wanted.map((share, i) => (cut.has(i) ? caps[i] : (left * share) / free));
    const over = shares.findIndex((share, i) => !cut.has(i) && share > caps[i]);
    if (over === -1) return shares;
    cut.add(over);
  }
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "08-mixture-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
await check(mixtureExercise, mix);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// A source's cap is most · size / tokens. Keep a list of those that are cut. All others share 1 minus the caps of the cut
// ones, in their wanted proportions. Does that send another one over its cap? Cut it too, and begin again.
//
// </details>
// <details><summary>Hint 2</summary>
//
// In each round: left = 1 − sum of caps of the cut ones; factor = left / sum of wanted of the others; a source that is not
// cut gets factor · wanted. Repeat while any of them is above its cap.
//
// </details>

// %% [markdown]
// With it, a wish that the corpus of this lesson cannot fulfil: half of everything a novel, in a run of twenty million
// bytes, nothing read more than four times.

// %%
const mixer = await solvedOr(mixtureExercise, mix); // yours, once it passes
const wish: Mixture<Domain> = { novel: 0.5, speeches: 0.2, code: 0.2, arithmetic: 0.1 };
const sizes = Object.fromEntries(DOMAINS.map((domain) => [domain, corpus.train[domain].length])) as Record<Domain, number>;
const [longRun, cap] = [20e6, 4];
const possible = mixer(DOMAINS.map((d) => wish[d]), DOMAINS.map((d) => sizes[d]), longRun, cap);
const wished = epochs(wish, sizes, longRun);
table(
  DOMAINS.map((domain, i) => ({
    text: domain,
    wanted: percent(wish[domain]),
    "would be read (times)": fixed(wished[domain], 1),
    possible: percent(possible[i]),
    "is read (times)": fixed((possible[i] * longRun) / sizes[domain], 1),
  })),
  { caption: `A mixture for ${whole(longRun)} bytes, at most ${cap} times each` },
);

// %% [markdown]
// ## 3. Do the weights verify the recipe?
//
// Suppose somebody hands you weights and a recipe: *this is what came out*. When can you check that? Train again and
// compare. We do the first steps of model A four times: twice exactly alike, once with a slightly different mixture, once
// with the same text in another order.

// %%
const few = Math.min(8, steps);
const nearby = mixtureOf(proseInA > 0.9 ? proseInA - 0.1 : proseInA + 0.1);
const recipes = {
  "model A's recipe": { mixture: A, from: seed },
  "the same again": { mixture: A, from: seed },
  "a mixture nearby": { mixture: nearby, from: seed },
  "the same text in another order": { mixture: A, from: seed + 1 },
};
const attempts: { recipe: string; loss: number; print: string }[] = [];
for (const [recipe, { mixture, from }] of Object.entries(recipes)) {
  const run = await trainOn(recipe, clean, mixture, { upTo: few, from });
  attempts.push({ recipe, loss: mean(await bits(run)), print: await weightsFingerprint(run.model) });
  run.dispose();
}
table(
  attempts.map(({ recipe, loss, print }) => ({
    recipe,
    "bits per byte": fixed(loss, 3),
    "sha256 of the weights": `${print.slice(0, 16)}…`,
    "same weights?": print === attempts[0].print ? "yes, to the last bit" : "no",
  })),
  { caption: `After ${few} steps` },
);
const spread = attempts.slice(2).map(({ loss }) => Math.abs(loss / attempts[0].loss - 1));
const alike = attempts.map(({ print }) => print === attempts[0].print);
say`The same recipe gives ${alike[1] ? "the same" : "other"} weights, all ${whole(totalParameters(config))} of them. With a small
change ${alike[2] || alike[3] ? "they may stay the same as long as nothing else is drawn" : "come others"}, though the loss moves
by no more than ${percent(Math.max(...spread))}. So weights *can* be verified, by whoever has the text, its
order, the settings and the code. Without the text, neither a match nor a mismatch can ever come out.`;

// %% [markdown]
// Be fair to the large scale: on thousands of GPUs even the same recipe seldom gives the same bits, since sums are added
// in whatever order they arrive. What one can verify there is weaker: a second training that ends at the same loss, with
// checkpoints on the way that agree. [Pythia](https://arxiv.org/abs/2304.01373) was built for that: it gives the text, the
// exact order of it, and the states in between.
//
// ## 4. A test that leaked
//
// There is a second reason to want the text. Models are compared by tests, and tests are on the web, and the web is what
// models read. If the test was in the text, the score measures memory. Who can find out?
//
// Our test is a passage of a held-out speech. We train model A's recipe twice more. Once the passage has leaked into the
// speeches. Once it leaked after an edit: some of its words are changed, as in a retelling. A second held-out passage, which
// leaked nowhere, shows what an honest score looks like.

// %%
const [exam, control] = heldOutWindows(corpus.heldOut.speeches, { length: examBytes, count: 2, seed: seed + 4 });
const someSpeeches = textOf(clean.speeches.subarray(0, 60_000));
const others = [...new Set(normalisedWords(someSpeeches))].filter((word) => word.length > 2);
const edited = editWords(textOf(exam), editedShare, others, new Random(seed));
const texts = {
  clean,
  leaked: { ...clean, speeches: leakInto(clean.speeches, exam, leakShare) },
  "leaked after an edit": { ...clean, speeches: leakInto(clean.speeches, [...Buffer.from(edited)], leakShare) },
};
const shown = (text: string) => text.replace(/\s+/g, " ").replace(/^\S* /, "").slice(0, 150); // from the first whole word on
say`The test: *…${shown(textOf(exam))}…*

The edit: *…${shown(edited)}…*

(The leak is ${percent(leakShare)} of the speeches. That is a gross exaggeration: our model is tiny and reads little. A large
one remembers what it saw a few times.)`;

// %% [markdown]
// **Predict.** Which of the two leaks will help more on the test: the exact copy, or the edited one? And by how much less
// will the edited one help? Then run.

// %%
const leaky = await trainOn("training with the test in the text", texts.leaked, A);
const sly = await trainOn("training with the edited test in the text", texts["leaked after an edit"], A);

// %%
const passage = async ({ model }: Training, text: number[]) =>
  (await evaluateWindows(model, coveringWindows(text, length), { batch: 16 })).bitsPerByte;
const trained = { clean: modelA, leaked: leaky, "leaked after an edit": sly };
const scores: { text: string; exam: number; control: number }[] = [];
for (const [text, model] of Object.entries(trained)) {
  scores.push({ text, exam: await passage(model, exam), control: await passage(model, control) });
}
plot(
  barChart({
    title: "Does the test still measure the model? (less is better)",
    x: { title: "bits per byte" },
    labels: scores.map(({ text }) => text),
    series: [
      { name: "on the test", values: scores.map((row) => row.exam) },
      { name: "on a passage that leaked nowhere", values: scores.map((row) => row.control) },
    ],
  }),
  { height: 340 },
);
const gain = (row: { exam: number; control: number }) =>
  scores[0].exam - scores[0].control - (row.exam - row.control); // what the leak gave, beyond how hard the passages are
const [gainExact, gainEdited] = [gain(scores[1]), gain(scores[2])];
const moreOrLess = Math.abs(gainEdited / gainExact - 1) < 0.25 ? "about as much" : gainEdited > gainExact ? "more" : "less";
say`Compared with the passage that leaked nowhere, the exact copy improves the score by **${fixed(gainExact)} bits per byte**,
the edited one by **${fixed(gainEdited)}**${gainExact < 0.05 ? ", too little to speak of" : `: ${moreOrLess}`}. On that other passage itself, reading the test over and over made the
models ${scores[1].control > scores[0].control ? "worse" : "no worse"}: ${scores.map((row) => fixed(row.control)).join(", ")}.
${
  gainExact < 0.05
    ? "More steps or a larger leak would show more."
    : "Whoever sees only the test's bar takes the other two for better models."
}`;
result("what an exact leak gains", gainExact, "bits per byte");

// %% [markdown]
// ### Exercise 2 · The overlap detector
//
// *Implement · difficulty 2 of 3 · 15 minutes · 3 points*
//
// With the text at hand, a leak can be searched for. The usual detector cuts the test into **n-grams**, runs of $n$
// words, and looks which of them also stand in the training text ([GPT-3](https://arxiv.org/abs/2005.14165), appendix C,
// took 13 words). Write it: return the share of the test's n-grams that the training text has; 0 if the test has fewer
// than $n$ words. `normalisedWords(text)` gives the words in lower case, without punctuation.

// %% nbgrader={"grade": false, "grade_id": "08-overlap", "locked": false, "schema_version": 3, "solution": true, "task": false}
function overlap(test: string, training: string, n: number): number {
  /// BEGIN SOLUTION
  const grams = (text: string) => {
    const words = normalisedWords(text);
    return words.slice(0, Math.max(0, words.length - n + 1)).map((_, i) => words.slice(i, i + n).join(" "));
  };
  const known = new Set(grams(training));
  const own = grams(test);
  return own.length === 0 ? 0 : own.filter((gram) => known.has(gram)).length / own.length;
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "08-overlap-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(overlapExercise, overlap);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Three steps: both texts as lists of normalised words; all runs of n words of the training text into a Set (join the words
// with a space); then count which runs of the test are in it.
//
// </details>
// <details><summary>Hint 2</summary>
//
// In a list of m words, a run begins at each i from 0 to m − n: words.slice(i, i + n).join(" "). Where there is none, the
// answer is 0.
//
// </details>

// %% [markdown]
// Now search the three texts that we trained on (with the library's detector, which keeps numbers in place of strings, so
// that millions of n-grams fit):

// %%
const found = Object.entries(texts).map(([text, streams]) => ({
  text,
  share: new NgramIndex(ngram).add(textOf(streams.speeches)).overlap(textOf(exam)),
}));
table(
  found.map(({ text, share }, i) => ({
    "training text": text,
    [`of the test's ${ngram}-grams found`]: percent(share),
    "the leak gave (bits per byte)": i === 0 ? "–" : fixed(gain(scores[i])),
  })),
  { caption: "What the detector sees, and what it should have seen" },
);
const verdictOn = (share: number) => (share === 0 ? "nothing" : `${percent(share)} of the test`);
say`In the copy the detector finds ${verdictOn(found[1].share)}; in the edited leak, with ${percent(editedShare)} of the words
changed, it finds **${verdictOn(found[2].share)}**. Set \`ngram\` and \`editedShare\` in the parameters cell, and watch it go
blind or open its eyes.`;

// %% [markdown]
// ### Exercise 3 · What survives an edit
//
// *Derive · difficulty 1 of 3 · 6 minutes · 2 points*
//
// Each word of a text is changed with the chance `share`, independently of the others. What share of its n-grams is as
// before, on average?

// %% nbgrader={"grade": false, "grade_id": "08-survive", "locked": false, "schema_version": 3, "solution": true, "task": false}
function survive(share: number, n: number): number {
  /// BEGIN SOLUTION
  return (1 - share) ** n;
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "08-survive-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(surviveExercise, survive);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Look at one n-gram. It survives if its first word is unchanged, and its second, and so on.
//
// </details>
// <details><summary>Hint 2</summary>
//
// A word is unchanged with the chance 1 − share. The words are independent, so the chances of n words multiply.
//
// </details>

// %%
const surviving = await solvedOr(surviveExercise, survive); // yours, once it passes
const long = textOf(clean.speeches.subarray(0, 60_000));
const lengths = Array.from({ length: 20 }, (_, i) => i + 1);
sliderPlot({
  title: "How much of an edited copy does the detector still find?",
  parameter: "words changed",
  unit: "%",
  values: [2, 5, 10, 15, 25, 50],
  initial: 15,
  figure: (changed) => {
    const copy = editWords(long, changed / 100, others, new Random(seed));
    return lineChart({
      title: `${changed}%`,
      x: { title: "n, words in an n-gram" },
      y: { title: "n-grams found", percent: true },
      series: [
        { name: "measured", x: lengths, y: lengths.map((n) => new NgramIndex(n).add(long).overlap(copy)), points: true },
        { name: "(1 − share)ⁿ", x: lengths, y: lengths.map((n) => surviving(changed / 100, n)) },
        { name: `your n: ${ngram}`, x: [ngram, ngram], y: [0, 1], dashed: true },
      ],
    });
  },
});
const noise = new NgramIndex(3).add(textOf(clean.speeches)).overlap(textOf(control));
say`Long n-grams are blind to edits. (At n = 1 all is found whatever was changed: the new words stand elsewhere in the text.)
Short ones see everything, also what is not there: of the passage that leaked nowhere,
${percent(noise)} of the 3-grams stand somewhere in the speeches, since "of the United" and its like stand everywhere. At
${ngram} words, of a copy with ${percent(editedShare)} of its words changed ${percent(survivingNgrams(editedShare, ngram))} is left
on average; a test as short as ours may lose it all.`;

// %% [markdown]
// Real retellings change more than single words. A paraphrase or a translation leaves no n-gram at all, and helps: [Yang et
// al. (2023)](https://arxiv.org/abs/2311.04850) trained a model of 13 billion parameters on rephrased tests until it matched
// GPT-4 on them, and the overlap detector found nothing (their abstract).
//
// And our own house? The held-out texts by which this course measures its models were split off document by document.
// Let the detector loose on them:

// %%
async function searchOwn() {
  const shares: { text: Domain; share: number }[] = [];
  for await (const i of progress(DOMAINS.length, "searching our own held-out text", { unit: "texts" })) {
    const index = new NgramIndex(ngram).add(textOf(corpus.train[DOMAINS[i]]));
    shares.push({ text: DOMAINS[i], share: index.overlap(textOf(corpus.heldOut[DOMAINS[i]])) });
  }
  return shares;
}
const own = await searchOwn();
table(
  own.map(({ text, share }) => ({ "held-out text": text, [`${ngram}-grams that are in the training text`]: percent(share) })),
  { caption: "Contamination in our own corpus" },
);
const worst = own.reduce((a, b) => (b.share > a.share ? b : a));
say`${worst.share > 0.02 ? `Not clean: of the held-out ${worst.text}, ${percent(worst.share)} stands word for word in the training text.` : "Hardly anything."}
${worst.text === "code" ? "Files of one program repeat each other's imports, types and comments; splitting by document doesn't help against that. It" : "That"}
flatters every loss on ${worst.text} that this course prints, of all models alike. We could find that out because we
have the text. For V3 nobody outside can.`;

// %% [markdown]
// ## 5. Open weights, open source
//
// "Open" is said of very different things. Here are eight projects, artefact by artefact:

// %%
const LEVEL: Record<State, number | null> = { yes: 1, partly: 0.5, no: 0, unknown: null };
const short: Record<State, string> = { yes: "●", partly: "◐", no: "○", unknown: "?" };
plot(
  heatmapChart({
    title: "Who has published what?",
    x: { title: "project", labels: openness.projects.map(({ name }) => name.replace("DeepSeek-", "").replace(" ", "<br>")) },
    y: { title: "artefact", labels: openness.artefacts.map(({ name }) => name) },
    values: openness.artefacts.map(({ id }) => openness.projects.map(({ has }) => LEVEL[has[id].state])),
    text: openness.artefacts.map(({ id }) => openness.projects.map(({ has }) => short[has[id].state])),
    colour: { title: "published", range: [0, 1] },
  }),
  { height: 460 },
);
const full = openness.projects.filter((project) => publishedBy(project).length >= ARTEFACTS.length - 1);
say`● published, ◐ in part, ○ not, ? not known to us. The columns fall into three groups: nothing; weights and some words
about them; everything, or nearly (${full.map(({ name }) => name).join(", ")}). Between the second and the third group lies
what this lesson is about. Sources and notes stand in \`data/openness.json\`; what we could not confirm is marked there.`;

// %% [markdown]
// What do **licences** allow? V3's weights came under DeepSeek's own licence: free of charge, also for business, but not
// for military use nor for a dozen other purposes, and whoever passes the model on must pass these limits on; the law of
// China applies (its sections 4, 5 and 14 and attachment A). The code came under the MIT licence. In March 2025 the next
// version, V3-0324, put the weights under MIT as well, with no limits of use.
//
// Does that make it *open source*? The [Open Source AI Definition](https://opensource.org/ai) of October 2024 asks for the
// weights, the code that trained them, and information on the data from which a skilled person could build a substantially
// equivalent system, all under free terms. It does not ask for the data themselves.

// %%
const nameOf = (id: Artefact) => openness.artefacts.find((artefact) => artefact.id === id)!.name;
table(
  openness.projects.map((project) => ({
    project: `${project.name} (${project.released})`,
    "missing for the definition": missingForOpenSource(project).map(nameOf).join(", ") || "nothing",
    "so it is": missingForOpenSource(project).length === 0 ? "open source" : project.has.weights.state === "yes" ? "open weights" : "closed",
    "the Open Source Initiative found": project.openSourceAi === null ? "–" : project.openSourceAi ? "meets it" : "does not",
  })),
  { caption: "Our reading of the definition, beside the Initiative's own where there is one" },
);

// %% [markdown]
// ### Exercise 4 · What would have to be published
//
// *Reason · difficulty 2 of 3 · 10 minutes · 3 points*
//
// Somebody wants one of five things: `run` the model; `adapt` it, which is to change it and pass it on; `search` its
// training text for a test; `repeat` such a training; `verify` that these weights come from that text. Given what is
// published, which artefacts are **missing** for it? The artefacts are `weights`, `freeTerms`, `inferenceCode`,
// `trainingCode`, `hyperparameters`, `dataDescribed`, `data`, `dataOrder`, `checkpoints`. Ask for no more than is needed.

// %% nbgrader={"grade": false, "grade_id": "08-missing", "locked": false, "schema_version": 3, "solution": true, "task": false}
function missing(published: Artefact[], goal: Goal): Artefact[] {
  /// BEGIN SOLUTION
  const again: Artefact[] = ["trainingCode", "hyperparameters", "data"];
  const needs: Record<Goal, Artefact[]> = {
    run: ["weights", "inferenceCode"],
    adapt: ["weights", "inferenceCode", "freeTerms"],
    search: ["data"],
    repeat: again,
    verify: [...again, "dataOrder", "weights"],
  };
  return needs[goal].filter((artefact) => !published.includes(artefact));
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "08-missing-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(missingExercise, missing);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Write down for each goal what it takes: a Record from goal to a list of artefacts. Then leave out what is published.
//
// </details>
// <details><summary>Hint 2</summary>
//
// run: weights and code to run. adapt: these and free terms. search: the data. repeat: training code, hyperparameters,
// data. verify: these three, the order of the data, and the weights to compare with.
//
// </details>

// %%
const lacking = await solvedOr(missingExercise, missing); // yours, once it passes
table(
  openness.projects.map((project) => ({
    project: project.name,
    ...Object.fromEntries(
      GOALS.map((goal) => {
        const gaps = lacking(publishedBy(project), goal).length;
        return [GOAL_NAMES[goal], gaps === 0 ? "● yes" : `○ ${gaps} missing`];
      }),
    ),
  })),
  { caption: "What somebody outside can do" },
);

// %% [markdown]
// ## 6. What was reproduced all the same
//
// Three kinds of reproduction exist, and they answer different questions:
//
// - **with everything published**: [OLMo 2](https://arxiv.org/abs/2501.00656) gives text, code, settings, logs and states on
//   the way; [Apertus](https://huggingface.co/swiss-ai/Apertus-70B-2509), trained on the public machine in Lugano, gives
//   weights, data and recipes, and respects the wishes of sites that don't want to be read (its model card);
// - **from the paper**: [Open-R1](https://github.com/huggingface/open-r1) rebuilds what is missing of R1's training, which
//   starts from V3's weights. It measured the published models again and came to their scores within one to three standard
//   deviations (its README), which verifies the *scores*; the training it has to invent anew;
// - **of the ideas**: MLA, the bias that balances, multi-token prediction are in other people's models and in the library
//   of this course. An idea can be verified without anybody's data: that is what lessons 01 to 06 do.

// %%
const v3Run = entry("training-runs", "deepseek-v3").facts;
const open = entry("training-runs", "apertus-70b").facts;
const ratio = trainingCompute(open.activeParameters.value, open.tokens.value) / trainingCompute(v3Run.activeParameters.value, v3Run.tokens.value);
say`Is full openness only for the small? Apertus took ${times(ratio)} the arithmetic of V3's pre-training (6 · N · D, from
${open.tokens.title}, ${open.tokens.where}). It is a weaker model all the same; openness has a price, in text that may not be
used and in time. But size is not the obstacle.`;

// %% [markdown]
// ## 7. Is it safe to publish weights?
//
// Both sides, as strongly as we can put them:
//
// | for caution | for openness |
// |---|---|
// | what is published cannot be called back, and nobody sees what it is used for | what only three firms can run, only three firms can check, price or switch off |
// | refusals that were trained in can be trained out: for less than $200, from a model of 70 billion parameters ([Lermen et al., 2023](https://arxiv.org/abs/2310.20624), abstract) | the question is the *marginal* risk: what can be done with it that could not be done with a search engine or a closed model ([Kapoor, Bommasani et al., 2024](https://crfm.stanford.edu/open-fms/)) |
// | capability spreads faster than the knowledge of how to control it | safety research needs weights: whoever wants to find a backdoor has to look inside |
// | open weights without data are a poor audit: one sees the behaviour, not what it comes from | that is an argument for opening more, not less |
//
// The American telecommunications authority was asked to decide, heard everybody, and found in 2024 that the evidence is
// sufficient neither for restrictions nor for ruling them out; it recommends to keep measuring ([NTIA, conclusion of its
// report](https://www.ntia.gov/programs-and-initiatives/artificial-intelligence/open-model-weights-report)). No cell of this
// notebook can do better. What a cell can do is to keep two questions apart that are often mixed: whether to publish
// *weights* (a question of misuse) and whether to publish *data* (a question of evidence, and of other people's rights).

// %% [markdown]
// ## Recap: the claims, and what came out

// %% jupyter={"source_hidden": true}
// The verdicts are those of the audit in lesson 10; what was measured above stands with them.
const measured: Record<string, string> = {
  "data-undisclosed": "",
  "data-reproduce":
    `Measured: two mixtures, one model card (means ${percent(meanApart)} apart, ${DOMAINS[furthest]} ${percent(apart[furthest])}); ` +
    `one recipe, one set of weights; a leak worth ${fixed(gainExact)} bits per byte that only the text reveals. `,
  "open-weights": "",
  "open-safety": "",
};
verdicts(
  Object.entries(measured).map(([id, here]) => {
    const { claim, verdict, evidence } = judgeClaim(id);
    return { claim: `${id}: ${claim.claim}`, verdict, sources: sourcesOf(claim), computed: `${here}${evidence}` };
  }),
);

// %% [markdown]
// **In one sentence:** weights show *that* something works; only the text, its order and the code show *why*, and whether
// the test was passed or remembered.
//
// ## Where to read on
//
// - [DeepSeek-V3 Technical Report](https://arxiv.org/abs/2412.19437), section 4.1: all that is told of the data;
// - [Dolma](https://arxiv.org/abs/2402.00159), sections 1 and 4: a training text that is published, and how it was made;
// - [Rethinking Benchmark and Contamination](https://arxiv.org/abs/2311.04850), section 3: how to pass a detector;
// - [Open Source AI Definition](https://opensource.org/ai): the definition, and which systems comply;
// - [On the Societal Impact of Open Foundation Models](https://crfm.stanford.edu/open-fms/): how to think about marginal risk.
//
// **Next: [lesson 10](10-the-article-audited.ipynb)**, where every claim of a popular account is judged.

// %%
[modelA, modelB, leaky, sly].forEach((model) => model.dispose());
say`Tensors left: ${tf.memory().numTensors}.`;
