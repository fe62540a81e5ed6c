/**
 * Products over rows sorted by expert, on the GPU: each row times its expert's matrix, and for each expert the product
 * of its rows that is the gradient of such a matrix. A row may also be read straight from its token, so that sorted
 * copies of the activations are never written.
 *
 * Both are tiled as usual: a workgroup of 256 threads computes 64 × 64 results, 4 × 4 a thread, from strips of 16 that
 * all share.
 */
import * as tf from "@tensorflow/tfjs";
import { TILE, type ExpertRows } from "./expert-rows";
import { runProgram, workgroupsFor, type WebgpuProgram } from "./program";

/** Where the rows of an operand come from. */
export interface RowSource {
  /** [R, width], already sorted; or [N, width], one a token, where `byToken`. */
  tensor: tf.Tensor2D;
  byToken?: boolean;
  /** [N, E]: multiplies each row with its token's gate. Only with byToken. */
  gates?: tf.Tensor2D;
}

const STRIP = 16;

/** WGSL: the value at (row, column) of a row source named `x`, 0 for padding. */
function rowValue(name: string, byToken: boolean, gated: boolean): string {
  const value = byToken
    ? `${name}[(slot / uniforms.chosenPerToken) * width + column]`
    : `${name}[row * width + column]`;
  const factor = gated ? "gates[(slot / uniforms.chosenPerToken) * uniforms.experts + expert] * " : "";
  return `
    fn ${name}At(row : i32, column : i32, width : i32, expert : i32) -> f32 {
      let slot = slots[row];
      if (slot < 0 || column >= width) { return 0.0; }
      return ${factor}${value};
    }`;
}

/** WGSL: 4 × 4 results a thread from the strips left [STRIP, 64] and right [STRIP, 64]. */
const MULTIPLY_STRIPS = `
    for (var k = 0; k < ${STRIP}; k++) {
      let a = vec4<f32>(left[k * 64 + y], left[k * 64 + y + 1], left[k * 64 + y + 2], left[k * 64 + y + 3]);
      let b = vec4<f32>(right[k * 64 + x], right[k * 64 + x + 1], right[k * 64 + x + 2], right[k * 64 + x + 3]);
      sum[0] += a.x * b;
      sum[1] += a.y * b;
      sum[2] += a.z * b;
      sum[3] += a.w * b;
    }`;

const SHARED = `
    var<workgroup> left : array<f32, ${STRIP * 64}>;
    var<workgroup> right : array<f32, ${STRIP * 64}>;
    var<workgroup> range : vec2<i32>;`;

function rowsProgram(byToken: boolean, gated: boolean, transposed: boolean, added: boolean): WebgpuProgram {
  const flags = [byToken && "ByToken", gated && "Gated", transposed && "Transposed", added && "Added"];
  const weight = transposed ? "column * uniforms.depth + k" : "k * uniforms.columns + column";
  return {
    name: `courseRowsTimesExperts${flags.filter(Boolean).join("")}`,
    inputs: ["begins", "slots", "a", "w", ...(gated ? ["gates"] : []), ...(added ? ["addend"] : [])],
    uniforms: [
      ["experts", "i32"],
      ["chosenPerToken", "i32"],
      ["depth", "i32"],
      ["columns", "i32"],
    ],
    workgroupSize: 256,
    code: `${SHARED}
    ${rowValue("a", byToken, gated)}
    fn main(index : i32) {
      let across = (uniforms.columns + 63) / 64;
      let group = index / 256;
      let lane = index % 256;
      let firstRow = (group / across) * ${TILE};
      let firstColumn = (group % across) * 64;
      if (lane == 0) {
        var e = 0;
        while (e < uniforms.experts && begins[e + 1] <= firstRow) { e += 1; }
        range = vec2<i32>(e, 0);
      }
      let expert = workgroupUniformLoad(&range).x;
      let used = expert < uniforms.experts;
      let y = (lane / 16) * 4;
      let x = (lane % 16) * 4;
      var sum : array<vec4<f32>, 4>;
      for (var strip = 0; strip < uniforms.depth; strip += ${STRIP}) {
        for (var i = lane; i < ${STRIP * 64}; i += 256) {
          let k = strip + i % ${STRIP};
          let row = i / ${STRIP};
          left[(i % ${STRIP}) * 64 + row] = select(0.0, aAt(firstRow + row, k, uniforms.depth, expert), used);
        }
        for (var i = lane; i < ${STRIP * 64}; i += 256) {
          let k = strip + ${transposed ? `i % ${STRIP}` : "i / 64"};
          let c = ${transposed ? `i / ${STRIP}` : "i % 64"};
          let column = firstColumn + c;
          var value = 0.0;
          if (used && k < uniforms.depth && column < uniforms.columns) {
            value = w[expert * uniforms.depth * uniforms.columns + ${weight}];
          }
          right[(k - strip) * 64 + c] = value;
        }
        workgroupBarrier();
        ${MULTIPLY_STRIPS}
        workgroupBarrier();
      }
      for (var i = 0; i < 4; i++) {
        for (var j = 0; j < 4; j++) {
          let row = firstRow + y + i;
          let column = firstColumn + x + j;
          if (column < uniforms.columns && row < uniforms.outShape.x) {
            let at = row * uniforms.columns + column;
            result[at] = sum[i][j]${added ? " + addend[at]" : ""};
          }
        }
      }
    }`,
  };
}

export interface RowsTimesExpertsOptions {
  /** Multiply with each expert's matrix transposed. */
  transposed?: boolean;
  /** [R, Dout], added to the result. */
  addend?: tf.Tensor2D;
}

/**
 * Each row times its expert's matrix: [R, Din] · w[e] [Din, Dout] → [R, Dout]; rows of padding are 0.
 *
 * @param w [E, Din, Dout], or [E, Dout, Din] where transposed
 */
export function rowsTimesExperts(
  plan: ExpertRows,
  { tensor, byToken = false, gates }: RowSource,
  w: tf.Tensor3D,
  { transposed = false, addend }: RowsTimesExpertsOptions = {},
): tf.Tensor2D {
  const [experts] = w.shape;
  const [depth, columns] = transposed ? [w.shape[2], w.shape[1]] : [w.shape[1], w.shape[2]];
  const program = rowsProgram(byToken, gates !== undefined, transposed, addend !== undefined);
  return runProgram(program, {
    inputs: [plan.begins, plan.slots, tensor, w, ...(gates ? [gates] : []), ...(addend ? [addend] : [])],
    uniforms: { experts, chosenPerToken: plan.rows.shape[1], depth, columns },
    shape: [plan.capacity, columns],
    workgroups: (plan.capacity / TILE) * Math.ceil(columns / 64),
  });
}

/** Into how many parts each expert's rows are split, so that there are enough workgroups to fill a GPU. */
const PARTS = 8;

const ADD_PARTS: WebgpuProgram = {
  name: "courseAddParts",
  inputs: ["x"],
  uniforms: [["size", "i32"]],
  workgroupSize: 256,
  code: `
    fn main(index : i32) {
      if (index < uniforms.size) {
        var sum = 0.0;
        for (var part = 0; part < ${PARTS}; part++) { sum += x[part * uniforms.size + index]; }
        result[index] = sum;
      }
    }`,
};

function productsProgram(aByToken: boolean, bByToken: boolean, gated: boolean): WebgpuProgram {
  const flags = [aByToken && "AByToken", bByToken && "BByToken", gated && "Gated"];
  return {
    name: `courseExpertProducts${flags.filter(Boolean).join("")}`,
    inputs: ["begins", "slots", "a", "b", ...(gated ? ["gates"] : [])],
    uniforms: [
      ["experts", "i32"],
      ["chosenPerToken", "i32"],
      ["rows", "i32"],
      ["columns", "i32"],
    ],
    workgroupSize: 256,
    code: `${SHARED}
    ${rowValue("a", aByToken, false)}
    ${rowValue("b", bByToken, gated)}
    fn main(index : i32) {
      let across = (uniforms.columns + 63) / 64;
      let down = (uniforms.rows + 63) / 64;
      let group = index / 256;
      let lane = index % 256;
      let expert = group / (across * down) % uniforms.experts;
      let part = group / (across * down * uniforms.experts);
      let firstRow = (group / across % down) * 64;
      let firstColumn = (group % across) * 64;
      if (lane == 0) { range = vec2<i32>(begins[expert] + part * ${STRIP}, begins[expert + 1]); }
      let span = workgroupUniformLoad(&range);
      let y = (lane / 16) * 4;
      let x = (lane % 16) * 4;
      var sum : array<vec4<f32>, 4>;
      for (var strip = span.x; strip < span.y; strip += ${PARTS * STRIP}) {
        for (var i = lane; i < ${STRIP * 64}; i += 256) {
          left[i] = aAt(strip + i / 64, firstRow + i % 64, uniforms.rows, expert);
          right[i] = bAt(strip + i / 64, firstColumn + i % 64, uniforms.columns, expert);
        }
        workgroupBarrier();
        ${MULTIPLY_STRIPS}
        workgroupBarrier();
      }
      let inside = part < ${PARTS};
      for (var i = 0; i < 4; i++) {
        for (var j = 0; j < 4; j++) {
          let row = firstRow + y + i;
          let column = firstColumn + x + j;
          if (inside && row < uniforms.rows && column < uniforms.columns) {
            result[((part * uniforms.experts + expert) * uniforms.rows + row) * uniforms.columns + column] = sum[i][j];
          }
        }
      }
    }`,
  };
}

/**
 * For each expert its rows of a, transposed, times its rows of b: [R, Din], [R, Dout] → [E, Din, Dout]; 0 without rows.
 * Only b may have gates.
 */
export function expertProducts(plan: ExpertRows, a: RowSource, b: RowSource, experts: number): tf.Tensor3D {
  const [rows, columns] = [a.tensor.shape[1], b.tensor.shape[1]];
  return tf.tidy(() => {
    const parts = runProgram(productsProgram(a.byToken ?? false, b.byToken ?? false, b.gates !== undefined), {
      inputs: [plan.begins, plan.slots, a.tensor, b.tensor, ...(b.gates ? [b.gates] : [])],
      uniforms: { experts, chosenPerToken: plan.rows.shape[1], rows, columns },
      shape: [PARTS, experts, rows, columns],
      workgroups: PARTS * experts * Math.ceil(rows / 64) * Math.ceil(columns / 64),
    });
    const size = experts * rows * columns;
    return runProgram(ADD_PARTS, {
      inputs: [parts],
      uniforms: { size },
      shape: [experts, rows, columns],
      workgroups: workgroupsFor(size, ADD_PARTS),
    });
  });
}
