/** Exercise 2: a block of numbers as one scale and codes. */
import { firstGood, fromSeed, numberBetween, wholeBetween } from "../at-random";
import type { Random } from "../../tensor/random";
import { defineExercise } from "../../notebook/exercise/check";
import { nearestCode } from "../../numerics/codec";
import { FORMATS, valueOf } from "../../numerics/formats";
import { quantise } from "../../numerics/fp8-quantise";
import { BLOCKS } from "../../numerics/scaling";

export interface QuantisedBlock {
  scale: number;
  /** What the codes stand for, without the scale. */
  values: number[];
}
export type QuantiseBlock = (block: number[]) => QuantisedBlock;

/** The nearest number of E4M3, ties to even; ±448 beyond its largest. */
export const roundE4M3 = (x: number): number => valueOf(nearestCode(x, "E4M3", "saturate"), FORMATS.E4M3);

const quantiseByLib: QuantiseBlock = (block) => {
  const scaling = { format: "E4M3", block: BLOCKS.token } as const;
  const { scales, codes } = quantise(Float32Array.from(block), [1, block.length], scaling);
  return { scale: scales[0], values: Array.from(codes, (code) => valueOf(code, FORMATS.E4M3)) };
};

/** The quantisation of a block with one step replaced by a wrong one. */
function wrongQuantise({
  amax = (block: number[]) => Math.max(...block.map(Math.abs)),
  scale = (amax: number) => Math.max(amax, 1e-4) / 448,
  value = (x: number, s: number) => roundE4M3(x / s),
}): QuantiseBlock {
  return (block) => {
    const s = scale(amax(block));
    return { scale: s, values: block.map((x) => value(x, s)) };
  };
}

const randomSize = (random: Random) => 10 ** wholeBetween(random, -4, 1);

/** Whether no number lies where a little less or more rounds to another one: a scale in float32 or in double will do. */
function farFromHalves(block: number[]): boolean {
  const { scale } = quantiseByLib(block);
  return block.every((x) => roundE4M3((x / scale) * 0.999) === roundE4M3((x / scale) * 1.001));
}

export const quantiseExercise = defineExercise<QuantiseBlock>({
  id: "04-quantise",
  reference: quantiseByLib,
  cases: [
    { name: "an ordinary block", args: [[0.5, -1.25, 3, 0.01, -0.3, 2.2]] },
    { name: "a block whose largest magnitude is negative", args: [[0.5, -7, 3, 0.2]] },
    { name: "a block with an outlier", args: [[0.02, -0.5, 0.13, 30, -0.004, 0.25]] },
    { name: "a block of zeros", args: [[0, 0, 0]] },
    { name: "a block of tiny numbers", args: [[2e-6, -1e-5, 3e-6]] },
  ],
  draw: fromSeed((random) => [
    firstGood(
      () => Array.from({ length: wholeBetween(random, 3, 9) }, () => numberBetween(random, -1, 1) * randomSize(random)),
      farFromHalves,
    ),
  ]),
  tolerance: 1e-6, // scale in double or in float32: both are right
  misconceptions: [
    {
      name: "scale inverted",
      answer: wrongQuantise({ scale: (amax) => 448 / Math.max(amax, 1e-4), value: (x, s) => roundE4M3(x * s) }),
      message: "You return 448 / amax. The scale is what a code is multiplied with to get the number back: amax / 448.",
    },
    {
      name: "amax signed",
      answer: wrongQuantise({ amax: (block) => Math.max(...block) }),
      message:
        "You take the largest number. amax is the largest magnitude: a block may have its largest on the negative " +
        "side.",
    },
    {
      name: "no clamp",
      answer: wrongQuantise({ scale: (amax) => amax / 448 }),
      message: "A block of zeros gets the scale 0, and 0/0 is NaN. amax counts as 1e-4 at least.",
    },
    {
      name: "clamped scale instead of amax",
      answer: wrongQuantise({ scale: (amax) => Math.max(amax / 448, 1e-4) }),
      message:
        "You keep the scale above 1e-4. It is amax that counts as 1e-4 at least; the scale is then 448 times smaller.",
    },
    {
      name: "scaled back",
      answer: wrongQuantise({ value: (x, s) => roundE4M3(x / s) * s }),
      message: "Your values are multiplied by the scale again. Return what the codes stand for: numbers up to 448.",
    },
    {
      name: "rounded before scaling",
      answer: wrongQuantise({ value: (x, s) => roundE4M3(x) / s }),
      message:
        "You round first and scale then. The point of scaling is that the rounding happens where the numbers lie " +
        "dense.",
    },
    {
      name: "240 as the largest",
      answer: wrongQuantise({ scale: (amax) => Math.max(amax, 1e-4) / 240 }),
      message: "240 is the largest number of four exponent and three fraction bits in IEEE 754. E4M3 goes to 448.",
    },
  ],
});
