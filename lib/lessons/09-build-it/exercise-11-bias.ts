/** Balancing without a loss: the step of the correction bias. */
import * as tf from "@tensorflow/tfjs";
import { firstGood, fromSeed, numberBetween, oneOf, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { mean } from "../../statistics/interval";
import { updateBias } from "../../training/balance";
import type { MoeWeights } from "../../model/weights";
import { Golden } from "./golden";

/** The bias [E], how many tokens chose each expert [E], and γ → the bias of the next step. */
export type MoveBias = (bias: tf.Tensor1D, counts: tf.Tensor1D, gamma: number) => tf.Tensor1D;

const byLib: MoveBias = (bias, counts, gamma) => {
  const variable = tf.variable(bias, false);
  updateBias(
    [variable],
    tf.tidy(() => counts.expandDims<tf.Tensor2D>(0)),
    gamma,
  );
  const moved = tf.tidy(() => variable.clone()) as tf.Tensor1D;
  variable.dispose();
  return moved;
};

const moveWith =
  (move: (counts: tf.Tensor1D, bias: tf.Tensor1D) => tf.Tensor): MoveBias =>
  (bias, counts, gamma) =>
    tf.tidy(() => bias.add(move(counts, bias).mul(gamma)) as tf.Tensor1D);
const missing = (counts: tf.Tensor1D) => counts.mean().sub(counts);

const golden = (): Parameters<MoveBias> => {
  const golden = new Golden("a-group");
  const { eScoreCorrectionBias } = (golden.block(1).mlp as MoeWeights).gate;
  return [eScoreCorrectionBias, golden.value("layer1.expert_count"), 1e-3];
};

export const biasExercise = defineExercise<MoveBias>({
  id: "09-bias",
  reference: (bias, counts, gamma) => tf.tidy(() => byLib(bias, counts, gamma)),
  cases: [
    {
      name: "the reference's second layer",
      args: golden,
      expected: () => new Golden("a-group").value("layer1.bias_after_update_gamma1e-3"),
    },
    {
      name: "one expert exactly at the mean",
      args: () => [tf.tensor1d([0.5, -0.25, 0, 0.125]), tf.tensor1d([9, 4, 0, 3]), 0.0625],
    },
    { name: "one that takes all", args: () => [tf.tensor1d([0, 0.5, 0]), tf.tensor1d([0, 30, 0]), 0.25] },
  ],
  draw: fromSeed((random) => {
    const E = wholeBetween(random, 3, 8);
    const counts = firstGood(
      () => Array.from({ length: E }, () => wholeBetween(random, 0, 60)),
      (all) => all.every((count) => Math.abs(count - mean(all)) > 0.05), // no doubt which side of the mean
    );
    const bias = Array.from({ length: E }, () => numberBetween(random, -0.5, 0.5));
    return [tf.tensor1d(bias), tf.tensor1d(counts), oneOf(random, [1e-3, 0.01, 0.0625, 0.25])];
  }),
  misconceptions: [
    {
      name: "the wrong way",
      answer: moveWith((counts) => missing(counts).sign().neg()),
      message:
        "You raise the bias of busy experts: they would get busier. Overloaded ones go down by γ, the others up.",
    },
    {
      name: "in proportion to the load",
      answer: moveWith(missing),
      message:
        "Your step grows with the load. V3's step is γ up or down, whatever the distance: the sign alone counts.",
    },
    {
      name: "in proportion to the relative load",
      answer: moveWith((counts) => missing(counts).div(counts.mean())),
      message:
        "Your step grows with the load. V3's step is γ up or down, whatever the distance: the sign alone counts.",
    },
    {
      name: "an expert at the mean goes up",
      answer: moveWith((counts) => missing(counts).greaterEqual(0).toFloat().mul(2).sub(1)),
      message: "You move an expert whose load is exactly the mean. It is neither over nor under: its bias stays.",
    },
    {
      name: "an expert at the mean goes down",
      answer: moveWith((counts) => missing(counts).greater(0).toFloat().mul(2).sub(1)),
      message: "You move an expert whose load is exactly the mean. It is neither over nor under: its bias stays.",
    },
    {
      name: "only busy experts move",
      answer: moveWith((counts) => missing(counts).sign().minimum(0)),
      message: "You only lower busy experts. Those with less than the mean go up by γ.",
    },
    {
      name: "the step in place of the bias",
      answer: (bias, counts, gamma) => tf.tidy(() => byLib(bias, counts, gamma).sub(bias) as tf.Tensor1D),
      message: "You return the step alone. The bias of the next step is wanted: the old one, moved.",
    },
  ],
});
