/** Exercise 3: the share of a step in which a rank of a pipeline waits. */
import { BUBBLE_FORMULAS } from "../../economics/pipeline";
import type { Method } from "../../economics/pipeline-schedules";
import { fromSeed, numberBetween, oneOf, shortened, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

/** Times of a micro-batch on a rank, as in the report's table 2. */
export interface MicroBatchTimes {
  F: number; // forward
  B: number; // the whole backward
  W: number; // the part of it that computes the gradients of weights
}
/** Share of a step in which a rank waits, between 0 and 1. */
export type BubbleShare = (method: Method, ranks: number, microBatches: number, times: MicroBatchTimes) => number;

const bubbleOf = (method: Method, ranks: number, { F, B, W }: MicroBatchTimes) =>
  BUBBLE_FORMULAS[method](ranks, { forward: F, backward: B, weights: W, overlapped: F + B });

/** The share, right where nothing is given, or with other bubbles, or another whole. */
function shareWith({
  bubbles = {},
  whole = (bubble, work) => bubble + work,
}: {
  bubbles?: Partial<Record<Method, (ranks: number, times: MicroBatchTimes) => number>>;
  whole?: (bubble: number, work: number, method: Method) => number;
} = {}): BubbleShare {
  return (method, ranks, microBatches, times) => {
    const bubble = bubbles[method]?.(ranks, times) ?? bubbleOf(method, ranks, times);
    return bubble / whole(bubble, microBatches * (times.F + times.B), method);
  };
}

const bubbleByLib = shareWith();

const even = { F: 1, B: 2, W: 1 };

export const bubbleExercise = defineExercise<BubbleShare>({
  id: "06-bubble",
  reference: bubbleByLib,
  cases: [
    { name: "1F1B, 8 ranks, 20 micro-batches", args: ["1F1B", 8, 20, even] },
    { name: "ZB1P, 8 ranks, 20 micro-batches", args: ["ZB1P", 8, 20, even] },
    { name: "DualPipe, 8 ranks, 20 micro-batches", args: ["DualPipe", 8, 20, even] },
    { name: "ZB1P, 16 ranks, short weight gradients", args: ["ZB1P", 16, 64, { F: 1, B: 2.2, W: 0.8 }] },
    { name: "DualPipe, 16 ranks, short weight gradients", args: ["DualPipe", 16, 64, { F: 1, B: 2.2, W: 0.8 }] },
  ],
  draw: fromSeed((random) => {
    const method = oneOf(random, ["1F1B", "ZB1P", "DualPipe"] as const);
    const ranks = 2 * wholeBetween(random, 2, 16);
    const F = numberBetween(random, 0.5, 2);
    const [B, W] = [shortened(F * numberBetween(random, 1.8, 2.4)), shortened(F * numberBetween(random, 0.6, 0.95))];
    return [method, ranks, ranks * wholeBetween(random, 2, 6), { F, B, W }];
  }),
  misconceptions: [
    {
      name: "bubble over work",
      answer: shareWith({ whole: (_, work) => work }),
      message: "You divide by the work alone. A step lasts as long as work and bubble together.",
    },
    {
      name: "as many bubbles as ranks",
      answer: shareWith({
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
      answer: shareWith({ bubbles: { ZB1P: (PP, { F, B, W }) => (PP - 1) * (F + B - W) } }),
      message:
        "In ZB1P weight gradients save twice: they leave the way of the gradients (B becomes B − W), and they fill " +
        "the wait that is left (minus W once more).",
    },
    {
      name: "DualPipe as deep as the others",
      answer: shareWith({ bubbles: { DualPipe: (PP, { F, B, W }) => (PP - 1) * (F + 2 * B - 3 * W) } }),
      message:
        "In DualPipe micro-batches enter at both ends, so only half as many stages have to be filled: PP / 2 − 1, " +
        "not PP − 1.",
    },
    {
      name: "half of the micro-batches in DualPipe",
      answer: shareWith({ whole: (bubble, work, method) => bubble + (method === "DualPipe" ? work / 2 : work) }),
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
});
