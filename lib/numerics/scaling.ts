/**
 * Block scaling: the numbers of a block share one scale s, chosen so that the block's largest magnitude (amax) becomes
 * the format's largest number. A code then stands for value · s. The size of a block decides how far an outlier
 * reaches: a whole matrix, a row (one token), 1 × 128 numbers of a row, 128 × 128 (the report, section 3.3.2).
 *
 * In DeepSeek's released kernel s = max(amax, 1e-4) / 448 in float32. For scales that are powers of two (UE8M0, eight
 * exponent bits and nothing else) s is rounded up, so that amax still fits.
 *
 * What others leave open is defined here. A block at the matrix's edge is as large as what is left. A NaN makes its
 * block's scale and codes NaN; an infinity makes the scale infinite, and nothing of its block survives; other blocks
 * are not touched. A block below 1e-4 keeps the clamp's scale: it loses precision, then becomes 0.
 */
import { FORMATS, largest, type FormatName } from "./formats";

/** Rows and columns of a block; Infinity means all. */
export type Block = readonly [rows: number, columns: number];

/** The blocks in use. DeepSeek-V3: activations by tile, in the backward pass by column tile; weights by square. */
export const BLOCKS = {
  tensor: [Infinity, Infinity],
  token: [1, Infinity],
  tile: [1, 128],
  columnTile: [128, 1],
  square: [128, 128],
} as const satisfies Record<string, Block>;

/** "float32": amax / largest. "power-of-two": that, rounded up to a power of two. "none": 1, a plain cast. */
export type ScaleRule = "float32" | "power-of-two" | "none";

export interface Scaling {
  format: FormatName;
  block: Block;
  /** Default: "float32". */
  scale?: ScaleRule;
  /** amax counts as at least this; default: 1e-4, as in DeepSeek's kernel. */
  clamp?: number;
}

/** A matrix cut into blocks. */
export interface Grid {
  rows: number;
  columns: number;
  /** Rows and columns of a block, at most those of the matrix, at least 1. */
  height: number;
  width: number;
  /** Blocks from top to bottom and from left to right. */
  down: number;
  across: number;
}

/**
 * The blocks of a matrix.
 *
 * @throws if a side of a block is not a positive whole number or Infinity
 */
export function gridOf(rows: number, columns: number, [blockRows, blockColumns]: Block): Grid {
  for (const side of [blockRows, blockColumns]) {
    if (side !== Infinity && !(Number.isInteger(side) && side > 0)) {
      throw new Error(
        `a block must have positive whole sides, or Infinity for all; got [${blockRows}, ${blockColumns}]`,
      );
    }
  }
  const [height, width] = [Math.max(1, Math.min(rows, blockRows)), Math.max(1, Math.min(columns, blockColumns))];
  return { rows, columns, height, width, down: Math.ceil(rows / height), across: Math.ceil(columns / width) };
}

/**
 * The function from a block's amax to its scale.
 *
 * @throws if the format cannot be scaled, or the clamp is not a positive number
 */
export function scaleRule({ format, scale = "float32", clamp = 1e-4 }: Scaling): (amax: number) => number {
  if (scale === "none") return () => 1;
  if (format === "BF16") throw new Error('scaling: BF16 has the range of float32 and takes no scale; use scale "none"');
  if (!(clamp > 0 && clamp < Infinity)) throw new Error(`scaling: the clamp must be a positive number; got ${clamp}`);
  const [most, least] = [largest(FORMATS[format]), Math.fround(clamp)];
  const plain = (amax: number) => Math.fround(Math.max(amax, least) / most);
  return scale === "float32" ? plain : (amax) => nextPowerOfTwo(plain(amax));
}

const float = new Float32Array(1);
const floatBits = new Int32Array(float.buffer);

/** The smallest power of two that is at least s, for a normal float32 s; infinity and NaN stay. */
function nextPowerOfTwo(s: number): number {
  if (!Number.isFinite(s)) return s;
  float[0] = s;
  if ((floatBits[0] & 0x7fffff) === 0) return s;
  floatBits[0] = (floatBits[0] & 0x7f800000) + 0x800000;
  return float[0];
}

/**
 * The scales of one row of blocks.
 *
 * @param bits the matrix's numbers as bits
 * @param begin where the row of blocks begins in it
 * @param height rows of these blocks
 * @param grid how the matrix is cut
 * @param scaleOf from scaleRule
 * @param scales [across], receives the scales
 */
export function scaleBand(
  bits: Int32Array,
  begin: number,
  height: number,
  { columns, width, across }: Grid,
  scaleOf: (amax: number) => number,
  scales: Float32Array,
): void {
  const amax = new Int32Array(scales.buffer, scales.byteOffset, across); // the bits of magnitudes sort like the numbers
  amax.fill(0);
  for (let row = 0; row < height; row++) {
    const first = begin + row * columns;
    if (width === 1) takeLargerEach(bits, first, amax);
    else {
      for (let i = 0; i < across; i++) {
        const from = first + i * width;
        amax[i] = Math.max(amax[i], largestBits(bits, from, Math.min(from + width, first + columns)));
      }
    }
  }
  for (let i = 0; i < across; i++) scales[i] = scaleOf(scales[i]);
}

function takeLargerEach(bits: Int32Array, first: number, amax: Int32Array): void {
  for (let i = 0; i < amax.length; i++) amax[i] = Math.max(amax[i], bits[first + i] & 0x7fffffff);
}

/** The bits of the largest magnitude in a range; NaN is above infinity. */
function largestBits(bits: Int32Array, from: number, to: number): number {
  let most = 0;
  let i = from;
  for (; i + 3 < to; i += 4) {
    most = Math.max(
      most,
      bits[i] & 0x7fffffff,
      bits[i + 1] & 0x7fffffff,
      bits[i + 2] & 0x7fffffff,
      bits[i + 3] & 0x7fffffff,
    );
  }
  for (; i < to; i++) most = Math.max(most, bits[i] & 0x7fffffff);
  return most;
}
