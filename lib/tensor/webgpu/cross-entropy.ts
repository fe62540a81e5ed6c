/**
 * The cross-entropy of the next token on the GPU: one program gives each row's loss and what its softmax is divided by,
 * one more the gradient. No one-hot rows are made.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable";
import { addUp } from "./pieces";
import { runForAll, runProgram, workgroupsFor, type WebgpuProgram } from "./program";

// loss = −ln softmax(x)[id] = ln Σ exp(x) − x[id], with the largest x taken out before.
const FORWARD: WebgpuProgram = {
  name: "courseCrossEntropy",
  inputs: ["x", "ids"],
  outputs: ["loss", "logSum"], // [N] each; logSum is ln Σ exp(x)
  uniforms: [
    ["rows", "i32"],
    ["width", "i32"],
  ],
  workgroupSize: 64,
  byGroup: true,
  code: `
    var<workgroup> partial : array<f32, 64>;
    fn main(group : i32, lane : i32) {
      let row = min(group, uniforms.rows - 1);
      let at = row * uniforms.width;
      var top = -3.0e38;
      for (var i = lane; i < uniforms.width; i += 64) { top = max(top, x[at + i]); }
      partial[lane] = top;
      workgroupBarrier();
      for (var half = 32; half > 0; half = half / 2) {
        if (lane < half) { partial[lane] = max(partial[lane], partial[lane + half]); }
        workgroupBarrier();
      }
      let largest = partial[0];
      workgroupBarrier();
      var sum = 0.0;
      for (var i = lane; i < uniforms.width; i += 64) { sum += exp(x[at + i] - largest); }
      partial[lane] = sum;
      ${addUp(64)}
      if (lane == 0) {
        logSum[row] = largest + log(partial[0]);
        loss[row] = logSum[row] - x[at + ids[row]];
      }
    }`,
};

// d x = (softmax(x) − 1 at the id, else softmax(x)) · dy / N
const BACKWARD: WebgpuProgram = {
  name: "courseCrossEntropyGradient",
  inputs: ["x", "ids", "logSum", "dy"],
  uniforms: [
    ["rows", "i32"],
    ["width", "i32"],
  ],
  workgroupSize: 256,
  code: `
    fn main(index : i32) {
      let row = index / uniforms.width;
      if (row < uniforms.rows) {
        let wanted = select(0.0, 1.0, index % uniforms.width == ids[row]);
        result[index] = (exp(x[index] - logSum[row]) - wanted) * dy[0] / f32(uniforms.rows);
      }
    }`,
};

/** crossEntropy (../cross-entropy.ts) on webgpu. Differentiable in the logits. */
export function crossEntropyOnWebgpu(logits: tf.Tensor2D, ids: tf.Tensor1D): tf.Scalar {
  const [rows, width] = logits.shape;
  const uniforms = { rows, width };
  return differentiable(
    (logits: tf.Tensor2D) => {
      const call = { inputs: [logits, ids], uniforms, shape: [rows], moreShapes: [[rows]], workgroups: rows };
      const [loss, logSum] = runForAll(FORWARD, call);
      return { value: loss.mean<tf.Scalar>(), saved: [logits, ids, logSum] };
    },
    (dy, saved) => {
      const workgroups = workgroupsFor(rows * width, BACKWARD);
      return [runProgram(BACKWARD, { inputs: [...saved, dy], uniforms, shape: [rows, width], workgroups })];
    },
  )(logits);
}
