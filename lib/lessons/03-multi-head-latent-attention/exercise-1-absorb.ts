/** W^UK moved from the keys to the query, all heads at once. */
import * as tf from "@tensorflow/tfjs";
import { fromSeed, seedFrom, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { rmsNorm } from "../../tensor/nn";
import { caseTensors } from "./shared";

/** Queries qC [B, H, T, nope] and W^UK [H, C, nope] → the queries in the space of the latents, [B, H, T, C]. */
export type Absorb = (qC: tf.Tensor4D, wUK: tf.Tensor3D) => tf.Tensor4D;

const absorbRight: Absorb = (qC, wUK) => tf.tidy(() => tf.matMul(qC, wUK.expandDims<tf.Tensor4D>(0), false, true));

/** Where the latent is as wide as a head, the matrix also fits without being transposed. */
const square = (wUK: tf.Tensor3D) => wUK.shape[1] === wUK.shape[2];

const wrongAbsorb =
  (change: (q: tf.Tensor4D, wUK: tf.Tensor3D) => tf.Tensor4D): Absorb =>
  (qC, wUK) =>
    tf.tidy(() => change(absorbRight(qC, wUK), wUK));

function tensors(seed: number, [B, H, T, nope, C]: number[]): Parameters<Absorb> {
  const made = caseTensors(seed);
  return [made(B, H, T, nope), made(H, C, nope)];
}

export const absorbExercise = defineExercise<Absorb>({
  id: "03-absorb",
  reference: absorbRight,
  cases: [
    { name: "two heads of two channels, a latent of three", args: () => tensors(1, [1, 2, 1, 2, 3]) },
    { name: "a latent as wide as a head", args: () => tensors(2, [1, 2, 2, 3, 3]) },
    { name: "two sequences of four tokens, three heads", args: () => tensors(3, [2, 3, 4, 5, 7]) },
  ],
  draw: fromSeed((random) => {
    const [B, H, T] = [wholeBetween(random, 1, 2), wholeBetween(random, 2, 4), wholeBetween(random, 1, 5)];
    return tensors(seedFrom(random), [B, H, T, wholeBetween(random, 2, 6), wholeBetween(random, 2, 8)]);
  }),
  misconceptions: [
    {
      name: "not transposed",
      answer: (qC, wUK) =>
        square(wUK) ? tf.tidy(() => tf.matMul(qC, wUK.expandDims<tf.Tensor4D>(0))) : absorbRight(qC, wUK),
      message:
        "Where the latent is as wide as a head, you multiply by W^UK itself; its transpose is needed. A score sums over " +
        "the head's channels, so the query meets the last index of `wUK`, and the latent's index is left.",
    },
    {
      name: "one head's matrix for all",
      answer: (qC, wUK) => tf.tidy(() => absorbRight(qC, tf.tile(wUK.slice([0], [1]), [wUK.shape[0], 1, 1]))),
      message: "You use the first head's W^UK for all heads. Each head has its own way from the latent to its keys.",
    },
    {
      name: "scaled already",
      answer: (qC, wUK) => wrongAbsorb((q) => q.div(Math.sqrt(qC.shape[3])))(qC, wUK),
      message: "You divide by the root of the head's width. The scale comes later, once, over both parts of the score.",
    },
    {
      name: "divided by the latent's width",
      answer: wrongAbsorb((q, wUK) => q.div(Math.sqrt(wUK.shape[1]))),
      message:
        "You divide by √C. The score has to stay what it was; its scale belongs to the head's width, and comes later.",
    },
    {
      name: "normalised",
      answer: wrongAbsorb((q) => rmsNorm(q, tf.ones([q.shape[3]]), 1e-6)),
      message: "You normalise the result. Then its product with a latent is no longer the score of query and key.",
    },
  ],
});
