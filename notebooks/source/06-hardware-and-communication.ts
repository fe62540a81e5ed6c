// %% [markdown]
// # 06 · Hardware and communication
//
// ## What do roofline, DualPipe, node-limited routing and PTX change?
//
// DeepSeek-V3 was trained on 2,048 GPUs ([technical report](https://arxiv.org/abs/2412.19437), section 3.1). In every
// sparse layer, each of them sends its tokens to experts on other machines, and then has nothing to do until the
// answers come back. Left alone, this cluster would wait for nearly half of its time; section 1 counts it.
//
// It did not, and this lesson is about why not. It is also about a story that grew around it: that DeepSeek "bypassed
// CUDA" and so broke a monopoly. At the end of this lesson you can
//
// - tell **from two numbers** of a chip and two of an operation what the operation waits for;
// - count the bytes that a token sends, and see why a limit on nodes is a limit on cost;
// - read a pipeline's timeline, and say how large its bubble is;
// - say what was written below CUDA C++, what it was for, and what another chip would need.
//
// *About two hours, with four exercises. Before it: [lesson 01](01-mixture-of-experts.ipynb), for what an expert is.*

// %% [markdown]
// ## What is said
//
// The popular account of DeepSeek-V3 says, in our words:
//
// | id | claim |
// |---|---|
// | `fp8-bound` | GPUs are often limited by memory bandwidth rather than by compute |
// | `cuda-bypass` | V3 bypassed CUDA with code at the level of assembly |
// | `cuda-exports` | The export of the most advanced chips to China is blocked |
// | `cuda-restrictions` | US export rules block the latest chips, and with them the full CUDA ecosystem |
// | `cuda-older` | To optimise code for older hardware is standard practice |
// | `cuda-closer` | So performance comes closer to that of unrestricted access |
// | `cuda-moat` | NVIDIA's moat weakens: AMD and Huawei become viable |
//
// What can be counted, we count. What cannot, we look up: in the report, in the released libraries, and in the record
// of a real GPU that the course has measured.

// %% jupyter={"source_hidden": true}
import * as tf from "@tensorflow/tfjs";
import { claimInWords, verdictOf } from "./lib/claims/audit";
import {
  bestSetAside, copiesBetweenNodes, decodeBound, exchangeBytes, exchangeSeconds, expectedNodes, expertsAtSamePrice, linksOf,
  sharedSeconds, V3_PAYLOAD,
} from "./lib/economics/communication";
import type { SharedJob, Traffic } from "./lib/economics/communication";
import { cite, citeLink, fact, value } from "./lib/economics/facts";
import { BUBBLE_FORMULAS, play, type PlayedStep } from "./lib/economics/pipeline";
import { METHODS, scheduleOf, type Method } from "./lib/economics/pipeline-schedules";
import {
  attainable, decodeOperations, grouped, intensity, leastTime, machine, phaseTime, prefillOperations, product, ridge,
  rowsPerExpert, type Operation,
} from "./lib/economics/roofline";
import { layerParameters } from "./lib/economics/parameters";
import { combinations, expertCoverage, reachableCombinations } from "./lib/economics/routing";
import {
  balanceExercise, bubbleExercise, chunkTimes, clock, computingShare, describe, errorsInWords, farthestBelow, flatUntil,
  forwardAlone, H100, intensityExercise, layerSums, layerTimes, lossInWords, measured, nodesReached, overlapGain,
  overlapRounds, rate, readMeasurements, rooflineChart, throughput, timelineChart, trafficExercise, V3_JOB, type Measurements, type MicroBatchTimes, type NumberSizes,
  type Piece, type TimelineTask,
} from "./lib/lessons/06-hardware-and-communication";
import { DEEPSEEK_V3 } from "./lib/model/config";
import {
  barChart, check, checkParameters, fixed, lineChart, percent, plot, result, say, showSource, sliderPlot, solvedOr,
  table, times, verdicts, whole,
} from "./lib/notebook";
import { useBackend } from "./lib/tensor/backend";

const backend = await useBackend();
const h200 = readMeasurements();
const h100 = readMeasurements(H100);
say`Ready. Measured points:
${h200 === null ? "there is no record in data/measurements; plots show counts only" : describe(h200)}.`;

// %% [markdown]
// **The numbers worth changing.** Change one, then *Run → Run All Cells*.

// %% tags=["parameters"]
const accelerator = "h800"; // h800 | h100 | h200 | b200 | a100 | mi300x | ascend-910c: the chip of rooflines and links
const batch = 32; // 1..512 sequences: decoded together on each GPU
const context = 4989; // 128..131072 tokens: behind each of them
const decodeGpus = 144; // 8..1024 GPUs: that share the experts in decoding
const nodeLimit = 4; // 1..8 nodes: that a token may be sent to
const reached = 0.5; // 0.1..0.9 share: of a chip's peak that arithmetic reaches in training
const setAside = 20; // 1..100 multiprocessors: kept for communication
const ranks = 8; // 4 | 6 | 8 | 12 | 16 ranks: of the pipeline that is drawn
const microBatches = 20; // 8..128 micro-batches: of a step in the drawing; even, and two for each rank at least
const seed = 1; // 0..999999 number: where random numbers start

// %%
checkParameters("06-hardware-and-communication", {
  accelerator, batch, context, decodeGpus, nodeLimit, reached, setAside, ranks, microBatches, seed,
});
scheduleOf("DualPipe", ranks, microBatches); // says so here if there are too few micro-batches, or an odd number
const v3 = DEEPSEEK_V3;
const chip = machine(accelerator);
const links = linksOf(accelerator);
const ofTraining = (key: string) => value("systems", "v3-training", key);
const multiprocessors = value("accelerators", "h800", "multiprocessors");

// %% [markdown]
// ## 1. A GPU that waits
//
// One GPU, one layer, a forward pass in training. The GPU computes attention for its tokens. Then it sends each token
// to its experts (*dispatch*), which live on other GPUs; computes the experts that live here, for tokens from
// everywhere (*MLP*, the report's word); and gets its own tokens' answers back (*combine*).
//
// Both kinds of time can be counted. Arithmetic: FLOPs, over what the chip reaches. Exchange: bytes, over what the
// network carries, with V3's own rules, which section 3 explains. The network carries a copy of a token to each *other*
// node that it reaches; the experts on its own node cost it none.
//
// **Predict.** What share of that forward does the GPU compute? Put a number between 0 and 1.

// %%
const computingGuess = 0.8; // your guess

// %%
const nodes = ofTraining("expertNodes");
const limits = Array.from({ length: nodes }, (_, i) => i + 1);
const reachedNodes = nodesReached(v3, { nodes, seed }); // [limit - 1]: random tokens through V3's rule, see section 3
const copiesAt = (limit: number) => copiesBetweenNodes(reachedNodes[limit - 1], nodes);
const training = {
  tokens: ofTraining("sequence"), sequence: ofTraining("sequence"), reached, multiprocessors, setAside,
  copies: copiesAt(nodeLimit), payload: V3_PAYLOAD,
};
const layer = layerTimes(v3, chip, links, training);
const sums = layerSums(layer);

// %% jupyter={"source_hidden": true}
const kindOf = (piece: string) =>
  piece.includes("(F)") ? "forward" : piece.includes("(W)") ? "backward for weights" : "backward for input";
const asTasks = (pieces: Piece[]): TimelineTask[] =>
  pieces.map(({ name, lane, start, end }) => ({
    row: lane,
    kind: kindOf(name),
    start: 1e3 * start,
    end: 1e3 * end,
    label: name.replace(/ \(.\)$/, ""),
  }));
plot(
  timelineChart({
    title: "What does a GPU do in the forward of one sparse layer?",
    unit: "ms", rows: ["arithmetic", "exchange"], kinds: ["forward"], tasks: asTasks(forwardAlone(layer)),
  }),
  { height: 240 },
);
const forwardRatio = sums.forward.arithmetic / sums.forward.exchange;
say`You said ${percent(computingGuess)}; by this count it computes for
**${percent(sums.forward.arithmetic / (sums.forward.arithmetic + sums.forward.exchange))}** of the time. Arithmetic and
exchange stand at ${fixed(forwardRatio, 2)} to 1, with ${fixed(training.copies, 2)} copies of a token to other nodes.`;
result("computing, share of the time with the exchange", sums.forward.arithmetic / (sums.forward.arithmetic + sums.forward.exchange));

// %% [markdown]
// The report calls the ratio "approximately 1:1" and the result inefficient (section 3.2.1). It does not say at which
// rate of arithmetic. We assumed one, `reached`, and the ratio hangs on it:

// %%
const ratioAt = (share: number, limit: number) => {
  const { forward } = layerSums(layerTimes(v3, chip, links, { ...training, reached: share, copies: copiesAt(limit) }));
  return forward.arithmetic / forward.exchange;
};

// %% jupyter={"source_hidden": true}
table(
  [0.2, 0.3, 0.4, 0.5, 0.6, 0.7].map((share) => ({
    "share of the peak": percent(share),
    "with V3's limit of 4 nodes": ratioAt(share, ofTraining("nodeLimit")),
    "with up to 8 nodes": ratioAt(share, ofTraining("expertNodes")),
  })),
  { caption: `Arithmetic over exchange in a forward, ${chip.name}`, digits: 2 },
);
const measuredRate = fact("systems", "v3-training", "measuredRate");
say`For a whole step of training, everything included, DeepSeek measured ${whole(measuredRate.value / 1e12)} TFLOP/s a
GPU (${citeLink(measuredRate)}, attention counted causally). That is ${percent(measuredRate.value / machine("h800").peaks.fp8)}
of the H800's FP8 peak, which this lesson divides by, and ${percent(measuredRate.value / machine("h800").peaks.bf16)} of its
BF16 peak, which the usual figure for utilisation divides by. While it computes, a GPU is faster than that average.`;

// %% [markdown]
// Two cures, then: fewer bytes (section 3), and something to do while they travel (sections 4 and 5). First the
// question that comes before both: what limits arithmetic itself?
//
// ## 2. The roofline
//
// A chip has two speeds: $\pi$, the operations it can do in a second, and $\beta$, the bytes it can read in a second. An
// operation has two sizes: $f$ FLOPs and $q$ bytes. Both go on at the same time, so it takes at least
//
// $$t = \max\!\left(\frac{f}{\pi},\; \frac{q}{\beta}\right)$$
//
// Its **intensity** is $f/q$. If that is below the chip's **ridge** $\pi/\beta$, memory decides, and a faster arithmetic unit
// would change nothing. Above it, arithmetic decides, and faster memory would change nothing.

// %% jupyter={"source_hidden": true}
const chips = ["a100", "h800", "h100", "h200", "b200", "mi300x", "ascend-910c"].map(machine);
const tera = (number: number) => number / 1e12;
table(
  chips.map((one) => ({
    chip: one.name,
    "BF16 (TFLOP/s)": tera(one.peaks.bf16),
    "FP8 (TFLOP/s)": one.peaks.fp8 === one.peaks.bf16 ? null : tera(one.peaks.fp8),
    "memory (TB/s)": tera(one.bandwidth),
    "ridge, BF16": ridge(one, "bf16"),
    "ridge, FP8": one.peaks.fp8 === one.peaks.bf16 ? null : ridge(one, "fp8"),
  })),
  {
    caption: "Two speeds of a chip, as its maker or others state them, and the ridge in FLOPs per byte",
    columns: { "ridge, BF16": { digits: 0 }, "ridge, FP8": { digits: 0 }, "memory (TB/s)": { digits: 2 } },
  },
);
const format = chip.peaks.fp8 === chip.peaks.bf16 ? "BF16" : "FP8";
say`Read a ridge like this: on ${chip.name} a byte that comes from memory has to be used for
**${whole(ridge(chip, "fp8"))} operations** in ${format}, or the arithmetic units stand idle. (Sources of each number:
\`data/accelerators.json\`; the H800's ${cite(fact("accelerators", "h800", "memoryBandwidth"))}.)`;

// %% [markdown]
// ### Exercise 1 · The intensity of a product
//
// *Implement · difficulty 1 of 3 · 8 minutes · 2 points*
//
// Nearly all of a language model is products $[m, k] \cdot [k, n] \to [m, n]$: $m$ tokens times a weight matrix. Write
// the intensity. `bytes` says how many bytes one number of the input, the weights and the output takes.

// %% nbgrader={"grade": false, "grade_id": "06-intensity", "locked": false, "schema_version": 3, "solution": true, "task": false}
function intensityOf(m: number, k: number, n: number, bytes: NumberSizes): number {
  /// BEGIN SOLUTION
  const flops = 2 * m * k * n;
  const moved = bytes.input * m * k + bytes.weights * k * n + bytes.output * m * n;
  return flops / moved;
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "06-intensity-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(intensityExercise, intensityOf);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Two counts, then divide. FLOPs: how many products of two numbers are there, and what else is done with each? Bytes:
// three matrices, each moved once.
//
// </details>
// <details><summary>Hint 2</summary>
//
// Every number of the output is a sum over k, and each term of it is multiplied and then added. A matrix of r rows and c
// columns has r · c numbers; which of the three sizes belongs to it?
//
// </details>
// <details><summary>Hint 3</summary>
//
// FLOPs are 2 · m · k · n. Bytes are m · k numbers of the input, k · n of the weights and m · n of the output, each
// times its own size.
//
// </details>

// %% [markdown]
// With it (or the library's, until yours passes): one expert's matrix, for more and more tokens. Where does it cross
// the ridge?

// %%
const yourIntensity = await solvedOr(intensityExercise, intensityOf);
const expertSizes: NumberSizes = { input: 1, weights: 1, output: 2 };
const rowCounts = Array.from({ length: 15 }, (_, i) => 2 ** i);
const expertIntensity = (m: number) => yourIntensity(m, v3.hiddenSize, v3.moeIntermediateSize, expertSizes);

// %% jupyter={"source_hidden": true}
plot(
  lineChart({
    title: "How many tokens does an expert need before arithmetic decides?",
    x: { title: "tokens that an expert gets at once (log scale)", log: true },
    y: { title: "FLOPs per byte (log scale)", log: true },
    series: [
      { name: "an expert's matrix, FP8", x: rowCounts, y: rowCounts.map(expertIntensity) },
      {
        name: `ridge of ${chip.name}, FP8`,
        x: [rowCounts[0], rowCounts[14]], y: [ridge(chip, "fp8"), ridge(chip, "fp8")], dashed: true,
      },
    ],
  }),
);
const needed = Array.from({ length: 4096 }, (_, i) => i + 1).find((m) => expertIntensity(m) >= ridge(chip, "fp8"));
const load = { batch, context, gpus: decodeGpus };
const rows = rowsPerExpert(v3, load);
const smallCrowd = 32; // tokens
const sequences = (count: number) => `${count} ${count === 1 ? "sequence" : "sequences"}`;
const enough = needed !== undefined && rows >= needed;
const reportRows = fact("systems", "v3-decode", "rowsPerExpert");
say`An expert needs **${needed === undefined ? "more than 4096" : whole(needed)} tokens at once**. A token chooses
${v3.numExpertsPerTok} of ${v3.nRoutedExperts}, so with ${sequences(batch)} on each of ${decodeGpus} GPUs an expert gets
${rows < 10 ? fixed(rows, 1) : whole(rows)} on average: ${enough ? "enough, so arithmetic decides" : "too few, so memory decides"}.
The report says of its own decoding: usually within ${reportRows.value}, so the bottleneck is memory (${cite(reportRows)}).
And a small crowd does not even reuse what is read:
${percent(expertCoverage(v3.nRoutedExperts, v3.numExpertsPerTok, smallCrowd))} of a layer's experts are touched by
${smallCrowd} tokens, each read for
${fixed(smallCrowd * v3.numExpertsPerTok / v3.nRoutedExperts / expertCoverage(v3.nRoutedExperts, v3.numExpertsPerTok, smallCrowd), 1)}
tokens on average.`;

// %% [markdown]
// **Look at the line.** It rises straight, two FLOPs per byte for each token more, since every weight is one byte and is
// multiplied and added once for each token; then it bends: from there on, inputs and outputs weigh in.
//
// Batching is what lifts an operation up the roofline; sparsity is what pushes it
// down again, since the batch is divided among the experts.
//
// ### V3's operations under the roofs
//
// **Predict.** Slide from one sequence to many. Which operation does *not* move to the right? (Marks: the larger, the
// more of the layer's time.)

// %%
const pointsOf = (operations: Operation[]) => {
  const { seconds } = phaseTime(operations, chip);
  return operations.map((operation) => ({
    name: operation.name,
    intensity: intensity(operation),
    rate: attainable(chip, operation.format, intensity(operation)),
    share: leastTime(operation, chip).seconds / seconds,
  }));
};
/** Each operation is a series, for a colour and a name of its own. */
const seriesOf = (operations: Operation[]) =>
  pointsOf(operations).map((point) => ({ name: point.name, points: [point] }));
const roofs = [
  { name: `FP8 roof of ${chip.name}`, peak: chip.peaks.fp8, bandwidth: chip.bandwidth },
  { name: "BF16 roof", peak: chip.peaks.bf16, bandwidth: chip.bandwidth },
];
const batches = [...new Set([1, 4, 16, 32, 64, 128, 256, 512, batch])].sort((a, b) => a - b);

// %% jupyter={"source_hidden": true}
sliderPlot({
  title: "What does each operation of a decoding step wait for?",
  parameter: "sequences on each GPU",
  unit: "",
  values: batches,
  initial: batch,
  height: 560,
  figure: (size) => {
    const operations = grouped(decodeOperations(v3, { batch: size, context, gpus: decodeGpus }));
    return rooflineChart({ title: `batch ${size}`, roofs, intensities: [0.5, 5000], series: seriesOf(operations) });
  },
});
const decoding = decodeOperations(v3, load);
const decodeTime = phaseTime(decoding, chip);
const cacheTime = leastTime(decoding.find(({ name }) => name === "attention over the cache")!, chip);
say`**Attention over the cache stands still.** Every sequence has a cache of its own, so a larger batch reads more
caches and reuses nothing. Its intensity of
${whole(intensity(decoding.find(({ name }) => name === "attention over the cache")!))} comes from latent attention
itself: all ${v3.numAttentionHeads} heads use the same ${v3.kvLoraRank + v3.qkRopeHeadDim} numbers (lesson 03). At
${sequences(batch)} it is ${percent(cacheTime.seconds / decodeTime.seconds)} of the layer's time.`;

// %% [markdown]
// The other phase reads prompts: thousands of tokens at once, all known. A training step's forward is of the same kind.

// %%
const prefillGpus = value("serving", "report-deployment", "prefillGpus");
const reading = prefillOperations(v3, { tokens: 8192, context: 4096, gpus: prefillGpus });

// %% jupyter={"source_hidden": true}
plot(
  rooflineChart({
    title: "What does each operation wait for when V3 reads a prompt?",
    roofs, intensities: [0.5, 5000], series: seriesOf(grouped(reading)),
  }),
  { height: 480 },
);
const phases: [string, Operation[], number][] = [
  ...[...new Set([1, batch, 512])].map((size): [string, Operation[], number] => [
    `decoding, ${sequences(size)} a GPU`, decodeOperations(v3, { ...load, batch: size }), size,
  ]),
  ["reading a prompt, or training forward", reading, 8192],
];
table(
  phases.map(([phase, operations, tokens]) => {
    const { seconds, memoryShare } = phaseTime(operations, chip);
    return {
      phase,
      "least time of a layer (µs)": 1e6 * seconds,
      "of it waiting for memory": percent(memoryShare),
      "µs per token": (1e6 * seconds) / tokens,
    };
  }),
  { caption: `One sparse layer on ${chip.name}, counted`, columns: { "µs per token": { digits: 2 } } },
);
const readingTime = phaseTime(reading, chip);
const holds = (share: number) => (share > 0.5 ? "true" : "not true");
say`So "limited by bandwidth" is **${holds(decodeTime.memoryShare)} of decoding** (${percent(decodeTime.memoryShare)} of
the time, at ${sequences(batch)} a GPU) and **${holds(readingTime.memoryShare)} of reading prompts or of training**
(${percent(readingTime.memoryShare)}).`;
result("memory's share of the time in decoding", decodeTime.memoryShare);

// %% [markdown]
// ## What a real GPU does
//
// A roofline is a promise of the data sheet. How much of it does a GPU keep? The course's script `tools/measure/gpu.py`
// measured the operations on an NVIDIA H200, whose arithmetic is that of an H800 and whose memory is faster. Each point
// is a product; caches were emptied before each run.

// %% jupyter={"source_hidden": true}
const asNumber = (field: unknown) => Number(field);
if (h200 === null) say`There is no record of a GPU here; this section's figures are left out.`;
else {
  const sheet = machine("h200");
  const product200 = (form: string) =>
    measured(h200, "gemm", { form }).map((row) => ({
      name: `${row.name}, ${asNumber(row.m)} rows`,
      intensity: asNumber(row.flop) / asNumber(row.bytes),
      rate: rate(row),
    }));
  plot(
    rooflineChart({
      title: "How near do products come to the roofs, measured on an H200?",
      roofs: [
        { name: "FP8, data sheet", peak: sheet.peaks.fp8, bandwidth: sheet.bandwidth },
        { name: "BF16, data sheet", peak: sheet.peaks.bf16, bandwidth: sheet.bandwidth },
      ],
      intensities: [0.5, 8000],
      series: [
        { name: "FP8, one scale", points: product200("fp8-fast") },
        { name: "FP8, V3's block scales", points: product200("fp8-block") },
        { name: "BF16", points: product200("bf16") },
      ],
    }),
    { height: 520 },
  );
  say`**Read the points.** ${farthestBelow(measured(h200, "gemm"), sheet)}`;
  const best = (record: Measurements, form: string) => Math.max(...measured(record, "gemm", { form }).map(rate));
  const fastestRead = (record: Measurements) =>
    Math.max(...measured(record, "bandwidth", { kind: "read", warm: false }).map(throughput));
  const kept = (what: string, unit: string, promised: number, of: (record: Measurements) => number) => ({
    what,
    "data sheet": `${fixed(tera(promised), promised < 100e12 ? 2 : 0)} ${unit}`,
    "H200, measured": `${fixed(tera(of(h200)), promised < 100e12 ? 2 : 0)} ${unit}`,
    "of it": percent(of(h200) / promised),
  });
  table(
    [
      kept("BF16", "TFLOP/s", sheet.peaks.bf16, (record) => best(record, "bf16")),
      kept("FP8, one scale, sums promoted", "TFLOP/s", sheet.peaks.fp8, (record) => best(record, "fp8")),
      kept("FP8, one scale, fast sums", "TFLOP/s", sheet.peaks.fp8, (record) => best(record, "fp8-fast")),
      kept("FP8, block scales as in V3", "TFLOP/s", sheet.peaks.fp8, (record) => best(record, "fp8-block")),
      kept("memory, reading", "TB/s", sheet.bandwidth, fastestRead),
    ],
    { caption: "Peaks, promised and kept: the fastest of all sizes" },
  );
  const oneRow = measured(h200, "gemm", { name: "expert up", form: "fp8", m: 1 })[0];
  const clocks = clock(h200, "gemm");
  say`**The horizontal roof:** even large products stay below it. While products ran, the clock fell as low as
  ${whole(clocks?.min ?? NaN)} MHz, from ${whole(clocks?.max ?? NaN)}, as it does when a chip must stay within its watts;
  we read that as what holds them down. **The slanted roof:** with few tokens, points rise beside it, but below. An expert's matrix for one
  token takes ${fixed(1e6 * oneRow.seconds, 0)} µs, at ${percent(throughput(oneRow) / sheet.bandwidth)} of the memory's
  rate.

  Measured on ${describe(h200)}.`;
  if (h100 !== null)
    say`An H100 has the memory of an H800. The same script there: ${whole(tera(best(h100, "bf16")))} TFLOP/s in BF16,
    ${whole(tera(best(h100, "fp8-block")))} in FP8 with block scales, ${fixed(tera(fastestRead(h100)), 2)} TB/s.
    (${describe(h100)}.)`;
  const sums = (form: string) => measured(h200, "accumulation", { form });
  const errorAt = (form: string, k: unknown) => {
    const found = sums(form).find((row) => row.k === k);
    return found === undefined ? null : asNumber(found.max_relative_error);
  };
  if (sums("fp8-fast").length > 0) {
    table(
      sums("fp8-fast").map(({ k }) => ({
        "numbers added": asNumber(k),
        "largest error, fast sums": errorAt("fp8-fast", k),
        "largest error, sums promoted": errorAt("fp8", k),
      })),
      { caption: "What fast sums cost: relative error of the same FP8 product (all values positive)" },
    );
    say`${errorsInWords("fast sums", sums("fp8-fast"))} ${errorsInWords("promoted sums", sums("fp8"))}`;
  }
}

// %% [markdown]
// The last table is a glimpse at lesson 04. V3's training promotes, and pays for it in speed, as the first table shows.
// (Where an error falls although more is added, the library may have divided the sum into parts, each short.)
//
// ### Decoding with latent attention, measured
//
// Lesson 03 promises a paradox: the absorbed form does *more* arithmetic and is faster. The roofline says why: it reads
// one latent for all heads. What does the clock say?

// %% jupyter={"source_hidden": true}
if (h200 === null) say`There is no record of a GPU here; this section's figures are left out.`;
else {
  const forms = ["absorbed", "expanded", "recomputed"];
  const labels: Record<string, string> = {
    absorbed: "absorbed", expanded: "all keys and values kept", recomputed: "latent kept, expanded each step",
  };
  const [size, shownContext] = [32, 4096];
  const ofForm = (form: string) => measured(h200, "mla_decode", { form, batch: size });
  plot(
    lineChart({
      title: `How long does one layer's attention take to decode ${size} tokens?`,
      x: { title: "tokens behind each (log scale)", log: true },
      y: { title: "ms (log scale)", log: true },
      series: forms.map((form) => ({
        name: labels[form],
        x: ofForm(form).map((row) => asNumber(row.context)),
        y: ofForm(form).map(({ seconds }) => 1e3 * seconds),
      })),
    }),
  );
  const at = (form: string) => ofForm(form).find((row) => row.context === shownContext);
  const [absorbed, expanded, recomputed] = forms.map(at);
  if (absorbed && expanded && recomputed)
    say`With ${whole(shownContext)} tokens behind each, the absorbed form does
    ${times(asNumber(absorbed.flop) / asNumber(expanded.flop))} the arithmetic of the expanded one and takes
    **${percent(absorbed.seconds / expanded.seconds)} of its time**; expanding at every step takes
    ${times(recomputed.seconds / absorbed.seconds)} as long as absorbing. (Plain PyTorch, no fused kernel: ratios are
    what to read here.)`;
  table(
    measured(h200, "experts", { experts: 256 })
      .filter((row) => row.form === "loop")
      .map((row) => {
        const other = (form: string) =>
          measured(h200, "experts", { experts: 256, form, tokens_each: row.tokens_each })[0];
        return {
          "tokens for each expert": asNumber(row.tokens_each),
          "one by one (ms)": 1e3 * row.seconds,
          "one grouped product (ms)": other("grouped") ? 1e3 * other("grouped").seconds : null,
          "grouped (TFLOP/s)": other("grouped") ? tera(rate(other("grouped"))) : null,
        };
      }),
    { caption: "256 experts' matrices in BF16 on an H200", columns: { "one by one (ms)": { digits: 2 } } },
  );
  say`${flatUntil(measured(h200, "experts", { experts: 256, form: "grouped" }))}`;
}

// %% [markdown]
// Where time stays while tokens multiply, the chip reads all matrices whether one token wants them or many: memory-bound,
// made visible. Where it grows with them, arithmetic decides.
//
// ## 3. Node-limited routing, by counting bytes
//
// Where do the experts live? In V3's training, a layer's 256 experts sit on 64 GPUs in 8 nodes, 32 experts a node (the
// report, section 3.2). Within a node, GPUs talk over NVLink; between nodes, over InfiniBand. Usable rates of one GPU:

// %% jupyter={"source_hidden": true}
table(
  [
    { link: "NVLink, within a node", "GB/s": value("accelerators", "h800", "intraNodeUsable") / 1e9 },
    { link: "InfiniBand, between nodes", "GB/s": value("accelerators", "h800", "interNodeLink") / 1e9 },
  ],
  { caption: `H800: ${cite(fact("accelerators", "h800", "intraNodeUsable"))}` },
);
const h800Links = linksOf("h800");
say`NVLink is ${times(h800Links.intraNode / h800Links.interNode)} as fast, and both can work at the same time. So V3
sends a token over InfiniBand **once to each node** that holds some of its experts, and NVLink carries it on to each
expert there.`;

// %% [markdown]
// The slow link thus pays for *nodes*, not for experts. How many nodes does a token reach, if nobody limits them? And
// with a limit? Here are random tokens through V3's own rule, for every limit. (A group of experts is what sits on a
// node. The affinities are random, so nothing but the rule is at work.) One of a token's nodes may be its own, where it
// needs no InfiniBand: of $n$ nodes each is home with the same chance, so the copies are $(n-1)/n$ of the nodes reached.

// %%
const microseconds = (copies: number) => {
  const traffic = exchangeBytes(v3.hiddenSize, { interNode: copies, intraNode: v3.numExpertsPerTok });
  return {
    interNode: (1e6 * traffic.interNode) / h800Links.interNode,
    intraNode: (1e6 * traffic.intraNode) / h800Links.intraNode,
  };
};
const mostCopies = (limit: number) => Math.min(limit, nodes - 1); // none of its nodes is its own

// %% jupyter={"source_hidden": true}
plot(
  lineChart({
    title: "What does a token cost on each link, with a limit on its nodes?",
    x: { title: "limit (nodes)" },
    y: { title: "µs per token and layer, there and back" },
    series: [
      { name: "InfiniBand, at most", x: limits, y: limits.map((limit) => microseconds(mostCopies(limit)).interNode) },
      {
        name: "InfiniBand, on average", dashed: true,
        x: limits, y: limits.map((limit) => microseconds(copiesAt(limit)).interNode),
      },
      { name: "NVLink", x: limits, y: limits.map(() => microseconds(0).intraNode) },
    ],
  }),
);
const unlimited = reachedNodes[nodes - 1];
const formula = expectedNodes({ experts: v3.nRoutedExperts, nodes, active: v3.numExpertsPerTok, limit: nodes });
const limited = reachedNodes[nodeLimit - 1];
const reachableSets = reachableCombinations({ experts: 256, active: 8, groups: nodes, kept: nodeLimit });
const reachable = Number((reachableSets * 10n ** 9n) / combinations(256, 8)) / 1e9;
const bites = nodeLimit < nodes ? "" : " That is no limit: the figures are the same.";
say`Without a limit a token reaches ${fixed(unlimited, 2)} nodes on average (the formula for experts drawn evenly gives
${fixed(formula, 2)}), which are ${fixed(copiesAt(nodes), 2)} copies over InfiniBand, and ${mostCopies(nodes)} in the worst case.
With a limit of ${nodeLimit} it reaches ${fixed(limited, 2)}, which are **${fixed(copiesAt(nodeLimit), 2)} copies**, and never
more than ${mostCopies(nodeLimit)}.${bites || ` The average falls by ${percent(1 - limited / unlimited)}, the worst case by
${percent(1 - mostCopies(nodeLimit) / mostCopies(nodes))}. Over thousands of tokens the average decides how long the exchange takes; the worst
case is what is promised for a text whose tokens all choose badly.`}

What does the limit take away? Of all sets of ${v3.numExpertsPerTok} experts, a token can still choose among
${reachable < 1e-4 ? `fewer than ${percent(1e-4)}` : percent(reachable)}.`;
result("nodes that a token reaches", limited, "nodes");
result("copies of a token over InfiniBand", copiesAt(nodeLimit), "copies");

// %% [markdown]
// ### The surprise: five experts for nothing
//
// **Predict.** V3 sends a token to eight experts in at most four nodes. At the same price, how many could it reach?

// %%
const samePriceGuess = 8; // your guess

// %%
const price = expertsAtSamePrice(ofTraining("nodeLimit"), h800Links);
const expertCounts = Array.from({ length: 24 }, (_, i) => i + 1);
const cost = (experts: number) => {
  const copies = { interNode: Math.min(experts, ofTraining("nodeLimit")), intraNode: experts };
  const traffic = exchangeBytes(v3.hiddenSize, copies);
  return 1e6 * exchangeSeconds(traffic, h800Links);
};

// %% jupyter={"source_hidden": true}
plot(
  lineChart({
    title: "What does one more expert cost a token?",
    x: { title: "experts, in at most 4 nodes" },
    y: { title: "µs per token and layer, there and back" },
    series: [{ name: "the slower link decides", x: expertCounts, y: expertCounts.map(cost) }],
  }),
);
const h100Price = expertsAtSamePrice(ofTraining("nodeLimit"), linksOf("h100"));
const meanPrice = expertsAtSamePrice(copiesAt(ofTraining("nodeLimit")), h800Links);
say`You said ${samePriceGuess}. It is **${fixed(price, 1)}**: the line is flat from ${ofTraining("nodeLimit")} experts
up to there, since InfiniBand is busy with its ${ofTraining("nodeLimit")} copies anyway, and NVLink has time left. The
report rounds to ${ofTraining("expertsAtSamePrice")} (${cite(fact("systems", "v3-training", "expertsAtSamePrice"))}). It
counts all ${ofTraining("nodeLimit")} nodes as others, as if a token were never at home; with the
${fixed(copiesAt(ofTraining("nodeLimit")), 2)} copies of the average it is ${fixed(meanPrice, 1)}. On an H100, with its full NVLink, used as
well as the H800's, it would be ${whole(h100Price)} by the report's way of counting.`;

// %% [markdown]
// ### Exercise 2 · The bytes of a token
//
// *Implement · difficulty 2 of 3 · 12 minutes · 3 points*
//
// One token in one layer, there and back. InfiniBand carries one copy to each *other* node that holds one of its
// experts; NVLink one copy to each expert, wherever it is. A number takes one byte on the way there (FP8) and two on
// the way back (BF16). Experts 0 to `expertsPerNode - 1` live on node 0, and so on; `home` is the token's own node. Return
// the bytes over InfiniBand and over NVLink: `{ interNode, intraNode }`.

// %% nbgrader={"grade": false, "grade_id": "06-traffic", "locked": false, "schema_version": 3, "solution": true, "task": false}
function bytesOf(hiddenSize: number, experts: number[], expertsPerNode: number, home: number): Traffic {
  /// BEGIN SOLUTION
  const vector = hiddenSize * (1 + 2);
  const reachedNodes = new Set(experts.map((expert) => Math.floor(expert / expertsPerNode)));
  reachedNodes.delete(home);
  return { interNode: reachedNodes.size * vector, intraNode: experts.length * vector };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "06-traffic-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(trafficExercise, bytesOf);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// An expert's node is Math.floor(expert / expertsPerNode). Which nodes are reached, and which of those need the
// network? A Set holds each node once.
//
// </details>
// <details><summary>Hint 2</summary>
//
// Count copies first and multiply once at the end: both links carry the same vector, of the same bytes. Which of them has
// to leave out what is at home, and which doesn't?
//
// </details>
// <details><summary>Hint 3</summary>
//
// One copy, there and back, is hiddenSize · (1 + 2) bytes. InfiniBand carries one for each node other than home, NVLink
// one for each expert.
//
// </details>

// %% [markdown]
// ### What the network allows in decoding
//
// The same bytes set a speed limit on answers. In decoding the report sends tokens over InfiniBand directly, a copy for
// each expert, and the network cards are started by the GPU itself, without the CPU: *IBGDA*, InfiniBand GPUDirect Async
// (section 3.4.2). DeepSeek's own estimate, in a later paper on V3's hardware, can be rebuilt from five
// numbers:

// %%
const bound = (key: string) => value("systems", "v3-decode-bound", key);
const asPublished = {
  tokens: bound("tokens"), copies: bound("copies"), hiddenSize: bound("hiddenSize"), payload: V3_PAYLOAD,
  bandwidth: h800Links.interNode, layers: v3.numHiddenLayers,
};
const exact = { ...asPublished, hiddenSize: v3.hiddenSize, layers: v3.numHiddenLayers - v3.firstKDenseReplace };
const boundRow = (what: string, d: typeof asPublished) => {
  const { exchange, step, tokensPerSecond } = decodeBound(d);
  return {
    "bound on decoding": what, "one exchange (µs)": 1e6 * exchange, "a token (ms)": 1e3 * step,
    "tokens/s for a user": tokensPerSecond,
  };
};

// %% jupyter={"source_hidden": true}
table(
  [
    boundRow("as published: 7,000 channels, 61 layers", asPublished),
    boundRow("with V3's 7,168 channels and 58 sparse layers", exact),
    boundRow("all experts within NVLink's reach (H800's rate)", { ...exact, bandwidth: h800Links.intraNode }),
  ],
  {
    caption: "The least time of a token, if the network alone decides",
    columns: { "tokens/s for a user": { digits: 0 } },
  },
);
say`The published figures are ${fixed(1e6 * bound("exchange"), 2)} µs, ${fixed(1e3 * bound("step"), 2)} ms and
${bound("tokensPerSecond")} tokens/s (${citeLink(fact("systems", "v3-decode-bound", "exchange"))}). Each layer counts
twice, for two micro-batches take turns.`;

// %% [markdown]
// ## 4. Something to do meanwhile
//
// The exchange cannot be avoided, but the GPU need not wait. It holds another micro-batch, on its way *back*. While one
// side's tokens travel, it computes for the other side. Figure 4 of the report cuts both into pieces and gives the
// order. We play that order with our times. Each piece starts as soon as its lane is free and its input is there; slide
// the copies that a token sends to other nodes, and so the length of the exchanges, up to one for every other node:

// %%
const shownRounds = 2;
const layerWith = (copies: number) => layerTimes(v3, chip, links, { ...training, copies });
const copyCounts = Array.from({ length: nodes - 1 }, (_, i) => i + 1);

// %% jupyter={"source_hidden": true}
const roundsWith = copyCounts.map((copies) => overlapRounds(layerWith(copies), shownRounds));
const until = 1e3 * Math.max(...roundsWith.flat().map(({ end }) => end));
sliderPlot({
  title: "A forward and a backward together: is the GPU ever idle?",
  parameter: "copies to other nodes",
  unit: "",
  values: copyCounts,
  initial: Math.max(1, Math.round(training.copies)),
  height: 400,
  figure: (copies) =>
    timelineChart({
      title: `${copies} ${copies === 1 ? "copy" : "copies"}`, unit: "ms", rows: ["arithmetic", "exchange"],
      kinds: ["forward", "backward for input", "backward for weights"],
      tasks: asTasks(roundsWith[copies - 1]), until,
    }),
});
const gain = overlapGain(layer);
const hides = (copies: number) => {
  const { together, arithmetic } = overlapGain(layerWith(copies));
  return together < arithmetic * (1 + 1e-9);
};
say`One after the other, forward and backward of a layer take ${fixed(1e3 * gain.inTurn, 1)} ms; together
**${fixed(1e3 * gain.together, 1)} ms**, and their arithmetic alone ${fixed(1e3 * gain.arithmetic, 1)} ms. So
${percent((gain.inTurn - gain.together) / (gain.inTurn - gain.arithmetic))} of the exchange is hidden, at a node limit of
${nodeLimit}.`;

// %% [markdown]
// Does a real GPU do two things at once? On the H200 the script timed large products, a transfer from the host that
// takes about as long, one after the other, and both together. (That transfer runs on a copy engine and needs no
// multiprocessor: the easy case. V3's network kernels are the hard one, and section 6 is about their price.)

// %% jupyter={"source_hidden": true}
const overlapped = h200 === null ? [] : measured(h200, "overlap");
const timeOf = (kind: string) => 1e3 * (overlapped.find((row) => row.kind === kind)?.seconds ?? NaN);
if (overlapped.length === 4)
  say`Products alone ${fixed(timeOf("compute"), 1)} ms, transfer alone ${fixed(timeOf("transfer"), 1)} ms; one after the
  other ${fixed(timeOf("in turn"), 1)} ms, together **${fixed(timeOf("together"), 1)} ms**, which is
  ${percent(timeOf("together") / Math.max(timeOf("compute"), timeOf("transfer")))} of the longer one alone.`;
else say`There is no record of that here.`;

// %% [markdown]
// Look again at the upper lane of the figure. Does it have gaps at one copy? At one for every other node? Where it has,
// look at the lower lane. **Overlap hides the smaller of the two, never the larger.** So what does the limit on nodes add?

// %% jupyter={"source_hidden": true}
const hiddenUpTo = copyCounts.filter(hides).pop() ?? 0;
const withoutLimit = copiesAt(nodes);
const guarantee = (what: string, copies: number) => `${what} ${hides(copies) ? "is hidden" : "is **not** all hidden"}`;
say`By this count the exchange is hidden up to ${hiddenUpTo} copies a token, of ${nodes - 1} possible ones. With the limit of
${nodeLimit}, ${guarantee(`the average (${fixed(training.copies, 2)} copies)`, training.copies)}, and
${guarantee(`the worst case (${mostCopies(nodeLimit)})`, mostCopies(nodeLimit))}. Without any limit,
${guarantee(`the average (${fixed(withoutLimit, 2)})`, withoutLimit)}, and
${guarantee(`the worst case (${mostCopies(nodes)})`, mostCopies(nodes))}. Faster arithmetic leaves less time to hide anything: try \`reached\`.`;

// %% [markdown]
// ## 5. DualPipe: where the other micro-batch comes from
//
// V3 has 61 layers on 16 pipeline ranks (the report, section 3.2): each rank holds a few layers, and micro-batches pass
// through. A rank can work only when something has arrived. The time in which it can't is the **bubble**.
//
// Three ways to order the same work. **1F1B**: fill the pipeline, then one forward, one backward in turn. **ZB1P**: cut
// the backward in two; the part for inputs is what the previous rank waits for, the part for weights can wait, and
// fills gaps. **DualPipe**: micro-batches enter at *both* ends, so that in the middle of a step every rank has a
// forward and a backward to run together. Where a row is empty, its rank waits:

// %%
const KINDS: [PlayedStep["kind"], string][] = [
  ["F", "forward"], ["B", "backward"], ["I", "backward for input"], ["W", "backward for weights"],
  ["F&B", "forward and backward at once"],
];
const kindName = new Map(KINDS);
const even = { forward: 1, backward: 2, weights: 1, overlapped: 3 };
const played = (method: Method, t = even) => play(scheduleOf(method, ranks, microBatches), t);
const longestStep = Math.max(...METHODS.map((method) => played(method).duration));

// %% jupyter={"source_hidden": true}
sliderPlot<Method>({
  title: "Which rank waits when?",
  parameter: "method",
  unit: "",
  values: METHODS,
  initial: "DualPipe",
  height: 180 + 40 * ranks,
  figure: (method) =>
    timelineChart({
      title: method, unit: "forwards of one micro-batch",
      rows: Array.from({ length: ranks }, (_, rank) => `rank ${rank}`),
      kinds: KINDS.map(([, name]) => name),
      tasks: played(method).steps.map(({ rank, kind, chunk, start, end }) => ({
        row: `rank ${rank}`, kind: kindName.get(kind)!, start, end,
        label: chunk.direction === 0 ? String(chunk.id) : "",
      })),
      until: longestStep,
    }),
});
const longestBubble = (method: Method) => Math.max(...played(method).bubbles);
const smallest = METHODS.reduce((a, b) => (longestBubble(b) < longestBubble(a) ? b : a));
table(
  METHODS.map((method) => {
    const timeline = played(method);
    return {
      method,
      "longest bubble, played": Math.max(...timeline.bubbles),
      "bubble, published formula": BUBBLE_FORMULAS[method](ranks, even),
      "a step lasts": timeline.duration,
      "activations kept, at most": Math.max(...timeline.activations),
      "copies of the weights": method === "DualPipe" ? 2 : 1,
    };
  }),
  { caption: `${ranks} ranks, ${microBatches} micro-batches, nothing hidden; a forward takes 1, a backward 2` },
);
say`In this picture nothing is hidden: forward and backward at once take as long as one after the other. Even so
${smallest}'s bubble is the smallest. DualPipe's price stands in the last column: as each rank serves both directions, it holds
two stages' weights. (Numbers are micro-batches that entered at rank 0.)`;

// %% [markdown]
// The formulas are those of the report's table 2, with $F$, $B$ and $W$ for a forward, a whole backward and its part
// for weights, and $F\&B$ for both at once:
//
// $$\text{1F1B: } (PP-1)(F+B) \qquad \text{ZB1P: } (PP-1)(F+B-2W) \qquad \text{DualPipe: }
//   \left(\tfrac{PP}{2}-1\right)(F\&B + B - 3W)$$
//
// The schedules that we play were written from the descriptions, and their bubbles agree with the formulas to the last
// digit when both parts of a backward are as long as a forward. When they are not, DualPipe's is a little below its
// formula.
//
// ### Exercise 3 · How much of a step is bubble?
//
// *Compute · difficulty 2 of 3 · 12 minutes · 3 points*
//
// The share of a step in which a rank waits, for any of the three methods. Nothing is hidden: $F\&B = F + B$.

// %% nbgrader={"grade": false, "grade_id": "06-bubble", "locked": false, "schema_version": 3, "solution": true, "task": false}
function bubbleShare(method: Method, ranks: number, microBatches: number, { F, B, W }: MicroBatchTimes): number {
  /// BEGIN SOLUTION
  const bubbles = {
    "1F1B": (ranks - 1) * (F + B),
    ZB1P: (ranks - 1) * (F + B - 2 * W),
    DualPipe: (ranks / 2 - 1) * (F + B + B - 3 * W),
  };
  const bubble = bubbles[method];
  return bubble / (bubble + microBatches * (F + B));
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "06-bubble-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(bubbleExercise, bubbleShare);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Two times add up to a step: the work of one rank, which is the same for all three, and the bubble of table 2. The
// share is bubble over both. With nothing hidden, F&B is F + B.
//
// </details>
// <details><summary>Hint 2</summary>
//
// A rank works through a forward and a whole backward of every micro-batch, whatever the order. Write the bubble of 1F1B
// first and let its cases pass; the other two differ in one bracket.
//
// </details>
// <details><summary>Hint 3</summary>
//
// Work is microBatches · (F + B). The bubbles are (PP − 1)(F + B), (PP − 1)(F + B − 2 · W) and (PP / 2 − 1)(F + 2 · B −
// 3 · W).
//
// </details>

// %% [markdown]
// ### The bubble is not the main thing
//
// Use it (or the library's) on V3's own size. A batch is 15,360 sequences of 4K tokens (the report, section 4.2), on
// 128 pipelines of 16 GPUs; taking one sequence as a micro-batch, that is 120 for each pipeline.

// %%
const yourShare = await solvedOr(bubbleExercise, bubbleShare);
const v3Ranks = ofTraining("pipelineRanks");
const v3MicroBatches = ofTraining("batch") / (ofTraining("gpus") / v3Ranks);
const v3Layers = Math.round(v3.numHiddenLayers / v3Ranks);
const chunks = chunkTimes(layer, v3Layers);
const computes = METHODS.map((method) =>
  computingShare(play(scheduleOf(method, v3Ranks, v3MicroBatches), chunks), layer, v3Layers, v3MicroBatches),
);
const apart = computes[2] - computes[0];
const bubbleShares = METHODS.map((method) => yourShare(method, v3Ranks, v3MicroBatches, { F: 1, B: 2, W: 1 }));

// %% jupyter={"source_hidden": true}
table(
  METHODS.map((method, i) => ({
    method,
    "bubble, if exchanges took no time": percent(bubbleShares[i]),
    "a GPU computes, with exchanges": percent(computes[i]),
  })),
  { caption: `${v3Ranks} ranks, ${v3MicroBatches} micro-batches, ${v3Layers} layers a rank, ${chip.name}` },
);
plot(
  barChart({
    title: "Which share of a training step does a GPU compute?",
    x: { title: "share of a step", percent: true },
    labels: [...METHODS],
    series: [{ name: "computes", values: computes }],
  }),
  { height: 300 },
);
const byExchange = apart > 2 * (bubbleShares[0] - bubbleShares[2]);
say`With so many micro-batches the bubble is at most ${percent(Math.max(...bubbleShares))} in all three.
${byExchange ? "What sets them apart is the exchange." : "Here it counts about as much as the exchange."} With 1F1B a GPU
computes for ${percent(computes[0])} of the time, with ZB1P for
${percent(computes[1])}: **${percent(1 - computes[1])} of the cluster waits**. DualPipe brings it to
${percent(computes[2])}, ${times(computes[2] / computes[0])} the throughput of 1F1B from the same chips.`;

// %% [markdown]
// What this count leaves out: sending between ranks, the optimiser, recomputed activations, uneven experts, and the
// fact that 1F1B could hide some of its exchange behind its weight gradients. DeepSeek did not publish a step of 1F1B
// to compare with. Read the ratio as "what is at stake", not as a measurement.
//
// ### And the memory?
//
// What does a rank's GPU hold, by the report's choices: weights in BF16 (twice, for two directions), their gradients in
// FP32, a copy of the weights in FP32 and two BF16 moments, these divided among the GPUs that hold the same weights (ZeRO-1;
// sections 3.2 and 3.3.3)?

// %% jupyter={"source_hidden": true}
const v3Gpus = ofTraining("gpus");
const perLayer = layerParameters(v3);
const expertGpus = nodes * ofTraining("gpusPerNode"); // that share a layer's experts
const ownExperts = (v3Layers * v3.nRoutedExperts * perLayer.expert) / expertGpus;
const ownOthers = v3Layers * (perLayer.moeLayer - v3.nRoutedExperts * perLayer.expert);
const sharing = v3Gpus / v3Ranks; // GPUs with the same layers: all share what is not a routed expert
const [bf16, fp32] = [2, 4]; // bytes
const both = 2; // directions
const held = [
  { what: "weights, both directions", bytes: both * bf16 * (ownExperts + ownOthers) },
  { what: "gradients, both directions", bytes: both * fp32 * (ownExperts + ownOthers) },
  {
    what: "FP32 weights and two moments, its part",
    bytes: (fp32 + 2 * bf16) * ((ownExperts * expertGpus) / sharing + ownOthers / sharing),
  },
];
const heldBytes = held.reduce((sum, { bytes }) => sum + bytes, 0);
const ownMemory = value("accelerators", "h800", "memory");
table(held.map(({ what, bytes }) => ({ what, GB: bytes / 1e9 })), {
  caption: `One GPU of V3's training, ${v3Layers} sparse layers a rank; counted`, digits: 1,
});
say`Together ${fixed(heldBytes / 1e9, 0)} GB of ${fixed(ownMemory / 1e9, 0)}; the rest is for activations, and for what this count leaves out
(embedding and head, buffers of the exchange). So a second copy of a rank's weights, DualPipe's price, is affordable:
${fixed(held[0].bytes / both / 1e9, 1)} GB, because a GPU holds ${whole(v3.nRoutedExperts / expertGpus)} of a layer's ${v3.nRoutedExperts} experts.`;

// %% [markdown]
// How is a schedule written? As a list of steps for each rank. This is the whole engine that plays it:

// %%
showSource("lib/economics/pipeline.ts", "play");

// %% [markdown]
// ## 6. What hiding costs: 20 of 132
//
// Bytes don't move by themselves. On an H800, moving them is work for the same *streaming multiprocessors* (SMs) that
// compute: they copy, forward from InfiniBand to NVLink, and add up answers. V3 set 20 of 132 aside for that (the
// report, section 3.5.1). Within them the work is divided by *warp specialisation*: some warps send over InfiniBand, some
// forward to NVLink, some receive, and how many do which follows the load (section 3.2.2).
//
// **Predict.** What happens to the time of a layer if it sets aside none? Two? Half of them?

// %% jupyter={"source_hidden": true}
const counts = Array.from({ length: 65 }, (_, i) => i + 2);
plot(
  lineChart({
    title: "How many multiprocessors should communication get?",
    x: { title: "set aside (multiprocessors of 132)" },
    y: { title: "ms for a forward of one layer (log scale)", log: true },
    series: [
      { name: "both at once", x: counts, y: counts.map((count) => 1e3 * sharedSeconds(V3_JOB, count)) },
      {
        name: "arithmetic alone", dashed: true, x: counts,
        y: counts.map((count) => (1e3 * V3_JOB.arithmetic * multiprocessors) / (multiprocessors - count)),
      },
    ],
  }),
);
const lost = setAside / multiprocessors;
say`Too few, and the exchange takes forever; too many, and nobody is left to compute. By this count the best is
${bestSetAside(V3_JOB)}; V3 has ${ofTraining("communicationMultiprocessors")}. It is no independent discovery: what one multiprocessor moves
is the link's rate divided by those ${ofTraining("communicationMultiprocessors")}, which the report calls enough. What the curve shows is the price: **${percent(lost)} of the chip's
arithmetic** for ${setAside}. On ${whole(ofTraining("gpus"))} GPUs that is as much as
${whole(lost * ofTraining("gpus"))} of them.`;

// %% jupyter={"source_hidden": true}
if (h200 !== null) {
  const rows = measured(h200, "carveout", { form: "fp8-fast" });
  const all = rows.find((row) => row.set_aside === 0);
  const twenty = rows.find((row) => row.set_aside === ofTraining("communicationMultiprocessors"));
  if (all !== undefined && twenty !== undefined) {
    plot(
      lineChart({
        title: "How fast is a large FP8 product with fewer multiprocessors, on an H200?",
        x: { title: "set aside (multiprocessors of 132)" },
        y: { title: "rate, relative to all of them", percent: true },
        series: [
          {
            name: "measured",
            x: rows.map((row) => asNumber(row.set_aside)), y: rows.map((row) => rate(row) / rate(all)),
          },
          { name: "in proportion", dashed: true, x: [0, multiprocessors / 2], y: [1, 0.5] },
        ],
      }),
    );
    say`${lossInWords(all, twenty, multiprocessors)} The clock was down to ${whole(clock(h200, "carveout")?.min ?? NaN)} MHz
    meanwhile: where power is the limit, idle multiprocessors leave more of it to the others. In training those set aside are
    not idle, so take this as the lower end of the price.`;
  }
}
const v1 = fact("systems", "deepep-v1", "multiprocessors");
const v2 = fact("systems", "deepep-v2", "multiprocessors");
say`Is it a law of nature? No. The first released version of DeepSeek's communication library sets ${v1.value} aside in
its example (${citeLink(v1)}); the second says ${Number(v2.low)} to ${Number(v2.high)} do the same for training like
V3's (${citeLink(v2)}). In the report DeepSeek asks makers for a co-processor that needs none (section 3.5.1).`;

// %% [markdown]
// ### Exercise 4 · How many multiprocessors for the network?
//
// *Design · difficulty 3 of 3 · 15 minutes · 4 points*
//
// A job computes and exchanges at the same time. `arithmetic` is its time with all multiprocessors; the exchange moves
// `bytes`, at `perMultiprocessor` for each multiprocessor set aside, but never faster than `bandwidth`. Return the
// number to set aside that makes the job shortest.

// %% nbgrader={"grade": false, "grade_id": "06-balance", "locked": false, "schema_version": 3, "solution": true, "task": false}
function balance(job: SharedJob): number {
  /// BEGIN SOLUTION
  const { multiprocessors: n, arithmetic, bytes, bandwidth, perMultiprocessor } = job;
  const seconds = (s: number) =>
    Math.max((arithmetic * n) / (n - s), bytes / Math.min(bandwidth, s * perMultiprocessor));
  let best = 1;
  for (let s = 2; s < n; s++) if (seconds(s) < seconds(best)) best = s;
  return best;
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "06-balance-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
await check(balanceExercise, balance);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Write the time for a given s: arithmetic on the multiprocessors that are left, an exchange on those set aside, both
// at once. Then try every s.
//
// </details>
// <details><summary>Hint 2</summary>
//
// With s of n set aside, arithmetic has n − s left, so its time grows by n / (n − s). The exchange has s times the rate of
// one, up to the bandwidth. Which of the two times is the job's?
//
// </details>
// <details><summary>Hint 3</summary>
//
// For each s from 1 to multiprocessors − 1: the larger of arithmetic · multiprocessors / (multiprocessors − s) and
// bytes / min(bandwidth, s · perMultiprocessor). Return the s with the smallest.
//
// </details>

// %% [markdown]
// ## 7. What was written below CUDA C++
//
// Now the famous part. These are the layers between a program and the chip:
//
// | layer | who writes it | documented by NVIDIA? |
// |---|---|---|
// | Python: PyTorch, Triton | nearly everybody | – |
// | CUDA C++ | people who write kernels | yes |
// | **PTX**, an assembly for a virtual machine | the compiler; people, line by line, inside CUDA C++ | yes, as part of CUDA's documentation |
// | SASS, what the chip executes | NVIDIA's assembler | hardly |
//
// PTX is not a way around CUDA. It is a layer *of* CUDA: a line of PTX stands inside a CUDA C++ function, and the same
// compiler turns it into SASS. The report has **one sentence** about it: communication kernels use customised PTX
// instructions, and chunk sizes are tuned, so that they use less of the second-level cache and disturb other
// multiprocessors less (section 3.2.2). It is about the 20, not about the 112 that do the arithmetic.
//
// Two months later the communication library, DeepEP, was published, so one can look. One file of small
// functions, `utils.cuh`, holds PTX for its kernels. We counted every statement of that file:

// %% jupyter={"source_hidden": true}
const ptx: [string, string][] = [
  ["order of memory operations: who sees what when", "ptxOrdering"],
  ["don't keep this in the first-level cache", "ptxCaching"],
  ["the tensor memory accelerator (TMA) and its barriers", "ptxCopyEngine"],
  ["read what others may change through the read-only path", "ptxNonCoherent"],
  ["stop, and which thread am I", "ptxOther"],
];
const ptxCounts = ptx.map(([, key]) => value("systems", "deepep-v1", key));
plot(
  barChart({
    title: "What do the PTX statements in DeepEP's utils.cuh do?",
    x: { title: "statements" },
    labels: ptx.map(([name]) => name),
    series: [{ name: "statements", values: ptxCounts }],
  }),
  { height: 320 },
);
const ptxTotal = ptxCounts.reduce((sum, count) => sum + count, 0);
const gemmPtx = (key: string) => value("systems", "deepgemm", key);
say`**${ptxTotal} statements**, each a line or a few, wrapped in a C++ function
(${citeLink(fact("systems", "deepep-v1", "ptxOrdering"))}). ${ptxCounts[0] + ptxCounts[1]} of them say in which order others may
see a write, or that a value read once needs no place in a cache.

And the arithmetic? DeepGEMM, the library of FP8 products, has PTX as well: the file \`mma_utils.cuh\` of its first version holds
${gemmPtx("ptxStatements")} statements, ${gemmPtx("ptxTensorCore")} of them \`wgmma\`, the instructions of Hopper's tensor cores
(${citeLink(fact("systems", "deepgemm", "ptxStatements"))}). CUDA C++ has no other name for those, and NVIDIA's own library,
CUTLASS, writes them in the same way; later versions of DeepGEMM take them from there.`;

// %% [markdown]
// The fourth bar is the one that made headlines. Its history, from the libraries' own records:
//
// | when | what |
// |---|---|
// | 24 February 2025 | DeepEP is published. Its README says that it uses "out-of-doc", undocumented behaviour: the load `ld.global.nc.L1::no_allocate.L2::256B` |
// | 26 February 2025 | DeepGEMM is published, a library of FP8 products in CUDA C++. Its README describes a patch of the compiled SASS that flips bits to interleave two kinds of instructions |
// | 27 February 2025 | Corrected: the instruction *is* documented; what is not allowed is its **use**, for it reads data that others change through the path for data that nobody changes. It is tested to work on Hopper, and a switch turns it off |
// | 20 July 2025 | DeepGEMM drops the patch: NVIDIA's compiler, from version 12.9 on, does the same by itself |
// | April 2026 | DeepEP's second version; the load survives only in the old kernels |

// %% jupyter={"source_hidden": true}
const gain10 = fact("systems", "deepgemm", "patchGain");
say`So there was work below PTX, too: for ${percent(gain10.value)} and more in some products (${citeLink(gain10)}). It
lived for not quite five months, until the maker of CUDA built it in. And the retracted word, "undocumented", lasted
${value("systems", "deepep-v1", "retractionDays")} days in the README; it lives on in retellings.`;

// %% [markdown]
// What does that leave of "bypassed CUDA"? Both libraries are written in CUDA C++, need NVIDIA's compiler and require a
// recent CUDA (their READMEs). Assembly in places where it pays is what every serious kernel library does, NVIDIA's own
// included. The skill is real. The bypass is not. And note the direction: such code ties a program *closer* to one
// chip.
//
// ## 8. Restrictions, and the moat
//
// ### What was restricted
//
// The H800 is an H100 made for an export rule. What did the rule take away?

// %% jupyter={"source_hidden": true}
const compared: [string, string, number, string][] = [
  ["FP8 arithmetic", "peakFp8", 1e12, "TFLOP/s"],
  ["memory", "memory", 1e9, "GB"],
  ["memory bandwidth", "memoryBandwidth", 1e12, "TB/s"],
  ["NVLink, both directions", "intraNodeLink", 1e9, "GB/s"],
  ["InfiniBand, one direction", "interNodeLink", 1e9, "GB/s"],
];
table(
  compared.map(([what, key, unit, name]) => ({
    "": what,
    H100: `${fixed(value("accelerators", "h100", key) / unit, key === "memoryBandwidth" ? 2 : 0)} ${name}`,
    H800: `${fixed(value("accelerators", "h800", key) / unit, key === "memoryBandwidth" ? 2 : 0)} ${name}`,
    "H800 has": percent(value("accelerators", "h800", key) / value("accelerators", "h100", key)),
  })),
  { caption: "H100 and H800" },
);
const asTrained = { ...training, copies: copiesAt(ofTraining("nodeLimit")) };
const h100Layer = layerTimes(v3, machine("h100"), linksOf("h100"), asTrained);
const h800Layer = layerTimes(v3, machine("h800"), linksOf("h800"), asTrained);
const sameExchange = Math.abs(h800Layer.dispatch / h100Layer.dispatch - 1) < 0.01;
const slowerOnBoth =
  "With the node limit InfiniBand is the slower link on both, and that was not restricted, so V3's design made the " +
  "missing NVLink not matter.";
const rule = fact("systems", "export-rules", "linkLimit2022");
say`One row: NVLink. The rule of October 2022 named a rate of links, ${whole(rule.value / 1e9)} GB/s, together with a
rate of operations (${citeLink(rule)}); the H800 stays below it. In October 2023 limits on performance took its place
and caught the H800 as well (${citeLink(fact("systems", "export-rules", "linkLimitDropped"))}).

How much did that cost V3? In our count of a layer, exchange takes
${fixed(1e3 * layerSums(h800Layer).forward.exchange, 2)} ms on H800 and
${fixed(1e3 * layerSums(h100Layer).forward.exchange, 2)} ms on H100:
${sameExchange ? "the same. " + slowerOnBoth : "not the same: NVLink decides on the H800."}
Nor does V3 use tensor parallelism in training, which would need NVLink most (the report, section 3.2).`;

// %% [markdown]
// So the latest chips were blocked, as the claim says. The CUDA ecosystem was not: DeepSeek's own libraries, published from
// February 2025 on, are CUDA C++ and list a current CUDA among their requirements. All of these rules are thresholds on
// hardware. (We also found no rule that withholds the toolkit; by itself, that would prove nothing.)
//
// ### What another chip would need
//
// Is the moat weaker? Ask what would have to be done again. First the hardware, by the roofline: the least time of one
// layer, if somebody wrote perfect kernels.

// %%
const day6 = (key: string) => value("serving", "day-6", key);
const dayLoad = { batch: 32, context: day6("meanContext"), gpus: day6("decodeGpus") };
const usual = decodeOperations(v3, dayLoad);
const elsewhere = ["h800", "h200", "b200", "mi300x", "ascend-910c"].map((id) => {
  const one = machine(id);
  return {
    chip: one.name,
    "decoding (µs per layer)": 1e6 * phaseTime(usual, one).seconds,
    "reading a prompt (µs per layer)": 1e6 * phaseTime(reading, one).seconds,
    "8-bit floating point": one.peaks.fp8 > one.peaks.bf16 ? "yes" : "no",
  };
});

// %% jupyter={"source_hidden": true}
table(elsewhere, {
  caption: `The least time of one sparse layer: ${sequences(dayLoad.batch)} a GPU, and 8,192 tokens of a prompt`,
  columns: { "decoding (µs per layer)": { digits: 0 }, "reading a prompt (µs per layer)": { digits: 0 } },
});
const ofH800 = elsewhere[0];
const against = (row: (typeof elsewhere)[number]) => {
  const share = (phase: "decoding (µs per layer)" | "reading a prompt (µs per layer)") => percent(row[phase] / ofH800[phase]);
  return `${row.chip} needs ${share("decoding (µs per layer)")} of the H800's time to decode and ${share("reading a prompt (µs per layer)")} to read`;
};
say`On paper ${elsewhere.slice(-2).map(against).join("; ")}. Peaks alone are no moat.
(Where a chip has no FP8, its BF16 rate is taken for both, with FP8's bytes, which flatters it.)`;

// %% [markdown]
// Then the software. Count the pieces of V3's system that know which chip they run on:
//
// | piece | what it does | tied to NVIDIA by | done elsewhere? |
// |---|---|---|---|
// | DeepGEMM | FP8 products with block scales | tensor-core and TMA instructions of Hopper | **by DeepSeek itself**: DeepGEMM-Ascend, published 30 September 2026 with the same interface ([README](https://github.com/deepseek-ai/DeepGEMM-Ascend)) |
// | DeepEP | dispatch and combine | PTX, NVLink, NVSHMEM or NCCL | DeepEP-Ascend, of the same month; its figures come from hardware that is not on sale ([TechRadar](https://www.techradar.com/pro/huawei-and-deepseek-release-open-source-ai-tools-in-a-bid-to-lower-nvidia-exposure-but-will-programmers-make-the-switch), 7 October 2026) |
// | FlashMLA | attention over the latent cache | Hopper's instructions | versions for Ascend, same announcement |
// | DualPipe, EPLB | schedule, placement of experts | nothing: Python | not needed |
// | HAI-LLM | the training framework | not published | unknown |
//
// Was a model of this size ever *trained* on another chip? Huawei says so of its own:

// %% jupyter={"source_hidden": true}
const pangu = (key: string) => fact("systems", "pangu-ultra-moe", key);
say`Pangu Ultra MoE, a mixture of experts with ${whole(pangu("totalParameters").value / 1e9)} billion parameters, on
${whole(pangu("accelerators").value)} Ascend chips, at ${percent(pangu("mfu").value)} of what they could do at most
(${citeLink(pangu("mfu"))}, in the makers' own words; those chips have no FP8, so it is a share of the BF16 peak). By the same
kind of peak V3 reached ${percent(Number(measuredRate.low) / machine("h800").peaks.bf16)} to
${percent(Number(measuredRate.high) / machine("h800").peaks.bf16)}, attention counted causally or in full.`;

// %% [markdown]
// And to *run* V3? The README of the release listed both from the first days: AMD GPUs through SGLang in FP8 and BF16,
// and Huawei's Ascend through MindIE ([README](https://github.com/deepseek-ai/DeepSeek-V3), section 6). Running needs
// fewer pieces than training: no backward, no pipeline, no optimiser.

// %% jupyter={"source_hidden": true}
const ascendYear = value("systems", "deepgemm", "ascendYear");
const patchYear = value("systems", "deepgemm", "patchDroppedYear");
say`So the moat was never that others cannot compute this. It is that somebody has to write, tune and keep up
${fixed(value("systems", "deepgemm", "kernelLines"), 0)} lines here
(${cite(fact("systems", "deepgemm", "kernelLines"))}) and ${ptxTotal} statements there, for each chip, each generation.
DeepSeek published its NVIDIA kernels in ${patchYear}; the same authors' kernels for Ascend followed in ${ascendYear}.
PTX inside the first set did nothing for the second: it had to be replaced.`;

// %% [markdown]
// ## Recap: the claims, and what came out

// %% jupyter={"source_hidden": true}
// The claims are about V3 as it is, whatever the parameters above say.
const h800 = machine("h800");
const decodeShare = phaseTime(usual, h800).memoryShare;
const readShare = phaseTime(reading, h800).memoryShare;
const linkShare = value("accelerators", "h800", "intraNodeLink") / value("accelerators", "h100", "intraNodeLink");
const amd = phaseTime(reading, machine("mi300x")).seconds / phaseTime(reading, h800).seconds;
verdicts([
  {
    claim: claimInWords("fp8-bound"),
    verdict: verdictOf("fp8-bound"),
    sources: "The report says the same of the experts in decoding (section 3.4.2).",
    computed:
      `By phase: ${percent(decodeShare)} of a decoding layer's time waits for memory, ${percent(readShare)} when a ` +
      "prompt is read or a model is trained. In training the network is the second limit.",
  },
  {
    claim: claimInWords("cuda-bypass"),
    verdict: verdictOf("cuda-bypass"),
    sources:
      "The report: customised PTX in communication kernels, one sentence (section 3.2.2). DeepEP and DeepGEMM are " +
      "CUDA C++ and require CUDA (their READMEs).",
    computed:
      `Right: it was written. ${ptxTotal} PTX statements in DeepEP's utils.cuh, inside CUDA C++; ${ptxCounts[3]} of them a ` +
      "use that is not allowed, with a switch to turn it off. Not right: bypassed; PTX is a layer of CUDA.",
  },
  {
    claim: claimInWords("cuda-exports"),
    verdict: verdictOf("cuda-exports"),
    sources: `${cite(rule)}; ${cite(fact("systems", "export-rules", "linkLimitDropped"))}.`,
    computed: "Nothing to compute: the H100 since October 2022, the H800 since October 2023, and what came after them.",
  },
  {
    claim: claimInWords("cuda-restrictions"),
    verdict: verdictOf("cuda-restrictions"),
    sources: `${cite(rule)}; DeepSeek's libraries are CUDA C++ and require its current toolkit (their READMEs).`,
    computed:
      `Right about the chips: the H800 has ${percent(linkShare)} of the H100's NVLink. Not right about the software, ` +
      "which DeepSeek used.",
  },
  {
    claim: claimInWords("cuda-older"),
    verdict: verdictOf("cuda-older"),
    sources: "NVIDIA's CUTLASS has PTX for each generation, from mma_sm70.h to mma_sm100.h.",
    computed: "Right about the practice. The H800 was not older: it is the H100's chip with slower links.",
  },
  {
    claim: claimInWords("cuda-closer"),
    verdict: verdictOf("cuda-closer"),
    sources: "No training of V3 on both chips is published.",
    computed:
      `By count, exchange takes ${fixed(h800Layer.dispatch / h100Layer.dispatch, 2)} times as long on an H800 as on an ` +
      "H100, because of the routing rather than of PTX.",
  },
  {
    claim: claimInWords("cuda-moat"),
    verdict: verdictOf("cuda-moat"),
    sources:
      "V3 ran on both from its release (README, section 6); Huawei reports a training of V3's size on Ascend " +
      `(${cite(pangu("totalParameters"))}); DeepSeek's own kernels for Ascend came in September 2026.`,
    computed:
      `By the roofline an MI300X needs ${percent(amd)} of the H800's time to read a prompt; that is hardware, not ` +
      "software. PTX ties closer to NVIDIA, so it is no reason.",
  },
]);

// %% [markdown]
// **In one sentence:** V3's hardware story is not a trick below CUDA; it is a design in which routing keeps the bytes
// few, a schedule gives the chip something to do while they travel, and about a seventh of its multiprocessors is the
// price.
//
// ## Where to read on
//
// - [DeepSeek-V3 Technical Report](https://arxiv.org/abs/2412.19437), section 3.2 (DualPipe, all-to-all), 3.4 (serving)
//   and 3.5 (what DeepSeek asks chip makers for);
// - [Insights into DeepSeek-V3](https://arxiv.org/abs/2505.09343): the hardware view, by the same authors;
// - [Zero Bubble Pipeline Parallelism](https://arxiv.org/abs/2401.10241): where the cut of the backward comes from;
// - [DualPipe](https://github.com/deepseek-ai/DualPipe), [DeepEP](https://github.com/deepseek-ai/DeepEP) and
//   [DeepGEMM](https://github.com/deepseek-ai/DeepGEMM): the code;
// - [Roofline](https://dl.acm.org/doi/10.1145/1498765.1498785): Williams, Waterman and Patterson, 2009.
//
// **Next: [lesson 07](07-cost-economics.ipynb)**, on what all this costs in money.

// %%
say`Tensors left: ${tf.memory().numTensors}.`;
