/**
 * Products of quantised matrices with a chosen accumulator (the report, section 3.3.2).
 *
 * A tensor core adds up products of codes' values in a register of its own (accumulator.ts). Every few elements that sum
 * is promoted: multiplied by the scales of both blocks and added to a float32 outside. Only the sum in the register is
 * not exact. Without an accumulator all of the sum between two changes of scale is exact, and rounded once to float32.
 */
import { checkAccumulator, registerSum, type Accumulator } from "./accumulator";
import { MOST_SIMD_BITS, SimdSums } from "./accumulator-simd";
import { valuesByCode } from "./codec";
import type { Quantised } from "./fp8-quantise";

/**
 * a · bᵀ.
 *
 * Both matrices come with the summed dimension last, as FP8 instructions want them. Promoted sums, (p·s_a)·s_b, are
 * added in order, in float32.
 *
 * @param a [M, K]
 * @param b [N, K]
 * @param accumulator the register that sums; exact where left out
 * @returns [M, N]
 * @throws if the inner dimensions differ, as checkAccumulator, or if the accumulator is not promoted where a scale changes
 */
export function quantisedProduct(a: Quantised, b: Quantised, accumulator?: Accumulator): Float32Array {
  const [M, N, K] = [a.rows, b.rows, a.columns];
  if (b.columns !== K) {
    throw new Error(
      `quantisedProduct: a [${M}, ${K}] and b [${N}, ${b.columns}] need the same last dimension; transpose one`,
    );
  }
  const step = promotionStep(a, b, accumulator);
  const sumsOver = rangeSums(a, b, accumulator);
  const [scalesOfA, scalesOfB] = [a, b].map(scaleReader);
  const out = new Float32Array(M * N);
  const ofB = new Float32Array(N);
  for (let k = 0; k < K; k += step) {
    const sums = sumsOver(k, Math.min(step, K - k));
    for (let n = 0; n < N; n++) ofB[n] = scalesOfB(n, k);
    for (let m = 0; m < M; m++) {
      const [row, scale] = [sums(m), scalesOfA(m, k)];
      for (let n = 0; n < N; n++) out[m * N + n] += Math.fround(Math.fround(row[n] * scale) * ofB[n]);
    }
  }
  return out;
}

/** Elements between two promotions. */
function promotionStep(a: Quantised, b: Quantised, accumulator?: Accumulator): number {
  const K = Math.max(1, a.columns);
  const uniform = Math.min(K, ...[a, b].map(({ grid }) => (grid.across > 1 ? grid.width : K))); // have one scale
  if (accumulator === undefined) return uniform;
  checkAccumulator(accumulator);
  const asked = Math.min(K, accumulator.promoteEvery);
  const spoilt = [a, b].find(({ grid }) => grid.across > 1 && grid.width % asked !== 0);
  if (spoilt !== undefined) {
    throw new Error(
      `quantisedProduct: promotion every ${asked} elements does not meet scales that change every ` +
        `${spoilt.grid.width}; promote at a divisor of that, or use one scale a row or tensor`,
    );
  }
  return asked;
}

/** The scale that a matrix has at a row and column. */
function scaleReader({ scales, grid: { height, width, across } }: Quantised) {
  return (row: number, k: number) => scales[Math.floor(row / height) * across + Math.floor(k / width)];
}

/** From a range of k: for each row of a, its sums with the rows of b, in float32. To be read before the next call. */
type RangeSums = (first: number, length: number) => (m: number) => Float32Array;

function rangeSums(a: Quantised, b: Quantised, accumulator?: Accumulator): RangeSums {
  const K = a.columns;
  const [left, right] = [a, b].map(({ codes, format }) => {
    const byCode = valuesByCode(format);
    const values = new Float32Array(codes.length); // not Float32Array.from, which would take half of the training's time
    for (let i = 0; i < codes.length; i++) values[i] = byCode[codes[i]];
    return values;
  });
  const wide = [a, b].some(({ format }) => format === "BF16"); // its products can leave float32's range
  if (accumulator !== undefined && accumulator.bits <= MOST_SIMD_BITS && !wide) {
    simd ??= new SimdSums();
    return (first, length) => simd!.over(left, right, K, [first, length], accumulator.bits);
  }
  const products = new Float64Array(K);
  const sumOf = (m: number, n: number, first: number, length: number) => {
    if (accumulator === undefined) return exactSum(left, right, m * K + first, n * K + first, length);
    for (let k = 0; k < length; k++) products[k] = left[m * K + first + k] * right[n * K + first + k];
    return registerSum(products.subarray(0, length), accumulator.bits);
  };
  const sums = new Float32Array(b.rows);
  return (first, length) => (m) => {
    for (let n = 0; n < sums.length; n++) sums[n] = sumOf(m, n, first, length);
    return sums;
  };
}

let simd: SimdSums | undefined;

/** Σ a·b in doubles: exact for eight-bit codes, whose products and sums of up to 2^15 of them have at most 53 bits. */
function exactSum(a: ArrayLike<number>, b: ArrayLike<number>, fromA: number, fromB: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[fromA + i] * b[fromB + i];
  return sum;
}

/**
 * a · bᵀ of plain numbers in doubles: what quantised products are measured against.
 *
 * @param a [M, K]
 * @param b [N, K]
 * @returns [M, N]
 */
export function exactProduct(a: Float32Array, b: Float32Array, [M, K, N]: [number, number, number]): Float64Array {
  const [left, right] = [Float64Array.from(a), Float64Array.from(b)];
  const out = new Float64Array(M * N);
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) out[m * N + n] = exactSum(left, right, m * K, n * K, K);
  }
  return out;
}
