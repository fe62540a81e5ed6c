/** Pieces that several GPU programs are made of. */
import type * as tf from "@tensorflow/tfjs";
import { runProgram, workgroupsFor, type WebgpuProgram } from "./program";

/**
 * A program that computes each element by itself: result[index] = expression.
 *
 * @param options.uniforms floats in the expression, beside `uniforms.size`
 * @param options.given WGSL before it
 */
export function elementwise(
  name: string,
  inputs: string[],
  expression: string,
  { uniforms = [], given = "" }: { uniforms?: string[]; given?: string } = {},
): WebgpuProgram {
  return {
    name,
    inputs,
    uniforms: [["size", "i32"], ...uniforms.map((uniform): [string, "f32"] => [uniform, "f32"])],
    workgroupSize: 256,
    code: `
    fn main(index : i32) {
      if (index < uniforms.size) { ${given} result[index] = ${expression}; }
    }`,
  };
}

/** Runs such a program; the result has the shape of the first input. */
export function runElementwise<T extends tf.Tensor>(
  program: WebgpuProgram,
  inputs: [T, ...tf.Tensor[]],
  uniforms: Record<string, number> = {},
): T {
  const [{ size, shape }] = inputs;
  return runProgram(program, {
    inputs,
    uniforms: { size, ...uniforms },
    shape,
    workgroups: workgroupsFor(size, program),
  });
}

/** WGSL: the sum of `partial` over the threads of a workgroup ends in partial[0]. */
export function addUp(threads: number): string {
  return `
      workgroupBarrier();
      for (var half = ${threads / 2}; half > 0; half = half / 2) {
        if (lane < half) { partial[lane] += partial[lane + half]; }
        workgroupBarrier();
      }`;
}
