/**
 * A linear map as DeepSeek-V3 trains it in FP8 (the report, section 3.3, figure 6): all three of its products, forward,
 * gradient of the input and gradient of the weight, take quantised operands. What comes out, and so the gradient that
 * the optimiser sees, is float32.
 *
 *     forward             y  = Q(x)·Q(w)         x in tiles of 1 × 128 channels, w in squares of 128 × 128
 *     input gradient      dx = Q(dy)·Q(w)ᵀ       dy in tiles of 1 × 128 channels, w as in the forward product
 *     weight gradient     dw = Q'(Q(x))ᵀ·Q'(dy)  both in tiles of 128 tokens × 1, since this sum runs over tokens
 *
 * x enters the last product as it was kept after the forward one, already rounded, and is quantised once more.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../tensor/differentiable";
import { groupedRowsProduct, groupedWeightProduct } from "../tensor/grouped-matmul";
import type { FormatName } from "./formats";
import { limitedMatMul, limitedRowsProduct, limitedWeightProduct, type RunningSum } from "./accumulation";
import { roundInBlocks } from "./round-blocks";
import { BLOCKS, type Block, type ScaleRule, type Scaling } from "./scaling";

/** How the operands of a linear map's three products are quantised. */
export interface Recipe {
  /** Format of activations and weights. */
  forward: FormatName;
  /** Format of the gradient dy in both backward products. */
  backward: FormatName;
  /** "fine": tiles and squares, as in V3; "tensor": one scale for each matrix. */
  blocks: "fine" | "tensor";
  /** "none": plain casts. */
  scale: ScaleRule;
  /** How sums are kept; float32 by default. */
  sum?: RunningSum;
}

/** DeepSeek-V3: E4M3 in all three products, fine-grained. */
export const V3_RECIPE: Recipe = { forward: "E4M3", backward: "E4M3", blocks: "fine", scale: "float32" };

export const BF16_RECIPE: Recipe = { forward: "BF16", backward: "BF16", blocks: "tensor", scale: "none" };

/**
 * The smallest amax. The released kernel's 1e-4 is meant for activations and weights; gradients of a mean over many
 * tokens are far smaller, so here the clamp only keeps a block of zeros from a scale of 0.
 */
const CLAMP = 2 ** -100;

/**
 * x · w with quantised operands, in the backward products too.
 *
 * @param x [N, Din]
 * @param w [Din, Dout]
 * @returns [N, Dout]
 */
export function quantisedMatMul(x: tf.Tensor2D, w: tf.Tensor2D, recipe: Recipe): tf.Tensor2D {
  const { sum } = recipe;
  const times = (a: tf.Tensor2D, b: tf.Tensor2D, transposeA = false, transposeB = false): tf.Tensor2D =>
    sum === undefined ? tf.matMul(a, b, transposeA, transposeB) : limitedMatMul(a, b, { transposeA, transposeB }, sum);
  return quantisedLinear(x, w, recipe, [x.shape[0]], {
    forward: (x, w) => times(x, w),
    inputGradient: (dy, w) => times(dy, w, false, true),
    weightGradient: (x, dy) => times(x, dy, true, false),
  });
}

/**
 * groupedMatMul with quantised operands: each expert's matrix and rows are cut into blocks of their own.
 *
 * @param x [N, Din], rows sorted by group
 * @param w [E, Din, Dout]
 * @param counts rows of each group
 * @returns [N, Dout]
 */
export function quantisedGroupedMatMul(x: tf.Tensor2D, w: tf.Tensor3D, counts: number[], recipe: Recipe): tf.Tensor2D {
  const { sum } = recipe;
  const rows = (x: tf.Tensor2D, w: tf.Tensor3D, transposed: boolean) =>
    sum === undefined
      ? groupedRowsProduct(x, w, counts, transposed)
      : limitedRowsProduct(x, w, counts, transposed, sum);
  return quantisedLinear(x, w, recipe, counts, {
    forward: (x, w) => rows(x, w, false),
    inputGradient: (dy, w) => rows(dy, w, true),
    weightGradient: (x, dy) =>
      sum === undefined ? groupedWeightProduct(x, dy, counts) : limitedWeightProduct(x, dy, counts, sum),
  });
}

interface ThreeProducts<W> {
  forward: (x: tf.Tensor2D, w: W) => tf.Tensor2D;
  inputGradient: (dy: tf.Tensor2D, w: W) => tf.Tensor2D;
  weightGradient: (x: tf.Tensor2D, dy: tf.Tensor2D) => W;
}

function quantisedLinear<W extends tf.Tensor2D | tf.Tensor3D>(
  x: tf.Tensor2D,
  w: W,
  { forward, backward, blocks, scale }: Recipe,
  counts: number[],
  products: ThreeProducts<W>,
): tf.Tensor2D {
  const by = (format: FormatName, block: Block): Scaling =>
    blocks === "fine" ? { format, block, scale, clamp: CLAMP } : { format, block: BLOCKS.tensor, scale, clamp: CLAMP };
  const matrices = w.rank === 3 ? new Array<number>(w.shape[0]).fill(w.shape[1]!) : [w.shape[0]];
  return differentiable(
    (x: tf.Tensor2D, w: W) => {
      const roundedX = roundRows(x, [x.shape[0]], by(forward, BLOCKS.tile));
      const roundedW = roundRows(w, matrices, by(forward, BLOCKS.square));
      return { value: products.forward(roundedX, roundedW), saved: [roundedX, roundedW] };
    },
    (dy, [x, w]) => {
      const rows = roundRows(dy, [dy.shape[0]], by(backward, BLOCKS.tile));
      const dx = products.inputGradient(rows, w);
      // Without tiles nothing is cut anew, and rounding twice to the same numbers would change nothing.
      const again = blocks === "fine" && scale !== "none";
      const columnsOfX = again ? roundRows(x, counts, by(forward, BLOCKS.columnTile)) : x;
      const columnsOfDy = again ? roundRows(dy, counts, by(backward, BLOCKS.columnTile)) : rows;
      return [dx, products.weightGradient(columnsOfX, columnsOfDy)];
    },
  )(x, w);
}

/** Rounds a tensor in blocks, each run of rows by itself: no block reaches over two runs. */
function roundRows<T extends tf.Tensor>(x: T, counts: number[], scaling: Scaling): T {
  const columns = x.shape[x.rank - 1];
  const values = x.dataSync<"float32">();
  if (counts.length === 1) return tf.tensor(roundInBlocks(values, [counts[0], columns], scaling), x.shape) as T;
  const rounded = new Float32Array(values.length);
  let at = 0;
  for (const count of counts) {
    const end = at + count * columns;
    rounded.set(roundInBlocks(values.subarray(at, end), [count, columns], scaling), at);
    at = end;
  }
  return tf.tensor(rounded, x.shape) as T;
}
