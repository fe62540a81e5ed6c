/** How far sums of products are off in a tensor core's register, as tools/measure/gpu.py measures it on a chip. */
import { exactProduct, quantisedProduct } from "../../numerics/product";
import { nearestCode, valuesByCode } from "../../numerics/codec";
import { quantise } from "../../numerics/fp8-quantise";
import { roundInBlocks } from "../../numerics/round-blocks";
import { BLOCKS } from "../../numerics/scaling";
import { Random } from "../../tensor/random";

const PLAIN = { format: "E4M3", block: BLOCKS.tensor, scale: "none" } as const;

/** Random numbers from 0 to 1 as E4M3 holds them: positive, so that a long sum grows. */
export function positiveE4M3(length: number, random: Random): Float32Array {
  const byCode = valuesByCode("E4M3");
  return Float32Array.from({ length }, () => byCode[nearestCode(random.uniform(), "E4M3")]);
}

/**
 * The mean relative error of 256 sums of so many products, by the interval between promotions.
 *
 * @returns of an interval (a multiple of 32, or Infinity for none), the error
 */
export function sumErrors(options: { length: number; bits: number; seed: number }): (promoteEvery: number) => number {
  const { length, bits, seed } = options;
  const rows = 16;
  const random = new Random(seed);
  const [a, b] = [positiveE4M3(rows * length, random), positiveE4M3(rows * length, random)];
  const exact = exactProduct(a, b, [rows, length, rows]);
  const [left, right] = [a, b].map((values) => quantise(values, [rows, length], PLAIN));
  return (promoteEvery) => {
    const sums = quantisedProduct(left, right, { bits, promoteEvery });
    return sums.reduce((total, sum, i) => total + Math.abs(sum / exact[i] - 1), 0) / sums.length;
  };
}

/** The mean relative error of rounding one number to BF16, over an octave of numbers: what a stored result is off by. */
export function meanBf16Error(): number {
  const numbers = Float32Array.from({ length: 4096 }, (_, i) => 2 ** (i / 4096));
  const rounded = roundInBlocks(numbers, [1, numbers.length], { format: "BF16", block: BLOCKS.tensor, scale: "none" });
  return rounded.reduce((total, value, i) => total + Math.abs(value / numbers[i] - 1), 0) / numbers.length;
}
