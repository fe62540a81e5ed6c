/** RMSNorm. */
import * as tf from "@tensorflow/tfjs";
import { LIB_PARTS, type ModelParts } from "../../model/parts";
import { fromSeed, oneOf, seedFrom, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { Golden } from "./golden";
import { caseTensors, tidily } from "./shared";

type Answer = (x: tf.Tensor, weight: tf.Tensor, epsilon: number) => tf.Tensor;

const wrong = (answer: Answer): ModelParts["rmsNorm"] => tidily(answer) as unknown as ModelParts["rmsNorm"];
const scaleOf = (x: tf.Tensor, epsilon: number, axis = -1) => x.square().mean(axis, true).add(epsilon).rsqrt();

export const rmsNormExercise = defineExercise<ModelParts["rmsNorm"]>({
  id: "09-rms-norm",
  reference: LIB_PARTS.rmsNorm,
  cases: [
    {
      name: "the reference's last norm",
      args: () => {
        const golden = new Golden("a-group");
        return [golden.value("layer2.hidden_out"), golden.rest().norm, golden.config.rmsNormEps];
      },
      expected: () => new Golden("a-group").value("final_norm"),
    },
    { name: "a row of tiny numbers", args: () => [tf.tensor2d([[1e-4, -2e-4, 3e-4]]), tf.tensor1d([1, 2, 3]), 1e-6] },
    { name: "as many rows as channels", args: () => [caseTensors(1)(3, 3), caseTensors(2)(3), 1e-6] },
  ],
  draw: fromSeed((random) => {
    const shape = Array.from({ length: wholeBetween(random, 2, 4) }, () => wholeBetween(random, 2, 5));
    const made = caseTensors(seedFrom(random));
    return [made(...shape), made(shape[shape.length - 1]), oneOf(random, [1e-6, 1e-5])];
  }),
  misconceptions: [
    {
      name: "the mean subtracted",
      answer: wrong((x, w, epsilon) => {
        const centred = x.sub(x.mean(-1, true));
        return centred.mul(scaleOf(centred, epsilon)).mul(w);
      }),
      message: "You subtract the mean, as LayerNorm does. RMSNorm divides by the root of the mean square and no more.",
    },
    {
      name: "the weight forgotten",
      answer: wrong((x, _, epsilon) => x.mul(scaleOf(x, epsilon))),
      message: "The gain is missing: multiply each channel by its `weight`.",
    },
    {
      name: "epsilon forgotten",
      answer: wrong((x, w) => x.mul(scaleOf(x, 0)).mul(w)),
      message: "You leave `epsilon` out. It is added to the mean square, and tells where a row is nearly zero.",
    },
    {
      name: "epsilon outside of the root",
      answer: wrong((x, w, epsilon) => x.div(x.square().mean(-1, true).sqrt().add(epsilon)).mul(w)),
      message: "You add `epsilon` to the root. It belongs to the mean square, before the root is taken.",
    },
    {
      name: "over all rows at once",
      answer: wrong((x, w, epsilon) => x.mul(x.square().mean().add(epsilon).rsqrt()).mul(w)),
      message: "You take one mean over everything. Each token is normalised by itself: the mean is over the last axis.",
    },
    {
      name: "over the first axis",
      answer: wrong((x, w, epsilon) => x.mul(scaleOf(x, epsilon, 0)).mul(w)),
      message: "You take the mean over the first axis, so over the rows. A token's own channels are the last axis.",
    },
    {
      name: "the sum in place of the mean",
      answer: wrong((x, w, epsilon) => x.mul(x.square().sum(-1, true).add(epsilon).rsqrt()).mul(w)),
      message: "You divide by the root of the sum of squares. It is the mean that makes a channel's size about 1.",
    },
    {
      name: "no root",
      answer: wrong((x, w, epsilon) => x.div(x.square().mean(-1, true).add(epsilon)).mul(w)),
      message: "You divide by the mean square itself. It is its root that has the size of the channels.",
    },
    {
      name: "the square of the mean",
      answer: wrong((x, w, epsilon) => x.div(x.mean(-1, true).square().add(epsilon).sqrt()).mul(w)),
      message: "You square the mean. It is the other way round: the mean of the squares.",
    },
    {
      name: "the gain counted from 1",
      answer: wrong((x, w, epsilon) => x.mul(scaleOf(x, epsilon)).mul(w.add(1))),
      message: "You multiply by 1 + `weight`, as some models keep their gains. Here the weight is the whole gain.",
    },
  ],
});
