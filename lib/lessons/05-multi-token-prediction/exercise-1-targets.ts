/** Exercise 1: what the k-th module is trained on. */
import { fromSeed, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

/** A line of a module's training: at which state, the newest token that it sees, the token that it has to predict. */
type TargetRow = [state: number, sees: number, predicts: number];
/** Token ids and the module's number → its training, line by line. */
export type Targets = (ids: number[], k: number) => TargetRow[];

/** Rows for states `from` … `to` − 1, each with the tokens `seen` and `predicted` places after the state's own. */
function targetRows(ids: number[], from: number, to: number, seen: number, predicted: number): TargetRow[] {
  const states = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  return states.map((i) => [i, ids[i + seen] ?? 0, ids[i + predicted] ?? 0]);
}

export const targetsExercise = defineExercise<Targets>({
  id: "05-targets",
  reference: (ids, k) => targetRows(ids, 0, ids.length - k - 1, k, k + 1),
  cases: [
    { name: "six tokens, first module", args: [[10, 11, 12, 13, 14, 15], 1] },
    { name: "six tokens, second module", args: [[10, 11, 12, 13, 14, 15], 2] },
    { name: "the main model itself: k = 0", args: [[7, 8, 9], 0] },
    { name: "a text too short for the module", args: [[7, 8, 9], 3] },
  ],
  draw: fromSeed((random) => {
    const k = wholeBetween(random, 0, 4);
    const T = k + wholeBetween(random, 2, 7);
    return [Array.from({ length: T }, () => wholeBetween(random, 0, 999)), k];
  }),
  misconceptions: [
    {
      name: "one token too near",
      answer: (ids, k) => targetRows(ids, 0, ids.length - k, k, k),
      message: "Your module k predicts token i + k: that is the newest token it sees. It has to predict the one after.",
    },
    {
      name: "one token too far",
      answer: (ids, k) => targetRows(ids, 0, ids.length - k - 2, k, k + 2),
      message: "Your targets are one token too far. The main model (k = 0) at state i predicts token i + 1.",
    },
    {
      name: "last positions kept",
      answer: (ids, k) => targetRows(ids, 0, ids.length, k, k + 1),
      message:
        "You keep the last states, which have no target within the text. A row for each token is too many: leave out " +
        "the states whose target does not exist.",
    },
    {
      name: "first positions dropped",
      answer: (ids, k) => targetRows(ids, k, ids.length - 1, 0, 1),
      message: "You leave out the first states. It is the last ones that have no target.",
    },
    {
      name: "the newest token is not seen",
      answer: (ids, k) => targetRows(ids, 0, ids.length - k - 1, 0, k + 1),
      message:
        "Your module sees only token i, as Meta's parallel heads do. DeepSeek's module k has also seen the tokens " +
        "i + 1 … i + k.",
    },
  ],
});
