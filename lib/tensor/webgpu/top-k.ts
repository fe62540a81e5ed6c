/**
 * The k largest of each row on the GPU. Each place counts for itself how many values come before it: one program instead
 * of a dozen operations, of which one fails there (the transpose of whole numbers does not compile).
 */
import type * as tf from "@tensorflow/tfjs";
import { runProgram, workgroupsFor, type WebgpuProgram } from "./program";

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

/** topKMask (top-k.ts) on webgpu. */
export function topKMaskOnWebgpu(x: tf.Tensor2D, k: number): tf.Tensor2D {
  const uniforms = { size: x.size, columns: x.shape[1], k };
  return runProgram(MASK, { inputs: [x], uniforms, shape: x.shape, workgroups: workgroupsFor(x.size, MASK) });
}

/** columnsOfMask (top-k.ts) on webgpu. */
export function columnsOfMaskOnWebgpu(mask: tf.Tensor2D, k: number): tf.Tensor2D {
  const [rows, columns] = mask.shape;
  const call = { inputs: [mask], uniforms: { rows, columns, k }, shape: [rows, k], dtype: "int32" as const };
  return runProgram(COLUMNS, { ...call, workgroups: workgroupsFor(rows, COLUMNS) });
}
