/**
 * The register in which a tensor core adds up FP8 products: the course's one model of it.
 *
 * It follows the report (section 3.5.2), not a data sheet. An instruction adds 32 products to what the register holds.
 * All 33 numbers are aligned to the largest exponent among them, each is cut to the register's bits, and what is left is
 * added. So a product that is small beside the sum loses its last bits, or all of them, and always towards zero. Every
 * few elements the register is promoted: its content is added to a float32 outside, and it starts again from 0.
 *
 * Here is the definition, number by number; accumulator-simd.ts does the same for four sums at a time.
 */
import { exponentOf } from "./codec";

export interface Accumulator {
  /** Bits that the register keeps, the leading one included: 2 to 32. */
  bits: number;
  /** N_c, the elements after which it is promoted: a multiple of 32, or Infinity for only at the end. */
  promoteEvery: number;
}

/** Products that one instruction adds. */
export const INSTRUCTION = 32;

/** What the report finds on an H800, and how DeepSeek-V3 promotes. */
export const V3_ACCUMULATOR: Accumulator = { bits: 14, promoteEvery: 128 };

/** One instruction: what the register holds after up to 32 products were added to `sum`. */
export function addInstruction(sum: number, products: ArrayLike<number>, bits: number): number {
  let most = Math.abs(sum);
  for (let i = 0; i < products.length; i++) most = Math.max(most, Math.abs(products[i]));
  if (most === 0) return 0;
  if (!Number.isFinite(most)) return Array.from(products).reduce((total, product) => total + product, sum);
  const unit = 2 ** (exponentOf(most) - (bits - 1)); // what the last bit that is kept counts
  let units = Math.trunc(sum / unit);
  for (let i = 0; i < products.length; i++) units += Math.trunc(products[i] / unit);
  return units * unit;
}

/** Σ products in a register that starts at 0 and is not promoted. */
export function registerSum(products: Float64Array, bits: number): number {
  let sum = 0;
  for (let at = 0; at < products.length; at += INSTRUCTION) {
    sum = addInstruction(sum, products.subarray(at, at + INSTRUCTION), bits);
  }
  return sum;
}

/**
 * One sum as it runs, to be looked at: what has been promoted plus what is in the register, after each instruction.
 *
 * @returns ⌈products / 32⌉ numbers
 * @throws as checkAccumulator
 */
export function runningSums(products: Float64Array, accumulator: Accumulator): Float64Array {
  checkAccumulator(accumulator);
  const { bits, promoteEvery } = accumulator;
  let [promoted, register] = [0, 0];
  return Float64Array.from({ length: Math.ceil(products.length / INSTRUCTION) }, (_, step) => {
    const end = (step + 1) * INSTRUCTION;
    register = addInstruction(register, products.subarray(end - INSTRUCTION, end), bits);
    const now = promoted + register;
    if (end % promoteEvery === 0) [promoted, register] = [Math.fround(now), 0];
    return now;
  });
}

/** @throws if the register keeps fewer than 2 or more than 32 bits, or is promoted at anything but a multiple of 32 */
export function checkAccumulator({ bits, promoteEvery }: Accumulator): void {
  if (!(Number.isInteger(bits) && bits >= 2 && bits <= 32))
    throw new Error(`an accumulator keeps 2 to 32 bits; got ${bits}`);
  if (!(promoteEvery > 0) || (promoteEvery !== Infinity && promoteEvery % INSTRUCTION !== 0)) {
    throw new Error(
      `an accumulator is promoted every multiple of ${INSTRUCTION} elements, or never; got ${promoteEvery}`,
    );
  }
}
