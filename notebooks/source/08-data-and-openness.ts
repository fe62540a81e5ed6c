// %% [markdown]
// # 08 · Data and openness
//
// ## The weights are published, and what they came from is not. What can then be reproduced?
//
// Of DeepSeek-V3 you can download the weights, read the architecture in a report of fifty pages, and run the code. What
// it read to become what it is, nobody outside knows. Does that matter? A recipe without its ingredients can still be a
// good recipe. So this lesson does what one can do on a small scale: it trains models that differ **only in what they
// read**, and asks what anybody could tell from outside.
//
// At the end of this lesson you can
//
// - say what the report tells of its data, what it leaves out, and what others tell;
// - say what it takes to verify that weights came out of a recipe;
// - find a test in a training text by n-gram overlap, and say what this finds and what it misses;
// - tell *open weights* from *open source*, and read from a list of artefacts what somebody can do with them.
//
// *A good hour, with four exercises. Before it: [lesson 00](00-start-here.ipynb). Helpful:
// [lesson 01](01-mixture-of-experts.ipynb).*

// %% [markdown]
// ## What is said
//
// The claims of the popular account on data and openness stand in the table below. `data-reproduce` can be tried out. The
// others are for the sources to decide: the [technical report](https://arxiv.org/abs/2412.19437) (section 4.1), the
// [licence](https://github.com/deepseek-ai/DeepSeek-V3/blob/main/LICENSE-MODEL), and what other projects have published.

// %% jupyter={"source_hidden": true}
import * as tf from "@tensorflow/tfjs";
import { judgeClaim } from "./lib/claims/audit";
import { readClaims, sourcesOf } from "./lib/claims/claims";
import {
  ARTEFACTS, findProject, GOAL_NAMES, GOALS, missingForOpenSource, publishedBy, readOpenness, type Artefact, type Goal,
  type State,
} from "./lib/claims/openness-facts";
import { openCorpus } from "./lib/corpus/build";
import { textOf } from "./lib/corpus/bytes";
import { DOMAINS, type Domain } from "./lib/corpus/corpus";
import { entry } from "./lib/economics/facts";
import { trainingCompute } from "./lib/economics/flops";
import { totalParameters } from "./lib/economics/parameters";
import {
  apartBy, apartWords, cleanText, compareLeaks, compareMixtures, editWords, epochs, gainOf, LEAK_TEXTS, leakOf,
  leakWords, lossesOf, lossOn, meanWords, missingExercise, mixtureExercise, mixtureOf, NgramIndex, normalisedWords,
  overlapExercise, readTrials, rowsAlike, surviveExercise, survivingNgrams, trainOn, TRIAL_CONFIG, trialWindows,
  weightsFingerprint, type Mixture,
} from "./lib/lessons/08-data-and-openness";
import {
  barChart, check, checkParameters, fixed, lineChart, percent, plot, progress, result, say, showSource, sliderPlot,
  solvedOr, table, times, verdicts, whole,
} from "./lib/notebook";
import { mean } from "./lib/statistics/interval";
import { useBackend } from "./lib/tensor/backend";
import { Random } from "./lib/tensor/random";
import { type Training } from "./lib/training/run";

const backend = await useBackend();
say`Ready: tensors are computed by **${backend.name}**.`;

// %% jupyter={"source_hidden": true}
const said = readClaims().claims.filter(({ lesson }) => lesson === "08");
table(said.map(({ id, claim }) => ({ id, claim })), { caption: "What the account says of data and openness" });

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

// %% jupyter={"source_hidden": true}
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
  { caption: "DeepSeek-V3: what came with the release of December 2024, and with the libraries of February 2025" },
);

// %% [markdown]
// The report does say a good deal about *how* text was turned into training examples: documents are packed one after the
// other, and attention is not masked between them; a tenth of the examples have their middle moved to the end, so that the
// model learns to fill gaps ([report](https://arxiv.org/abs/2412.19437), section 4.1). What it doesn't say is *which* text.
// Is that usual? Others have told:

// %% jupyter={"source_hidden": true}
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
const bySource = told.filter((mixture) => ofKind(mixture, "web") > 0); // Llama 3 tells kinds of content, no sources
const web = bySource.map((mixture) => ofKind(mixture, "web"));
say`The web is ${percent(Math.min(...web))} of one and ${percent(Math.max(...web))} of another of those that name sources, so
"we trained on web, books and code" says next to nothing. Llama 3 names kinds of content and no source. For DeepSeek-V3
there is no bar to draw: the one number that is published is the sum, ${fixed(v3Tokens / 1e12, 1)} trillion tokens.
(Sources: ${told.map((m) => `${m.name}, ${openness.sources[m.source].title}, ${m.where}, ${m.confidence}`).join("; ")}.)`;

// %% [markdown]
// Laws have begun to ask. Since August 2025 whoever puts a general-purpose model on the European market, an open one too,
// has to publish a summary of its training content by a template of the Commission ([AI Act, article 53(1)(d), as the
// Commission explains
// it](https://digital-strategy.ec.europa.eu/en/faqs/template-general-purpose-ai-model-providers-summarise-their-training-content)).
// Since January 2026 California asks for a summary of the data sets of generative systems ([AB
// 2013](https://cyberlaw.stanford.edu/publications/californias-ab-2013-generative-ai-developers-must-show-their-data)). A
// summary of what was read is not the text, and the rest of this lesson shows what the difference is.

// %% [markdown]
// ## 2. One architecture, one budget, two mixtures
//
// Now the experiment. Two models have the same architecture (V3's, with two layers), start from the same random weights,
// and read the same number of bytes. They draw different shares of prose, code and arithmetic. Then both are tested on
// held-out text of all four kinds.
//
// The corpus is built from packages that are installed with the course: *Moby-Dick*, the State of the Union addresses,
// the TypeScript sources of the tensor library that you are using, and generated arithmetic.

// %%
const corpus = openCorpus();
const [A, B] = [mixtureOf(proseInA), mixtureOf(proseInB)];
const [nameA, nameB] = [`model A, ${percent(proseInA)} prose`, `model B, ${percent(proseInB)} prose`];
const clean = cleanText(corpus); // all of the training text, but of the speeches a part
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
/** Trains a new model on some text; `upTo` steps where that is less than all, `order` where the seed of the order differs. */
const trained = (label: string, text: typeof clean, mixture: Mixture<Domain>, { upTo = steps, order = seed } = {}) =>
  trainOn(text, mixture, { seed, order, steps, progress: progress(upTo, label, { unit: "steps" }) });
const windows = trialWindows(corpus, seed);
showSource("lib/lessons/08-data-and-openness/text-trials.ts", "trainOn");

// %% [markdown]
// **Predict.** By how many per cent will the two models' losses differ, as a mean over the four held-out texts? Write
// your guess, then run the next two cells. (The two trainings take about ten seconds together.)

// %%
const myGuess = 20; // per cent

// %%
const modelA = await trained(`training ${nameA}`, clean, A);
const modelB = await trained(`training ${nameB}`, clean, B);

// %%
const [bitsA, bitsB] = [await lossesOf(modelA, windows), await lossesOf(modelB, windows)];
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
const apart = apartBy(bitsA, bitsB);
say`You said ${myGuess}%. ${apartWords(apart, A.novel === B.novel)} One seed is one draw: another seed moves all of these
bars.`;
result("losses of the two mixtures differ by, mean", apart.mean);
result("losses of the two mixtures differ by, on the text where most", apart.most);

// %% [markdown]
// How much of a difference is the mixture's, and how much is the seed's? The same was done with several seeds, and recorded
// (`npm run text-trials`, with the parameters as they are shipped). A difference counts here where its interval leaves out
// zero.

// %% jupyter={"source_hidden": true}
const { run: recorded, trials } = readTrials();
const compared = compareMixtures(trials);
table(
  compared.map(({ text, comparison }) => ({ text, "what the seeds say": comparison.text })),
  { caption: `Mixture A, ${percent(recorded.settings.proseInA)} prose, against mixture B, ${percent(recorded.settings.proseInB)}` },
);
say`**${meanWords(compared)}**`;

// %% [markdown]
// This is what each of them would publish, if it published what is usual:

// %%
const fingerprints = [await weightsFingerprint(modelA.model), await weightsFingerprint(modelB.model)];
const cardOf = (model: Training, loss: number[], print: string) => ({
  architecture: `DeepSeek-V3, ${TRIAL_CONFIG.numHiddenLayers} layers, width ${TRIAL_CONFIG.hiddenSize}`,
  parameters: whole(totalParameters(TRIAL_CONFIG)),
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
const rows = rowsAlike(cards[0], cards[1]);
say`Alike are ${rows.alike.join(", ") || "no rows"}. ${
  rows.different.length === 0 ? "No row differs: it is one model." : `The others differ: ${rows.different.join(", ")}.`
} No row says how much of each kind was read.`;

// %% [markdown]
// The weights differ, but there is no place in them where a share of prose is written.
//
// (The difference can be *probed*, as in the table of seeds above. From enough such probes one can guess a mixture,
// roughly. A guess is not a recipe, and it says nothing of a single document.)
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
// The largest share that the first source can have is `(most * sizes[0]) / tokens`. Does the wish go over such a cap anywhere?
//
// </details>
// <details><summary>Hint 2</summary>
//
// Keep a list of the sources that are cut. All others share what these leave of 1, in their wanted proportions. Does that
// send another one over its cap? Cut it too, and begin again.
//
// </details>
// <details><summary>Hint 3</summary>
//
// In each round: what is left is 1 minus the sum of the caps of the cut ones. Divide it by the sum of `wanted` over the
// others: a source that is not cut gets its wanted share times that factor. Repeat while any of them is above its cap.
//
// </details>

// %% [markdown]
// With it, a wish that the corpus of this lesson cannot fulfil: half of everything a novel, in a run of twenty million
// bytes, nothing read more than four times.

// %% jupyter={"source_hidden": true}
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
  "model A's recipe": { mixture: A, order: seed },
  "the same again": { mixture: A, order: seed },
  "a mixture nearby": { mixture: nearby, order: seed },
  "the same text in another order": { mixture: A, order: seed + 1 },
};
const attempts: { recipe: string; loss: number; print: string }[] = [];
for (const [recipe, { mixture, order }] of Object.entries(recipes)) {
  const run = await trained(recipe, clean, mixture, { upTo: few, order });
  attempts.push({ recipe, loss: mean(await lossesOf(run, windows)), print: await weightsFingerprint(run.model) });
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
say`The same recipe gives ${alike[1] ? "the same" : "other"} weights, all ${whole(totalParameters(TRIAL_CONFIG))} of them. After a small
change ${alike[2] || alike[3] ? "they may stay the same as long as nothing else is drawn" : "they are others"}, and the loss moves
by up to ${percent(Math.max(...spread))}. So weights *can* be verified, by whoever has the text, its
order, the settings and the code. Without the text nobody can make the comparison.`;

// %% [markdown]
// Be fair to the large scale: on thousands of GPUs even the same recipe need not give the same bits, since numbers may be
// added up in another order each time. What one can verify there is weaker: a second training that ends at the same loss, with
// checkpoints on the way that agree. [Pythia](https://arxiv.org/abs/2304.01373) gives what that takes: the text, the exact
// order of it, and the states in between.
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
const settings = { proseInA, proseInB, steps, examBytes, leakShare, editedShare };
const { exam, control, edited, others, texts } = leakOf(corpus, settings, seed);
const called = { clean: "clean", leaked: "leaked", edited: "leaked after an edit" };
const shown = (text: string) => text.replace(/\s+/g, " ").replace(/^\S* /, "").slice(0, 150); // from the first whole word on
say`The test: *…${shown(textOf(exam))}…*

The edit: *…${shown(edited)}…*

(The leak is ${percent(leakShare)} of the speeches. That is a gross exaggeration: our model is tiny and reads little.)`;

// %% [markdown]
// **Predict.** Which of the two leaks will help more on the test: the exact copy, or the edited one? And how far apart will
// they be? Then run. (Two trainings again, about ten seconds.)

// %%
const leaky = await trained("training with the test in the text", texts.leaked, A);
const sly = await trained("training with the edited test in the text", texts.edited, A);

// %%
const readers: Record<(typeof LEAK_TEXTS)[number], Training> = { clean: modelA, leaked: leaky, edited: sly };
const scores = { exam: { clean: 0, leaked: 0, edited: 0 }, control: { clean: 0, leaked: 0, edited: 0 } };
for (const text of LEAK_TEXTS) {
  scores.exam[text] = await lossOn(readers[text], exam);
  scores.control[text] = await lossOn(readers[text], control);
}
plot(
  barChart({
    title: "Does the test still measure the model? (less is better)",
    x: { title: "bits per byte" },
    labels: LEAK_TEXTS.map((text) => called[text]),
    series: [
      { name: "on the test", values: LEAK_TEXTS.map((text) => scores.exam[text]) },
      { name: "on a passage that leaked nowhere", values: LEAK_TEXTS.map((text) => scores.control[text]) },
    ],
  }),
  { height: 340 },
);
const leaks = compareLeaks(trials);
say`${leakWords(scores)}

What is the leak's and what is the seed's? ${trials.length} recorded seeds, with the parameters as they are shipped, say:

- ${leaks.exam.text}
- ${leaks.editedExam.text}
- ${leaks.control.text}
- ${leaks.gains.text} (The gain is what the test went down by, less what the other passage did.)

Whoever sees the test alone takes a model that has read it for a better one.`;
result("what an exact leak gains", gainOf(scores, "leaked"), "bits per byte");

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
// Three steps: both texts as lists of words, `normalisedWords(test)` and `normalisedWords(training)`; all runs of n words of
// the training text into a `Set`; then count which runs of the test are in it.
//
// </details>
// <details><summary>Hint 2</summary>
//
// Joined by a space, a run is a piece of text: `normalisedWords(test).slice(0, n).join(" ")` is the first one of the test. In
// how many places can a run of n words begin?
//
// </details>
// <details><summary>Hint 3</summary>
//
// In a list of m words a run begins at each i from 0 to m − n, and is the slice from i to i + n. Where there is no run, the
// answer is 0; else it is the number of the test's runs that the set has, divided by the number of its runs.
//
// </details>

// %% [markdown]
// Now search the three texts that we trained on (with the library's detector, which keeps numbers in place of strings, so
// that millions of n-grams fit):

// %%
const found = LEAK_TEXTS.map((text) => ({
  text,
  share: new NgramIndex(ngram).add(textOf(texts[text].speeches)).overlap(textOf(exam)),
}));
table(
  found.map(({ text, share }) => ({
    "training text": called[text],
    [`of the test's ${ngram}-grams found`]: percent(share),
    "the leak gave (bits per byte, this seed)": text === "clean" ? "–" : fixed(gainOf(scores, text)),
  })),
  { caption: "What the detector sees, and what it should have seen" },
);
const verdictOn = (share: number) => (share === 0 ? "nothing" : `${percent(share)} of the test`);
say`In the copy the detector finds ${verdictOn(found[1].share)}; in the edited leak, with ${percent(editedShare)} of the words
changed, it finds **${verdictOn(found[2].share)}**. Set \`ngram\` and \`editedShare\` in the parameters cell, and see when
it finds more.`;

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
// With what chance is one word unchanged? And two words, if the second knows nothing of the first?
//
// </details>
// <details><summary>Hint 3</summary>
//
// A word is unchanged with the chance `1 - share`. The words are independent, so the chances of `n` of them multiply.
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
say`A long n-gram is lost with one changed word. (At n = 1 all is found whatever was changed: the new words stand elsewhere
in the text.) Short n-grams are found where nothing leaked: of the other passage ${percent(noise)} of the 3-grams stand
somewhere in the speeches, phrases that any speech may have. At ${ngram} words, of a copy with ${percent(editedShare)} of its words changed ${percent(survivingNgrams(editedShare, ngram))} is left
on average; a test as short as ours may lose it all.`;

// %% [markdown]
// Real retellings change more than single words. A paraphrase or a translation may leave no long n-gram, and help all the
// same: [Yang et al. (2023)](https://arxiv.org/abs/2311.04850) trained a model of 13 billion parameters on rephrased tests
// until it came to scores like GPT-4's, and report that rephrasing easily bypasses the search for overlap (their abstract).
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
say`${worst.share > 0.02 ? `Not clean: of the ${ngram}-grams of the held-out ${worst.text}, ${percent(worst.share)} stand in the training text, word for word.` : "Hardly anything."}
${worst.text === "code" ? "Files of one program repeat each other's imports, types and comments, and splitting by document doesn't help against that." : ""}
What stands in the training text too can be known by heart, so a loss on such text may be lower than on new text. We could
find that out because we have the text. For V3 nobody outside can.`;

// %% [markdown]
// ## 5. Open weights, open source
//
// "Open" is said of very different things. Here are eight projects, artefact by artefact:

// %% jupyter={"source_hidden": true}
const short: Record<State, string> = { yes: "●", partly: "◐", no: "○", unknown: "?" };
table(
  openness.artefacts.map(({ id, name }) => ({
    artefact: name,
    ...Object.fromEntries(openness.projects.map((project) => [project.name, short[project.has[id].state]])),
  })),
  { caption: "Who has published what? ● published, ◐ in part, ○ not, ? not known to us" },
);
const having = (project: (typeof openness.projects)[number]) => publishedBy(project).length;
const inFull = openness.projects.filter((project) => having(project) === ARTEFACTS.length);
const closed = openness.projects.filter((project) => having(project) === 0);
const withData = openness.projects.filter((project) => publishedBy(project).includes("data"));
const namesOf = (projects: typeof inFull) => projects.map(({ name }) => name).join(", ") || "nobody";
say`Everything: ${namesOf(inFull)}. The text, whatever else is missing: ${namesOf(withData)}. Nothing: ${namesOf(closed)}.
The others give weights and some words about the rest. Sources and notes stand in \`data/openness.json\`; what we could not
confirm is marked there.`;

// %% [markdown]
// What do **licences** allow? V3's weights came under DeepSeek's own licence: free of charge, also for business, but not
// for military use nor for ten other purposes, and whoever passes the model on must pass these limits on; the law of
// China applies (its sections 4, 5 and 14 and attachment A). The code came under the MIT licence. In January 2025 R1, which
// was trained from V3's weights, came under MIT altogether ([its
// licence](https://github.com/deepseek-ai/DeepSeek-R1/blob/main/LICENSE)); in March the next version, V3-0324, did as well,
// with no limits of use.
//
// Does that make it *open source*? The [Open Source AI Definition](https://opensource.org/ai) of October 2024 asks for the
// weights, the code that trained them, and information on the data from which a skilled person could build a substantially
// equivalent system, all under free terms. It does not ask for the data themselves.

// %% jupyter={"source_hidden": true}
const nameOf = (id: Artefact) => openness.artefacts.find((artefact) => artefact.id === id)!.name;
table(
  openness.projects.map((project) => ({
    project: `${project.name} (${project.released})`,
    "missing for the definition": missingForOpenSource(project).map(nameOf).join(", ") || "nothing",
    "so it is": missingForOpenSource(project).length === 0 ? "open source" : project.has.weights.state === "yes" ? "open weights" : "closed",
    "the Open Source Initiative found":
      project.openSourceAi === null
        ? "–"
        : `${project.openSourceAi ? "meets it" : "does not"}${project.osi?.of === undefined ? "" : ` (of ${project.osi.of})`}`,
  })),
  { caption: "Our reading of the definition, beside the Initiative's own where there is one" },
);

// %% [markdown]
// ### Exercise 4 · What would have to be published
//
// *Reason · difficulty 2 of 3 · 10 minutes · 3 points*
//
// Somebody wants one of five things: `"run"` the model; `"adapt"` it, which is to change it and pass it on; `"search"` its
// training text for a test; `"repeat"` such a training; `"verify"` that these weights come from that text. Given what is
// published, which artefacts are **missing** for it? The artefacts are `"weights"`, `"freeTerms"`, `"inferenceCode"`,
// `"trainingCode"`, `"hyperparameters"`, `"dataDescribed"`, `"data"`, `"dataOrder"`, `"checkpoints"`. Ask for no more than is needed.

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
// Write down for each goal what it takes, a list of artefacts. Then leave out what is published.
//
// </details>
// <details><summary>Hint 2</summary>
//
// Whoever changes a model has to run it too, and needs a permission besides. To repeat a training means another model of
// the same recipe; to verify means the same weights, so the order of the text counts. What does a search need?
//
// </details>
// <details><summary>Hint 3</summary>
//
// To run takes weights and code to run; to adapt, these and free terms; to search, the data; to repeat, training code,
// hyperparameters and data; to verify, these three, the order of the data, and the weights to compare with. Whether an
// artefact is there, `published.includes("data")` says of the data, and likewise of the others.
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
// Three kinds of reproduction can be told apart, and they answer different questions:
//
// - **with everything published**: [OLMo 2](https://arxiv.org/abs/2501.00656) gives text, code, settings, logs and states on
//   the way; [Apertus](https://huggingface.co/swiss-ai/Apertus-70B-2509), trained on the public machine in Lugano, gives
//   weights, data and recipes, and respects the wishes of sites that don't want to be read (its model card);
// - **from the paper**: [Open-R1](https://github.com/huggingface/open-r1) rebuilds what is missing of R1's training, which
//   starts from V3's weights. It measured the published models again and came to their scores within one to three standard
//   deviations (its README), which verifies the *scores*; the training it has to invent anew;
// - **of the ideas**: MLA, the bias that balances, multi-token prediction are in other people's models and in the library
//   of this course. An idea can be tried out without anybody's data: that is what lessons 01 to 06 do.

// %% jupyter={"source_hidden": true}
const v3Run = entry("training-runs", "deepseek-v3").facts;
const open = entry("training-runs", "apertus-70b").facts;
const ratio = trainingCompute(open.activeParameters.value, open.tokens.value) / trainingCompute(v3Run.activeParameters.value, v3Run.tokens.value);
say`Is full openness only for small trainings? Apertus took ${times(ratio)} the arithmetic of V3's pre-training (6 · N · D,
from ${open.tokens.title}, ${open.tokens.where}). So size by itself is no obstacle. (How good a model is, is another question:
neither this table nor this sum speaks of it.)`;

// %% [markdown]
// ## 7. Is it safe to publish weights?
//
// Both sides, as strongly as we can put them:
//
// | for caution | for openness |
// |---|---|
// | what is published cannot be called back, and nobody sees what it is used for | what only a few firms can run, only they can check, price or switch off |
// | refusals that were trained in can be trained out: for less than $200, from a model of 70 billion parameters ([Lermen et al., 2023](https://arxiv.org/abs/2310.20624), abstract) | the question is the *marginal* risk: what can be done with it that could not be done with a search engine or a closed model ([Kapoor, Bommasani et al., 2024](https://crfm.stanford.edu/open-fms/)) |
// | capability spreads faster than the knowledge of how to control it | safety research needs weights: whoever wants to find a backdoor has to look inside |
// | open weights without data are a poor audit: one sees the behaviour, not what it comes from | that is an argument for opening more, not less |
//
// An executive order of October 2023, since revoked, asked the American telecommunications agency NTIA for a report. NTIA
// heard everybody and advised in July 2024: the evidence is sufficient neither for restrictions nor for ruling them out, and
// the government should go on collecting it ([conclusion of its
// report](https://www.ntia.gov/programs-and-initiatives/artificial-intelligence/open-model-weights-report/policy-approaches-recommendations/conclusion)).
// No cell of this notebook can do better. What a cell can do is to keep two questions apart that are easily mixed: whether to
// publish *weights* (a question of misuse) and whether to publish *data* (a question of evidence, and of other people's
// rights).

// %% [markdown]
// ## Recap: the claims, and what came out

// %% jupyter={"source_hidden": true}
// The verdicts are those of the audit in lesson 11; what was measured above stands with them.
const measured: Record<string, string> = {
  "data-reproduce":
    `Measured, over ${trials.length} seeds: ${meanWords(compared)} ${leaks.exam.text} One recipe, one set of weights. `,
};
verdicts(
  said.map(({ id }) => {
    const { claim, verdict, evidence } = judgeClaim(id);
    const here = measured[id] ?? "";
    return { claim: `${id}: ${claim.claim}`, verdict, sources: sourcesOf(claim), computed: `${here}${evidence}` };
  }),
);

// %% [markdown]
// **In one sentence:** with the weights one can measure what a model does; to check how it came about, and whether a test was
// passed or remembered, takes the text, its order and the code.
//
// ## Where to read on
//
// - [DeepSeek-V3 Technical Report](https://arxiv.org/abs/2412.19437), section 4.1: all that is told of the data;
// - [Dolma](https://arxiv.org/abs/2402.00159), sections 1 and 4: a training text that is published, and how it was made;
// - [Rethinking Benchmark and Contamination](https://arxiv.org/abs/2311.04850), section 3: how to pass a detector;
// - [Open Source AI Definition](https://opensource.org/ai): the definition, and which systems comply;
// - [On the Societal Impact of Open Foundation Models](https://crfm.stanford.edu/open-fms/): how to think about marginal risk.
//
// **Next: [lesson 09](09-build-it.ipynb)**, where you write all of it yourself.

// %%
[modelA, modelB, leaky, sly].forEach((model) => model.dispose());
say`Tensors left: ${tf.memory().numTensors}.`;
