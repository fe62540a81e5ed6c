/**
 * Reading shapes. The first exercise of the course also shows how an exercise works, so its wrong answers are the first
 * ones that everybody gives.
 */
import { fromSeed, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

/** Shapes of two factors → shape of their product. */
export type ProductShape = (a: number[], b: number[]) => number[];

export const shapeExercise = defineExercise<ProductShape>({
  id: "00-shape",
  reference: (a, b) => [...a.slice(0, -1), b[b.length - 1]],
  cases: [
    {
      name: "two matrices",
      args: [
        [6, 64],
        [64, 16],
      ],
    },
    {
      name: "a batch of matrices",
      args: [
        [2, 10, 64],
        [2, 64, 8],
      ],
    },
    {
      name: "heads of a batch",
      args: [
        [2, 4, 10, 16],
        [2, 4, 16, 12],
      ],
    },
  ],
  draw: fromSeed((random) => {
    const axis = () => wholeBetween(random, 2, 99);
    const front = Array.from({ length: wholeBetween(random, 0, 3) }, axis);
    const [N, D, E] = [axis(), axis(), axis()];
    return [
      [...front, N, D],
      [...front, D, E],
    ];
  }),
  misconceptions: [
    {
      name: "the shared axis kept",
      answer: (a, b) => [...a, b[b.length - 1]],
      message: "You keep the inner axis. The products are summed over it, so it disappears: [N, D] · [D, E] → [N, E].",
    },
    {
      name: "element by element",
      answer: (a) => [...a],
      message:
        "You keep the last axis of the first factor, as in a product element by element. That axis is summed over " +
        "and disappears; the last axis of the second factor takes its place.",
    },
    {
      name: "the axes in front forgotten",
      answer: (a, b) => [a[a.length - 2], b[b.length - 1]],
      message:
        "The axes in front are missing. A batch of products is as many products: the result has the same axes in " +
        "front.",
    },
  ],
});
