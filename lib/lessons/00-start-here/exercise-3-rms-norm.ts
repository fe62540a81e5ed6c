/** RMSNorm, the first piece of the model that a learner writes. */
import * as tf from "@tensorflow/tfjs";
import { rmsNorm } from "../../tensor/nn";
import { fromSeed, oneOf, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { rows } from "./shared";

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
  reference: rmsNorm,
  cases: [
    { name: "ordinary rows", args: () => [rows(3).add<tf.Tensor2D>(0.5), tf.tensor1d([1, 0.5, 2, -1]), 1e-6] },
    { name: "very quiet rows, where epsilon counts", args: () => [rows(4, 1e-3), tf.tensor1d([1, 1, 0.5, 2]), 1e-6] },
  ],
  draw: fromSeed((random) => {
    const [N, D] = [wholeBetween(random, 2, 6), wholeBetween(random, 2, 7)];
    const x = random.normalTensor([N, D], oneOf(random, [3, 1, 1e-3])) as tf.Tensor2D;
    return [x, random.normalTensor([D]) as tf.Tensor1D, oneOf(random, [1e-6, 1e-5])];
  }),
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
});
