/** Scores of two parts: one without positions from the latent, one with positions whose key all heads share. */
import * as tf from "@tensorflow/tfjs";
import { project } from "../../model/arithmetic";
import { againstShared } from "../../model/mla";
import { rotaryTables, type RotaryTables } from "../../model/rotary";
import { fromSeed, seedFrom, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { rmsNorm, rotate } from "../../tensor/nn";
import { caseConfig, caseTensors } from "./shared";

export interface DecoupledParts {
  /** Queries and keys without positions, [B, H, T, nope]. */
  qC: tf.Tensor4D;
  kC: tf.Tensor4D;
  /** The rotary queries, turned already, [B, H, T, R]. */
  qR: tf.Tensor4D;
  /** The states of the tokens, [B, T, D], and the matrix of the rotary key, [D, R]. */
  h: tf.Tensor3D;
  wKR: tf.Tensor2D;
  /** cos and sin of the tokens' positions, for `rotate`. */
  rotary: RotaryTables;
}
/** The scores of each query with each key before mask and softmax, [B, H, T, T]. */
export type DecoupledScores = (parts: DecoupledParts) => tf.Tensor4D;

const sharedKey = ({ h, wKR, rotary }: DecoupledParts, turn = rotate, norm = <T extends tf.Tensor>(x: T): T => x) => {
  const [B, T] = h.shape;
  const R = wKR.shape[1];
  const key = norm(project(h, wKR)).reshape<tf.Tensor4D>([B, T, 1, R]); // one head's worth for all heads
  return turn(key, rotary).reshape<tf.Tensor3D>([B, T, R]);
};
const content = ({ qC, kC }: DecoupledParts): tf.Tensor4D => tf.matMul(qC, kC, false, true);
const width = ({ qC, qR }: DecoupledParts) => qC.shape[3] + qR.shape[3];

const scoresRight: DecoupledScores = (parts) =>
  tf.tidy(() => {
    const positional = againstShared(parts.qR, sharedKey(parts));
    return content(parts)
      .add<tf.Tensor4D>(positional)
      .div(Math.sqrt(width(parts)));
  });

const wrongScores =
  (scores: (parts: DecoupledParts) => tf.Tensor4D): DecoupledScores =>
  (parts) =>
    tf.tidy(() => scores(parts));
const unturned = (x: tf.Tensor4D) => x;
const normed = <T extends tf.Tensor>(x: T) => rmsNorm(x, tf.ones([x.shape[x.rank - 1]]), 1e-6);

function parts(seed: number, [B, T]: [number, number], first = 0): [DecoupledParts] {
  const config = caseConfig();
  const { hiddenSize: D, numAttentionHeads: H, qkNopeHeadDim: nope, qkRopeHeadDim: R } = config;
  const made = caseTensors(seed);
  const positions = [Array.from({ length: T }, (_, t) => first + t)];
  const rotary = rotaryTables(config, positions);
  const [qC, kC] = [made<tf.Tensor4D>(B, H, T, nope), made<tf.Tensor4D>(B, H, T, nope)];
  return [{ qC, kC, qR: made(B, H, T, R), h: made(B, T, D), wKR: made(D, R), rotary }];
}

export const decoupledExercise = defineExercise<DecoupledScores>({
  id: "03-decoupled-key",
  reference: scoresRight,
  cases: [
    { name: "one sequence of three tokens", args: () => parts(1, [1, 3]) },
    { name: "two sequences of four tokens", args: () => parts(2, [2, 4]) },
    { name: "tokens far from the start", args: () => parts(3, [1, 2], 40) },
  ],
  draw: fromSeed((random) => {
    const size: [number, number] = [wholeBetween(random, 1, 2), wholeBetween(random, 2, 5)];
    return parts(seedFrom(random), size, wholeBetween(random, 0, 60));
  }),
  misconceptions: [
    {
      name: "the rotary key not turned",
      answer: wrongScores((p) =>
        content(p)
          .add<tf.Tensor4D>(againstShared(p.qR, sharedKey(p, unturned)))
          .div(Math.sqrt(width(p))),
      ),
      message: "Your key is not turned. `qR` is turned already; the key has to be turned by its own position.",
    },
    {
      name: "the rotary key normalised",
      answer: wrongScores((p) =>
        content(p)
          .add<tf.Tensor4D>(againstShared(p.qR, sharedKey(p, rotate, normed)))
          .div(Math.sqrt(width(p))),
      ),
      message:
        "You normalise the rotary key. The two latents have norms, that of the queries and that of keys and values; the " +
        "rotary key has none.",
    },
    {
      name: "scaled by the part without positions",
      answer: wrongScores((p) =>
        content(p)
          .add<tf.Tensor4D>(againstShared(p.qR, sharedKey(p)))
          .div(Math.sqrt(p.qC.shape[3])),
      ),
      message: "You divide by the root of nope alone. Query and key are nope + R channels wide, both parts together.",
    },
    {
      name: "each part scaled by itself",
      answer: wrongScores((p) =>
        content(p)
          .div<tf.Tensor4D>(Math.sqrt(p.qC.shape[3]))
          .add(againstShared(p.qR, sharedKey(p)).div(Math.sqrt(p.qR.shape[3]))),
      ),
      message: "You scale each part by its own width. They are one query and one key, concatenated: one scale.",
    },
    {
      name: "no scale",
      answer: wrongScores((p) => content(p).add(againstShared(p.qR, sharedKey(p)))),
      message: "There is no scale. Without it scores grow with the width, and the softmax saturates.",
    },
    {
      name: "the rotary part forgotten",
      answer: wrongScores((p) => content(p).div(Math.sqrt(width(p)))),
      message: "The rotary part is missing: this attention would not know where anything stands.",
    },
    {
      name: "the query turned again",
      answer: wrongScores((p) => {
        const again = rotate(p.qR.transpose([0, 2, 1, 3]), p.rotary).transpose<tf.Tensor4D>([0, 2, 1, 3]);
        return content(p)
          .add<tf.Tensor4D>(againstShared(again, sharedKey(p)))
          .div(Math.sqrt(width(p)));
      }),
      message: "You turn the query once more. `qR` comes turned; only the key is left to turn.",
    },
  ],
});
