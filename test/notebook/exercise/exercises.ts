/** Two small exercises, on which the checks are tested: one of lists and one of tensors. */
import * as tf from "@tensorflow/tfjs";
import {
  defineExercise,
  evaluate,
  type AnyFunction,
  type CheckResult,
  type Exercise,
} from "../../../lib/notebook/exercise/check";

export type Double = (values: number[]) => number[];

export const double = defineExercise<Double>({
  id: "99-double",
  reference: (values) => values.map((value) => 2 * value),
  cases: [
    { name: "positive numbers", args: [[1, 2, 3]] },
    { name: "a negative one", args: [[4, -1]] },
  ],
  misconceptions: [
    {
      name: "squares",
      answer: (values) => values.map((value) => value ** 2),
      message: "You multiply each number with itself.",
    },
  ],
  seconds: 0.3,
});

export type Sums = (x: tf.Tensor2D) => tf.Tensor1D;

export const sums = defineExercise<Sums>({
  id: "99-sums",
  reference: (x) => tf.tidy(() => x.sum<tf.Tensor1D>(1)),
  cases: [
    {
      name: "two rows",
      args: () => [
        tf.tensor2d([
          [1, 2],
          [3, 4],
        ]),
      ],
    },
  ],
  misconceptions: [],
  seconds: 5,
});

/** The result of checking whatever a learner may hand over. */
export function checked<F extends AnyFunction>(exercise: Exercise<F>, answer: unknown): Promise<CheckResult> {
  return evaluate(exercise, answer as AnyFunction);
}
