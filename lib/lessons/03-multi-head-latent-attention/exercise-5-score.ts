/** The score of a query and a key from two parts; the learner's code comes with two bugs. */
import { defineExercise } from "../../notebook/exercise/check";
import { dot, normalised } from "./shared";

export interface HeadParts {
  qC: number[];
  kC: number[];
  /** Rotated, as kR is. */
  qR: number[];
  kR: number[];
}
/** The score of a query and a key before the softmax. */
export type Score = (parts: HeadParts) => number;

const scoreRight: Score = ({ qC, kC, qR, kR }) => (dot(qC, kC) + dot(qR, kR)) / Math.sqrt(qC.length + qR.length);

const wrongScore =
  (width: (parts: HeadParts) => number, rotary = ({ qR, kR }: HeadParts) => dot(qR, kR)): Score =>
  (parts) =>
    (dot(parts.qC, parts.kC) + rotary(parts)) / Math.sqrt(width(parts));

export const scoreExercise = defineExercise<Score>({
  id: "03-score",
  reference: scoreRight,
  cases: [
    { name: "parts of two and two", args: [{ qC: [1, 2], kC: [0.5, -1], qR: [1, 1], kR: [2, 0.5] }] },
    { name: "parts of four and two", args: [{ qC: [1, 0, -1, 2], kC: [0.5, 1, 2, 1], qR: [0.2, -1], kR: [3, 1] }] },
    { name: "parts of three and one", args: [{ qC: [2, 1, 0.5], kC: [1, -1, 1], qR: [1.5], kR: [-2] }] },
  ],
  misconceptions: [
    {
      name: "scaled by the part without position",
      answer: wrongScore(({ qC }) => qC.length),
      message:
        "You divide by the root of qC's width alone. The score is one product over both parts: d_nope + d_rope channels.",
    },
    {
      name: "the rotary key normalised",
      answer: wrongScore(
        ({ qC, qR }) => qC.length + qR.length,
        ({ qR, kR }) => dot(qR, normalised(kR)),
      ),
      message: "You normalise the rotary key. Only the latent is normalised; the rotary key goes beside it as it is.",
    },
    {
      name: "each part scaled by itself",
      answer: ({ qC, kC, qR, kR }) => dot(qC, kC) / Math.sqrt(qC.length) + dot(qR, kR) / Math.sqrt(qR.length),
      message: "You scale each part by its own width. They are one query and one key, concatenated: one scale.",
    },
    {
      name: "no scale",
      answer: wrongScore(() => 1),
      message: "There is no scale. Without it scores grow with the width, and the softmax saturates.",
    },
    {
      name: "the rotary part forgotten",
      answer: wrongScore(
        ({ qC, qR }) => qC.length + qR.length,
        () => 0,
      ),
      message: "The rotary part is missing: this attention would not know where anything stands.",
    },
  ],
});
