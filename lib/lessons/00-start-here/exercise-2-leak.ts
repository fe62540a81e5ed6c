/** Freeing tensors: the obvious line is right and leaves one behind. */
import * as tf from "@tensorflow/tfjs";
import { fromSeed, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { rows } from "./shared";

/** x [N, D] → the mean square of each row, [N]. */
export type MeanSquare = (x: tf.Tensor2D) => tf.Tensor1D;

export const leakExercise = defineExercise<MeanSquare>({
  id: "00-leak",
  reference: (x) => tf.tidy(() => x.square().mean<tf.Tensor1D>(1)),
  cases: [
    { name: "three rows of four", args: () => [rows(1)] },
    { name: "small numbers", args: () => [rows(2, 0.01)] },
  ],
  draw: fromSeed((random) => [
    random.normalTensor([wholeBetween(random, 2, 6), wholeBetween(random, 2, 7)]) as tf.Tensor2D,
  ]),
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
});
