/**
 * AdamW's update of one tensor on the GPU, in three programs instead of some fifteen operations, and the sum of squares
 * for clipping, which tfjs leaves to a single workgroup.
 */
import * as tf from "@tensorflow/tfjs";
import { runProgram, workgroupsFor, type WebgpuProgram } from "./program";

/** What a step changes of one tensor: the parameter and its moments. */
export interface AdamWState {
  p: tf.Tensor;
  m: tf.Tensor;
  v: tf.Tensor;
}

export interface AdamWNumbers {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** α, for this step. */
  learningRate: number;
  /** λ of θ ← θ − α·λ·θ; 0 for none. */
  weightDecay: number;
  /** t, from 1 on: the moments are divided by 1 − βᵗ. */
  step: number;
}

function elementwise(name: string, inputs: string[], uniforms: string[], expression: string): WebgpuProgram {
  return {
    name,
    inputs,
    uniforms: [["size", "i32"], ...uniforms.map((uniform): [string, "f32"] => [uniform, "f32"])],
    workgroupSize: 256,
    code: `
    fn main(index : i32) {
      if (index < uniforms.size) { result[index] = ${expression}; }
    }`,
  };
}

const FIRST = elementwise(
  "courseAdamWFirst",
  ["m", "g", "clip"],
  ["beta"],
  "uniforms.beta * m[index] + (1.0 - uniforms.beta) * g[index] * clip[0]",
);
const SECOND = elementwise(
  "courseAdamWSecond",
  ["v", "g", "clip"],
  ["beta"],
  "uniforms.beta * v[index] + (1.0 - uniforms.beta) * g[index] * clip[0] * g[index] * clip[0]",
);
const STEP = elementwise(
  "courseAdamWStep",
  ["p", "m", "v"],
  ["keep", "rate", "unbias", "epsilon"],
  "uniforms.keep * p[index] - uniforms.rate * m[index] / (sqrt(v[index] * uniforms.unbias) + uniforms.epsilon)",
);

/** adamwStep (optimiser-step.ts) on webgpu. */
export function adamwStepOnWebgpu(
  state: AdamWState,
  g: tf.Tensor,
  clip: tf.Scalar,
  { beta1, beta2, epsilon, learningRate, weightDecay, step }: AdamWNumbers,
): AdamWState {
  const { p } = state;
  const size = p.size;
  const run = (program: WebgpuProgram, inputs: tf.Tensor[], uniforms: Record<string, number>) =>
    runProgram(program, {
      inputs,
      uniforms: { size, ...uniforms },
      shape: p.shape,
      workgroups: workgroupsFor(size, program),
    });
  const m = run(FIRST, [state.m, g, clip], { beta: beta1 });
  const v = run(SECOND, [state.v, g, clip], { beta: beta2 });
  const rate = learningRate / (1 - beta1 ** step);
  const keep = 1 - learningRate * weightDecay;
  return { p: run(STEP, [p, m, v], { keep, rate, unbias: 1 / (1 - beta2 ** step), epsilon }), m, v };
}

const SQUARES: WebgpuProgram = {
  name: "courseSumOfSquares",
  inputs: ["x"],
  uniforms: [
    ["size", "i32"],
    ["threads", "i32"],
  ],
  workgroupSize: 256,
  code: `
    var<workgroup> partial : array<f32, 256>;
    fn main(index : i32) {
      let lane = index % 256;
      var sum = 0.0;
      for (var i = index; i < uniforms.size; i += uniforms.threads) { sum += x[i] * x[i]; }
      partial[lane] = sum;
      workgroupBarrier();
      for (var half = 128; half > 0; half = half / 2) {
        if (lane < half) { partial[lane] += partial[lane + half]; }
        workgroupBarrier();
      }
      if (lane == 0) { result[index / 256] = partial[0]; }
    }`,
};

/** sumOfSquares (optimiser-step.ts) on webgpu. */
export function sumOfSquaresOnWebgpu(tensors: tf.Tensor[]): tf.Scalar {
  return tf.tidy(() => {
    const partial = tensors.map((x) => {
      const workgroups = Math.min(128, workgroupsFor(x.size, SQUARES));
      const uniforms = { size: x.size, threads: 256 * workgroups };
      return runProgram(SQUARES, { inputs: [x], uniforms, shape: [workgroups], workgroups });
    });
    return tf.concat(partial).sum<tf.Scalar>();
  });
}
