/**
 * AdamW's update of one tensor on the GPU, in one program instead of some fifteen operations, and the sum of squares for
 * clipping, several tensors in a program.
 */
import * as tf from "@tensorflow/tfjs";
import type { AdamWNumbers, AdamWState } from "../kernel-types";
import { addUp, elementwise, runElementwise } from "./pieces";
import { isShared, runInPlace, runProgram, workgroupsFor, type WebgpuProgram } from "./program";

const UPDATE: WebgpuProgram = {
  name: "courseAdamW",
  outputs: ["p", "m", "v"], // changed in place
  inputs: ["g", "clip"],
  uniforms: [
    ["beta1", "f32"],
    ["beta2", "f32"],
    ["keep", "f32"],
    ["rate", "f32"],
    ["unbias", "f32"],
    ["epsilon", "f32"],
  ],
  workgroupSize: 256,
  code: `
    fn main(index : i32) {
      if (index < i32(arrayLength(&g))) {
        let clipped = g[index] * clip[0];
        let first = uniforms.beta1 * m[index] + (1.0 - uniforms.beta1) * clipped;
        let second = uniforms.beta2 * v[index] + (1.0 - uniforms.beta2) * clipped * clipped;
        m[index] = first;
        v[index] = second;
        p[index] = uniforms.keep * p[index] - uniforms.rate * first / (sqrt(second * uniforms.unbias) + uniforms.epsilon);
      }
    }`,
};
const COPY = elementwise("courseCopy", ["x"], "x[index]");

/** adamwStep (optimiser-step.ts) on webgpu: in the memory of the given state, where nothing else holds it. */
export function adamwStepOnWebgpu(
  state: AdamWState,
  g: tf.Tensor,
  clip: tf.Scalar,
  { beta1, beta2, epsilon, learningRate, weightDecay, step }: AdamWNumbers,
): AdamWState {
  const own = (x: tf.Tensor) => (isShared(x) ? runElementwise(COPY, [x]) : x.clone());
  const [p, m, v] = [state.p, state.m, state.v].map(own);
  const rate = learningRate / (1 - beta1 ** step);
  const keep = 1 - learningRate * weightDecay;
  const unbias = 1 / (1 - beta2 ** step);
  runInPlace(UPDATE, [p, m, v], {
    inputs: [g, clip],
    uniforms: { beta1, beta2, keep, rate, unbias, epsilon },
    changing: weightDecay === 0 ? "undecayed" : "decayed",
    workgroups: workgroupsFor(p.size, UPDATE),
  });
  return { p, m, v };
}

/** Tensors whose squares one program adds up: a program has room for eight, and one is the result. */
const TOGETHER = 7;
/** Workgroups for each of them. */
const GROUPS = 64;

const SQUARES: WebgpuProgram = {
  name: "courseSumOfSquares",
  inputs: Array.from({ length: TOGETHER }, (_, i) => `x${i}`),
  uniforms: Array.from({ length: TOGETHER }, (_, i): [string, "i32"] => [`size${i}`, "i32"]),
  workgroupSize: 256,
  byGroup: true,
  code: `
    var<workgroup> partial : array<f32, 256>;
    fn main(group : i32, lane : i32) {
      let first = group % ${GROUPS} * 256 + lane;
      var sum = 0.0;
      switch (group / ${GROUPS}) {
        ${Array.from({ length: TOGETHER }, (_, i) => squaresOf(i)).join("\n        ")}
        default: {}
      }
      partial[lane] = sum;
      ${addUp(256)}
      if (lane == 0 && group < ${TOGETHER * GROUPS}) { result[group] = partial[0]; }
    }`,
};

function squaresOf(i: number): string {
  return `case ${i}: { for (var at = first; at < uniforms.size${i}; at += ${256 * GROUPS}) { sum += x${i}[at] * x${i}[at]; } }`;
}

/** sumOfSquares (optimiser-step.ts) on webgpu. */
export function sumOfSquaresOnWebgpu(tensors: tf.Tensor[]): tf.Scalar {
  return tf.tidy(() => {
    const partial: tf.Tensor[] = [];
    for (let first = 0; first < tensors.length; first += TOGETHER) {
      // The last program may have fewer; an empty place gets some tensor and the size 0.
      const inputs = Array.from({ length: TOGETHER }, (_, i) => tensors[first + i] ?? tensors[0]);
      const sizes = inputs.map((_, i): [string, number] => [`size${i}`, tensors[first + i]?.size ?? 0]);
      const call = { inputs, uniforms: Object.fromEntries(sizes), workgroups: TOGETHER * GROUPS };
      partial.push(runProgram(SQUARES, { ...call, shape: [TOGETHER * GROUPS] }));
    }
    return tf.concat(partial).sum<tf.Scalar>();
  });
}
