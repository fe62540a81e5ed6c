/** Exercise 2: what goes into the module. */
import * as tf from "@tensorflow/tfjs";
import { rmsNorm } from "../../tensor/nn";
import { fromSeed, seedFrom, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { Random } from "../../tensor/random";

export interface CombineWeights {
  norm: number[]; // the main model's final norm [D]
  enorm: number[]; // [D]
  hnorm: number[]; // [D]
}
/** States as the last block leaves them [T][D], embeddings of the same tokens [T][D] → [T − 1][2D]. */
export type Combine = (states: number[][], embeddings: number[][], weights: CombineWeights) => number[][];

/** RMSNorm of one vector [D], with the released epsilon. */
export function normed(x: number[], weight: number[]): number[] {
  const scale = 1 / Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length + 1e-6);
  return x.map((value, i) => value * scale * weight[i]);
}

const combineByLib: Combine = (states, embeddings, { norm, enorm, hnorm }) =>
  tf.tidy(() => {
    const T = states.length;
    const normal = (x: tf.Tensor2D, weight: number[]) => rmsNorm(x, tf.tensor1d(weight), 1e-6);
    const hidden = normal(tf.tensor2d(states.slice(0, T - 1)), norm); // [T − 1, D]
    const next = tf.tensor2d(embeddings.slice(1)); // [T − 1, D]
    return tf.concat2d([normal(next, enorm), normal(hidden, hnorm)], 1).arraySync();
  });

/** The input with some of its parts replaced by wrong ones. */
function wrongCombine({
  state = (h: number[], w: CombineWeights) => normed(normed(h, w.norm), w.hnorm),
  embedding = (e: number[], w: CombineWeights) => normed(e, w.enorm),
  offset = 1,
  stateFirst = false,
}): Combine {
  return (states, embeddings, weights) =>
    states.slice(0, -1).map((h, i) => {
      const [a, b] = [state(h, weights), embedding(embeddings[i + offset], weights)];
      return stateFirst ? [...a, ...b] : [...b, ...a];
    });
}

/** States, embeddings and norms for T tokens. Norms are far from 1, so that no wrong way gives the right numbers. */
function combineCase(seed: number, T: number, D = 4): [number[][], number[][], CombineWeights] {
  const random = new Random(seed);
  const vector = (scale: number) => Array.from({ length: D }, () => scale * random.normal());
  const gain = () => Array.from({ length: D }, () => 0.3 + 2 * random.uniform());
  const rows = (scale: number) => Array.from({ length: T }, () => vector(scale));
  return [rows(3), rows(0.1), { norm: gain(), enorm: gain(), hnorm: gain() }];
}

export const combineExercise = defineExercise<Combine>({
  id: "05-combine",
  reference: combineByLib,
  cases: [
    { name: "four tokens", args: combineCase(1, 4) },
    { name: "two tokens", args: combineCase(2, 2) },
  ],
  draw: fromSeed((random) => combineCase(seedFrom(random), wholeBetween(random, 2, 6), wholeBetween(random, 2, 6))),
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
        "You take the state as the last block leaves it. The module gets what the head gets: the state after the " +
        "main model's final norm, and then it has a norm of its own.",
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
});
