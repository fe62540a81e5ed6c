/**
 * The three exercises of lesson 00: reading shapes, freeing tensors, RMSNorm. They also teach how an exercise works, so
 * their wrong answers are the first ones that everybody gives.
 */
import * as tf from "@tensorflow/tfjs";
import { rmsNorm } from "../../tensor/nn";
import { defineExercise } from "../../notebook/exercise/check";
import { Random } from "../../tensor/random";

/** Shapes of two factors → shape of their product. */
export type ProductShape = (a: number[], b: number[]) => number[];

export const shapeExercise = defineExercise<ProductShape>({
  id: "00-shape",
  title: "Which shape comes out?",
  difficulty: 1,
  minutes: 5,
  points: 1,
  reference: (a, b) => [...a.slice(0, -1), b[b.length - 1]],
  cases: [
    {
      name: "two matrices",
      args: [
        [6, 64],
        [64, 16],
      ],
    },
    {
      name: "a batch of matrices",
      args: [
        [2, 10, 64],
        [2, 64, 8],
      ],
    },
    {
      name: "heads of a batch",
      args: [
        [2, 4, 10, 16],
        [2, 4, 16, 12],
      ],
    },
  ],
  misconceptions: [
    {
      name: "the shared axis kept",
      answer: (a, b) => [...a, b[b.length - 1]],
      message: "You keep the inner axis. The products are summed over it, so it disappears: [N, D] · [D, E] → [N, E].",
    },
    {
      name: "element by element",
      answer: (a) => [...a],
      message:
        "You keep the last axis of the first factor, as in a product element by element. That axis is summed over " +
        "and disappears; the last axis of the second factor takes its place.",
    },
    {
      name: "the axes in front forgotten",
      answer: (a, b) => [a[a.length - 2], b[b.length - 1]],
      message:
        "The axes in front are missing. A batch of products is as many products: the result has the same axes in " +
        "front.",
    },
  ],
  hints: [
    "Write it in letters first: [..., N, D] · [..., D, E]. Which letter appears twice?",
    "All axes of a except the last, then the last of b. `a.slice(0, -1)` gives the first part.",
  ],
});

/** x [N, D] → the mean square of each row, [N]. */
export type MeanSquare = (x: tf.Tensor2D) => tf.Tensor1D;

/** Three rows of four numbers. */
const rows = (seed: number, scale = 1) => new Random(seed).normalTensor([3, 4], scale) as tf.Tensor2D;

export const leakExercise = defineExercise<MeanSquare>({
  id: "00-leak",
  title: "Stop the leak",
  difficulty: 1,
  minutes: 5,
  points: 1,
  reference: (x) => tf.tidy(() => x.square().mean<tf.Tensor1D>(1)),
  cases: [
    { name: "three rows of four", args: () => [rows(1)] },
    { name: "small numbers", args: () => [rows(2, 0.01)] },
  ],
  misconceptions: [
    {
      name: "the mean over the wrong axis",
      answer: (x) => tf.tidy(() => x.square().mean<tf.Tensor1D>(0)),
      message:
        "You average down the columns: axis 0 counts the rows. Each row is to be averaged over its own channels, " +
        "axis 1.",
    },
    {
      name: "the square of the mean",
      answer: (x) => tf.tidy(() => x.mean(1).square() as tf.Tensor1D),
      message: "You square the mean. First square every number, then average.",
    },
    {
      name: "the sum",
      answer: (x) => tf.tidy(() => x.square().sum<tf.Tensor1D>(1)),
      message: "This is the sum of the squares. The mean is that divided by the number of channels, D.",
    },
  ],
  hints: [
    "Which tensors does `x.square().mean(1)` make? One of them you want. What does `tf.tidy` do with the other?",
    "`return tf.tidy(() => ...)`, with the obvious line inside. What the inner function returns is kept, " +
      "everything else is freed.",
  ],
});

/** x [N, D], weight [D], epsilon → [N, D]. */
export type RmsNorm = (x: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number) => tf.Tensor2D;

/** RMSNorm with some of its parts replaced by wrong ones. */
function wrongNorm(parts: {
  centre?: boolean;
  axis?: 0 | 1;
  epsilon?: (epsilon: number) => number;
  scale?: (x: tf.Tensor, size: tf.Tensor) => tf.Tensor;
  weigh?: boolean;
}): RmsNorm {
  const {
    centre = false,
    axis = 1,
    epsilon = (e) => e,
    scale = (x, size) => x.mul(size.rsqrt()),
    weigh = true,
  } = parts;
  return (x, weight, e) =>
    tf.tidy(() => {
      const from: tf.Tensor = centre ? x.sub(x.mean(axis, true)) : x;
      const normed = scale(from, from.square().mean(axis, true).add(epsilon(e)));
      return (weigh ? normed.mul(weight) : normed) as tf.Tensor2D;
    });
}

export const rmsNormExercise = defineExercise<RmsNorm>({
  id: "00-rms-norm",
  title: "RMSNorm",
  difficulty: 2,
  minutes: 10,
  points: 2,
  reference: rmsNorm,
  cases: [
    { name: "ordinary rows", args: () => [rows(3).add<tf.Tensor2D>(0.5), tf.tensor1d([1, 0.5, 2, -1]), 1e-6] },
    { name: "very quiet rows, where epsilon counts", args: () => [rows(4, 1e-3), tf.tensor1d([1, 1, 0.5, 2]), 1e-6] },
  ],
  misconceptions: [
    {
      name: "the mean subtracted",
      answer: wrongNorm({ centre: true }),
      message: "You subtract the mean first. That is LayerNorm; RMSNorm only divides.",
    },
    {
      name: "epsilon forgotten",
      answer: wrongNorm({ epsilon: () => 0 }),
      message: "Epsilon is missing. Quiet rows become too loud without it, and a row of zeros becomes NaN.",
    },
    {
      name: "epsilon outside the root",
      answer: (x, weight, e) => tf.tidy(() => x.div(x.square().mean(1, true).sqrt().add(e)).mul(weight) as tf.Tensor2D),
      message: "You add epsilon after the root. It belongs to the mean square, under the root.",
    },
    {
      name: "the wrong axis",
      answer: wrongNorm({ axis: 0 }),
      message: "You average over the rows. Each token is normalised by itself, over its own channels: axis 1.",
    },
    {
      name: "the root forgotten",
      answer: wrongNorm({ scale: (x, size) => x.div(size) }),
      message: "You divide by the mean square. Its root is missing.",
    },
    {
      name: "multiplied by the root",
      answer: wrongNorm({ scale: (x, size) => x.mul(size.sqrt()) }),
      message: "You multiply by the root. It makes loud rows louder: divide by it, or multiply with `tf.rsqrt`.",
    },
    {
      name: "the sum in place of the mean",
      answer: (x, weight, e) => tf.tidy(() => x.mul(x.square().sum(1, true).add(e).rsqrt()).mul(weight) as tf.Tensor2D),
      message: "You take the sum of the squares. The mean is that divided by the number of channels, D.",
    },
    {
      name: "the weight forgotten",
      answer: wrongNorm({ weigh: false }),
      message: "The learned weight of each channel is missing.",
    },
  ],
  hints: [
    "Three steps: the mean square of each row, kept as [N, 1] so that it fits beside x; add epsilon and take one " +
      "over the root; multiply x with it, then with the weight. All inside tf.tidy.",
    "`x.square().mean(1, true)` is [N, 1]. `.add(epsilon).rsqrt()` is what each row is multiplied with.",
  ],
});
