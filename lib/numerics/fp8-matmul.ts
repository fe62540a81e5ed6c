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
import type { Accumulator } from "./accumulator";
import { dequantise, quantise, runOfRows, turned } from "./fp8-quantise";
import { quantisedProduct } from "./product";
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
  /** The register in which products are summed; float32 where left out. */
  sum?: Accumulator;
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
 * @throws as quantisedProduct, where the recipe names a register
 */
export function quantisedMatMul(x: tf.Tensor2D, w: tf.Tensor2D, recipe: Recipe): tf.Tensor2D {
  if (recipe.sum !== undefined) return summedInRegister(x, w, [x.shape[0]], recipe, recipe.sum);
  return quantisedLinear(x, w, recipe, [x.shape[0]], {
    forward: (x, w) => tf.matMul(x, w),
    inputGradient: (dy, w) => tf.matMul(dy, w, false, true),
    weightGradient: (x, dy) => tf.matMul(x, dy, true, false),
  });
}

/**
 * groupedMatMul with quantised operands: each expert's matrix and rows are cut into blocks of their own.
 *
 * @param x [N, Din], rows sorted by group
 * @param w [E, Din, Dout]
 * @param counts rows of each group
 * @returns [N, Dout]
 * @throws as quantisedMatMul
 */
export function quantisedGroupedMatMul(x: tf.Tensor2D, w: tf.Tensor3D, counts: number[], recipe: Recipe): tf.Tensor2D {
  if (recipe.sum !== undefined) return summedInRegister(x, w, counts, recipe, recipe.sum);
  return quantisedLinear(x, w, recipe, counts, {
    forward: (x, w) => groupedRowsProduct(x, w, counts, false),
    inputGradient: (dy, w) => groupedRowsProduct(dy, w, counts, true),
    weightGradient: (x, dy) => groupedWeightProduct(x, dy, counts),
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
  recipe: Recipe,
  counts: number[],
  products: ThreeProducts<W>,
): tf.Tensor2D {
  const { forward, backward } = recipe;
  const by = scalingsOf(recipe);
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
      const again = isCutAgain(recipe);
      const columnsOfX = again ? roundRows(x, counts, by(forward, BLOCKS.columnTile)) : x;
      const columnsOfDy = again ? roundRows(dy, counts, by(backward, BLOCKS.columnTile)) : rows;
      return [dx, products.weightGradient(columnsOfX, columnsOfDy)];
    },
  )(x, w);
}

/** The scaling of a format and block under a recipe. */
function scalingsOf({ blocks, scale }: Recipe): (format: FormatName, block: Block) => Scaling {
  return (format, block) => ({ format, block: blocks === "fine" ? block : BLOCKS.tensor, scale, clamp: CLAMP });
}

/** Whether the weight gradient's operands are cut into tiles anew: one scale, or none, would give the same numbers. */
function isCutAgain({ blocks, scale }: Recipe): boolean {
  return blocks === "fine" && scale !== "none";
}

/**
 * The same three products with their sums in a tensor core's register: group by group as codes and scales, the summed
 * dimension last. Only the sums differ: the operands are those of quantisedLinear.
 */
function summedInRegister<W extends tf.Tensor2D | tf.Tensor3D>(
  x: tf.Tensor2D,
  w: W,
  counts: number[],
  recipe: Recipe,
  sum: Accumulator,
): tf.Tensor2D {
  const [Din, Dout] = w.shape.slice(-2);
  const { forward, backward } = recipe;
  const by = scalingsOf(recipe);
  const begins = counts.map((_, e) => counts.slice(0, e).reduce((a, b) => a + b, 0));
  const rowsOf = (t: tf.Tensor, format: FormatName) => {
    const all = quantise(t.dataSync<"float32">(), [t.shape[0], t.shape[1]!], by(format, BLOCKS.tile));
    return counts.map((count, e) => runOfRows(all, begins[e], count));
  };
  const matricesOf = (w: tf.Tensor) => {
    const values = w.dataSync<"float32">();
    return counts.map((_, e) =>
      quantise(values.subarray(e * Din * Dout, (e + 1) * Din * Dout), [Din, Dout], by(forward, BLOCKS.square)),
    );
  };
  return differentiable(
    (x: tf.Tensor2D, w: W) => {
      const y = new Float32Array(x.shape[0] * Dout);
      const matrices = matricesOf(w);
      rowsOf(x, forward).forEach((rows, e) =>
        y.set(quantisedProduct(rows, turned(matrices[e]), sum), begins[e] * Dout),
      );
      return { value: tf.tensor2d(y, [x.shape[0], Dout]), saved: [x, w] };
    },
    (dy, [x, w]) => {
      const [dx, dw] = [new Float32Array(x.size), new Float32Array(w.size)];
      const [matrices, rowsOfX, rowsOfDy] = [matricesOf(w), rowsOf(x, forward), rowsOf(dy, backward)];
      const slopes = dy.dataSync<"float32">();
      counts.forEach((count, e) => {
        dx.set(quantisedProduct(rowsOfDy[e], matrices[e], sum), begins[e] * Din);
        let [ofX, ofDy] = [rowsOfX[e], rowsOfDy[e]];
        if (isCutAgain(recipe)) {
          const own = slopes.subarray(begins[e] * Dout, (begins[e] + count) * Dout);
          ofX = quantise(dequantise(ofX), [count, Din], by(forward, BLOCKS.columnTile));
          ofDy = quantise(own, [count, Dout], by(backward, BLOCKS.columnTile));
        }
        dw.set(quantisedProduct(turned(ofX), turned(ofDy), sum), e * Din * Dout);
      });
      return [tf.tensor(dx, x.shape), tf.tensor(dw, w.shape)];
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
