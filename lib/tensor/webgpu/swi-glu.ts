/**
 * SiLU(a) ⊙ b, the inside of every gated feed-forward network, on the GPU: one program forward and one back, instead of
 * three operations and some eight.
 */
import type * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable";
import { elementwise, runElementwise } from "./pieces";
import { runForAll, workgroupsFor, type WebgpuProgram } from "./program";

const SIGMOID = { given: "let s = 1.0 / (1.0 + exp(-a[index]));" };
const SWI_GLU = elementwise("courseSwiGlu", ["a", "b"], "a[index] * s * b[index]", SIGMOID);
const SWI_GLU_GRADIENTS: WebgpuProgram = {
  name: "courseSwiGluGradients",
  inputs: ["a", "b", "dy"],
  outputs: ["da", "db"],
  uniforms: [["size", "i32"]],
  workgroupSize: 256,
  code: `
    fn main(index : i32) {
      if (index < uniforms.size) {
        ${SIGMOID.given}
        da[index] = dy[index] * b[index] * s * (1.0 + a[index] * (1.0 - s));
        db[index] = dy[index] * a[index] * s;
      }
    }`,
};

/** SiLU(a) ⊙ b, any equal shapes; not differentiable by itself. */
export function swiGluForward<T extends tf.Tensor>(a: T, b: T): T {
  return runElementwise(SWI_GLU, [a, b]);
}

/** The gradients of swiGluForward in a and b. */
export function swiGluGradients<T extends tf.Tensor>(a: T, b: T, dy: T): [T, T] {
  const { size, shape } = a;
  const workgroups = workgroupsFor(size, SWI_GLU_GRADIENTS);
  const call = { inputs: [a, b, dy], uniforms: { size }, shape, moreShapes: [shape], workgroups };
  return runForAll(SWI_GLU_GRADIENTS, call) as [T, T];
}

/** swiGlu (nn.ts) on webgpu. Differentiable in both. */
export function swiGluOnWebgpu<T extends tf.Tensor>(a: T, b: T): T {
  return differentiable(
    (a: T, b: T) => ({ value: swiGluForward(a, b), saved: [a, b] }),
    (dy, [a, b]) => swiGluGradients(a, b, dy),
  )(a, b);
}
