/** The five exercises of lesson 04. The wrong answers beside the right ones are those that people really give. */
import { defineExercise } from "../../notebook/exercise/check";
import {
  bestModules, chooseByLib, decodeByLib, inOrderOf, intervals, judgeModules, quantiseByLib, roundByLib,
  victimByLib, VICTIMS, workOf, wrongDecode, wrongQuantise,
  type ChooseInterval, type ChooseModules, type Decode, type FindVictim, type ModuleCost, type QuantiseBlock,
} from "./answers";

export const decodeExercise = defineExercise<Decode>({
  id: "04-decode",
  title: "Decode a byte",
  difficulty: 1,
  minutes: 10,
  points: 2,
  reference: decodeByLib,
  cases: [
    { name: "0 0111 000", args: [0x38] },
    { name: "1 1000 101", args: [0xc5] },
    { name: "0 0000 011, a subnormal number", args: [0x03] },
    { name: "0 1111 010, the highest exponent", args: [0x7a] },
    { name: "0 1111 111", args: [0x7f] },
    { name: "1 0000 000", args: [0x80] },
    { name: "0 0001 000, the smallest normal number", args: [0x08] },
  ],
  misconceptions: [
    {
      name: "implicit one forgotten",
      answer: wrongDecode({ one: () => false }),
      message: "The fraction counts beside a leading 1 that is not stored: (1 + f/8), except where the exponent is 0.",
    },
    {
      name: "subnormal numbers read as normal",
      answer: wrongDecode({ one: () => true, least: 0 }),
      message: "With exponent bits 0 the number is subnormal: no leading 1, and the exponent counts as if it were 1.",
    },
    {
      name: "subnormal numbers at half their size",
      answer: wrongDecode({ least: 0 }),
      message: "Subnormal numbers have the exponent of the smallest normal ones, 1 − 7, not 0 − 7.",
    },
    {
      name: "bias 8",
      answer: wrongDecode({ bias: 8 }),
      message: "You are off by a factor of two: the bias of four exponent bits is 7.",
    },
    {
      name: "sign ignored",
      answer: wrongDecode({ signed: false }),
      message: "The highest bit is the sign: from 0x80 on the numbers are negative.",
    },
    {
      name: "480 where NaN is",
      answer: wrongDecode({ nan: () => false }),
      message: "All bits but the sign set means NaN, not 480. It is the one pattern that E4M3 gives up.",
    },
    {
      name: "the highest exponent kept for infinity",
      answer: wrongDecode({ nan: (magnitude) => magnitude >= 120 }),
      message: "You keep the highest exponent for infinity and NaN, as IEEE 754 does. E4M3 uses it for numbers up to 448.",
    },
    {
      name: "fraction divided by 7",
      answer: wrongDecode({ fraction: 7 }),
      message: "Three fraction bits count eighths: f/8.",
    },
  ],
  hints: [
    "Sign: byte >> 7. Exponent e: (byte >> 3) & 15. Fraction f: byte & 7. Then two formulas, one for e = 0, and one " +
      "pattern that is no number at all.",
    "e > 0: (1 + f/8) · 2^(e − 7). e = 0: f/8 · 2^−6. If the lower seven bits are all set: NaN. A negative zero is " +
      "what −1 · 0 gives.",
  ],
});

const outliers = [0.02, -0.5, 0.13, 30, -0.004, 0.25];

export const quantiseExercise = defineExercise<QuantiseBlock>({
  id: "04-quantise",
  title: "Quantise a block",
  difficulty: 2,
  minutes: 12,
  points: 3,
  reference: quantiseByLib,
  cases: [
    { name: "an ordinary block", args: [[0.5, -1.25, 3, 0.01, -0.3, 2.2]] },
    { name: "a block whose largest magnitude is negative", args: [[0.5, -7, 3, 0.2]] },
    { name: "a block with an outlier", args: [outliers] },
    { name: "a block of zeros", args: [[0, 0, 0]] },
    { name: "a block of tiny numbers", args: [[2e-6, -1e-5, 3e-6]] },
  ],
  tolerance: 1e-6, // scale in double or in float32: both are right
  misconceptions: [
    {
      name: "scale inverted",
      answer: wrongQuantise({ scale: (amax) => 448 / Math.max(amax, 1e-4), value: (x, s) => roundByLib(x * s) }),
      message: "You return 448 / amax. The scale is what a code is multiplied with to get the number back: amax / 448.",
    },
    {
      name: "amax signed",
      answer: wrongQuantise({ amax: (block) => Math.max(...block) }),
      message: "You take the largest number. amax is the largest magnitude: a block may have its largest on the negative side.",
    },
    {
      name: "no clamp",
      answer: wrongQuantise({ scale: (amax) => amax / 448 }),
      message: "A block of zeros gets the scale 0, and 0/0 is NaN. amax counts as 1e-4 at least.",
    },
    {
      name: "clamped scale instead of amax",
      answer: wrongQuantise({ scale: (amax) => Math.max(amax / 448, 1e-4) }),
      message: "You keep the scale above 1e-4. It is amax that counts as 1e-4 at least; the scale is then 448 times smaller.",
    },
    {
      name: "scaled back",
      answer: wrongQuantise({ value: (x, s) => roundByLib(x / s) * s }),
      message: "Your values are multiplied by the scale again. Return what the codes stand for: numbers up to 448.",
    },
    {
      name: "rounded before scaling",
      answer: wrongQuantise({ value: (x, s) => roundByLib(x) / s }),
      message: "You round first and scale then. The point of scaling is that the rounding happens where the numbers lie dense.",
    },
    {
      name: "240 as the largest",
      answer: wrongQuantise({ scale: (amax) => Math.max(amax, 1e-4) / 240 }),
      message: "240 is the largest number of four exponent and three fraction bits in IEEE 754. E4M3 goes to 448.",
    },
  ],
  hints: [
    "Three steps: amax, the largest magnitude, at least 1e-4; the scale, which makes amax the format's largest number; " +
      "each number divided by the scale and rounded with `roundE4M3`.",
    "scale = Math.max(1e-4, ...block.map(Math.abs)) / 448, and values = block.map((x) => roundE4M3(x / scale)).",
  ],
});

export const victimExercise = defineExercise<FindVictim>({
  id: "04-victim",
  title: "The outlier's victim",
  difficulty: 1,
  minutes: 10,
  points: 2,
  reference: victimByLib,
  cases: [
    { name: "one outlier, tokens of different size", args: [[[1, 2, -1, 3000], [0.5, -0.4, 0.3, 2], [0.011, -0.004, 0.02, 0.05], [8, -5, 7, 100]]] },
    { name: "the smallest token is lucky", args: [[[448, 12, 5, -7], [0.001953125, 0.001953125, 0, 0.001953125], [0.003, 0.005, -0.003, 0.005], [3, 4, 1, 2]]] },
    { name: "many zeros, one of them real loss", args: [[[448, 1, 1, 1], [0.0004, 0.0006, 0.0007, 300], [0.0008, 0.0015, -0.0013, 0.0012], [1, 2, 3, 4]]] },
  ],
  misconceptions: [
    {
      name: "the outlier's own token",
      answer: VICTIMS.outlier,
      message: "This is the token that holds the outlier. It is the culprit: its own large number comes out well.",
    },
    {
      name: "largest absolute error",
      answer: VICTIMS.absolute,
      message: "This token has the largest error in absolute size, since it is large. Divide each token's error by its own norm.",
    },
    {
      name: "the smallest token",
      answer: VICTIMS.smallest,
      message: "You name the smallest token. It often is the victim, but not always: numbers that lie on the grid come out unhurt.",
    },
    {
      name: "most numbers flushed",
      answer: VICTIMS.flushed,
      message: "You count zeros. A token may lose several small numbers and hardly notice, if a large one is all that it is made of.",
    },
  ],
  hints: [
    "`throughOneScale(activations)` gives what comes back. Compare it with what went in, token by token, in relation to " +
      "the token's own size.",
    "For each row: the norm of the differences, divided by the norm of the row. Return the place of the largest.",
  ],
});

/** An error that grows with the interval, as a sum in a short register has it. */
const growing = (slope: number) => (interval: number) => slope * interval ** 1.1;

export const intervalExercise = defineExercise<ChooseInterval>({
  id: "04-interval",
  title: "Choose the promotion interval",
  difficulty: 1,
  minutes: 8,
  points: 2,
  reference: chooseByLib,
  cases: [
    { name: "a sum of 4,096", args: [growing(5e-6), 4096, 2e-3] },
    { name: "a short sum, never promoted before its end", args: [growing(1e-7), 512, 1e-2] },
    { name: "a tolerance that just fits", args: [(interval) => interval / 1e6, 4096, 128e-6] },
    { name: "a strict tolerance", args: [growing(5e-6), 8192, 3e-4] },
  ],
  misconceptions: [
    {
      name: "always the smallest",
      answer: () => 32,
      message: "32 is the most exact, and the dearest: each promotion costs additions outside of the tensor core. How rarely is enough?",
    },
    {
      name: "one step too far",
      answer: (errorOf, K, tolerance) => Math.min(K, 2 * chooseByLib(errorOf, K, tolerance)),
      message: "Your interval's error is above the tolerance: take the largest one that is still within it.",
    },
    {
      name: "one step too careful",
      answer: (errorOf, K, tolerance) => {
        const fit = intervals(K).filter((interval) => errorOf(interval) < tolerance);
        return fit[Math.max(0, fit.length - (errorOf(fit[fit.length - 1] * 2) === tolerance ? 1 : 2))];
      },
      message: "Twice your interval would still be within the tolerance (which may be reached, not only missed), at half the promotions.",
    },
    {
      name: "the number of promotions",
      answer: (errorOf, K, tolerance) => K / chooseByLib(errorOf, K, tolerance),
      message: "You return how often the sum is promoted. The question is after how many elements.",
    },
  ],
  hints: [
    "Candidates are 32, 64, 128 … up to K, since an instruction adds 32 products. `errorOf(interval)` says how large the " +
      "error is with each.",
    "Start at 32, and double it as long as the doubled interval is at most K and its error at most the tolerance.",
  ],
});

const MEASURED: ModuleCost[] = [
  { module: "routedExperts", work: 0.52, loss: 0.45 },
  { module: "attention", work: 0.28, loss: 0.4 },
  { module: "sharedExperts", work: 0.065, loss: 0.09 },
  { module: "denseMlp", work: 0.03, loss: 0.12 },
  { module: "attentionOperator", work: 0.075, loss: 1.9 },
  { module: "head", work: 0.024, loss: 0.9 },
  { module: "router", work: 0.006, loss: 0.8 },
];

export const tableExercise = defineExercise<ChooseModules>({
  id: "04-table",
  title: "Edit the precision table",
  difficulty: 3,
  minutes: 15,
  points: 4,
  reference: bestModules,
  cases: [
    { name: "a budget like V3's", args: [MEASURED, 1.2] },
    { name: "a tight budget", args: [MEASURED, 0.5] },
    {
      name: "where the best ratio is not the best set",
      args: [[{ module: "a", work: 0.5, loss: 1 }, { module: "b", work: 0.29, loss: 0.55 }, { module: "c", work: 0.21, loss: 0.45 }, { module: "d", work: 0.06, loss: 0.11 }], 1.11],
    },
    { name: "a budget for everything", args: [MEASURED, 10] },
  ],
  accept: (got, _, [costs, budget]) => judgeModules(costs, budget, got),
  score: {
    name: "share of the arithmetic in FP8",
    unit: "",
    of: (chosen, [costs]) => Number(workOf(costs, chosen).toFixed(3)),
    v3: Number(workOf(MEASURED, ["routedExperts", "attention", "sharedExperts", "denseMlp"]).toFixed(3)),
  },
  misconceptions: [
    {
      name: "everything in FP8",
      answer: (costs) => costs.map(({ module }) => module),
      message: "Everything in FP8 spends more loss than the budget has. Which modules do little work and much harm?",
    },
    {
      name: "least harm first",
      answer: inOrderOf(({ loss }) => -loss, false),
      message: "You take what harms least, whatever it works. A module with half of the arithmetic may be worth its harm.",
    },
    {
      name: "most work first",
      answer: inOrderOf(({ work }) => work, false),
      message: "You take what works most and stop at the first that does not fit. Smaller ones may still fit behind it.",
    },
    {
      name: "best ratio first",
      answer: inOrderOf(({ work, loss }) => work / loss, false),
      message: "Work per harm is a good order, but stopping at the first that does not fit leaves budget unused.",
    },
  ],
  hints: [
    "With this few modules you can try all sets: there are 2 to the power of their number. Each has a sum of work and a " +
      "sum of loss.",
    "Let a number count from 0 to 2 ** costs.length − 1; module i belongs to the set if bit i of it is set: " +
      "(set >> i) & 1. Keep the set with the most work among those whose loss is within the budget.",
  ],
});
