import { describeLesson } from "./describe-lesson";

/** What most people answer first: the norm that they know, with the mean taken off. */
const LAYER_NORM = `function rmsNorm<T extends tf.Tensor>(x: T, weight: tf.Tensor, epsilon: number): T {
  return tf.tidy(() => {
    const centred = x.sub(x.mean(-1, true));
    return centred.div(centred.square().mean(-1, true).add(epsilon).sqrt()).mul(weight) as T;
  });
}`;

describeLesson({
  lesson: "09-build-it",
  wrong: { exercise: "09-rms-norm", answer: LAYER_NORM, told: ["as LayerNorm does"] },
  refused: { parameter: /writtenTokens = \d+/, to: "writtenTokens = 7000", told: ["writtenTokens = 7000"] },
});
