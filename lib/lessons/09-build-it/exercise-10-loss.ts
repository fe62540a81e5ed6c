/** The loss of the next token. */
import * as tf from "@tensorflow/tfjs";
import { firstGood, fromSeed, oneOf, seedFrom, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { nextTokenLoss } from "../../training/next-token-loss";
import { Golden } from "./golden";
import { caseTensors } from "./shared";

/** Logits [B, T, V] of a text [B][T] → its mean cross-entropy in nats, a scalar. */
export type Loss = (logits: tf.Tensor3D, ids: number[][]) => tf.Scalar;

const byLib: Loss = (logits, ids) =>
  tf.tidy(() =>
    nextTokenLoss(
      logits.slice([0, 0, 0], [-1, ids[0].length - 1, -1]),
      ids.map((row) => row.slice(1)),
    ),
  );

/** Σ of the values of [positions] made from each target's probability, with the target of each position. */
const lossWith =
  (
    ofTarget: (logProbability: tf.Tensor1D) => tf.Tensor,
    { from = 0, shift = 1 }: { from?: number; shift?: number } = {},
  ): Loss =>
  (logits, ids) =>
    tf.tidy(() => {
      const [B, T, V] = logits.shape;
      const count = T - Math.max(shift, from);
      const used = logits.slice([0, from, 0], [B, count, V]).reshape<tf.Tensor2D>([B * count, V]);
      const targets = ids.flatMap((row) => row.slice(from + shift, from + shift + count));
      const all = tf.logSoftmax(used);
      const own = all.mul(tf.oneHot(tf.tensor1d(targets, "int32"), V).toFloat()).sum<tf.Tensor1D>(1);
      return ofTarget(own).asScalar();
    });
const mean = (values: tf.Tensor1D) => values.mean().neg();

/** Whether the loss is not nearly 0: there float32 has few digits, and two right answers differ. */
const isSurprised = ([logits, ids]: [tf.Tensor3D, number[][]]) => tf.tidy(() => byLib(logits, ids).dataSync()[0]) > 0.2;

export const lossExercise = defineExercise<Loss>({
  id: "09-loss",
  reference: byLib,
  cases: [
    {
      name: "the reference's logits and text",
      args: () => {
        const golden = new Golden("a-group");
        return [golden.value("logits"), golden.ids];
      },
      expected: () => new Golden("a-group").value("loss_next_token", []),
    },
    { name: "two texts of four tokens", args: () => [caseTensors(1)(2, 4, 5), [[0, 3, 1, 4], [2, 2, 0, 1]]] }, // prettier-ignore
    { name: "logits in the hundreds", args: () => [caseTensors(2)<tf.Tensor3D>(1, 3, 4).mul(150), [[1, 3, 0]]] },
  ],
  draw: fromSeed((random) => {
    const [B, T, V] = [wholeBetween(random, 1, 3), wholeBetween(random, 2, 5), wholeBetween(random, 3, 7)];
    const text = () => Array.from({ length: T }, () => random.integer(V));
    const logits = (): tf.Tensor3D => caseTensors(seedFrom(random))(B, T, V).mul(oneOf(random, [1, 3, 100]));
    return firstGood<[tf.Tensor3D, number[][]]>(() => [logits(), Array.from({ length: B }, text)], isSurprised);
  }),
  misconceptions: [
    {
      name: "each token its own target",
      answer: lossWith(mean, { shift: 0 }),
      message: "You ask at each place for the token that stands there. The logits at t say what token t + 1 is.",
    },
    {
      name: "shifted backwards",
      answer: lossWith(mean, { from: 1, shift: -1 }),
      message: "You ask for the token before. The logits at t say what token t + 1 is.",
    },
    {
      name: "the sum",
      answer: lossWith((values) => values.sum().neg()),
      message: "You add the places up. The loss is the mean over all places that have a next token.",
    },
    {
      name: "divided by all tokens",
      answer: (logits, ids) => tf.tidy(() => byLib(logits, ids).mul<tf.Scalar>((ids[0].length - 1) / ids[0].length)),
      message:
        "You divide by the number of tokens. The last one of a text predicts nothing here: divide by T − 1 a text.",
    },
    {
      name: "bits",
      answer: (logits, ids) => tf.tidy(() => byLib(logits, ids).div<tf.Scalar>(Math.LN2)),
      message: "Your logarithm is that of base 2. The loss is in nats: the natural logarithm.",
    },
    {
      name: "the wrong sign",
      answer: (logits, ids) => tf.tidy(() => byLib(logits, ids).neg<tf.Scalar>()),
      message: "The sign is wrong: a logarithm of a probability is negative, the loss is not.",
    },
    {
      name: "the logarithm of the mean",
      answer: lossWith((values) => values.exp().mean().log().neg()),
      message: "You take the mean of the probabilities, then the logarithm. It is the other way round.",
    },
    {
      name: "exponentials that overflow",
      answer: (logits, ids) =>
        tf.tidy(() => {
          const p = logits.exp().div<tf.Tensor3D>(logits.exp().sum(2, true));
          return lossWith(mean)(p.log(), ids);
        }),
      message:
        "For logits in the hundreds your exponentials overflow. Subtract the largest logit of each place first, or let " +
        "`tf.logSoftmax(logits)` do it.",
    },
    {
      name: "each token its own target, without the last",
      answer: (logits, ids) =>
        tf.tidy(() => {
          const T = ids[0].length;
          const allButLast = ids.map((row) => row.slice(0, -1));
          return lossWith(mean, { shift: 0 })(logits.slice([0, 0, 0], [-1, T - 1, -1]), allButLast);
        }),
      message:
        "You drop the last place and ask for the token that stands there. The logits at t say what token t + 1 is.",
    },
    {
      name: "the first token behind the last",
      answer: (logits, ids) =>
        tf.tidy(() =>
          lossWith(mean, { shift: 0 })(
            logits,
            ids.map(([first, ...others]) => [...others, first]),
          ),
        ),
      message:
        "At the last place you ask for the text's first token. Nothing is known of what follows there: leave it out.",
    },
    {
      name: "the texts joined",
      answer: (logits, ids) =>
        tf.tidy(() => {
          const [B, T, V] = logits.shape;
          return lossWith(mean)(logits.reshape<tf.Tensor3D>([1, B * T, V]), [ids.flat()]);
        }),
      message: "You join the texts, so that the end of one predicts the begin of the next. Each text is by itself.",
    },
    {
      name: "a mean over the vocabulary",
      answer: (logits, ids) => tf.tidy(() => byLib(logits, ids).div<tf.Scalar>(logits.shape[2])),
      message:
        "You take the mean over the vocabulary as well. Of each place one logarithm counts, that of the next token.",
    },
  ],
});
