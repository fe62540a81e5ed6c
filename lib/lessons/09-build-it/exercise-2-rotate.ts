/** Rotary positions: neighbouring channels are turned together. */
import * as tf from "@tensorflow/tfjs";
import { project } from "../../model/arithmetic";
import { LIB_PARTS, type ModelParts } from "../../model/parts";
import type { RotaryTables } from "../../model/rotary";
import { fromSeed, seedFrom, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { Golden } from "./golden";
import { caseTensors, tidily } from "./shared";

type Rotate = ModelParts["rotate"];

/** Turns pairs (a, b) of which the second channels come `apart` behind the first. */
const turned =
  (combine: (a: tf.Tensor, b: tf.Tensor, cos: tf.Tensor, sin: tf.Tensor) => [tf.Tensor, tf.Tensor]): Rotate =>
  (x, { cos, sin }) =>
    tf.tidy(() => {
      const [B, T, H, R] = x.shape;
      const pairs = (t: tf.Tensor) => tf.split(t.reshape([...t.shape.slice(0, 3), R / 2, 2]), 2, 4);
      const [a, b] = pairs(x);
      return tf.concat(combine(a, b, pairs(cos)[0], pairs(sin)[0]), 4).reshape([B, T, H, R]);
    });

/** Channel j turned with channel j + R/2, by the j-th angle. */
const halves = tidily((x: tf.Tensor4D, { cos, sin }: RotaryTables) => {
  const R = x.shape[3];
  const [a, b] = tf.split(x, 2, 3);
  const every = (table: tf.Tensor4D) =>
    tf.split(table.reshape([...table.shape.slice(0, 3), R / 2, 2]), 2, 4)[0].squeeze([4]);
  const [c, s] = [every(cos), every(sin)];
  return tf.concat([a.mul(c).sub(b.mul(s)), b.mul(c).add(a.mul(s))], 3) as tf.Tensor4D;
});

/** The halves of the tensor turned with the table as it stands. */
const halvesWithTable = tidily((x: tf.Tensor4D, { cos, sin }: RotaryTables) => {
  const [a, b] = tf.split(x, 2, 3);
  return x.mul(cos).add(tf.concat([b.neg(), a], 3).mul(sin)) as tf.Tensor4D;
});

function keys(seed: number, [B, T, H, R]: number[], first = 0): Parameters<Rotate> {
  const angle = (t: number, j: number) => ((first + t) * 1.3) / 3 ** j;
  const table = (f: (angle: number) => number) =>
    tf.tensor4d(
      Array.from({ length: T * R }, (_, i) => f(angle(Math.floor(i / R), Math.floor((i % R) / 2)))),
      [1, T, 1, R],
    );
  return [caseTensors(seed)(B, T, H, R), { cos: table(Math.cos), sin: table(Math.sin) }];
}

/** The keys of the reference's second layer, before they are turned: [2, 11, 1, 8]. */
function goldenKeys(): Parameters<Rotate> {
  const golden = new Golden("a-group");
  const { kvLoraRank: C, qkRopeHeadDim: R } = golden.config;
  const [B, T] = [golden.ids.length, golden.ids[0].length];
  const joint = project(golden.attentionInput(1), golden.block(1).selfAttn.kvAProjWithMqa);
  return [joint.slice([0, 0, C]).reshape([B, T, 1, R]), golden.rotary(T)];
}

export const rotateExercise = defineExercise<Rotate>({
  id: "09-rotate",
  reference: LIB_PARTS.rotate,
  cases: [
    {
      name: "the keys of the reference's second layer",
      args: goldenKeys,
      expected: () => new Golden("a-group").value("layer1.cache_kpe_ds", [2, 11, 1, 8]),
    },
    { name: "two heads of four channels", args: () => keys(1, [1, 3, 2, 4]) },
    { name: "two sequences, far from the start", args: () => keys(2, [2, 2, 1, 6], 40) },
  ],
  draw: fromSeed((random) => {
    const [B, T, H] = [wholeBetween(random, 1, 2), wholeBetween(random, 2, 4), wholeBetween(random, 1, 3)];
    return keys(seedFrom(random), [B, T, H, 2 * wholeBetween(random, 2, 4)], wholeBetween(random, 0, 60));
  }),
  misconceptions: [
    {
      name: "halves in place of pairs",
      answer: halves,
      message:
        "You turn channel j with channel j + R/2, as many libraries keep it. DeepSeek's weights are made for " +
        "neighbours: channels 2j and 2j + 1.",
    },
    {
      name: "halves, with the angles of pairs",
      answer: halvesWithTable,
      message:
        "You put `[-b, a]` together from the two halves of the channels. Partners are neighbours here: channel 0 with " +
        "1, channel 2 with 3.",
    },
    {
      name: "turned backwards",
      answer: turned((a, b, c, s) => [a.mul(c).add(b.mul(s)), b.mul(c).sub(a.mul(s))]),
      message: "You turn by minus the angle. The pair (a, b) becomes (a·cos − b·sin, b·cos + a·sin).",
    },
    {
      name: "both with minus",
      answer: turned((a, b, c, s) => [a.mul(c).sub(b.mul(s)), b.mul(c).sub(a.mul(s))]),
      message: "One of your two signs is wrong: that is no rotation. The second channel becomes b·cos + a·sin.",
    },
    {
      name: "cos and sin exchanged",
      answer: turned((a, b, c, s) => [a.mul(s).sub(b.mul(c)), b.mul(s).add(a.mul(c))]),
      message: "cos and sin are exchanged. At position 0 nothing may turn: there cos is 1 and sin is 0.",
    },
    {
      name: "multiplied by cos alone",
      answer: tidily((x: tf.Tensor4D, { cos }: RotaryTables) => x.mul(cos) as tf.Tensor4D),
      message: "You multiply by cos and leave out the partner's part. A turn mixes the two channels of a pair.",
    },
    {
      name: "the first channels of all pairs, then the second ones",
      answer: tidily((x: tf.Tensor4D, angles: RotaryTables) => {
        const [B, T, H, R] = x.shape;
        const right = LIB_PARTS.rotate(x, angles).reshape([B, T, H, R / 2, 2]);
        return right.transpose([0, 1, 2, 4, 3]).reshape([B, T, H, R]) as tf.Tensor4D;
      }),
      message:
        "The numbers are right and stand in another order: first all a, then all b. Put them back side by side, as they " +
        "came.",
    },
    {
      name: "partners without their sign",
      answer: turned((a, b, c, s) => [a.mul(c).add(b.mul(s)), b.mul(c).add(a.mul(s))]),
      message:
        "Your partners have no sign: of a pair (a, b) they are (−b, a). The first channel becomes a·cos − b·sin.",
    },
    {
      name: "each channel its own partner",
      answer: tidily((x: tf.Tensor4D, { cos, sin }: RotaryTables) => x.mul(cos).add(x.mul(sin)) as tf.Tensor4D),
      message: "You multiply the same channel by cos and by sin. With sin goes the other channel of the pair.",
    },
  ],
});
