/** W^UV moved behind the mixing: latents are mixed first, the mixture is expanded. */
import * as tf from "@tensorflow/tfjs";
import { againstShared } from "../../model/mla";
import { fromSeed, seedFrom, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { rmsNorm } from "../../tensor/nn";
import { caseTensors } from "./shared";

export type Mixed = {
  /** The latents, mixed by each head's probabilities, [B, H, T, C]. */
  mixture: tf.Tensor4D;
  /** What each head gives, [B, H, T, v]. */
  heads: tf.Tensor4D;
};
/** Probabilities [B, H, T, S], latents [B, S, C], W^UV [H, C, v]. */
export type MixThenExpand = (probabilities: tf.Tensor4D, cKV: tf.Tensor3D, wUV: tf.Tensor3D) => Mixed;

const expand = (mixture: tf.Tensor4D, wUV: tf.Tensor3D) =>
  tf.matMul(mixture, wUV.expandDims<tf.Tensor4D>(0)) as tf.Tensor4D;

const mixRight: MixThenExpand = (probabilities, cKV, wUV) =>
  tf.tidy(() => {
    const mixture = againstShared(probabilities, cKV, false);
    return { mixture, heads: expand(mixture, wUV) };
  });

/** The same with another mixture, or another matrix. */
const wrongMix =
  (
    mix: (p: tf.Tensor4D, cKV: tf.Tensor3D) => tf.Tensor4D,
    matrix = (wUV: tf.Tensor3D): tf.Tensor3D => wUV,
  ): MixThenExpand =>
  (probabilities, cKV, wUV) =>
    tf.tidy(() => {
      const mixture = mix(probabilities, cKV);
      return { mixture, heads: expand(mixture, matrix(wUV)) };
    });
const mixed = (p: tf.Tensor4D, cKV: tf.Tensor3D) => againstShared(p, cKV, false);

function tensors(seed: number, [B, H, S, C, v]: number[]): Parameters<MixThenExpand> {
  const made = caseTensors(seed);
  const probabilities = tf.tidy(() => tf.softmax(made<tf.Tensor4D>(B, H, S, S)));
  return [probabilities, made(B, S, C), made(H, C, v)];
}

export const valuesExercise = defineExercise<MixThenExpand>({
  id: "03-values",
  reference: mixRight,
  cases: [
    { name: "two heads, two tokens, a latent of three", args: () => tensors(1, [1, 2, 2, 3, 2]) },
    { name: "two sequences of four tokens, three heads", args: () => tensors(2, [2, 3, 4, 5, 6]) },
  ],
  draw: fromSeed((random) => {
    const [B, H, S] = [wholeBetween(random, 1, 2), wholeBetween(random, 2, 4), wholeBetween(random, 2, 5)];
    return tensors(seedFrom(random), [B, H, S, wholeBetween(random, 2, 6), wholeBetween(random, 2, 6)]);
  }),
  misconceptions: [
    {
      name: "one head's matrix for all",
      answer: wrongMix(mixed, (wUV) => tf.tile(wUV.slice([0], [1]), [wUV.shape[0], 1, 1])),
      message: "You expand every head's mixture with the first head's W^UV. Each head has its own matrix.",
    },
    {
      name: "one mixture for all heads",
      answer: wrongMix((p, cKV) =>
        mixed(tf.tile(p.mean<tf.Tensor4D>(1, true), [1, p.shape[1], 1, 1]) as tf.Tensor4D, cKV),
      ),
      message:
        "You mix the latents once, by the heads' mean probabilities. Each head looks elsewhere: it has its own mixture.",
    },
    {
      name: "mixed over the queries",
      answer: wrongMix((p, cKV) => mixed(p.transpose([0, 1, 3, 2]), cKV)),
      message:
        "You sum over the queries. A row of `probabilities` belongs to one query and adds up to 1 over the past tokens, " +
        "the last index.",
    },
    {
      name: "the mixture normalised",
      answer: wrongMix((p, cKV) => rmsNorm(mixed(p, cKV), tf.ones([cKV.shape[2]]), 1e-6)),
      message:
        "You normalise the mixture. The latents were normalised before they were kept; their mixture is not any more, and " +
        "has to stay so: otherwise it is not the mixture of the values.",
    },
    {
      name: "the likeliest token's latent",
      answer: wrongMix((p, cKV) =>
        mixed(tf.oneHot(p.argMax(3) as tf.Tensor3D, p.shape[3]).cast("float32") as tf.Tensor4D, cKV),
      ),
      message:
        "You take the latent of the likeliest token alone. Attention mixes all, weighted by their probabilities.",
    },
  ],
});
