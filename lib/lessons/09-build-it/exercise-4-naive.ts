/** Attention with keys and values expanded from the latents, as the equations are written. */
import * as tf from "@tensorflow/tfjs";
import { project } from "../../model/arithmetic";
import { DEEPSEEK_V3 } from "../../model/config";
import { mergeHeads, splitHeads } from "../../model/mla";
import { LIB_PARTS, type ModelParts } from "../../model/parts";
import { softmaxScale } from "../../model/rotary";
import { fromSeed } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { drawAttention, goldenAttention, goldenOutput, smallAttention, type Attend } from "./attention-cases";

type Args = Parameters<Attend>;

/** What can go wrong, each as the right answer has it unless said otherwise. */
interface Habits {
  /** The first key that query t may not see. */
  until: (t: number, T: number, S: number) => number;
  scale: (args: Args) => number;
  positional: (args: Args, H: number) => tf.Tensor4D | null;
  split: (expanded: tf.Tensor3D, args: Args) => tf.Tensor4D;
  cut: (expanded: tf.Tensor4D, nope: number, v: number) => [tf.Tensor4D, tf.Tensor4D];
  /** From scores and what is added to those that must not be seen, [T, S]. */
  probabilities: (scores: tf.Tensor, hidden: tf.Tensor) => tf.Tensor;
  merge: (heads: tf.Tensor4D) => tf.Tensor3D;
  output: (heads: tf.Tensor3D, args: Args) => tf.Tensor3D;
}

/** The softmax over any axis. */
function softmaxOver(scores: tf.Tensor, axis: number): tf.Tensor {
  const exponentials = scores.sub(scores.max(axis, true)).exp();
  return exponentials.div(exponentials.sum(axis, true));
}

const RIGHT: Habits = {
  until: (t, T, S) => S - T + t + 1,
  scale: ([, , , config]) => softmaxScale(config),
  positional: ([{ qR }, { kPe }], H) => {
    const [B, S, R] = kPe.shape;
    return tf.matMul(qR, kPe.reshape<tf.Tensor4D>([B, 1, S, R]).tile([1, H, 1, 1]), false, true) as tf.Tensor4D;
  },
  split: (expanded, [, , , { numAttentionHeads }]) => splitHeads(expanded, numAttentionHeads),
  cut: (expanded, nope, v) => tf.split(expanded, [nope, v], 3) as [tf.Tensor4D, tf.Tensor4D],
  probabilities: (scores, hidden) => softmaxOver(scores.add(hidden), 3),
  merge: mergeHeads,
  output: (heads, [, , { oProj }]) => project(heads, oProj),
};

const attendWith =
  (habits: Partial<Habits>): ModelParts["naive"] =>
  (...args) =>
    tf.tidy(() => {
      const { until, scale, positional, split, cut, probabilities, merge, output } = { ...RIGHT, ...habits };
      const [{ qC }, { cKV }, { kvBProj }, { numAttentionHeads: H, qkNopeHeadDim: nope, vHeadDim: v }] = args;
      const [k, values] = cut(split(project(cKV, kvBProj), args), nope, v);
      const [T, S] = [qC.shape[2], cKV.shape[1]];
      const hidden = new Float32Array(T * S);
      for (let t = 0; t < T; t++) hidden.fill(-1e30, t * S + Math.max(0, Math.min(S, until(t, T, S))), (t + 1) * S);
      const content = tf.matMul(qC, k, false, true) as tf.Tensor4D;
      const position = positional(args, H);
      const scores = (position === null ? content : content.add(position)).mul(scale(args));
      const p = probabilities(scores, tf.tensor2d(hidden, [T, S]));
      return output(merge(tf.matMul(p, values) as tf.Tensor4D), args);
    });

/** [B, H, T, v] → [B, T, v·H] */
const channelsFirst = (heads: tf.Tensor4D): tf.Tensor3D => {
  const [B, H, T, v] = heads.shape;
  return heads.transpose([0, 2, 3, 1]).reshape([B, T, v * H]);
};

export const naiveExercise = defineExercise<ModelParts["naive"]>({
  id: "09-naive",
  reference: LIB_PARTS.naive,
  cases: [
    { name: "a text of the reference's", args: () => goldenAttention(0), expected: () => goldenOutput(0) },
    { name: "its last three tokens", args: () => goldenAttention(8), expected: () => goldenOutput(8) },
    {
      name: "with YaRN, as V3 has it",
      args: () => smallAttention(1, [2, 3, 2], { ropeScaling: DEEPSEEK_V3.ropeScaling }),
    },
  ],
  draw: fromSeed(drawAttention),
  misconceptions: [
    {
      name: "no mask",
      answer: attendWith({ until: (_, __, S) => S }),
      message: "Your tokens see the future. Of S keys, query t of T may see those up to its own, number S − T + t.",
    },
    {
      name: "the mask counts from the first key",
      answer: attendWith({ until: (t) => t + 1 }),
      message:
        "Your mask lets query t see the keys up to number t. That is right without a past; with one, the queries are the " +
        "last T of S tokens, so query t is key S − T + t.",
    },
    {
      name: "a token that does not see itself",
      answer: attendWith({ until: (t, T, S) => S - T + t }),
      message: "Your queries see earlier tokens only. Each sees itself, too.",
    },
    {
      name: "the rotary part forgotten",
      answer: attendWith({ positional: () => null }),
      message: "The positions are missing: add the product of `qR` with the shared keys `kPe`.",
    },
    {
      name: "scaled by the part without positions",
      answer: attendWith({ scale: ([, , , { qkNopeHeadDim }]) => qkNopeHeadDim ** -0.5 }),
      message: "You scale by the key's part without positions alone. `softmaxScale(config)` is the whole scale.",
    },
    {
      name: "the scale without YaRN's m²",
      answer: attendWith({
        scale: ([, , , { qkNopeHeadDim, qkRopeHeadDim }]) => (qkNopeHeadDim + qkRopeHeadDim) ** -0.5,
      }),
      message:
        "Without YaRN you are right; with it, the scale has a factor m² more. `softmaxScale(config)` is the whole scale.",
    },
    {
      name: "no scale",
      answer: attendWith({ scale: () => 1 }),
      message: "There is no scale. Multiply the scores, both parts together, by `softmaxScale(config)`.",
    },
    {
      name: "heads of values, then of keys",
      answer: attendWith({
        cut: (expanded, nope, v) => {
          const [values, k] = tf.split(expanded, [v, nope], 3) as [tf.Tensor4D, tf.Tensor4D];
          return [k, values];
        },
      }),
      message:
        "You cut each head's values off first. In `kvBProj` a head has its key's channels first, then its value's.",
    },
    {
      name: "the softmax over the queries",
      answer: attendWith({ probabilities: (scores, hidden) => softmaxOver(scores.add(hidden), 2) }),
      message: "Your softmax runs over the queries. Each query distributes its attention over the keys: the last axis.",
    },
    {
      name: "heads mixed up in the merge",
      answer: attendWith({ merge: channelsFirst }),
      message:
        "You merge the heads with their channels outside. `oProj` expects all channels of the first head, then all of the " +
        "second: `mergeHeads` does it.",
    },
    {
      name: "heads merged as they lie",
      answer: attendWith({
        merge: (heads) => {
          const [B, H, T, v] = heads.shape;
          return heads.reshape<tf.Tensor3D>([B, T, H * v]);
        },
      }),
      message:
        "You reshape the mixture as it lies, so that tokens and heads mix. `mergeHeads` moves the axis of the heads behind " +
        "that of the tokens first.",
    },
    {
      name: "heads split as they lie",
      answer: attendWith({
        split: (expanded, [, , , { numAttentionHeads: H }]) => {
          const [B, S, width] = expanded.shape;
          return expanded.reshape<tf.Tensor4D>([B, H, S, width / H]);
        },
      }),
      message:
        "You reshape the expanded latents as they lie, so that tokens and heads mix. `splitHeads` moves the axis of the " +
        "heads in front of that of the tokens.",
    },
    {
      name: "all keys, then all values",
      answer: attendWith({
        split: (expanded, [, , , { numAttentionHeads: H, qkNopeHeadDim: d, vHeadDim: v }]) => {
          const [keys, values] = tf.split(expanded, [H * d, H * v], 2) as tf.Tensor3D[];
          return tf.concat([splitHeads(keys, H), splitHeads(values, H)], 3);
        },
      }),
      message:
        "You take all heads' keys first, then all values. `kvBProj` goes head after head: a head's key, then its value.",
    },
    {
      name: "masked after the softmax",
      answer: attendWith({
        probabilities: (scores, hidden) => softmaxOver(scores, 3).mul(hidden.equal(0).toFloat()),
      }),
      message:
        "You mask after the softmax, so that what is left no longer sums to 1. Mask the scores, then take the softmax.",
    },
    {
      name: "hidden scores of 0",
      answer: attendWith({
        probabilities: (scores, hidden) => softmaxOver(scores.mul(hidden.equal(0).toFloat()), 3),
      }),
      message:
        "You give later keys the score 0, and the softmax gives that a share. A hidden score is hugely negative.",
    },
    {
      name: "infinity times 0",
      answer: attendWith({
        probabilities: (scores, hidden) => softmaxOver(scores.add(hidden.less(0).toFloat().mul(-Infinity)), 3),
      }),
      message: "You multiply the mask by infinity, and infinity times 0 is NaN. A number such as `1e30` is far enough.",
    },
  ],
});
