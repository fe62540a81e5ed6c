/** What is kept of each token: the normalised latent, and one turned key. */
import * as tf from "@tensorflow/tfjs";
import { project } from "../../model/arithmetic";
import type { ModelConfig } from "../../model/config";
import type { Latents } from "../../model/latent-cache";
import { LIB_PARTS, type ModelParts } from "../../model/parts";
import { rotaryTables } from "../../model/rotary";
import { fromSeed, seedFrom, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { rmsNorm, rotate } from "../../tensor/nn";
import { Golden } from "./golden";
import { caseConfig, caseTensors, caseWeights } from "./shared";

type Remember = ModelParts["remember"];
type Args = Parameters<Remember>;

/** What can go wrong, each as the right answer has it unless said otherwise. */
interface Habits {
  split: (joint: tf.Tensor3D, C: number, R: number) => [tf.Tensor3D, tf.Tensor3D];
  latent: (c: tf.Tensor3D, args: Args) => tf.Tensor3D;
  key: (k: tf.Tensor3D, args: Args) => tf.Tensor3D;
  grow: (past: Latents | null, fresh: Latents, args: Args) => Latents;
}

const turn = (k: tf.Tensor3D, [, , , { rotary, rotate }]: Args) => {
  const [B, T, R] = k.shape;
  return rotate(k.reshape([B, T, 1, R]), rotary).reshape<tf.Tensor3D>([B, T, R]);
};
const behind = (past: Latents | null, fresh: Latents) =>
  past === null ? fresh : { cKV: tf.concat([past.cKV, fresh.cKV], 1), kPe: tf.concat([past.kPe, fresh.kPe], 1) };

const RIGHT: Habits = {
  split: (joint, C, R) => tf.split(joint, [C, R], 2) as [tf.Tensor3D, tf.Tensor3D],
  latent: (c, [, , weights, { rmsNorm }]) => rmsNorm(c, weights.kvALayernorm, 1e-6),
  key: turn,
  grow: behind,
};

const rememberWith =
  (habits: Partial<Habits>): Remember =>
  (...args) =>
    tf.tidy(() => {
      const { split, latent, key, grow } = { ...RIGHT, ...habits };
      const [x, past, weights, { config }] = args;
      const [c, k] = split(project(x, weights.kvAProjWithMqa), config.kvLoraRank, config.qkRopeHeadDim);
      return grow(past, { cKV: latent(c, args), kPe: key(k, args) }, args);
    });

/** The reference's second layer: the tokens from `first` on, behind those before. */
function golden(first: number): Args {
  const golden = new Golden("a-group");
  const x = golden.attentionInput(1);
  const [B, T] = x.shape;
  const upTo = <T extends tf.Tensor>(name: string) => golden.value<T>(name).slice([0, 0, 0], [B, first, -1]) as T;
  const past =
    first === 0 ? null : { cKV: upTo<tf.Tensor3D>("layer1.cache_ckv"), kPe: upTo<tf.Tensor3D>("layer1.cache_kpe_ds") };
  const steps = { config: golden.config, rotary: golden.rotary(T - first, first), rmsNorm, rotate };
  return [x.slice([0, first, 0]), past, golden.block(1).selfAttn, steps];
}
const goldenKept = () => {
  const golden = new Golden("a-group");
  return {
    cKV: golden.value<tf.Tensor3D>("layer1.cache_ckv"),
    kPe: golden.value<tf.Tensor3D>("layer1.cache_kpe_ds"),
  };
};

function small(seed: number, [B, S, T]: number[], overrides: Partial<ModelConfig> = {}): Args {
  const config = caseConfig(overrides);
  const made = caseTensors(seed);
  const { kvLoraRank: C, qkRopeHeadDim: R } = config;
  const past = S === 0 ? null : { cKV: made<tf.Tensor3D>(B, S, C), kPe: made<tf.Tensor3D>(B, S, R) };
  const weights = caseWeights(config, seed);
  const gain = made<tf.Tensor1D>(C); // far from 1, so that a forgotten norm shows
  const rotary = rotaryTables(config, [Array.from({ length: T }, (_, t) => S + t)]);
  return [made(B, T, config.hiddenSize), past, { ...weights, kvALayernorm: gain }, { config, rotary, rmsNorm, rotate }];
}

export const rememberExercise = defineExercise<Remember>({
  id: "09-remember",
  reference: LIB_PARTS.remember,
  cases: [
    { name: "a whole text of the reference's", args: () => golden(0), expected: goldenKept },
    { name: "its last four tokens, behind the others", args: () => golden(7), expected: goldenKept },
    { name: "one token behind two", args: () => small(1, [1, 2, 1]) },
    { name: "a begin, rotary keys as wide as the latent", args: () => small(2, [2, 0, 3], { kvLoraRank: 4 }) },
  ],
  draw: fromSeed((random) => {
    const [B, S, T] = [wholeBetween(random, 1, 2), wholeBetween(random, 0, 4), wholeBetween(random, 1, 4)];
    return small(seedFrom(random), [B, S, T], { kvLoraRank: wholeBetween(random, 4, 9) });
  }),
  misconceptions: [
    {
      name: "the rotary key normalised",
      answer: rememberWith({ key: (k, args) => turn(rmsNorm(k, tf.ones([k.shape[2]]), 1e-6), args) }),
      message: "You normalise the shared key. The norm is the latent's alone; the key is only turned.",
    },
    {
      name: "kept before the rotation",
      answer: rememberWith({ key: (k) => k }),
      message:
        "You keep the key as it is before the rotation. It has to be turned by its own position now: later steps know only " +
        "the positions of their own tokens.",
    },
    {
      name: "the latent not normalised",
      answer: rememberWith({ latent: (c) => c }),
      message: "Your latent is not normalised. `weights.kvALayernorm` is the gain of its norm, with epsilon 1e-6.",
    },
    {
      name: "the latent's gain forgotten",
      answer: rememberWith({ latent: (c) => rmsNorm(c, tf.ones([c.shape[2]]), 1e-6) }),
      message: "Your latent is normalised without its gain, `weights.kvALayernorm`.",
    },
    {
      name: "key first, then latent",
      answer: rememberWith({
        split: (joint, C, R) =>
          (tf.split(joint, [R, C], 2) as [tf.Tensor3D, tf.Tensor3D]).reverse() as [tf.Tensor3D, tf.Tensor3D],
      }),
      message: "You cut the joint projection the other way round. The latent's channels come first, then the key's.",
    },
    {
      name: "only the new tokens",
      answer: rememberWith({ grow: (_, fresh) => fresh }),
      message: "You return the new tokens alone. What is kept of all tokens is wanted: the past, then the new ones.",
    },
    {
      name: "the new tokens in front",
      answer: rememberWith({
        grow: (past, fresh) => (past === null ? fresh : behind(fresh, { cKV: past.cKV, kPe: past.kPe })),
      }),
      message: "You put the new tokens before the past. Row s of what is kept is the token at position s.",
    },
    {
      name: "the past turned again",
      answer: rememberWith({
        grow: (past, fresh, args) => {
          if (past === null) return fresh;
          const [, , , steps] = args;
          const S = past.kPe.shape[1];
          const rotary = rotaryTables(steps.config, [Array.from({ length: S }, (_, s) => s)]);
          const again = turn(past.kPe, [args[0], args[1], args[2], { ...steps, rotary }]);
          return behind({ cKV: past.cKV, kPe: again }, fresh);
        },
      }),
      message:
        "You turn the kept keys once more. They were turned when they were kept; only new keys are to be turned.",
    },
    {
      name: "the past normalised again",
      answer: rememberWith({
        grow: (past, fresh, args) =>
          past === null ? fresh : behind({ ...past, cKV: RIGHT.latent(past.cKV, args) }, fresh),
      }),
      message: "You normalise the kept latents once more. They were normalised when they were kept.",
    },
  ],
});
