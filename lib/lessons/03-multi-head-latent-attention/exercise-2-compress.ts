/** A token compressed into the latent that is kept, and a head's key made from it. */
import { defineExercise } from "../../notebook/exercise/check";
import { normalised, SQUARE, times, UP } from "./shared";

export interface Compressed {
  /** What the cache keeps, [C]. */
  latent: number[];
  /** The key of one head, [d]. */
  key: number[];
}
/** x [D], W^DKV [D][C], W^UK of a head [C][d] → the latent and the key. */
export type Compress = (x: number[], down: number[][], up: number[][]) => Compressed;

const compressRight: Compress = (x, down, up) => {
  const latent = normalised(times(x, down));
  return { latent, key: times(latent, up) };
};

const wrongCompress =
  (
    latentOf: (raw: number[]) => number[],
    keyOf: (latent: number[], raw: number[], w: number[][]) => number[],
  ): Compress =>
  (x, w, u) => {
    const raw = times(x, w);
    const latent = latentOf(raw);
    return { latent, key: keyOf(latent, raw, u) };
  };

const DOWN = [
  [0.5, -1, 0.25],
  [1, 0.5, -0.5],
  [-0.75, 0.25, 1],
  [0.25, 1, 0.5],
]; // [D = 4][C = 3]

export const compressExercise = defineExercise<Compress>({
  id: "03-compress",
  reference: compressRight,
  cases: [
    { name: "four channels, a latent of three, a key of two", args: [[1, -2, 0.5, 3], DOWN, UP] },
    { name: "another token", args: [[0.1, 0.2, -0.1, 0.05], DOWN, UP] },
    { name: "a key as wide as the latent", args: [[2, 1, -1, 0.5], DOWN, SQUARE] },
  ],
  misconceptions: [
    {
      name: "not normalised",
      answer: wrongCompress(
        (raw) => raw,
        (latent, _, u) => times(latent, u),
      ),
      message: "Your latent is the bare product. V3 normalises it (RMSNorm) before it is kept and expanded.",
    },
    {
      name: "kept bare, expanded normalised",
      answer: wrongCompress(
        (raw) => raw,
        (_, raw, u) => times(normalised(raw), u),
      ),
      message:
        "Your key is right, but what you keep is not normalised. Every later step would have to normalise it again.",
    },
    {
      name: "kept normalised, expanded bare",
      answer: wrongCompress(normalised, (_, raw, u) => times(raw, u)),
      message: "Your key comes from the bare product. It is made from what is kept: the normalised latent.",
    },
    {
      name: "the mean subtracted",
      answer: wrongCompress(
        (raw) => normalised(raw.map((value) => value - raw.reduce((a, b) => a + b) / raw.length)),
        (latent, _, u) => times(latent, u),
      ),
      message: "You subtract the mean. RMSNorm only divides by the root of the mean square.",
    },
    {
      name: "the key normalised too",
      answer: wrongCompress(normalised, (latent, _, u) => normalised(times(latent, u))),
      message: "You normalise the key as well. Only the latent has a norm; the key is a plain product of it.",
    },
  ],
});
