/**
 * AdamW's update of one tensor on the GPU, in three programs instead of some fifteen operations, and the sum of squares
 * for clipping, which tfjs leaves to a single workgroup.
 */
import * as tf from "@tensorflow/tfjs";
import { addUp, elementwise, runElementwise } from "./pieces";
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

const FIRST = elementwise(
  "courseAdamWFirst",
  ["m", "g", "clip"],
  "uniforms.beta * m[index] + (1.0 - uniforms.beta) * g[index] * clip[0]",
  { uniforms: ["beta"] },
);
const SECOND = elementwise(
  "courseAdamWSecond",
  ["v", "g", "clip"],
  "uniforms.beta * v[index] + (1.0 - uniforms.beta) * g[index] * clip[0] * g[index] * clip[0]",
  { uniforms: ["beta"] },
);
const STEP = elementwise(
  "courseAdamWStep",
  ["p", "m", "v"],
  "uniforms.keep * p[index] - uniforms.rate * m[index] / (sqrt(v[index] * uniforms.unbias) + uniforms.epsilon)",
  { uniforms: ["keep", "rate", "unbias", "epsilon"] },
);

/** adamwStep (optimiser-step.ts) on webgpu. */
export function adamwStepOnWebgpu(
  state: AdamWState,
  g: tf.Tensor,
  clip: tf.Scalar,
  { beta1, beta2, epsilon, learningRate, weightDecay, step }: AdamWNumbers,
): AdamWState {
  const m = runElementwise(FIRST, [state.m, g, clip], { beta: beta1 });
  const v = runElementwise(SECOND, [state.v, g, clip], { beta: beta2 });
  const rate = learningRate / (1 - beta1 ** step);
  const keep = 1 - learningRate * weightDecay;
  const unbias = 1 / (1 - beta2 ** step);
  return { p: runElementwise(STEP, [state.p, m, v], { keep, rate, unbias, epsilon }), m, v };
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
      ${addUp(256)}
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
