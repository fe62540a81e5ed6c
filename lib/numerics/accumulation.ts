/**
 * Matrix products whose sum is kept in a register of few bits, fast enough to train with: whole matrices are multiplied
 * 32 summed elements at a time, and the running sum of each output is cut to so many bits after each such instruction.
 *
 * Coarser than the element-by-element emulation of product.ts, which also aligns the 32 products of an instruction:
 * here their sum is float32. What both share is what matters over a long sum: small addends vanish beside a large sum.
 */
import * as tf from "@tensorflow/tfjs";
import { groupedRowsProduct, groupedWeightProduct } from "../tensor/grouped-matmul";
import { takeRows } from "../tensor/rows";

export interface RunningSum {
  /** Bits that the sum keeps, the leading one included; up to 24. */
  bits: number;
  /** Elements after which it is added to a float32 and begins anew; Infinity: never. A multiple of 32. */
  promoteEvery: number;
}

const INSTRUCTION = 32;

/**
 * a · b, or with either side transposed, as tf.matMul.
 *
 * @param a [M, K], or [K, M] transposed
 * @param b [K, N], or [N, K] transposed
 * @returns [M, N]
 * @throws if the sum's numbers are not possible
 */
export function limitedMatMul(
  a: tf.Tensor2D,
  b: tf.Tensor2D,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean },
  sum: RunningSum,
): tf.Tensor2D {
  const K = a.shape[transposeA ? 0 : 1];
  const part = (begin: number, length: number) =>
    tf.matMul<tf.Tensor2D>(cut(a, transposeA ? 0 : 1, begin, length), cut(b, transposeB ? 1 : 0, begin, length), transposeA, transposeB);
  const shape: [number, number] = [a.shape[transposeA ? 1 : 0], b.shape[transposeB ? 0 : 1]];
  return addUp(K, shape, part, sum);
}

/** groupedRowsProduct with a limited sum. */
export function limitedRowsProduct(
  x: tf.Tensor2D,
  w: tf.Tensor3D,
  counts: number[],
  transposed: boolean,
  sum: RunningSum,
): tf.Tensor2D {
  const part = (begin: number, length: number) =>
    groupedRowsProduct(cut(x, 1, begin, length), cut(w, transposed ? 2 : 1, begin, length), counts, transposed);
  return addUp(x.shape[1], [x.shape[0], w.shape[transposed ? 1 : 2]], part, sum);
}

/** groupedWeightProduct with a limited sum, which here runs over a group's rows. */
export function limitedWeightProduct(x: tf.Tensor2D, y: tf.Tensor2D, counts: number[], sum: RunningSum): tf.Tensor3D {
  const begins = counts.map((_, group) => counts.slice(0, group).reduce((a, b) => a + b, 0));
  const part = (begin: number, length: number) => {
    const inPart = counts.map((count) => Math.max(0, Math.min(length, count - begin)));
    const rows = inPart.flatMap((count, group) => Array.from({ length: count }, (_, i) => begins[group] + begin + i));
    const indices = tf.tensor1d(rows, "int32");
    return groupedWeightProduct(takeRows(x, indices), takeRows(y, indices), inPart);
  };
  return addUp(Math.max(0, ...counts), [counts.length, x.shape[1], y.shape[1]], part, sum);
}

/** Σ of the parts, 32 elements each, in a register of few bits. */
function addUp<S extends number[], T extends tf.Tensor>(
  K: number,
  shape: S,
  partOf: (begin: number, length: number) => T,
  { bits, promoteEvery }: RunningSum,
): T {
  checkSum({ bits, promoteEvery });
  const size = tf.util.sizeFromShape(shape);
  const register = new Float32Array(size);
  const total = promoteEvery >= K ? register : new Float32Array(size);
  for (let begin = 0; begin < K; begin += INSTRUCTION) {
    const length = Math.min(INSTRUCTION, K - begin);
    const part = tf.tidy(() => partOf(begin, length));
    addCut(register, part.dataSync() as Float32Array, bits);
    part.dispose();
    const promotes = (begin + length) % promoteEvery === 0 || begin + length === K;
    if (total !== register && promotes) {
      for (let i = 0; i < size; i++) total[i] += register[i];
      register.fill(0);
    }
  }
  return tf.tensor(total, shape) as T;
}

function checkSum({ bits, promoteEvery }: RunningSum): void {
  if (!(Number.isInteger(bits) && bits >= 2 && bits <= 24)) throw new Error(`a running sum keeps 2 to 24 bits; got ${bits}`);
  if (!(promoteEvery > 0) || (promoteEvery !== Infinity && promoteEvery % INSTRUCTION !== 0)) {
    throw new Error(`a running sum is promoted at multiples of ${INSTRUCTION} elements, or never; got ${promoteEvery}`);
  }
}

/** register[i] += part[i], then cut to so many bits, towards 0. */
function addCut(register: Float32Array, part: Float32Array, bits: number): void {
  const asBits = new Int32Array(register.buffer);
  const kept = -1 << (24 - bits);
  for (let i = 0; i < register.length; i++) {
    register[i] += part[i];
    asBits[i] &= kept;
  }
}

/** Elements begin … begin + length of one axis. */
function cut<T extends tf.Tensor>(x: T, axis: number, begin: number, length: number): T {
  const from = x.shape.map((_, i) => (i === axis ? begin : 0));
  const size = x.shape.map((whole, i) => (i === axis ? length : whole));
  return x.slice(from, size) as T;
}

/**
 * One sum as it runs, for looking at: after each instruction of 32 addends, what has been promoted plus what is in the
 * register.
 *
 * @returns ⌈addends / 32⌉ numbers
 * @throws as limitedMatMul
 */
export function runningSums(addends: Float32Array, { bits, promoteEvery }: RunningSum): Float32Array {
  checkSum({ bits, promoteEvery });
  const register = new Float32Array(1);
  let promoted = 0;
  return Float32Array.from({ length: Math.ceil(addends.length / INSTRUCTION) }, (_, step) => {
    const begin = step * INSTRUCTION;
    const part = addends.subarray(begin, begin + INSTRUCTION);
    addCut(register, Float32Array.of(part.reduce((sum, value) => sum + value, 0)), bits);
    const now = promoted + register[0];
    if ((begin + INSTRUCTION) % promoteEvery === 0) {
      promoted = Math.fround(now);
      register[0] = 0;
    }
    return now;
  });
}
