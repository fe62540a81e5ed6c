/** W^UK moved from the keys to the query. */
import { defineExercise } from "../../notebook/exercise/check";
import { normalised, SQUARE, times, transposed, UP } from "./shared";

/** A head's query [d] and W^UK [C][d] → the query in the space of the latents, [C]. */
export type Absorb = (query: number[], up: number[][]) => number[];

const absorbRight: Absorb = (query, up) => times(query, transposed(up));

export const absorbExercise = defineExercise<Absorb>({
  id: "03-absorb",
  reference: absorbRight,
  cases: [
    { name: "a head of two, a latent of three", args: [[1, -2], UP] },
    { name: "a head as wide as the latent", args: [[0.5, 1, -1], SQUARE] },
    { name: "another query", args: [[3, 0.25, 2], SQUARE] },
  ],
  misconceptions: [
    {
      name: "not transposed",
      answer: (query, w) => (w.length === query.length ? times(query, w) : absorbRight(query, w)),
      message:
        "With a square matrix you multiply by W^UK where its transpose is needed: q · (c W) = Σ over the head's channels, so " +
        "the query meets the second index of W, not the first.",
    },
    {
      name: "scaled already",
      answer: (query, w) => absorbRight(query, w).map((value) => value / Math.sqrt(query.length)),
      message: "You divide by √d. The scale comes later, once, over the sum of both parts of the score.",
    },
    {
      name: "divided by the latent's width",
      answer: (query, w) => absorbRight(query, w).map((value) => value / Math.sqrt(w.length)),
      message:
        "You divide by √C. The score must stay what it was; its scale belongs to the head's width, and comes later.",
    },
    {
      name: "normalised",
      answer: (query, w) => normalised(absorbRight(query, w)),
      message: "You normalise the result. Then its product with a latent is no longer the score of query and key.",
    },
  ],
});
