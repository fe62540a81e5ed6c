/**
 * Products of quantised matrices, number by number, with a chosen accumulator (the report, section 3.3.2).
 *
 * A tensor core adds up products of codes' values in an accumulator of its own. Every few elements that sum is
 * promoted: multiplied by the scales of both blocks and added to a float32 outside. The report finds that the inner
 * accumulator of an H800 keeps about 14 bits, and promotes every 128 elements.
 *
 * The limited accumulator emulates what the report describes (section 3.5.2), not a data sheet. An instruction adds 32
 * products to the accumulator: all 33 numbers are aligned to the largest exponent among them, cut towards 0 to the
 * given bits below it, and added. Only this inner sum is not exact.
 *
 * accumulation.ts has the same limit for whole tensors, coarser and fast enough to train with.
 */
import { valuesByCode } from "./codec";
import type { Quantised } from "./fp8-quantise";

/** How products are summed up to a promotion: exactly, or in a register of few bits. */
export type Accumulator = { kind: "exact" } | LimitedAccumulator;

export interface LimitedAccumulator {
  kind: "limited";
  /** Bits kept, the leading one included; default: 14. */
  bits?: number;
  /** N_c, after how many elements the sum is promoted; Infinity: only at the end. Default: 128. */
  promoteEvery?: number;
  /** Products that an instruction adds; default: 32. */
  instruction?: number;
}

/**
 * a · bᵀ.
 *
 * Both matrices come with the summed dimension last, as FP8 instructions want them. With the exact accumulator the
 * sum between two changes of scale is exact and then rounded once to float32; promoted sums, (p·s_a)·s_b, are added in
 * order, in float32.
 *
 * @param a [M, K]
 * @param b [N, K]
 * @returns [M, N]
 * @throws if the inner dimensions differ, or a limited accumulator is not promoted where a scale changes
 */
export function quantisedProduct(
  a: Quantised,
  b: Quantised,
  accumulator: Accumulator = { kind: "exact" },
): Float32Array {
  const [M, N, K] = [a.rows, b.rows, a.columns];
  if (b.columns !== K) {
    throw new Error(
      `quantisedProduct: a [${M}, ${K}] and b [${N}, ${b.columns}] need the same last dimension; transpose one`,
    );
  }
  const step = promotionStep(a, b, accumulator);
  const [left, right] = [rowReader(a), rowReader(b)];
  const sum = accumulator.kind === "exact" ? exactSum : limitedSum(accumulator);
  const out = new Float32Array(M * N);
  const [rows, columns] = [new Float64Array(K), new Float64Array(K * N)];
  for (let n = 0; n < N; n++) right.read(n, columns, n * K);
  for (let m = 0; m < M; m++) {
    left.read(m, rows, 0);
    for (let n = 0; n < N; n++) {
      let total = 0;
      for (let k = 0; k < K; k += step) {
        const partial = Math.fround(sum(rows, columns, k, n * K + k, Math.min(step, K - k)));
        const scaled = Math.fround(Math.fround(partial * left.scale(m, k)) * right.scale(n, k));
        total = Math.fround(total + scaled);
      }
      out[m * N + n] = total;
    }
  }
  return out;
}

/** Elements between two promotions. */
function promotionStep(a: Quantised, b: Quantised, accumulator: Accumulator): number {
  const K = Math.max(1, a.columns);
  const uniform = Math.min(K, ...[a, b].map(({ grid }) => (grid.across > 1 ? grid.width : K))); // have one scale
  const asked = accumulator.kind === "exact" ? uniform : Math.min(K, accumulator.promoteEvery ?? 128);
  const changes = [a, b].filter(({ grid }) => grid.across > 1);
  const spoilt = changes.find(({ grid }) => grid.width % asked !== 0);
  if (!(Number.isInteger(asked) && asked > 0) || spoilt !== undefined) {
    throw new Error(
      `quantisedProduct: promotion every ${asked} elements does not meet scales that change every ` +
        `${spoilt?.grid.width ?? uniform}; promote at a divisor of that, or use one scale a row or tensor`,
    );
  }
  return asked;
}

/** A matrix's values before scaling, and its scales by row and column. */
function rowReader({ codes, format, columns, scales, grid }: Quantised) {
  const byCode = valuesByCode(format);
  const { height, width, across } = grid;
  return {
    read(row: number, target: Float64Array, at: number): void {
      for (let k = 0; k < columns; k++) target[at + k] = byCode[codes[row * columns + k]];
    },
    scale: (row: number, k: number) => scales[Math.floor(row / height) * across + Math.floor(k / width)],
  };
}

/** Σ a·b in doubles: exact for eight-bit codes, whose products and sums of up to 2^15 of them have at most 53 bits. */
function exactSum(a: Float64Array, b: Float64Array, fromA: number, fromB: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[fromA + i] * b[fromB + i];
  return sum;
}

function limitedSum({ bits = 14, instruction = 32 }: LimitedAccumulator): typeof exactSum {
  if (!(Number.isInteger(bits) && bits > 0 && bits <= 52 && Number.isInteger(instruction) && instruction > 0)) {
    throw new Error(`limited accumulator: needs 1 to 52 bits and whole instructions; got ${bits} and ${instruction}`);
  }
  const products = new Float64Array(instruction);
  return (a, b, fromA, fromB, length) => {
    let accumulator = 0;
    for (let k = 0; k < length; k += instruction) {
      const count = Math.min(instruction, length - k);
      let most = Math.abs(accumulator);
      for (let i = 0; i < count; i++) {
        const product = a[fromA + k + i] * b[fromB + k + i];
        products[i] = product;
        most = Math.max(most, Math.abs(product));
      }
      if (most === 0) continue;
      if (!Number.isFinite(most)) {
        for (let i = 0; i < count; i++) accumulator += products[i]; // NaN or infinity, as any sum
        continue;
      }
      const perUnit = powerOfTwo(bits - 1 - binaryExponent(most)); // the last bit that is kept counts as 1
      let units = Math.trunc(accumulator * perUnit);
      for (let i = 0; i < count; i++) units += Math.trunc(products[i] * perUnit);
      accumulator = units / perUnit;
    }
    return accumulator;
  };
}

const double = new Float64Array(1);
const doubleWords = new Int32Array(double.buffer); // low word first

/** ⌊log₂ x⌋ of a normal double above 0. */
function binaryExponent(x: number): number {
  double[0] = x;
  return ((doubleWords[1] >>> 20) & 0x7ff) - 1023;
}

function powerOfTwo(exponent: number): number {
  doubleWords[0] = 0;
  doubleWords[1] = (exponent + 1023) << 20;
  return double[0];
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
