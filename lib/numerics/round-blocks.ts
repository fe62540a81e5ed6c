/**
 * Rounding instead of quantising: every number becomes what its code and scale would give back. A product of rounded
 * matrices is the product that FP8 training computes, while the matrices stay float32. The sum inside is then float32
 * too, more exact than a tensor core's, unless it is limited on purpose (accumulation.ts).
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../tensor/differentiable";
import { roundingTable, type RoundingTable } from "./codec";
import { divideRow } from "./fp8-quantise";
import { gridOf, scaleBand, scaleRule, type Scaling } from "./scaling";

/**
 * dequantise(quantise(values)) without the codes in between, bit for bit the same numbers.
 *
 * @param values [rows, columns]
 * @returns [rows, columns]
 * @throws as quantise
 */
export function roundInBlocks(values: Float32Array, [rows, columns]: [number, number], scaling: Scaling): Float32Array {
  if (values.length !== rows * columns) {
    throw new Error(`roundInBlocks: [${rows}, ${columns}] needs ${rows * columns} values; got ${values.length}`);
  }
  const grid = gridOf(rows, columns, scaling.block);
  const scaleOf = scaleRule(scaling);
  const rounded = new Float32Array(values.length);
  if (scaling.format === "BF16") {
    roundToBf16(values, rounded);
    return rounded;
  }
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const table = roundingTable(scaling.format, "saturate");
  const scales = new Float32Array(grid.across);
  const quotients = new Float32Array(columns);
  for (let band = 0; band < grid.down; band++) {
    const firstRow = band * grid.height;
    const height = Math.min(grid.height, rows - firstRow);
    scaleBand(bits, firstRow * columns, height, grid, scaleOf, scales);
    for (let row = firstRow; row < firstRow + height; row++) {
      divideRow(values, row * columns, grid, scales, quotients);
      multiplyRow(quotients, table, scales, grid.width, rounded, row * columns);
    }
  }
  return rounded;
}

/** rounded[first + i] = the nearest number of the format to quotients[i], times its block's scale. */
function multiplyRow(
  quotients: Float32Array,
  { shift, values }: RoundingTable,
  scales: Float32Array,
  width: number,
  rounded: Float32Array,
  first: number,
): void {
  const bits = new Int32Array(quotients.buffer);
  const rest = (1 << shift) - 1;
  for (let block = 0; block < scales.length; block++) {
    const scale = scales[block];
    const end = Math.min(quotients.length, (block + 1) * width);
    for (let i = block * width; i < end; i++) {
      rounded[first + i] = values[((bits[i] >>> shift) << 1) | (((bits[i] & rest) + rest) >>> shift)] * scale;
    }
  }
}

function roundToBf16(values: Float32Array, rounded: Float32Array): void {
  const from = new Int32Array(values.buffer, values.byteOffset, values.length);
  const to = new Int32Array(rounded.buffer);
  for (let i = 0; i < from.length; i++) {
    const u = from[i];
    to[i] = (u & 0x7fffffff) > 0x7f800000 ? u | 0x400000 : (u + 0x7fff + ((u >>> 16) & 1)) & 0xffff0000;
  }
}

/**
 * A tensor rounded, its last dimension as columns and all others as rows. Reads the tensor's numbers: cheap on wasm and
 * cpu, a stall on a GPU. No gradient: see roundStraightThrough.
 */
export function roundTensor<T extends tf.Tensor>(x: T, scaling: Scaling): T {
  const columns = x.shape.length === 0 ? 1 : x.shape[x.shape.length - 1];
  const rows = columns === 0 ? 0 : x.size / columns;
  return tf.tensor(roundInBlocks(x.dataSync<"float32">(), [rows, columns], scaling), x.shape) as T;
}

/** roundTensor with the gradient of the identity, since rounding's own is 0 almost everywhere (Bengio et al., 2013). */
export function roundStraightThrough<T extends tf.Tensor>(x: T, scaling: Scaling): T {
  return differentiable(
    (x: T) => ({ value: roundTensor(x, scaling), saved: [] }),
    (dy) => [dy.clone()],
  )(x);
}
