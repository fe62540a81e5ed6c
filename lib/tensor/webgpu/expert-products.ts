/**
 * Products over rows sorted by expert, on the GPU: each row times its expert's matrix, and for each expert the product
 * of its rows that is the gradient of such a matrix. A row may also be read straight from its token, so that sorted
 * copies of the activations are never written.
 */
import * as tf from "@tensorflow/tfjs";
import { TILE, type ExpertRows } from "./expert-rows";
import { ADD_PARTS } from "./product";
import { remembered, runProgram, workgroupsFor, type WebgpuProgram } from "./program";
import { four, STRIP, tileMemory, tileResults, tileStep, tileSums, tileThreads, writeFour, type Tile } from "./tile";

/** A tile has as many rows as belong to one expert at least. */
const SIZE = { rows: TILE, columns: 64, tall: 4, wide: 8 } as const;

/** Where the rows of an operand come from. */
export interface RowSource {
  /** [R, width], already sorted; or [N, width], one a token, where `byToken`. */
  tensor: tf.Tensor2D;
  byToken?: boolean;
  /** [N, E]: multiplies each row with its token's gate. Only with byToken. */
  gates?: tf.Tensor2D;
}

/** A row source as a program sees it. */
interface RowsInCode {
  byToken: boolean;
  gated: boolean;
  /** Whether all widths are multiples of four. */
  vectors: boolean;
}

/** WGSL: four numbers of a row of `array`, 0 for padding and outside; needs `expert` at module scope where gated. */
function rowValues(name: string, array: string, width: string, { byToken, gated, vectors }: RowsInCode): string {
  const row = byToken ? "slot / uniforms.chosenPerToken" : "row";
  const gate = gated ? "gates[(slot / uniforms.chosenPerToken) * uniforms.experts + expert] * " : "";
  return `
    fn ${name}At(row : i32, column : i32) -> vec4<f32> {
      let slot = slots[row];
      if (slot < 0 || column >= ${width}) { return vec4<f32>(); }
      let at = (${row}) * ${width} + column;
      return ${gate}${four(array, "at", `(${width} - column)`, vectors)};
    }`;
}

const names = (flags: Record<string, boolean>) =>
  Object.keys(flags)
    .filter((flag) => flags[flag])
    .join("");

const rowsProgram = remembered((rows: RowsInCode, transposed: boolean, added: boolean): WebgpuProgram => {
  const { byToken: ByToken, gated: Gated, vectors: Vectors } = rows;
  const tile: Tile = { ...SIZE, leftAlongDepth: true, rightAlongDepth: transposed };
  // w[e] is [depth, columns], or [columns, depth] where transposed; rightAt is given a row of it and a column.
  const [height, width] = transposed ? ["uniforms.columns", "uniforms.depth"] : ["uniforms.depth", "uniforms.columns"];
  const place = "row * uniforms.columns + column";
  const leftOver = "(uniforms.columns - column)";
  const value = added ? `sum + ${four("addend", place, leftOver, Vectors)}` : "sum";
  const write = writeFour("result", place, leftOver, Vectors, value);
  return {
    name: `courseRowsTimesExperts${names({ ByToken, Gated, Vectors, Transposed: transposed, Added: added })}`,
    inputs: ["begins", "slots", "a", "w", ...(Gated ? ["gates"] : []), ...(added ? ["addend"] : [])],
    vectors: Vectors ? ["a", "w", "addend", "result"] : [],
    uniforms: [
      ["experts", "i32"],
      ["chosenPerToken", "i32"],
      ["depth", "i32"],
      ["columns", "i32"],
      ["capacity", "i32"],
    ],
    workgroupSize: tileThreads(tile),
    byGroup: true,
    code: `
    var<private> expert : i32;
    ${tileMemory(tile)}
    ${rowValues("left", "a", "uniforms.depth", rows)}
    fn rightAt(row : i32, column : i32) -> vec4<f32> {
      if (expert >= uniforms.experts || row >= ${height} || column >= ${width}) { return vec4<f32>(); }
      let at = (expert * ${height} + row) * ${width} + column;
      return ${four("w", "at", `(${width} - column)`, Vectors)};
    }
    fn main(group : i32, lane : i32) {
      let across = (uniforms.columns + ${SIZE.columns - 1}) / ${SIZE.columns};
      let firstRow = (group / across) * ${TILE};
      let firstColumn = (group % across) * ${SIZE.columns};
      // The first expert whose rows end after firstRow; uniforms.experts for the room that is left over at the end.
      var low = 0;
      var high = uniforms.experts;
      while (low < high) {
        let middle = (low + high) / 2;
        if (begins[middle + 1] <= firstRow) { low = middle + 1; } else { high = middle; }
      }
      expert = low;
      ${tileSums(tile)}
      for (var strip = 0; strip < uniforms.depth; strip += ${STRIP}) {
        ${tileStep(tile)}
      }
      ${tileResults(tile, `if (row < uniforms.capacity && column < uniforms.columns) { ${write} }`)}
    }`,
  };
});

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
  const vectors = depth % 4 === 0 && columns % 4 === 0;
  const program = rowsProgram({ byToken, gated: gates !== undefined, vectors }, transposed, addend !== undefined);
  const { capacity } = plan;
  return runProgram(program, {
    inputs: [plan.begins, plan.slots, tensor, w, ...(gates ? [gates] : []), ...(addend ? [addend] : [])],
    uniforms: { experts, chosenPerToken: plan.rows.shape[1], depth, columns, capacity },
    shape: [capacity, columns],
    workgroups: (capacity / TILE) * Math.ceil(columns / SIZE.columns),
  });
}

/** Into how many parts each expert's rows are split, so that there are enough workgroups to fill a GPU. */
const PARTS = 8;

const productsProgram = remembered((a: RowsInCode, b: RowsInCode): WebgpuProgram => {
  const flags = { AByToken: a.byToken, BByToken: b.byToken, Gated: b.gated, Vectors: a.vectors };
  const tile: Tile = { ...SIZE, leftAlongDepth: false, rightAlongDepth: false }; // the depth is the rows of an expert
  const place = "((part * uniforms.experts + expert) * uniforms.rows + row) * uniforms.columns + column";
  const write = writeFour("result", place, "(uniforms.columns - column)", a.vectors);
  return {
    name: `courseExpertProducts${names(flags)}`,
    inputs: ["begins", "slots", "a", "b", ...(b.gated ? ["gates"] : [])],
    vectors: a.vectors ? ["a", "b", "result"] : [],
    uniforms: [
      ["experts", "i32"],
      ["chosenPerToken", "i32"],
      ["rows", "i32"],
      ["columns", "i32"],
    ],
    workgroupSize: tileThreads(tile),
    byGroup: true,
    code: `
    var<private> expert : i32;
    ${tileMemory(tile)}
    ${rowValues("left", "a", "uniforms.rows", a)}
    ${rowValues("right", "b", "uniforms.columns", b)}
    fn main(group : i32, lane : i32) {
      let across = (uniforms.columns + ${SIZE.columns - 1}) / ${SIZE.columns};
      let down = (uniforms.rows + 63) / 64;
      let firstColumn = (group % across) * ${SIZE.columns};
      let firstRow = (group / across % down) * 64;
      let ours = group / (across * down) % uniforms.experts;
      let part = group / (across * down * uniforms.experts);
      expert = ours;
      ${tileSums(tile)}
      for (var strip = begins[ours] + part * ${STRIP}; strip < begins[ours + 1]; strip += ${PARTS * STRIP}) {
        ${tileStep(tile)}
      }
      if (part >= ${PARTS}) { return; }
      ${tileResults(tile, `if (row < uniforms.rows && column < uniforms.columns) { ${write} }`)}
    }`,
  };
});

/**
 * For each expert its rows of a, transposed, times its rows of b: [R, Din], [R, Dout] → [E, Din, Dout]; 0 without rows.
 * Only b may have gates.
 */
export function expertProducts(plan: ExpertRows, a: RowSource, b: RowSource, experts: number): tf.Tensor3D {
  const [rows, columns] = [a.tensor.shape[1], b.tensor.shape[1]];
  const vectors = rows % 4 === 0 && columns % 4 === 0;
  const inCode = ({ byToken = false, gates }: RowSource) => ({ byToken, gated: gates !== undefined, vectors });
  return tf.tidy(() => {
    const parts = runProgram(productsProgram(inCode(a), inCode(b)), {
      inputs: [plan.begins, plan.slots, a.tensor, b.tensor, ...(b.gates ? [b.gates] : [])],
      uniforms: { experts, chosenPerToken: plan.rows.shape[1], rows, columns },
      shape: [PARTS, experts, rows, columns],
      workgroups: PARTS * experts * Math.ceil(rows / 64) * Math.ceil(columns / SIZE.columns),
    });
    const size = experts * rows * columns;
    return runProgram(ADD_PARTS, {
      inputs: [parts],
      uniforms: { size, parts: PARTS },
      shape: [experts, rows, columns],
      workgroups: workgroupsFor(size, ADD_PARTS),
    });
  });
}
