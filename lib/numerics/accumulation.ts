/**
 * Matrix products whose sum is kept in a register of few bits, fast enough to train with. Whole matrices are multiplied
 * 32 summed elements at a time, as one instruction of a tensor core does, and after each such step the running sum of
 * every output is cut to a given number of bits.
 *
 * This is coarser than product.ts, which works number by number and also aligns the 32 products of an instruction; here
 * their sum is float32. Both show what matters over a long sum: small addends vanish beside a large sum.
 */
import * as tf from "@tensorflow/tfjs";
import { groupedRowsProduct, groupedWeightProduct } from "../tensor/grouped-matmul";
import { takeRows } from "../tensor/rows";

export interface RunningSum {
  /** Bits that the sum keeps, the leading one included: 2 to 24. */
  bits: number;
  /** Elements after which the sum is added to a float32 and starts again: a multiple of 32, or Infinity for never. */
  promoteEvery: number;
}

const INSTRUCTION = 32;

/**
 * a · b with a limited sum; either side can be transposed, as in tf.matMul.
 *
 * @param a [M, K], or [K, M] transposed
 * @param b [K, N], or [N, K] transposed
 * @returns [M, N]
 * @throws if the sum keeps fewer than 2 or more than 24 bits, or is promoted at anything but a multiple of 32
 */
export function limitedMatMul(
  a: tf.Tensor2D,
  b: tf.Tensor2D,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean },
  sum: RunningSum,
): tf.Tensor2D {
  const K = a.shape[transposeA ? 0 : 1];
  const part = (begin: number, length: number) =>
    tf.matMul<tf.Tensor2D>(
      cut(a, transposeA ? 0 : 1, begin, length),
      cut(b, transposeB ? 1 : 0, begin, length),
      transposeA,
      transposeB,
    );
  const shape: [number, number] = [a.shape[transposeA ? 1 : 0], b.shape[transposeB ? 0 : 1]];
  return addUp(K, shape, part, sum);
}

/**
 * groupedRowsProduct with a limited sum.
 *
 * @param x [N, Din], rows sorted by group
 * @param w [E, Din, Dout], or [E, Dout, Din] transposed
 * @param counts rows of each group
 * @returns [N, Dout]
 * @throws as limitedMatMul
 */
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

/**
 * groupedWeightProduct with a limited sum, which here runs over a group's rows.
 *
 * @param x [N, Din], rows sorted by group
 * @param y [N, Dout]
 * @param counts rows of each group
 * @returns [E, Din, Dout]
 * @throws as limitedMatMul
 */
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

/** The sum of the parts, 32 elements each, in a register of few bits. */
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
  if (!(Number.isInteger(bits) && bits >= 2 && bits <= 24))
    throw new Error(`a running sum keeps 2 to 24 bits; got ${bits}`);
  if (!(promoteEvery > 0) || (promoteEvery !== Infinity && promoteEvery % INSTRUCTION !== 0)) {
    throw new Error(`a running sum is promoted at multiples of ${INSTRUCTION} elements, or never; got ${promoteEvery}`);
  }
}

/** register[i] += part[i], then cut towards 0 to the given bits. */
function addCut(register: Float32Array, part: Float32Array, bits: number): void {
  const asBits = new Int32Array(register.buffer);
  const kept = -1 << (24 - bits);
  for (let i = 0; i < register.length; i++) {
    register[i] += part[i];
    asBits[i] &= kept;
  }
}

/** Elements begin to begin + length of one axis. */
function cut<T extends tf.Tensor>(x: T, axis: number, begin: number, length: number): T {
  const from = x.shape.map((_, i) => (i === axis ? begin : 0));
  const size = x.shape.map((whole, i) => (i === axis ? length : whole));
  return x.slice(from, size) as T;
}

/**
 * One sum as it runs, to be looked at: what has been promoted plus what is in the register, after each instruction of
 * 32 addends.
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
