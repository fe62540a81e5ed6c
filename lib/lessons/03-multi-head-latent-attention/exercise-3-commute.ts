/** What could stand between latent and key, and still be moved to the query. */
import { defineExercise } from "../../notebook/exercise/check";

/** What could stand between the latent and a head's key. */
export const STEPS = ["scale", "matrix", "gain", "rotation", "norm"] as const;
export type Step = (typeof STEPS)[number];
/** For each step, whether it can be moved to the query once and for all. */
export type Movable = () => Record<Step, boolean>;

const movableRight: Movable = () => ({ scale: true, matrix: true, gain: true, rotation: false, norm: false });

const judged =
  (change: Partial<ReturnType<Movable>>): Movable =>
  () => ({ ...movableRight(), ...change });

export const commuteExercise = defineExercise<Movable>({
  id: "03-commute",
  reference: movableRight,
  cases: [{ name: "your five answers", args: [] }],
  // Nothing is drawn: the text asks five questions, and there is nothing to call the answer with.
  misconceptions: [
    {
      name: "rotations are matrices, so they can move",
      answer: judged({ rotation: true }),
      message:
        "A rotation is a matrix, but another one for every position of the key. Moved to the query, there would have to be a " +
        "query for every key: nothing is saved.",
    },
    {
      name: "a norm can move",
      answer: judged({ norm: true }),
      message:
        "A norm divides by a length that each key has for itself: no matrix does that. It has to be done before the cache.",
    },
    {
      name: "rotation and norm can move",
      answer: judged({ rotation: true, norm: true }),
      message:
        "Neither of the two that depend on the key can move: the rotation (on its position), the norm (on its length).",
    },
    {
      name: "a gain cannot move",
      answer: judged({ gain: false }),
      message: "A gain for each channel is a diagonal matrix, the same for all keys: it moves like any fixed matrix.",
    },
    {
      name: "only the scale can move",
      answer: judged({ matrix: false, gain: false }),
      message:
        "Any fixed linear map moves, by its transpose: a scale, a gain, a whole matrix. That is what absorption does.",
    },
  ],
});
