/**
 * Which k values of each row are the largest, as a mask and as columns. tfjs gives the columns; from them a mask takes
 * three more operations, of which one fails on webgpu (its transpose of whole numbers does not compile). On webgpu each
 * place therefore counts for itself how many values come before it: one program instead of a dozen.
 */
import * as tf from "@tensorflow/tfjs";
import { onWebgpu, runProgram, workgroupsFor, type WebgpuProgram } from "./webgpu/program";

const MASK: WebgpuProgram = {
  name: "courseTopKMask",
  inputs: ["x"],
  uniforms: [
    ["size", "i32"],
    ["columns", "i32"],
    ["k", "i32"],
  ],
  workgroupSize: 256,
  code: `
    fn main(index : i32) {
      if (index < uniforms.size) {
        let row = index - index % uniforms.columns;
        let own = x[index];
        var before = 0;
        for (var i = row; i < row + uniforms.columns; i++) {
          before += select(0, 1, x[i] > own || (x[i] == own && i < index));
        }
        result[index] = select(0.0, 1.0, before < uniforms.k);
      }
    }`,
};

const COLUMNS: WebgpuProgram = {
  name: "courseColumnsOfMask",
  inputs: ["mask"],
  uniforms: [
    ["rows", "i32"],
    ["columns", "i32"],
    ["k", "i32"],
  ],
  workgroupSize: 64,
  code: `
    fn main(index : i32) {
      if (index < uniforms.rows) {
        var found = 0;
        for (var c = 0; c < uniforms.columns; c++) {
          if (mask[index * uniforms.columns + c] > 0.5 && found < uniforms.k) {
            result[index * uniforms.k + found] = c;
            found += 1;
          }
        }
      }
    }`,
};

/**
 * 1 for the k largest of each row, else 0; of equal values the lower column comes first. To the gradient it is a
 * constant: use stopGradient.
 *
 * @param x [N, columns]
 * @returns [N, columns]
 */
export function topKMask(x: tf.Tensor2D, k: number): tf.Tensor2D {
  const columns = x.shape[1];
  if (onWebgpu()) {
    const uniforms = { size: x.size, columns, k };
    const workgroups = workgroupsFor(x.size, MASK);
    return runProgram(MASK, { inputs: [x], uniforms, shape: x.shape, workgroups });
  }
  if (k === columns) return tf.onesLike(x);
  return tf.tidy(() => tf.oneHot(tf.topk(x, k).indices.toInt(), columns).sum(1).toFloat() as tf.Tensor2D);
}

/**
 * The columns where a mask is 1, in ascending order.
 *
 * @param mask [N, columns], with k ones in each row
 * @returns int32 [N, k]
 */
export function columnsOfMask(mask: tf.Tensor2D, k: number): tf.Tensor2D {
  const [rows, columns] = mask.shape;
  if (onWebgpu()) {
    const call = { inputs: [mask], uniforms: { rows, columns, k }, shape: [rows, k], dtype: "int32" as const };
    return runProgram(COLUMNS, { ...call, workgroups: workgroupsFor(rows, COLUMNS) });
  }
  // Of equal values topk takes the lower column first, so the ones come in ascending order.
  return tf.tidy(() => tf.topk(mask, k).indices.toInt() as tf.Tensor2D);
}
