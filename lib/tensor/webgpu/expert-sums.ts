/**
 * The way back from rows sorted by expert to tokens, on the GPU: each token sums its K rows, weighted by its gates or
 * not. And the gradient of the gates.
 */
import * as tf from "@tensorflow/tfjs";
import type { ExpertRows } from "./expert-rows";
import { addUp } from "./pieces";
import { runProgram, workgroupsFor, type WebgpuProgram } from "./program";

function sumProgram(gated: boolean): WebgpuProgram {
  return {
    name: `courseSumOfChosen${gated ? "Gated" : ""}`,
    inputs: ["rows", "y", ...(gated ? ["chosen", "gates"] : [])],
    uniforms: [
      ["size", "i32"],
      ["width", "i32"],
      ["chosenPerToken", "i32"],
      ["experts", "i32"],
    ],
    workgroupSize: 256,
    code: `
    fn main(index : i32) {
      if (index < uniforms.size) {
        let token = index / uniforms.width;
        let column = index % uniforms.width;
        var sum = 0.0;
        for (var k = 0; k < uniforms.chosenPerToken; k++) {
          let slot = token * uniforms.chosenPerToken + k;
          sum += ${gated ? "gates[token * uniforms.experts + chosen[slot]] * " : ""}y[rows[slot] * uniforms.width + column];
        }
        result[index] = sum;
      }
    }`,
  };
}

/**
 * out[n] = Σ over n's K choices of its row of y, times its gate where gates are given: [R, D] → [N, D].
 *
 * @param weighting chosen int32 [N, K] and gates [N, E]
 */
export function sumOfChosen(
  plan: ExpertRows,
  y: tf.Tensor2D,
  weighting?: { chosen: tf.Tensor2D; gates: tf.Tensor2D },
): tf.Tensor2D {
  const [N, K] = plan.rows.shape;
  const width = y.shape[1];
  const program = sumProgram(weighting !== undefined);
  return runProgram(program, {
    inputs: [plan.rows, y, ...(weighting ? [weighting.chosen, weighting.gates] : [])],
    uniforms: { size: N * width, width, chosenPerToken: K, experts: weighting?.gates.shape[1] ?? 0 },
    shape: [N, width],
    workgroups: workgroupsFor(N * width, program),
  });
}

const GATE_GRADIENT: WebgpuProgram = {
  name: "courseGateGradient",
  inputs: ["rows", "chosen", "y", "dy"],
  uniforms: [
    ["tokens", "i32"],
    ["width", "i32"],
    ["chosenPerToken", "i32"],
    ["experts", "i32"],
  ],
  workgroupSize: 64,
  // One workgroup a token: K dot products, one after the other; then its row of E values is written, mostly zeros.
  code: `
    var<workgroup> partial : array<f32, 64>;
    fn main(index : i32) {
      let token = index / 64;
      let lane = index % 64;
      let inside = token < uniforms.tokens;
      if (inside) {
        for (var e = lane; e < uniforms.experts; e += 64) { result[token * uniforms.experts + e] = 0.0; }
      }
      storageBarrier();
      for (var k = 0; k < uniforms.chosenPerToken; k++) {
        var sum = 0.0;
        let slot = token * uniforms.chosenPerToken + k;
        if (inside) {
          let row = rows[slot];
          for (var i = lane; i < uniforms.width; i += 64) {
            sum += dy[token * uniforms.width + i] * y[row * uniforms.width + i];
          }
        }
        partial[lane] = sum;
        ${addUp(64)}
        if (lane == 0 && inside) { result[token * uniforms.experts + chosen[slot]] = partial[0]; }
        workgroupBarrier();
      }
    }`,
};

/** d gates [N, E] of sumOfChosen with gates: dy[n] · y[row of the choice], 0 where an expert is not chosen. */
export function gateGradient(
  plan: ExpertRows,
  chosen: tf.Tensor2D,
  y: tf.Tensor2D,
  dy: tf.Tensor2D,
  experts: number,
): tf.Tensor2D {
  const [N, K] = chosen.shape;
  return runProgram(GATE_GRADIENT, {
    inputs: [plan.rows, chosen, y, dy],
    uniforms: { tokens: N, width: y.shape[1], chosenPerToken: K, experts },
    shape: [N, experts],
    workgroups: N,
  });
}
