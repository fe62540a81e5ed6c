/** The same attention in the space of the latents: nothing that is kept is ever expanded. */
import * as tf from "@tensorflow/tfjs";
import { project } from "../../model/arithmetic";
import { DEEPSEEK_V3 } from "../../model/config";
import { againstShared, mergeHeads, upMatrices } from "../../model/mla";
import { LIB_PARTS, type ModelParts } from "../../model/parts";
import { softmaxScale } from "../../model/rotary";
import { fromSeed } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { causalSoftmax, rmsNorm } from "../../tensor/nn";
import { drawAttention, goldenAttention, goldenOutput, smallAttention, type Attend } from "./attention-cases";

type Args = Parameters<Attend>;

/** What can go wrong, each as the right answer has it unless said otherwise. */
interface Habits {
  absorb: (qC: tf.Tensor4D, wUK: tf.Tensor3D) => tf.Tensor4D;
  scores: (content: tf.Tensor4D, positional: tf.Tensor4D, args: Args) => tf.Tensor4D;
  mixture: (probabilities: tf.Tensor4D, cKV: tf.Tensor3D) => tf.Tensor4D;
  expand: (mixture: tf.Tensor4D, wUV: tf.Tensor3D) => tf.Tensor4D;
}

const perHead = (x: tf.Tensor4D, w: tf.Tensor3D, transposed: boolean) =>
  tf.matMul(x, w.expandDims<tf.Tensor4D>(0).tile([x.shape[0], 1, 1, 1]), false, transposed) as tf.Tensor4D;

const RIGHT: Habits = {
  absorb: (qC, wUK) => perHead(qC, wUK, true),
  scores: (content, positional, [, , , config]) => causalSoftmax(content, positional, softmaxScale(config)),
  mixture: (probabilities, cKV) => againstShared(probabilities, cKV, false),
  expand: (mixture, wUV) => perHead(mixture, wUV, false),
};

const absorbedWith =
  (habits: Partial<Habits>): ModelParts["absorbed"] =>
  (...args) =>
    tf.tidy(() => {
      const { absorb, scores, mixture, expand } = { ...RIGHT, ...habits };
      const [{ qC, qR }, { cKV, kPe }, { kvBProj, oProj }, config] = args;
      const { wUK, wUV } = upMatrices(kvBProj, config);
      const content = againstShared(absorb(qC, wUK), cKV);
      const probabilities = scores(content, againstShared(qR, kPe), args);
      return project(mergeHeads(expand(mixture(probabilities, cKV), wUV)), oProj);
    });

const firstHead = (w: tf.Tensor3D) => tf.tile(w.slice([0], [1]), [w.shape[0], 1, 1]) as tf.Tensor3D;
const unscaled =
  (scale: (args: Args) => number): Habits["scores"] =>
  (content, positional, args) =>
    causalSoftmax(content, positional, scale(args));

export const absorbedExercise = defineExercise<ModelParts["absorbed"]>({
  id: "09-absorbed",
  reference: LIB_PARTS.absorbed,
  cases: [
    {
      name: "the last token of the reference's texts",
      args: () => goldenAttention(10),
      expected: () => goldenOutput(10),
    },
    { name: "a whole text at once", args: () => goldenAttention(0), expected: () => goldenOutput(0) },
    {
      name: "two tokens behind two, with YaRN, a latent as wide as a head",
      args: () => smallAttention(2, [2, 4, 2], { kvLoraRank: 6, ropeScaling: DEEPSEEK_V3.ropeScaling }),
    },
  ],
  draw: fromSeed(drawAttention),
  misconceptions: [
    {
      name: "one head's W^UK for all",
      answer: absorbedWith({ absorb: (qC, wUK) => perHead(qC, firstHead(wUK), true) }),
      message: "You take every head's query into the latent space with the first head's W^UK. Each head has its own.",
    },
    {
      name: "one head's W^UV for all",
      answer: absorbedWith({ expand: (mixture, wUV) => perHead(mixture, firstHead(wUV), false) }),
      message: "You expand every head's mixture with the first head's W^UV. Each head has its own.",
    },
    {
      name: "scaled by the latent's width",
      answer: absorbedWith({ scores: unscaled(([, , , { kvLoraRank }]) => kvLoraRank ** -0.5) }),
      message:
        "You scale by the latent's width. The scores are the same as without absorption, and so is their scale: " +
        "`softmaxScale(config)`.",
    },
    {
      name: "scaled by latent and rotary width",
      answer: absorbedWith({
        scores: unscaled(([, , , { kvLoraRank, qkRopeHeadDim }]) => (kvLoraRank + qkRopeHeadDim) ** -0.5),
      }),
      message:
        "You scale by the width of what is compared now. The scores are the same as without absorption, and so is their " +
        "scale: `softmaxScale(config)`.",
    },
    {
      name: "the rotary part forgotten",
      answer: absorbedWith({
        scores: (content, _, [, , , config]) => causalSoftmax(content, null, softmaxScale(config)),
      }),
      message: "The positions are missing: `qR` against `kPe` is the second part of the scores.",
    },
    {
      name: "no mask",
      answer: absorbedWith({
        scores: (content, positional, [, , , config]) =>
          tf.softmax(content.add<tf.Tensor4D>(positional).mul<tf.Tensor4D>(softmaxScale(config))),
      }),
      message:
        "For one new token you are right, it sees all. Of several, each sees the keys up to its own: `causalSoftmax` " +
        "masks the others.",
    },
    {
      name: "the mixture normalised",
      answer: absorbedWith({
        mixture: (probabilities, cKV) =>
          rmsNorm(againstShared(probabilities, cKV, false), tf.ones([cKV.shape[2]]), 1e-6),
      }),
      message: "You normalise the mixture of latents. They were normalised before they were kept; a mixture is not.",
    },
    {
      name: "the likeliest latent alone",
      answer: absorbedWith({
        mixture: (probabilities, cKV) => {
          const best = tf.oneHot(probabilities.argMax(3) as tf.Tensor3D, cKV.shape[1]).toFloat() as tf.Tensor4D;
          return againstShared(best, cKV, false);
        },
      }),
      message: "You take the latent of the likeliest token. Attention mixes all of them by their probabilities.",
    },
    {
      name: "no scale",
      answer: absorbedWith({ scores: unscaled(() => 1) }),
      message: "There is no scale. It is that of exercise 4: `softmaxScale(config)`.",
    },
    {
      name: "the mask counts from the first key",
      answer: absorbedWith({
        scores: (content, positional, [, , , config]) => {
          const [T, S] = [content.shape[2], content.shape[3]];
          const later = tf.range(0, S).expandDims(0).greater(tf.range(0, T).expandDims(1)).toFloat();
          const scores = content.add(positional).mul(softmaxScale(config)).sub(later.mul(1e30));
          return tf.softmax(scores as tf.Tensor4D);
        },
      }),
      message:
        "Your mask lets query t see the keys up to number t. The queries are the last T of S tokens: query t is key " +
        "S − T + t.",
    },
  ],
});
