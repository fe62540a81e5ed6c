/** Exercise 3: the token that suffers most when an outlier decides the scale of a whole matrix. */
import { firstGood, fromSeed, shortened, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { dequantise, quantise } from "../../numerics/fp8-quantise";
import { BLOCKS } from "../../numerics/scaling";

/** Activations [tokens][channels] → the row of the victim. */
export type FindVictim = (activations: number[][]) => number;

/** What becomes of a matrix [rows][columns] that goes through E4M3 with one scale for all of it. */
export function throughOneScale(activations: number[][]): number[][] {
  const [rows, columns] = [activations.length, activations[0].length];
  const scaling = { format: "E4M3", block: BLOCKS.tensor } as const;
  const values = dequantise(quantise(Float32Array.from(activations.flat()), [rows, columns], scaling));
  return activations.map((_, row) => Array.from(values.subarray(row * columns, (row + 1) * columns)));
}

const norm = (row: number[]) => Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
const minus = (a: number[], b: number[]) => a.map((x, i) => x - b[i]);

/** The row for which a measure is largest. */
const victimBy =
  (measure: (row: number[], rounded: number[]) => number): FindVictim =>
  (activations) => {
    const rounded = throughOneScale(activations);
    const measures = activations.map((row, i) => measure(row, rounded[i]));
    return measures.indexOf(Math.max(...measures));
  };

const harm = (row: number[], rounded: number[]) => norm(minus(row, rounded)) / norm(row);
const victimByLib = victimBy(harm);

/** Whether one token suffers clearly more than all others. */
function hasOneVictim(activations: number[][]): boolean {
  const rounded = throughOneScale(activations);
  const [most, next] = activations.map((row, i) => harm(row, rounded[i])).sort((a, b) => b - a);
  return most > 1.1 * next;
}

export const victimExercise = defineExercise<FindVictim>({
  id: "04-victim",
  reference: victimByLib,
  cases: [
    {
      name: "one outlier, tokens of different size",
      args: [
        [
          [1, 2, -1, 3000],
          [0.5, -0.4, 0.3, 2],
          [0.011, -0.004, 0.02, 0.05],
          [8, -5, 7, 100],
        ],
      ],
    },
    {
      name: "the smallest token is lucky",
      args: [
        [
          [448, 12, 5, -7],
          [2 ** -9, 2 ** -9, 0, 2 ** -9],
          [0.003, 0.005, -0.003, 0.005],
          [3, 4, 1, 2],
        ],
      ],
    },
    {
      name: "many zeros, one of them real loss",
      args: [
        [
          [448, 1, 1, 1],
          [0.0004, 0.0006, 0.0007, 300],
          [0.0008, 0.0015, -0.0013, 0.0012],
          [1, 2, 3, 4],
        ],
      ],
    },
  ],
  draw: fromSeed((random) => {
    const channels = wholeBetween(random, 4, 6);
    const token = () => {
      const size = 10 ** (1.5 - 4.5 * random.uniform());
      return Array.from({ length: channels }, () => shortened(size * random.normal()));
    };
    const activations = () => {
      const [first, ...others] = Array.from({ length: wholeBetween(random, 4, 8) }, token);
      const outlier = [wholeBetween(random, 500, 3000), ...first.slice(1)];
      return random.shuffle([outlier, ...others]);
    };
    return [firstGood(activations, hasOneVictim)];
  }),
  misconceptions: [
    {
      name: "the outlier's own token",
      answer: victimBy((row) => Math.max(...row.map(Math.abs))),
      message: "This is the token that holds the outlier. It is the culprit: its own large number comes out well.",
    },
    {
      name: "largest absolute error",
      answer: victimBy((row, rounded) => norm(minus(row, rounded))),
      message:
        "This token has the largest error in absolute size, since it is large. Divide each token's error by its own " +
        "norm.",
    },
    {
      name: "the smallest token",
      answer: victimBy((row) => -norm(row)),
      message:
        "You name the smallest token. It often is the victim, but not always: numbers that lie on the grid come out " +
        "unhurt.",
    },
    {
      name: "most numbers flushed",
      answer: victimBy((_, rounded) => rounded.filter((x) => x === 0).length),
      message:
        "You count zeros. A token may lose several small numbers and hardly notice, if a large one is all that it is " +
        "made of.",
    },
  ],
});
