/** The two exercises of lesson 05 about the module: what it is trained on, and what goes into it. */
import { Random } from "../../tensor/random";
import { defineExercise } from "../../notebook/exercise/check";
import {
  combineByLib,
  normed,
  targetRows,
  targetsByLib,
  wrongCombine,
  type Combine,
  type CombineWeights,
  type Targets,
} from "./answers";

export const targetsExercise = defineExercise<Targets>({
  id: "05-targets",
  title: "What the k-th module is trained on",
  difficulty: 1,
  minutes: 8,
  points: 2,
  reference: targetsByLib,
  cases: [
    { name: "six tokens, first module", args: [[10, 11, 12, 13, 14, 15], 1] },
    { name: "six tokens, second module", args: [[10, 11, 12, 13, 14, 15], 2] },
    { name: "the main model itself: k = 0", args: [[7, 8, 9], 0] },
    { name: "a text too short for the module", args: [[7, 8, 9], 3] },
  ],
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
  hints: [
    "Write down the six tokens, put a finger on state 0, and say for k = 1: which tokens go in, which one comes out? " +
      "Then ask which states run out of text.",
    "Row i is [i, ids[i + k], ids[i + k + 1]], for all i with i + k + 1 < ids.length.",
  ],
});

const D = 4;
/** States, embeddings and norms of T tokens. Norms are far from 1, so that no wrong way gives the right numbers. */
function combineCase(seed: number, T: number): [number[][], number[][], CombineWeights] {
  const random = new Random(seed);
  const vector = (scale: number) => Array.from({ length: D }, () => scale * random.normal());
  const gain = () => Array.from({ length: D }, () => 0.3 + 2 * random.uniform());
  const rows = (scale: number) => Array.from({ length: T }, () => vector(scale));
  return [rows(3), rows(0.1), { norm: gain(), enorm: gain(), hnorm: gain() }];
}

export const combineExercise = defineExercise<Combine>({
  id: "05-combine",
  title: "What goes into the module",
  difficulty: 2,
  minutes: 12,
  points: 3,
  reference: combineByLib,
  cases: [
    { name: "four tokens", args: combineCase(1, 4) },
    { name: "two tokens", args: combineCase(2, 2) },
  ],
  misconceptions: [
    {
      name: "the state first",
      answer: wrongCombine({ stateFirst: true }),
      message:
        "You put the state first, as equation 21 of the report writes it. The released weights of `eh_proj` are the " +
        "other way round (e before h): the embedding comes first.",
    },
    {
      name: "the state before the final norm",
      answer: wrongCombine({ state: (h, w) => normed(h, w.hnorm) }),
      message:
        "You take the state as the last block leaves it. The module gets what the head gets: the state after the main " +
        "model's final norm, and then it has a norm of its own.",
    },
    {
      name: "the main model's norm in place of the module's",
      answer: wrongCombine({ state: (h, w) => normed(h, w.norm) }),
      message: "The state goes through two norms: the main model's final one, and then the module's own, `hnorm`.",
    },
    {
      name: "the token's own embedding",
      answer: wrongCombine({ offset: 0 }),
      message: "State i already knows token i. What is new to the module is the embedding of token i + 1.",
    },
    {
      name: "the embedding not normalised",
      answer: wrongCombine({ embedding: (e) => e }),
      message: "The embedding goes in as it is. It has a norm too, `enorm`: else it would be tiny beside the state.",
    },
    {
      name: "the norms exchanged",
      answer: wrongCombine({
        state: (h, w) => normed(normed(h, w.norm), w.enorm),
        embedding: (e, w) => normed(e, w.hnorm),
      }),
      message: "The two norms are exchanged: `enorm` is for the embedding, `hnorm` for the state.",
    },
  ],
  hints: [
    "For each i but the last: two vectors of width D, one from embeddings[i + 1], one from states[i]. `normed(x, " +
      "weight)` is RMSNorm. How many norms does the state go through? Which of the two comes first in `eh_proj`?",
    "[...normed(embeddings[i + 1], enorm), ...normed(normed(states[i], norm), hnorm)]",
  ],
});
