// %% [markdown]
// # 00 · Start here
//
// ## How do these notebooks, tensors and exercises work?
//
// This course explains DeepSeek-V3 by running it. Everything you read about, you run: the router, the attention, the
// number formats, the bill. The code behind it is a small library of TypeScript beside these notebooks, written to be
// read, and it is the real architecture: it loads checkpoints in the released format.
//
// At the end of this lesson you can
//
// - run and change a lesson, and tell what a parameter does;
// - read the shapes that the whole course is written in;
// - keep memory from filling up;
// - solve an exercise and get an answer that says what you did wrong.
//
// *About 45 minutes, with three exercises. No knowledge of TypeScript is needed that you can't pick up by reading; some
// idea of what a neural network is helps.*
//
// Three pages to open beside the lessons when you want them: [what a layer computes](../docs/primer.md), for those who
// have not met attention yet; [TypeScript for people who know Python](../docs/typescript-for-python.md); and a
// [glossary](../docs/glossary.md) of every symbol, with its name in the code and its place in the paper.
//
// **First: click on the line with the dots below and press Shift + Enter.** It is a cell of code that is folded away,
// since all it does is fetch what the lesson uses (about 10 seconds the first time). Do the same with every cell that
// you come to, folded or not. A folded cell only speaks or draws; a click on its dots shows how.

// %% jupyter={"source_hidden": true}
import * as tf from "@tensorflow/tfjs";
import { layerDrawing } from "./lib/drawings";
import { cite, modelFact } from "./lib/economics/facts";
import { leakExercise, rmsNormExercise, shapeExercise } from "./lib/lessons/00-start-here";
import { DEEPSEEK_V3 } from "./lib/model/config";
import { route, selectExperts } from "./lib/model/router";
import {
  barChart, check, checkParameters, fixed, heatmapChart, medianTime, percent, plot, progress, say, showDrawing,
  showExercises, showSource, sliderPlot, solvedOr, table, times,
} from "./lib/notebook";
import { useBackend } from "./lib/tensor/backend";
import { Random } from "./lib/tensor/random";

const backend = await useBackend();
say`Ready. Tensors are computed by **${backend.name}** here.`;

// %% [markdown]
// ## The numbers worth changing
//
// Each lesson has one cell like the next. It holds what is worth changing; the comment behind each number says what it
// may be and what it means. Change one, choose *Run → Run All Cells*, and the lesson follows.

// %% tags=["parameters"]
const activeExperts = 8; // 1..16 experts: how many experts a word chooses
const matrixSize = 256; // 32..512 rows: size of the product that is timed
const seed = 7; // 0..999999 number: where all random numbers start

// %% [markdown]
// A number outside its range is refused, by name. Try `activeExperts = 400` and run both cells; then put it back.

// %%
checkParameters("00-start-here", { activeExperts, matrixSize, seed });

// %% [markdown]
// ## 1. See V3's router light up
//
// DeepSeek-V3 is a stack of layers, nearly all of which look like this. Each piece of a text, a **token**, comes in at
// the top as a row of numbers; what a layer finds out about it is added to that row.

// %% jupyter={"source_hidden": true}
showDrawing(layerDrawing(DEEPSEEK_V3));

// %% [markdown]
// The lower half is what you run first. A layer has 256 experts to choose from, and the router sends each token to eight
// of them. The next cell is that router in its true size: vectors of the true width, 256 experts, eight groups. Run it.

// %%
const words = "the router sends the token to the experts that the token asks for".split(" ");

/** One random vector for each word, the same for the same word: [N, D]. */
function embed(sentence: string[], width: number): tf.Tensor2D {
  const random = new Random(seed);
  const vocabulary = [...new Set(sentence)];
  return tf.tidy(() => {
    const vectors = random.normalTensor([vocabulary.length, width]); // one row a word
    const rows = sentence.map((word) => vocabulary.indexOf(word));
    return tf.gather(vectors, rows) as tf.Tensor2D; // [N, D]
  });
}

/** Affinities and weights of every word and expert: two arrays [N, E]. */
function lightUp(k: number) {
  const config = { ...DEEPSEEK_V3, numExpertsPerTok: k };
  return tf.tidy(() => {
    const x = embed(words, config.hiddenSize); // [N, D]
    const { hiddenSize: D, nRoutedExperts: E } = config;
    const gate = {
      weight: new Random(seed + 1).normalTensor([D, E], 0.006) as tf.Tensor2D,
      eScoreCorrectionBias: tf.zeros([E]) as tf.Tensor1D,
    };
    const { affinity, gates } = route(x, gate, config); // both [N, E]
    return { affinity: affinity.arraySync(), gates: gates.arraySync() };
  });
}
const lit = lightUp(activeExperts);

// %% jupyter={"source_hidden": true}
plot(
  heatmapChart({
    title: "Which of 256 experts does each word go to?",
    x: { title: "expert (lines: the eight groups)" },
    y: { title: "word", labels: words },
    values: lit.gates.map((row) => row.map((gate) => (gate > 0 ? gate : null))),
    colour: { title: "weight" },
    dividers: [32, 64, 96, 128, 160, 192, 224],
  }),
);

// %% [markdown]
// Each row is a word, each mark an expert that works on it. Compare the rows of *the*: **the same word goes to the same
// experts**. Within a row the marks keep to four of the eight groups.
//
// What is real here, and what isn't? The mechanism and the sizes are V3's. The numbers in the matrices are random,
// because the trained ones fill several hundred gigabytes. So you see *how* words are sent, not *where* a trained model
// would send them. And each word here comes alone: in the model, its vector also holds what came before it, so that the same
// word may go elsewhere in another sentence. Lesson 01 takes this picture apart.
//
// ## 2. Tensors, and a legend for all lessons
//
// A **tensor** is a box of numbers with a shape. `[3, 4]` is a matrix of three rows and four columns; `[2, 3, 4]` are
// two of those. Nearly all of a language model is products of such boxes, and nearly all mistakes are two shapes that
// don't fit. So each line of code in this course says its shapes, in these letters:
//

// %% jupyter={"source_hidden": true}
const letters: [letter: string, counts: string, inV3?: number][] = [
  ["B", "sequences in a batch"],
  ["T", "tokens in a sequence"],
  ["N", "rows: all tokens of a batch, B · T"],
  ["D", "channels of a token's vector (`hiddenSize`)", DEEPSEEK_V3.hiddenSize],
  ["H", "attention heads (`numAttentionHeads`)", DEEPSEEK_V3.numAttentionHeads],
  ["E", "routed experts in a layer (`nRoutedExperts`)", DEEPSEEK_V3.nRoutedExperts],
  ["K", "of these, active for one token (`numExpertsPerTok`)", DEEPSEEK_V3.numExpertsPerTok],
  ["I", "width inside one expert (`moeIntermediateSize`)", DEEPSEEK_V3.moeIntermediateSize],
  ["V", "tokens in the vocabulary (`vocabSize`)", DEEPSEEK_V3.vocabSize],
];
table(
  letters.map(([letter, counts, inV3]) => ({ letter, "what it counts": counts, "in DeepSeek-V3": inV3 ?? "" })),
  { caption: "The letters of all lessons" },
);

// %% [markdown]
// Two tokens of width three meet a matrix that maps width three to width four. Read it as `[N, D] · [D, E] → [N, E]`:
// the inner letters must agree, and disappear.

// %%
const x = tf.tensor2d([[1, 0, 2], [0, 1, -1]]); // [N, D] = [2, 3]
const w = tf.tensor2d([[1, 2, 3, 4], [5, 6, 7, 8], [0, 1, 0, 1]]); // [D, E] = [3, 4]
const y = tf.matMul(x, w); // [N, E] = [2, 4]
y.print();

// %% [markdown]
// Row 1 of `y` is 1 × (first row of `w`) + 0 × (second) + 2 × (third). Check one number by hand; you won't have to do
// it again.
//
// ### Exercise 1 · Which shape comes out?
//
// *Implement · difficulty 1 of 3 · 5 minutes · 1 point*
//
// Exercises look like this: a cell to fill in, a cell that checks it, and three hints to unfold, the last of which shows
// most of the way. Delete the two lines inside the function, write your answer, run the cell, then run the check.
//
// `tf.matMul(a, b)` multiplies the last two axes, [..., N, D] · [..., D, E], and keeps whatever stands in front.
// Given the two shapes, return the shape of the product.

// %% nbgrader={"grade": false, "grade_id": "00-shape", "locked": false, "schema_version": 3, "solution": true, "task": false}
function productShape(a: number[], b: number[]): number[] {
  /// BEGIN SOLUTION
  return [...a.slice(0, -1), b[b.length - 1]];
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "00-shape-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
await check(shapeExercise, productShape);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Write it in letters first: [..., N, D] · [..., D, E]. Which letter appears twice?
//
// </details>
// <details><summary>Hint 2</summary>
//
// All axes of `a` except the last, then the last of `b`. An array without its last element: how do you cut one off?
//
// </details>
// <details><summary>Hint 3</summary>
//
// `a.slice(0, -1)` is the first part, and `b[b.length - 1]` the second. `[...a, 5]` is a new array: all of `a`, then 5.
//
// </details>

// %% [markdown]
// "Not solved yet" is a fine answer: every lesson runs from top to bottom without a single exercise solved. Where a
// later cell needs your function, it takes the library's until yours passes.
//
// ## 3. Where the numbers are computed
//
// The same TypeScript can be carried out by different **backends**: plain JavaScript (`cpu`), WebAssembly (`wasm`), or
// a graphics card (`webgpu`). `useBackend()` took the best one that the lesson can use:

// %%
console.log(String(backend));

// %% [markdown]
// **Predict.** A product of two square matrices, once in plain JavaScript, once on the backend above. How many times
// faster is the second?

// %%
const timesFaster = 2; // your guess

// %% tags=["timing"]
/** Median milliseconds of the same product on a backend; [n, n] · [n, n] → [n, n]. */
async function timeProduct(name: string): Promise<number> {
  await tf.setBackend(name);
  const random = new Random(seed);
  const [a, b] = [random.normalTensor([matrixSize, matrixSize]), random.normalTensor([matrixSize, matrixSize])];
  const milliseconds = medianTime(() => {
    const product = tf.matMul(a, b);
    product.dataSync(); // reading the numbers waits until they are there
    product.dispose();
  });
  tf.dispose([a, b]);
  return milliseconds;
}

const plain = await timeProduct("cpu");
const fast = await timeProduct(backend.name);
const operations = 2 * matrixSize ** 3; // a multiplication and an addition for each of n · n · n terms
table(
  [
    { backend: "cpu", milliseconds: plain, "billion operations per second": operations / plain / 1e6 },
    { backend: backend.name, milliseconds: fast, "billion operations per second": operations / fast / 1e6 },
  ],
  { caption: `[${matrixSize}, ${matrixSize}] · [${matrixSize}, ${matrixSize}]`, digits: 3 },
);
say`You said ${times(timesFaster)}; it is **${times(plain / fast)}**, with not one line of the program changed.`;

// %% [markdown]
// Same formula, same result, another cost: that is a theme of this course. Some of what made DeepSeek-V3 cheap is other
// mathematics (lesson 01 is about that). The rest is the same mathematics, arranged so that the machine has less to do,
// to hold or to move.
//
// ## 4. Memory: tidy and dispose
//
// Tensors live outside of JavaScript's own memory. Nobody clears them away for you. Count them before and after a
// harmless line:

// %%
const countBefore = tf.memory().numTensors;
const scaled = x.mul(2).add(1).square(); // three operations, three new tensors
const countAfter = tf.memory().numTensors;
say`One result, but ${countAfter - countBefore} new tensors: the two in between are still there, and nobody can
reach them any more. In a loop, that fills the memory.`;

// %% [markdown]
// `tf.tidy` runs a function and afterwards frees every tensor made inside, except what the function returns. `dispose`
// frees one that you keep yourself.

// %%
scaled.dispose(); // frees the result; the two in between are lost
const tidyBefore = tf.memory().numTensors;
const tidied = tf.tidy(() => x.mul(2).add(1).square());
const tidyAfter = tf.memory().numTensors;
tf.dispose([tidied, x, w, y]);
say`With tidy: ${tidyAfter - tidyBefore} new tensor. And after dispose of all that this lesson still held:
${tf.memory().numTensors} are left, the two that were lost above.`;

// %% [markdown]
// ### Exercise 2 · Stop the leak
//
// *Fix the bug · difficulty 1 of 3 · 5 minutes · 1 point*
//
// The mean square of each row, $\frac1D \sum_d x_d^2$, from $[N, D]$ to $[N]$. The obvious line,
// `rows.square().mean(1)`, gives the right numbers and leaves a tensor behind. Write it so that nothing is left but the
// result.

// %% nbgrader={"grade": false, "grade_id": "00-leak", "locked": false, "schema_version": 3, "solution": true, "task": false}
function meanSquare(rows: tf.Tensor2D): tf.Tensor1D {
  /// BEGIN SOLUTION
  return tf.tidy(() => rows.square().mean<tf.Tensor1D>(1));
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "00-leak-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
await check(leakExercise, meanSquare);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Which tensors does `rows.square().mean(1)` make? One of them you want. What does `tf.tidy` do with the other?
//
// </details>
// <details><summary>Hint 2</summary>
//
// Hand `tf.tidy` a function that computes the result. What the inner function returns is kept, everything else that it
// made is freed.
//
// </details>
// <details><summary>Hint 3</summary>
//
// `tf.tidy(() => rows.square())` gives the squares and leaves nothing else. The mean belongs inside as well, and
// `meanSquare` has to return what `tf.tidy` returns.
//
// </details>

// %% [markdown]
// ## 5. Pictures you can move
//
// Plots are interactive: point at something to read its value, drag to zoom, double-click to zoom out. Some have a
// slider. This one changes how many experts a word may choose. Which of its weights change when one more expert comes
// in?

// %%
/** The weights of the first word's experts when it may choose k of them: [E]. */
function weightsOfFirstWord(k: number): number[] {
  return tf.tidy(() => {
    const affinity = tf.tensor2d([lit.affinity[0]]); // [1, E]
    const noBias = tf.zeros([DEEPSEEK_V3.nRoutedExperts]) as tf.Tensor1D;
    return selectExperts(affinity, noBias, { ...DEEPSEEK_V3, numExpertsPerTok: k }).gates.arraySync()[0];
  });
}
const widest = weightsOfFirstWord(16);
const byWeight = widest.map((_, e) => e).sort((a, b) => widest[b] - widest[a]);
const bestExperts = byWeight.slice(0, 16);

// %% jupyter={"source_hidden": true}
sliderPlot({
  title: `How is the weight of "${words[0]}" shared out?`,
  parameter: "active experts",
  unit: "",
  values: [1, 2, 3, 4, 6, 8, 12, 16],
  initial: 8,
  figure: (k) =>
    barChart({
      title: "",
      x: { title: "weight" },
      labels: bestExperts.map((e) => `expert ${e}`),
      series: [{ name: "weight", values: bestExperts.map((e) => weightsOfFirstWord(k)[e]) }],
    }),
});

// %% [markdown]
// All of them change: the weights of the chosen experts always sum to the same number, so a newcomer takes a little
// from everyone.

// %% jupyter={"source_hidden": true}
const chosenWeights = weightsOfFirstWord(activeExperts).filter((weight) => weight > 0);
const weightSum = chosenWeights.reduce((sum, weight) => sum + weight);
say`With ${activeExperts} active, they sum to ${fixed(weightSum, 2)}, and one expert has between
${percent(Math.min(...chosenWeights) / weightSum)} and ${percent(Math.max(...chosenWeights) / weightSum)} of that sum.
In equal parts it would be ${percent(1 / chosenWeights.length)}.`;

// %% [markdown]
// ## 6. Long work, and how to stop it
//
// Whatever takes longer than a few seconds shows a bar with the time left. The square ■ in the toolbar, *Interrupt*,
// stops it and leaves everything that you computed before. The next cell takes about 10 seconds. Run it, stop it before
// it is done, and read what stands below it then: red text that says so, and nothing is lost.

// %% tags=["timing"]
/** Draws random numbers, on and on, and averages them. */
async function patience(rounds: number): Promise<number> {
  const random = new Random(seed);
  let sum = 0;
  for await (const round of progress(rounds, "averaging random numbers", { unit: "rounds" })) {
    for (let i = 0; i < 1_000_000; i++) sum += random.uniform();
  }
  return sum / rounds / 1_000_000;
}
say`The mean of all these numbers between 0 and 1 is ${(await patience(2_000)).toFixed(4)}.`;

// %% [markdown]
// ## 7. Where a number comes from
//
// Two rules hold for every figure in this course. What can be computed is computed, in a cell that you can change. What
// comes from outside sits in `data/`, with its source and with a confidence: *primary* (we read it in the publisher's
// own text), *secondary* (in somebody else's), *derived* (our arithmetic), *unverified*.

// %%
const announced = modelFact("deepseek-v3", "totalParameters");
say`DeepSeek-V3 has ${(announced.value / 1e9).toFixed(0)} billion parameters. Source: ${cite(announced)}.`;

// %% [markdown]
// And the code: every library function that a lesson uses can be looked at in place. This is what you are about to
// write yourself, so don't peek: do the exercise first, then unfold it in section 9.
//
// ## 8. Your first piece of DeepSeek-V3
//
// Before each part of a layer, and before the last product, V3 brings every token's vector to the same size: RMSNorm.
// It divides a row by the root of its mean square and multiplies each channel with a weight that was learned:
//
// $$\mathrm{RMSNorm}(x)_d = w_d \cdot \frac{x_d}{\sqrt{\frac1D \sum_{j} x_j^2 + \varepsilon}}, \qquad x\,[N, D],\;
// w\,[D] \;\to\; [N, D]$$
//
// ### Exercise 3 · RMSNorm
//
// *Implement · difficulty 2 of 3 · 10 minutes · 2 points*
//
// Useful: `tf.mean`, whose second argument is the axis and whose third keeps that axis, with length 1, if it is `true`;
// `tf.square`, `tf.sqrt` or `tf.rsqrt` (one divided by the root), `tf.mul`, `tf.add`. Leave no tensor behind but the
// result.

// %% nbgrader={"grade": false, "grade_id": "00-rms-norm", "locked": false, "schema_version": 3, "solution": true, "task": false}
function myRmsNorm(rows: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D {
  /// BEGIN SOLUTION
  return tf.tidy(() => {
    const meanSquares = rows.square().mean(1, true); // [N, 1]
    return rows.mul(meanSquares.add(epsilon).rsqrt()).mul<tf.Tensor2D>(weight); // [N, D]
  });
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "00-rms-norm-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(rmsNormExercise, myRmsNorm);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Three steps: the mean square of each row; one over its root, with `epsilon` under the root; the two products. In which
// of them does a shape have to be kept so that it fits beside `rows`?
//
// </details>
// <details><summary>Hint 2</summary>
//
// The mean square of each row is [N]; as [N, 1] it fits beside `rows`, [N, D]. That is what the third argument of
// `tf.mean` is for. All of it belongs inside one `tf.tidy`.
//
// </details>
// <details><summary>Hint 3</summary>
//
// `rows.square().mean(1, true)` is [N, 1]. `rows.square().mean(1, true).add(epsilon).rsqrt()` is what each row is
// multiplied with; `weight` comes last.
//
// </details>

// %% [markdown]
// What does it do to real rows? One row is a hundred times larger than the other. RMSNorm doesn't care. (Yours, if it
// passes; else the library's.)

// %%
const norm = await solvedOr(rmsNormExercise, myRmsNorm);

function normalised() {
  return tf.tidy(() => {
    const rows = tf.tensor2d([[0.01, -0.02, 0.03, 0.01], [1, -2, 3, 1]]);
    const after = norm(rows, tf.ones([4]), DEEPSEEK_V3.rmsNormEps);
    const text = (row: tf.Tensor) => Array.from(row.dataSync(), (value) => value.toFixed(2)).join("  ");
    const [quiet, loud] = rows.unstack();
    const [quietAfter, loudAfter] = after.unstack();
    return [
      { row: "quiet", before: text(quiet), after: text(quietAfter) },
      { row: "loud", before: text(loud), after: text(loudAfter) },
    ];
  });
}
table(normalised());

// %% [markdown]
// ## 9. Look inside
//
// The library's own RMSNorm. Everything in this course can be opened like this, and it is what the lessons run:

// %%
showSource("lib/tensor/nn.ts", "rmsNorm");

// %% [markdown]
// You may also change it. Open `lib/tensor/nn.ts` from the list of files at the left, replace `mean` in `rmsNorm` by
// `sum`, save, and run the cell of imports at the top of this lesson again, then the check of exercise 3: it compares
// with the library, which is another one now. The kernel takes up what you saved as soon as a cell imports it; nothing
// has to be restarted. Undo the edit and save, and all is as before. (On a graphics card that line is not used.)
//
// ## When something goes wrong
//
// | what you see | what to do |
// |---|---|
// | red text below a cell | read its first line: it says what is wrong, and our errors name the value and the way out. The lines below say where. Then mend the cell and run it again |
// | `Cannot find name …` | a cell further up has not run: *Run → Run All Above Selected Cell*. Or a typo |
// | nothing happens, `[*]` stays | something is still running: wait for its bar, or press ■ |
// | everything is odd | *Kernel → Restart Kernel and Run All Cells* |
// | the lesson itself is a mess | `npm run reset -- 00` in a terminal gives a fresh copy and keeps yours. In a browser tab: rename yours in the list of files and reload the page |
//
// You work on your own copy of each lesson: in the folder `work/`, or, in a browser tab without an installation, in the
// browser's storage. A newer version of the course never overwrites it.
//
// ## All exercises, and how far you are
//
// This is read from your notebooks as they were last saved, this one included: save (Ctrl + S), then run the cell. The
// name of an exercise leads to it: a lesson that is not open yet opens at its top, in an open one a click goes to the
// place, or near it while plots are being drawn. `npm run progress` in a terminal prints the same, and `npm run check`
// checks all your answers again.

// %% tags=["timing"]
showExercises();

// %% [markdown]
// ## Recap
//
// - A lesson is run from top to bottom; one cell of parameters changes it all.
// - Shapes are half of understanding: `[N, D] · [D, E] → [N, E]`.
// - `tidy` for what you don't keep, `dispose` for what you did.
// - An exercise is checked at once, and the check tells you which mistake it recognises.
//
// ## Where to read on
//
// - [DeepSeek-V3 Technical Report](https://arxiv.org/abs/2412.19437), section 2.1, with figure 2: the whole
//   architecture on a page.
// - [Root Mean Square Layer Normalization](https://arxiv.org/abs/1910.07467), section 4: the norm that you just wrote.
//
// - [What a layer computes](../docs/primer.md): attention, rotary positions and the residual stream, in small steps.
//
// **Next: [lesson 01](01-mixture-of-experts.ipynb)**: how can 671 billion parameters cost like 37 billion?
