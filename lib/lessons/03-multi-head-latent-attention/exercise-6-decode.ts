/** One decoding step of a whole layer: the latent cache grows by a token, and that token attends to it. */
import * as tf from "@tensorflow/tfjs";
import { project } from "../../model/arithmetic";
import { DEEPSEEK_V3, type ModelConfig } from "../../model/config";
import { againstShared, latent, mergeHeads, queries, upMatrices } from "../../model/mla";
import { rotaryTables, softmaxScale } from "../../model/rotary";
import type { MlaWeights } from "../../model/weights";
import { fromSeed, oneOf, seedFrom, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { rotate } from "../../tensor/nn";
import { absorbExercise } from "./exercise-1-absorb";
import { valuesExercise } from "./exercise-2-values";
import { caseConfig, caseTensors, caseWeights } from "./shared";

export type LatentPair = {
  /** Normalised latents, [B, S, C]. */
  cKV: tf.Tensor3D;
  /** Turned rotary keys, [B, S, R]. */
  kPe: tf.Tensor3D;
};
/** The new token's normalised state [B, 1, D], what is kept of the S tokens before it, and the layer. */
export interface DecodeInput {
  x: tf.Tensor3D;
  past: LatentPair;
  weights: MlaWeights;
  config: ModelConfig;
}
export type Decoded = {
  /** The layer's output, [B, 1, D]. */
  out: tf.Tensor3D;
  /** The cache with the new token, [B, S + 1, C] and [B, S + 1, R]. */
  cKV: tf.Tensor3D;
  kPe: tf.Tensor3D;
};
export type Decode = (input: DecodeInput) => Decoded;

/** What can go wrong, each as the right answer has it unless said otherwise. */
interface Habits {
  position: (past: LatentPair) => number;
  grow: (past: tf.Tensor3D, fresh: tf.Tensor3D) => tf.Tensor3D;
  seen: (grown: LatentPair, past: LatentPair, fresh: LatentPair) => LatentPair;
  scale: (config: ModelConfig) => number;
  keep: (grown: LatentPair, past: LatentPair) => LatentPair;
}

const RIGHT: Habits = {
  position: ({ cKV }) => cKV.shape[1],
  grow: (past, fresh) => tf.concat([past, fresh], 1),
  seen: (grown) => grown,
  scale: softmaxScale,
  keep: (grown) => grown,
};

const decodeWith =
  (habits: Partial<Habits>): Decode =>
  ({ x, past, weights, config }) => {
    const { position, grow, seen, scale, keep } = { ...RIGHT, ...habits };
    return tf.tidy(() => {
      const rotary = rotaryTables(config, [[position(past)]]);
      const { qC, qR } = queries(x, weights, config, rotary); // [B, H, 1, nope], [B, H, 1, R]
      const fresh = latent(x, weights, config, rotary); // [B, 1, C], [B, 1, R]
      const grown = { cKV: grow(past.cKV, fresh.cKV), kPe: grow(past.kPe, fresh.kPe) };
      const { cKV, kPe } = seen(grown, past, fresh);
      const { wUK, wUV } = upMatrices(weights.kvBProj, config);
      const scores = againstShared(absorbExercise.reference(qC, wUK), cKV).add<tf.Tensor4D>(againstShared(qR, kPe));
      const probabilities = tf.softmax(scores.mul<tf.Tensor4D>(scale(config)));
      const { heads } = valuesExercise.reference(probabilities, cKV, wUV);
      return { ...keep(grown, past), out: project(mergeHeads(heads), weights.oProj) };
    });
  };

function step(seed: number, [B, S]: [number, number], overrides: Partial<ModelConfig> = {}): [DecodeInput] {
  const config = caseConfig(overrides);
  const made = caseTensors(seed);
  const past = { cKV: made<tf.Tensor3D>(B, S, config.kvLoraRank), kPe: made<tf.Tensor3D>(B, S, config.qkRopeHeadDim) };
  return [{ x: made(B, 1, config.hiddenSize), past, weights: caseWeights(config, seed), config }];
}

export const decodeExercise = defineExercise<Decode>({
  id: "03-decode",
  reference: decodeWith({}),
  cases: [
    { name: "a third token behind two", args: () => step(1, [1, 2]) },
    { name: "two sequences of six tokens each", args: () => step(2, [2, 6]) },
    { name: "with YaRN, as V3 has it", args: () => step(3, [1, 4], { ropeScaling: DEEPSEEK_V3.ropeScaling }) },
  ],
  draw: fromSeed((random) => {
    const size: [number, number] = [wholeBetween(random, 1, 2), wholeBetween(random, 1, 6)];
    return step(seedFrom(random), size, { ropeScaling: oneOf(random, [null, DEEPSEEK_V3.ropeScaling]) });
  }),
  misconceptions: [
    {
      name: "the new token does not see itself",
      answer: decodeWith({ seen: (_, past) => past }),
      message:
        "You attend to the past alone. A token also attends to itself: append it to the cache first, then compute scores.",
    },
    {
      name: "only the new token is seen",
      answer: decodeWith({ seen: (_, __, fresh) => fresh }),
      message: "You attend to the new token alone. Its scores are with all that the cache holds, itself included.",
    },
    {
      name: "every token at position 0",
      answer: decodeWith({ position: () => 0 }),
      message:
        "Your new token stands at position 0. S tokens are kept, at positions 0 to S − 1: the new one stands at S.",
    },
    {
      name: "the position of the token before",
      answer: decodeWith({ position: ({ cKV }) => cKV.shape[1] - 1 }),
      message: "You turn the new token as if it stood at S − 1, where the last of the past stands. Its position is S.",
    },
    {
      name: "put in front",
      answer: decodeWith({ grow: (past, fresh) => tf.concat([fresh, past], 1) }),
      message:
        "You put the new token before the past. The output is the same, since attention asks for no order, but the cache is " +
        "not: the next step counts on row s being the token at position s.",
    },
    {
      name: "the past turned again",
      answer: (input) =>
        tf.tidy(() => {
          const { past, config } = input;
          const [B, S, R] = past.kPe.shape;
          const positions = [Array.from({ length: S }, (_, s) => s)];
          const again = rotate(past.kPe.reshape([B, S, 1, R]), rotaryTables(config, positions));
          return decodeWith({})({ ...input, past: { ...past, kPe: again.reshape([B, S, R]) } });
        }),
      message:
        "You turn the kept rotary keys once more. They are kept turned: only the new token's key is to be turned.",
    },
    {
      name: "the scale without YaRN's m²",
      answer: decodeWith({
        scale: ({ qkNopeHeadDim, qkRopeHeadDim }) => (qkNopeHeadDim + qkRopeHeadDim) ** -0.5,
      }),
      message:
        "Without YaRN you are right; with it, the scale has a factor m² more. `softmaxScale(config)` is the whole scale.",
    },
    {
      name: "scaled by the part without positions",
      answer: decodeWith({ scale: ({ qkNopeHeadDim }) => qkNopeHeadDim ** -0.5 }),
      message: "You scale by the root of nope alone. Both parts count: `softmaxScale(config)` is the whole scale.",
    },
    {
      name: "the cache not returned",
      answer: decodeWith({ keep: (_, past) => ({ cKV: past.cKV.clone(), kPe: past.kPe.clone() }) }),
      message: "You return the cache as it was. What the next step needs is the cache with the new token.",
    },
  ],
});
