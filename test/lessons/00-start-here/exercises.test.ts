import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import {
  leakExercise,
  rmsNormExercise,
  shapeExercise,
  type MeanSquare,
  type ProductShape,
  type RmsNorm,
} from "../../../lib/lessons/00-start-here";
import { useBackend } from "../../../lib/tensor/backend";
import { holdsTo, silently } from "../support";

beforeAll(async () => {
  await useBackend();
});

describe("00-shape", () => {
  const byLetters: ProductShape = (a, b) => {
    const shape = a.concat();
    shape[shape.length - 1] = b.at(-1) ?? 0;
    return shape;
  };
  holdsTo(shapeExercise, byLetters);
});

describe("00-leak", () => {
  const freedByHand: MeanSquare = (x) => {
    const squares = x.mul(x);
    const mean = squares.sum(1).div<tf.Tensor1D>(x.shape[1]);
    squares.dispose();
    return mean;
  };

  it("sees the tensor that the obvious line leaves behind", async () => {
    const obvious: MeanSquare = (x) => x.square().mean<tf.Tensor1D>(1);
    const { passed, message } = await silently(leakExercise, obvious);
    expect(passed).toBe(false);
    expect(message).toContain("leaves one tensor behind");
  });

  it("sees one that is left by an answer which frees another", async () => {
    expect((await silently(leakExercise, freedByHand)).message).toContain("leaves one tensor behind");
  });

  it("sees an answer that frees what it was given", async () => {
    const greedy: MeanSquare = (x) => {
      const mean = tf.tidy(() => x.square().mean<tf.Tensor1D>(1));
      x.dispose();
      return mean;
    };
    expect((await silently(leakExercise, greedy)).message).toContain("that it was given");
  });

  holdsTo(leakExercise, (x) => tf.tidy(() => tf.mean<tf.Tensor1D>(tf.mul(x, x), -1)));
});

describe("00-rms-norm", () => {
  const byDivision: RmsNorm = (x, weight, epsilon) =>
    tf.tidy(() => {
      const root = tf.sqrt(tf.add(tf.sum(tf.pow(x, 2), 1, true).div(x.shape[1]), epsilon));
      return tf.mul(weight, tf.div(x, root)) as tf.Tensor2D;
    });
  holdsTo(rmsNormExercise, byDivision);
});
