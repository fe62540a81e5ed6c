/** Exercise 1: the number that a byte of E4M3 stands for. */
import { fromSeed, oneOf, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { FORMATS, valueOf } from "../../numerics/formats";

export type Decode = (byte: number) => number;

const decodeByLib: Decode = (byte) => valueOf(byte, FORMATS.E4M3);

/** E4M3 by hand, with one part replaced by a wrong one. */
function wrongDecode({
  bias = 7,
  one = (exponent: number) => exponent > 0,
  signed = true,
  least = 1,
  nan = (magnitude: number): boolean => magnitude === 127,
  fraction = 8,
}): Decode {
  return (byte) => {
    const magnitude = byte & 127;
    const exponent = magnitude >> 3;
    if (nan(magnitude)) return NaN;
    const size = ((one(exponent) ? 1 : 0) + (byte & 7) / fraction) * 2 ** (Math.max(exponent, least) - bias);
    return signed && byte >= 128 ? -size : size;
  };
}

export const decodeExercise = defineExercise<Decode>({
  id: "04-decode",
  reference: decodeByLib,
  cases: [
    { name: "0 0111 000", args: [0x38] },
    { name: "1 1000 101", args: [0xc5] },
    { name: "0 0000 011, a subnormal number", args: [0x03] },
    { name: "0 1111 010, the highest exponent", args: [0x7a] },
    { name: "0 1111 111", args: [0x7f] },
    { name: "1 0000 000", args: [0x80] },
    { name: "0 0001 000, the smallest normal number", args: [0x08] },
  ],
  // All but NaN.
  draw: fromSeed((random) => [wholeBetween(random, 0, 126) + oneOf(random, [0, 128])]),
  misconceptions: [
    {
      name: "implicit one forgotten",
      answer: wrongDecode({ one: () => false }),
      message: "The fraction counts beside a leading 1 that is not stored: (1 + f/8), except where the exponent is 0.",
    },
    {
      name: "subnormal numbers read as normal",
      answer: wrongDecode({ one: () => true, least: 0 }),
      message: "With exponent bits 0 the number is subnormal: no leading 1, and the exponent counts as if it were 1.",
    },
    {
      name: "subnormal numbers at half their size",
      answer: wrongDecode({ least: 0 }),
      message: "Subnormal numbers have the exponent of the smallest normal ones, 1 − 7, not 0 − 7.",
    },
    {
      name: "bias 8",
      answer: wrongDecode({ bias: 8 }),
      message: "You are off by a factor of two: the bias of four exponent bits is 7.",
    },
    {
      name: "sign ignored",
      answer: wrongDecode({ signed: false }),
      message: "The highest bit is the sign: from 0x80 on the numbers are negative.",
    },
    {
      name: "480 where NaN is",
      answer: wrongDecode({ nan: () => false }),
      message: "All bits but the sign set means NaN, not 480. It is the one pattern that E4M3 gives up.",
    },
    {
      name: "the highest exponent kept for infinity",
      answer: wrongDecode({ nan: (magnitude) => magnitude >= 120 }),
      message:
        "You keep the highest exponent for infinity and NaN, as IEEE 754 does. E4M3 uses it for numbers up to 448.",
    },
    {
      name: "fraction divided by 7",
      answer: wrongDecode({ fraction: 7 }),
      message: "Three fraction bits count eighths: f/8.",
    },
  ],
});
