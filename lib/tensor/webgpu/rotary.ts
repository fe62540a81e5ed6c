/**
 * Rotary embedding on the GPU: one program turns all pairs, and turned the other way it is its own gradient.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable";
import { runProgram, workgroupsFor, type WebgpuProgram } from "./program";

const TURN: WebgpuProgram = {
  name: "courseRotary",
  inputs: ["x", "cosine", "sine"],
  uniforms: [
    ["size", "i32"],
    ["heads", "i32"],
    ["width", "i32"],
    ["table", "i32"],
    ["direction", "f32"],
  ],
  workgroupSize: 256,
  // (a, b) → (a·cos − b·sin, b·cos + a·sin); x is [B, T, H, R], the tables [B or 1, T, 1, R] of `table` elements.
  code: `
    fn main(index : i32) {
      if (index < uniforms.size) {
        let channel = index % uniforms.width;
        let token = index / (uniforms.width * uniforms.heads);
        let at = (token * uniforms.width + channel) % uniforms.table;
        let even = channel % 2 == 0;
        let partner = select(x[index - 1], -x[index + 1], even);
        result[index] = x[index] * cosine[at] + uniforms.direction * partner * sine[at];
      }
    }`,
};

/** rotate (nn.ts) on webgpu. Differentiable in x. */
export function rotateOnWebgpu(x: tf.Tensor4D, cos: tf.Tensor4D, sin: tf.Tensor4D): tf.Tensor4D {
  const [, , heads, width] = x.shape;
  const turn = (x: tf.Tensor, cos: tf.Tensor, sin: tf.Tensor, direction: number) =>
    runProgram<tf.Tensor4D>(TURN, {
      inputs: [x, cos, sin],
      uniforms: { size: x.size, heads, width, table: cos.size, direction },
      shape: x.shape,
      workgroups: workgroupsFor(x.size, TURN),
    });
  return differentiable(
    (x: tf.Tensor4D) => ({ value: turn(x, cos, sin, 1), saved: [cos, sin] }),
    (dy, [cos, sin]) => [turn(dy, cos, sin, -1)],
  )(x);
}
