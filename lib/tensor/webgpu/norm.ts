/**
 * RMSNorm on the GPU as one program forward and three back. In tfjs operations it is six and some twenty, each of which
 * reads and writes the whole activation; a model normalises four times a layer.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable";
import { addUp } from "./pieces";
import { runForAll, runProgram, type WebgpuProgram } from "./program";

const FORWARD: WebgpuProgram = {
  name: "courseRmsNorm",
  inputs: ["x", "w"],
  outputs: ["result", "scale"], // scale is r, [rows]
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
      if (lane == 0) { scale[row] = r; }
    }`,
};

// With r = 1 / √(mean(x²) + ε), kept from before:  dx = r · (w ⊙ dy) − x · r³ · mean(x ⊙ w ⊙ dy)
const BACKWARD: WebgpuProgram = {
  name: "courseRmsNormDx",
  inputs: ["x", "w", "scale", "dy"],
  uniforms: [
    ["rows", "i32"],
    ["width", "i32"],
  ],
  workgroupSize: 64,
  code: `
    var<workgroup> partial : array<f32, 64>;
    fn main(index : i32) {
      let row = min(index / 64, uniforms.rows - 1);
      let lane = index % 64;
      let at = row * uniforms.width;
      var along = 0.0;
      for (var i = lane; i < uniforms.width; i += 64) { along += x[at + i] * w[i] * dy[at + i]; }
      partial[lane] = along;
      ${addUp(64)}
      let r = scale[row];
      let c = partial[0] / f32(uniforms.width) * r * r * r;
      for (var i = lane; i < uniforms.width; i += 64) {
        result[at + i] = r * w[i] * dy[at + i] - x[at + i] * c;
      }
    }`,
};

/** Rows that one workgroup of the weight's gradient adds up. */
const STRETCH = 32;

// dw = Σ over rows of x · r ⊙ dy: each workgroup takes a stretch of rows; a second program adds the stretches.
const WEIGHT: WebgpuProgram = {
  ...BACKWARD,
  name: "courseRmsNormDw",
  inputs: ["x", "scale", "dy"],
  code: `
    fn main(index : i32) {
      let stretch = index / 64;
      let first = stretch * ${STRETCH};
      let last = min(first + ${STRETCH}, uniforms.rows);
      if (first < uniforms.rows) {
        for (var i = index % 64; i < uniforms.width; i += 64) {
          var sum = 0.0;
          for (var row = first; row < last; row++) {
            sum += x[row * uniforms.width + i] * dy[row * uniforms.width + i] * scale[row];
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
  workgroupSize: 256,
  byGroup: true,
  // A workgroup adds up 16 columns, with 16 threads each.
  code: `
    var<workgroup> partial : array<f32, 256>;
    fn main(group : i32, lane : i32) {
      let column = group * 16 + lane % 16;
      var sum = 0.0;
      if (column < uniforms.width) {
        for (var row = lane / 16; row < uniforms.rows; row += 16) { sum += x[row * uniforms.width + column]; }
      }
      partial[lane] = sum;
      workgroupBarrier();
      if (lane < 16 && column < uniforms.width) {
        for (var i = 1; i < 16; i++) { sum += partial[i * 16 + lane]; }
        result[column] = sum;
      }
    }`,
};

/** rmsNorm (nn.ts) on webgpu. Differentiable in x [..., D] and weight [D]. */
export function rmsNormOnWebgpu<T extends tf.Tensor>(x: T, weight: tf.Tensor, epsilon: number): T {
  const width = weight.size;
  const rows = x.size / width;
  const uniforms = { rows, width };
  return differentiable(
    (x: T, weight: tf.Tensor) => {
      const shapes = { shape: x.shape, moreShapes: [[rows]] };
      const call = { inputs: [x, weight], uniforms: { ...uniforms, epsilon }, ...shapes, workgroups: rows };
      const [value, scale] = runForAll(FORWARD, call);
      return { value: value as T, saved: [x, weight, scale] };
    },
    (dy, [x, weight, scale]) => {
      const dx = runProgram(BACKWARD, { inputs: [x, weight, scale, dy], uniforms, shape: x.shape, workgroups: rows });
      const stretches = Math.ceil(rows / STRETCH);
      const partial = { inputs: [x, scale, dy], uniforms, shape: [stretches, width], workgroups: stretches };
      const sums = runProgram(WEIGHT, partial);
      const dw = runProgram(COLUMN_SUMS, {
        inputs: [sums],
        uniforms: { rows: stretches, width },
        shape: [width],
        workgroups: Math.ceil(width / 16),
      });
      return [dx, dw];
    },
  )(x, weight);
}
