/**
 * RMSNorm on the GPU as one program forward and three back. In tfjs operations it is six and some twenty, each of which
 * reads and writes the whole activation; a model normalises four times a layer.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable";
import { addUp } from "./pieces";
import { runProgram, workgroupsFor, type WebgpuProgram } from "./program";

const FORWARD: WebgpuProgram = {
  name: "courseRmsNorm",
  inputs: ["x", "w"],
  uniforms: [
    ["rows", "i32"],
    ["width", "i32"],
    ["epsilon", "f32"],
  ],
  workgroupSize: 64,
  code: `
    var<workgroup> partial : array<f32, 64>;
    fn main(index : i32) {
      let row = min(index / 64, uniforms.rows - 1);
      let lane = index % 64;
      let at = row * uniforms.width;
      var squares = 0.0;
      for (var i = lane; i < uniforms.width; i += 64) { squares += x[at + i] * x[at + i]; }
      partial[lane] = squares;
      ${addUp(64)}
      let r = inverseSqrt(partial[0] / f32(uniforms.width) + uniforms.epsilon);
      for (var i = lane; i < uniforms.width; i += 64) { result[at + i] = x[at + i] * r * w[i]; }
    }`,
};

// With r = 1 / √(mean(x²) + ε):  dx = r · (w ⊙ dy) − x · r³ · mean(x ⊙ w ⊙ dy)
const BACKWARD: WebgpuProgram = {
  ...FORWARD,
  name: "courseRmsNormDx",
  inputs: ["x", "w", "dy"],
  code: `
    var<workgroup> partial : array<f32, 64>;
    fn main(index : i32) {
      let row = min(index / 64, uniforms.rows - 1);
      let lane = index % 64;
      let at = row * uniforms.width;
      let n = f32(uniforms.width);
      var squares = 0.0;
      var along = 0.0;
      for (var i = lane; i < uniforms.width; i += 64) {
        squares += x[at + i] * x[at + i];
        along += x[at + i] * w[i] * dy[at + i];
      }
      partial[lane] = squares;
      ${addUp(64)}
      let r = inverseSqrt(partial[0] / n + uniforms.epsilon);
      workgroupBarrier();
      partial[lane] = along;
      ${addUp(64)}
      let c = partial[0] / n * r * r * r;
      for (var i = lane; i < uniforms.width; i += 64) {
        result[at + i] = r * w[i] * dy[at + i] - x[at + i] * c;
      }
    }`,
};

/** Rows that one workgroup of the weight's gradient adds up. */
const STRETCH = 32;

// dw = Σ over rows of x · r ⊙ dy: each workgroup takes a stretch of rows, r first; a second program adds the stretches.
const WEIGHT: WebgpuProgram = {
  ...FORWARD,
  name: "courseRmsNormDw",
  inputs: ["x", "dy"],
  code: `
    var<workgroup> scale : array<f32, ${STRETCH}>;
    fn main(index : i32) {
      let stretch = index / 64;
      let lane = index % 64;
      let first = stretch * ${STRETCH};
      let last = min(first + ${STRETCH}, uniforms.rows);
      for (var row = first + lane; row < last; row += 64) {
        var squares = 0.0;
        for (var i = 0; i < uniforms.width; i++) { squares += x[row * uniforms.width + i] * x[row * uniforms.width + i]; }
        scale[row - first] = inverseSqrt(squares / f32(uniforms.width) + uniforms.epsilon);
      }
      workgroupBarrier();
      if (first < uniforms.rows) {
        for (var i = lane; i < uniforms.width; i += 64) {
          var sum = 0.0;
          for (var row = first; row < last; row++) {
            sum += x[row * uniforms.width + i] * dy[row * uniforms.width + i] * scale[row - first];
          }
          result[stretch * uniforms.width + i] = sum;
        }
      }
    }`,
};

const COLUMN_SUMS: WebgpuProgram = {
  name: "courseColumnSums",
  inputs: ["x"],
  uniforms: [
    ["rows", "i32"],
    ["width", "i32"],
  ],
  workgroupSize: 64,
  code: `
    fn main(index : i32) {
      if (index < uniforms.width) {
        var sum = 0.0;
        for (var row = 0; row < uniforms.rows; row++) { sum += x[row * uniforms.width + index]; }
        result[index] = sum;
      }
    }`,
};

/** rmsNorm (nn.ts) on webgpu. Differentiable in x [..., D] and weight [D]. */
export function rmsNormOnWebgpu<T extends tf.Tensor>(x: T, weight: tf.Tensor, epsilon: number): T {
  const width = weight.size;
  const rows = x.size / width;
  const uniforms = { rows, width, epsilon };
  return differentiable(
    (x: T, weight: tf.Tensor) => ({
      value: runProgram<T>(FORWARD, { inputs: [x, weight], uniforms, shape: x.shape, workgroups: rows }),
      saved: [x, weight],
    }),
    (dy, [x, weight]) => {
      const dx = runProgram(BACKWARD, { inputs: [x, weight, dy], uniforms, shape: x.shape, workgroups: rows });
      const stretches = Math.ceil(rows / STRETCH);
      const partial = { inputs: [x, dy], uniforms, shape: [stretches, width], workgroups: stretches };
      const sums = runProgram(WEIGHT, partial);
      const dw = runProgram(COLUMN_SUMS, {
        inputs: [sums],
        uniforms: { rows: stretches, width },
        shape: [width],
        workgroups: workgroupsFor(width, COLUMN_SUMS),
      });
      return [dx, dw];
    },
  )(x, weight);
}
