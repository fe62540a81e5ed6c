/**
 * Causal softmax on the GPU: the two parts of the scores are added, scaled, masked and normalised in one program, and
 * one more gives the gradient. Scores are the largest tensors of a training step, so each pass over them counts.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable";
import { runProgram, type WebgpuProgram } from "./program";

const UNIFORMS: WebgpuProgram["uniforms"] = [
  ["rows", "i32"],
  ["queries", "i32"],
  ["keys", "i32"],
  ["scale", "f32"],
];

/** WGSL: reduces `partial` over the 64 threads of a row with an expression of p and q. */
function reduce(expression: string): string {
  return `
      workgroupBarrier();
      for (var half = 32; half > 0; half = half / 2) {
        if (lane < half) {
          let p = partial[lane];
          let q = partial[lane + half];
          partial[lane] = ${expression};
        }
        workgroupBarrier();
      }`;
}

// Query t of T is key S − T + t of S and sees the keys up to itself; beyond, the probability is exactly 0.
const FRAME = `
      let row = min(index / 64, uniforms.rows - 1);
      let lane = index % 64;
      let at = row * uniforms.keys;
      let seen = uniforms.keys - uniforms.queries + row % uniforms.queries + 1;`;

const FORWARD: WebgpuProgram = {
  name: "courseCausalSoftmax",
  inputs: ["a", "b"],
  uniforms: UNIFORMS,
  workgroupSize: 64,
  code: `
    var<workgroup> partial : array<f32, 64>;
    fn main(index : i32) {
      ${FRAME}
      var top = -3.0e38;
      for (var i = lane; i < seen; i += 64) { top = max(top, (a[at + i] + b[at + i]) * uniforms.scale); }
      partial[lane] = top;
      ${reduce("max(p, q)")}
      let largest = partial[0];
      workgroupBarrier();
      var sum = 0.0;
      for (var i = lane; i < seen; i += 64) { sum += exp((a[at + i] + b[at + i]) * uniforms.scale - largest); }
      partial[lane] = sum;
      ${reduce("p + q")}
      let total = partial[0];
      for (var i = lane; i < uniforms.keys; i += 64) {
        var p = 0.0;
        if (i < seen) { p = exp((a[at + i] + b[at + i]) * uniforms.scale - largest) / total; }
        result[at + i] = p;
      }
    }`,
};

// d score = scale · p · (dp − Σ p · dp), the same for both parts.
const BACKWARD: WebgpuProgram = {
  name: "courseCausalSoftmaxGradient",
  inputs: ["p", "dp"],
  uniforms: UNIFORMS,
  workgroupSize: 64,
  code: `
    var<workgroup> partial : array<f32, 64>;
    fn main(index : i32) {
      ${FRAME}
      var sum = 0.0;
      for (var i = lane; i < seen; i += 64) { sum += p[at + i] * dp[at + i]; }
      partial[lane] = sum;
      ${reduce("p + q")}
      let along = partial[0];
      for (var i = lane; i < uniforms.keys; i += 64) {
        result[at + i] = uniforms.scale * p[at + i] * (dp[at + i] - along);
      }
    }`,
};

/** causalSoftmax (nn.ts) of scores in two parts [B, H, T, S], on webgpu. Differentiable in both. */
export function causalSoftmaxOnWebgpu(content: tf.Tensor4D, positional: tf.Tensor4D, scale: number): tf.Tensor4D {
  const [B, H, queries, keys] = content.shape;
  const rows = B * H * queries;
  const call = { uniforms: { rows, queries, keys, scale }, shape: content.shape, workgroups: rows };
  return differentiable(
    (content: tf.Tensor4D, positional: tf.Tensor4D) => {
      const p = runProgram<tf.Tensor4D>(FORWARD, { ...call, inputs: [content, positional] });
      return { value: p, saved: [p] };
    },
    (dp, [p]) => {
      const gradient = runProgram(BACKWARD, { ...call, inputs: [p, dp] });
      return [gradient, gradient.clone()];
    },
  )(content, positional);
}
