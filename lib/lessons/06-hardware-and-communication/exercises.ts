/**
 * The four exercises of lesson 06: the intensity of a product, the share of a bubble, the bytes of a token, and the
 * multiprocessors that communication gets.
 */
import { bestSetAside, sharedSeconds, tokenTraffic, type SharedJob } from "../../economics/communication";
import { defineExercise } from "../../notebook/exercise/check";
import {
  bubbleByLib, firstCount, intensityByLib, judgeSetAside, V3_JOB, wrongBubble, wrongIntensity, wrongTraffic,
  type BubbleShare, type Intensity, type SetAside, type TokenBytes,
} from "./answers";

const FP8 = { input: 1, weights: 1, output: 2 };
const BF16 = { input: 2, weights: 2, output: 2 };

export const intensityExercise = defineExercise<Intensity>({
  id: "06-intensity",
  title: "The intensity of a product",
  difficulty: 1,
  minutes: 8,
  points: 2,
  reference: intensityByLib,
  cases: [
    { name: "one row through an expert, FP8", args: [1, 7168, 2048, FP8] },
    { name: "256 rows through an expert, FP8", args: [256, 7168, 2048, FP8] },
    { name: "a square in BF16", args: [4096, 4096, 4096, BF16] },
    { name: "a tall product with a wide result", args: [512, 128, 4096, { input: 2, weights: 1, output: 4 }] },
  ],
  misconceptions: [
    {
      name: "one FLOP for a product and a sum",
      answer: wrongIntensity({ flops: 1 }),
      message: "You count m · k · n FLOPs. Each of these is a multiplication and an addition: two.",
    },
    {
      name: "only the weights",
      answer: wrongIntensity({ without: ["input", "output"] }),
      message:
        "You count the bytes of the weights alone. For one row that is nearly all; for many rows the input and the " +
        "output weigh in.",
    },
    {
      name: "the output forgotten",
      answer: wrongIntensity({ without: ["output"] }),
      message: "The output is missing: m · n numbers are written to memory, too.",
    },
    {
      name: "the input forgotten",
      answer: wrongIntensity({ without: ["input"] }),
      message: "The input is missing: m · k numbers are read, too.",
    },
    {
      name: "every product reads memory",
      answer: (_m, _k, _n, { input, weights }) => 2 / (input + weights),
      message:
        "You let each of the m · k · n products read its two numbers from memory. A chip reads a number once and " +
        "uses it many times; that reuse is what intensity measures.",
    },
    {
      name: "bytes over FLOPs",
      answer: (...args) => 1 / intensityByLib(...args),
      message: "Upside down: intensity is FLOPs a byte, not bytes a FLOP.",
    },
  ],
  hints: [
    "Two counts, then divide. FLOPs: how many products of two numbers are there, and what else is done with each? " +
      "Bytes: three matrices, each moved once.",
    "FLOPs are 2 · m · k · n. Bytes are m · k numbers of the input, k · n of the weights and m · n of the output, " +
      "each times its own size.",
  ],
});

const even = { F: 1, B: 2, W: 1 };

export const bubbleExercise = defineExercise<BubbleShare>({
  id: "06-bubble",
  title: "How much of a step is bubble?",
  difficulty: 2,
  minutes: 12,
  points: 3,
  reference: bubbleByLib,
  cases: [
    { name: "1F1B, 8 ranks, 20 micro-batches", args: ["1F1B", 8, 20, even] },
    { name: "ZB1P, 8 ranks, 20 micro-batches", args: ["ZB1P", 8, 20, even] },
    { name: "DualPipe, 8 ranks, 20 micro-batches", args: ["DualPipe", 8, 20, even] },
    { name: "ZB1P, 16 ranks, short weight gradients", args: ["ZB1P", 16, 64, { F: 1, B: 2.2, W: 0.8 }] },
    { name: "DualPipe, 16 ranks, short weight gradients", args: ["DualPipe", 16, 64, { F: 1, B: 2.2, W: 0.8 }] },
  ],
  misconceptions: [
    {
      name: "bubble over work",
      answer: wrongBubble({ whole: (_, work) => work }),
      message: "You divide by the work alone. A step lasts as long as work and bubble together.",
    },
    {
      name: "as many bubbles as ranks",
      answer: wrongBubble({
        bubbles: {
          "1F1B": (PP, { F, B }) => PP * (F + B),
          ZB1P: (PP, { F, B, W }) => PP * (F + B - 2 * W),
          DualPipe: (PP, { F, B, W }) => (PP / 2) * (F + 2 * B - 3 * W),
        },
      }),
      message:
        "You count one rank too many: the first stage of the way waits for nobody. It is PP − 1, and PP / 2 − 1.",
    },
    {
      name: "the weights once",
      answer: wrongBubble({ bubbles: { ZB1P: (PP, { F, B, W }) => (PP - 1) * (F + B - W) } }),
      message:
        "In ZB1P weight gradients save twice: they leave the way of the gradients (B becomes B − W), and they fill " +
        "the wait that is left (minus W once more).",
    },
    {
      name: "DualPipe as deep as the others",
      answer: wrongBubble({ bubbles: { DualPipe: (PP, { F, B, W }) => (PP - 1) * (F + 2 * B - 3 * W) } }),
      message:
        "In DualPipe micro-batches enter at both ends, so only half as many stages have to be filled: PP / 2 − 1, " +
        "not PP − 1.",
    },
    {
      name: "half of the micro-batches in DualPipe",
      answer: wrongBubble({ whole: (bubble, work, method) => bubble + (method === "DualPipe" ? work / 2 : work) }),
      message:
        "You let a rank do half of the work in DualPipe. Half enter at each end, but every rank works on all of " +
        "them: it holds a stage of both directions.",
    },
    {
      name: "per cent",
      answer: (...args) => 100 * bubbleByLib(...args),
      message: "You return per cent. A share is a number between 0 and 1.",
    },
  ],
  hints: [
    "Two times add up to a step: the work of one rank, which is the same for all three, and the bubble of table 2. " +
      "The share is bubble over both. With nothing hidden, F&B is F + B.",
    "Work is microBatches · (F + B). The bubbles are (PP − 1)(F + B), (PP − 1)(F + B − 2 · W) and (PP / 2 − 1)(F + " +
      "2 · B − 3 · W).",
  ],
});

const once = <T>(values: T[]) => new Set(values).size;

export const trafficExercise = defineExercise<TokenBytes>({
  id: "06-traffic",
  title: "The bytes of a token",
  difficulty: 2,
  minutes: 12,
  points: 3,
  reference: (hiddenSize, experts, expertsPerNode, home) => tokenTraffic(hiddenSize, { experts, expertsPerNode, home }),
  cases: [
    { name: "V3, four nodes, none of them its own", args: [7168, [3, 17, 40, 41, 63, 130, 131, 250], 32, 3] },
    { name: "V3, four nodes, its own among them", args: [7168, [3, 17, 40, 41, 63, 130, 131, 250], 32, 1] },
    { name: "all experts at home", args: [7168, [64, 65, 66, 70, 71, 80, 90, 95], 32, 2] },
    { name: "a small model, eight nodes", args: [1024, [0, 9, 18, 27, 36, 45], 8, 7] },
  ],
  misconceptions: [
    {
      name: "one copy an expert over InfiniBand",
      answer: wrongTraffic({ inter: (nodes, home) => nodes.filter((node) => node !== home).length }),
      message:
        "You send one copy for each expert over InfiniBand. One for each node is enough: NVLink carries it on to the " +
        "experts there.",
    },
    {
      name: "its own node counted",
      answer: wrongTraffic({ inter: (nodes) => once(nodes) }),
      message: "You count the token's own node, too. To reach the experts at home, a token needs no InfiniBand.",
    },
    {
      name: "one copy a node over NVLink",
      answer: wrongTraffic({ intra: (nodes) => once(nodes) }),
      message: "Over NVLink the token goes to each of its experts, not once to each node: they sit on different GPUs.",
    },
    {
      name: "experts at home without NVLink",
      answer: wrongTraffic({ intra: (nodes, home) => nodes.filter((node) => node !== home).length }),
      message: "Experts on the token's own node are reached over NVLink as well: they sit on other GPUs of it.",
    },
    {
      name: "the way back forgotten",
      answer: wrongTraffic({ bytes: 1 }),
      message: "You count the way there only. The experts' answers come back, in two bytes a number.",
    },
    {
      name: "one byte both ways",
      answer: wrongTraffic({ bytes: 2 }),
      message: "You count one byte a number both ways. V3 dispatches in FP8, but combines in BF16: one and two.",
    },
    {
      name: "two bytes both ways",
      answer: wrongTraffic({ bytes: 4 }),
      message: "You count two bytes a number both ways. V3 dispatches in FP8: one byte there, two bytes back.",
    },
  ],
  hints: [
    "An expert's node is Math.floor(expert / expertsPerNode). Which nodes are reached, and which of those need the " +
      "network? A Set holds each node once.",
    "One copy, there and back, is hiddenSize · (1 + 2) bytes. InfiniBand carries one for each node other than " +
      "home, NVLink one for each expert.",
  ],
});

const jobs: [string, SharedJob][] = [
  ["V3's forward of a layer", V3_JOB],
  ["forward and backward together", { ...V3_JOB, arithmetic: 3 * V3_JOB.arithmetic, bytes: 2 * V3_JOB.bytes }],
  ["multiprocessors that move four times as much", { ...V3_JOB, perMultiprocessor: 4 * V3_JOB.perMultiprocessor }],
  ["a network twice as fast", { ...V3_JOB, bandwidth: 2 * V3_JOB.bandwidth, bytes: 1.5 * V3_JOB.bytes }],
  ["little to exchange", { ...V3_JOB, bytes: 0.1 * V3_JOB.bytes }],
];

export const balanceExercise = defineExercise<SetAside>({
  id: "06-balance",
  title: "How many multiprocessors for the network?",
  difficulty: 3,
  minutes: 15,
  points: 4,
  reference: bestSetAside,
  cases: jobs.map(([name, job]) => ({ name, args: [job] })),
  accept: (got, _, [job]) => judgeSetAside(got, job),
  score: {
    name: "time of V3's forward of a layer",
    unit: "ms",
    of: (got, [job]) => 1e3 * sharedSeconds(job, got),
    v3: 1e3 * sharedSeconds(V3_JOB, 20),
  },
  misconceptions: [
    {
      name: "as many as the link can use",
      answer: (job) => Math.ceil(job.bandwidth / job.perMultiprocessor),
      message:
        "As many as saturate the link. That makes the exchange as short as it can be, but where arithmetic takes " +
        "longer anyway, some of them would do more good there.",
    },
    {
      name: "arithmetic that does not slow down",
      answer: (job) =>
        firstCount(job, (n) => job.bytes / Math.min(job.bandwidth, n * job.perMultiprocessor) <= job.arithmetic),
      message:
        "You hide the exchange behind the arithmetic of all multiprocessors. Those that you take away slow the " +
        "arithmetic down: it takes arithmetic · n / (n − s).",
    },
    {
      name: "the sum in place of the longer one",
      answer: (job) => {
        const seconds = (n: number) =>
          (job.arithmetic * job.multiprocessors) / (job.multiprocessors - n) +
          job.bytes / Math.min(job.bandwidth, n * job.perMultiprocessor);
        return firstCount(job, (n) => n === job.multiprocessors - 1 || seconds(n + 1) >= seconds(n));
      },
      message: "You minimise the sum of both times. They run side by side, so the longer one decides.",
    },
  ],
  hints: [
    "Write the time for a given s: arithmetic on the multiprocessors that are left, an exchange on those set " +
      "aside, both at once. Then try every s.",
    "For each s from 1 to multiprocessors − 1: the larger of arithmetic · multiprocessors / (multiprocessors − s) " +
      "and bytes / min(bandwidth, s · perMultiprocessor). Return the s with the smallest.",
  ],
});
