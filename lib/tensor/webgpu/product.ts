/**
 * Products of matrices on the GPU, in batches, either side transposed: [B, M, K] · [B, K, N] → [B, M, N].
 *
 * Where the result is small and the depth large, as in every gradient of a weight, the depth is dealt out in parts, so
 * that there is work for all of the GPU; a second program adds the parts up. tfjs computes such a product on a few
 * workgroups, which took a third of a training step.
 */
import * as tf from "@tensorflow/tfjs";
import { remembered, runOnBackend, workgroupsFor, type WebgpuProgram } from "./program";
import type { WebgpuBackend } from "./recorder";
import { four, STRIP, tileMemory, tileResults, tileStep, tileSums, tileThreads, writeFour, type Tile } from "./tile";

type TileSize = Pick<Tile, "rows" | "columns" | "tall" | "wide">;
/** The fastest of ten sizes on an H200, at the shapes of a training step of v3-mini; the second for up to 32 columns. */
const WIDE: TileSize = { rows: 64, columns: 64, tall: 4, wide: 8 };
const NARROW: TileSize = { rows: 64, columns: 32, tall: 4, wide: 4 };

const productProgram = remembered(programOf);
function programOf(size: TileSize, transposeA: boolean, transposeB: boolean, vectors: boolean): WebgpuProgram {
  const tile: Tile = { ...size, leftAlongDepth: !transposeA, rightAlongDepth: transposeB };
  const { rows, columns } = size;
  // Where the depth is dealt out, a part ends at a strip's end, and only the last one's strips reach beyond.
  const at = (name: string, matrix: string, width: string) => `
    fn ${name}At(row : i32, column : i32) -> vec4<f32> { // of the matrix as it is stored
      if (row >= uniforms.${name}Rows || column >= uniforms.${width}) { return vec4<f32>(); }
      let at = ${name}First + row * uniforms.${width} + column;
      return ${four(matrix, "at", `(uniforms.${width} - column)`, vectors)};
    }`;
  const write = writeFour(
    "result",
    "(begin + row) * uniforms.columns + column",
    "(uniforms.columns - column)",
    vectors,
  );
  return {
    name: `courseProduct${columns}${transposeA ? "TransposedA" : ""}${transposeB ? "TransposedB" : ""}${vectors ? "Vectors" : ""}`,
    inputs: ["a", "b"],
    vectors: vectors ? ["result", "a", "b"] : [],
    uniforms: [
      ["rows", "i32"],
      ["columns", "i32"],
      ["parts", "i32"],
      ["strips", "i32"], // of a part
      ["leftRows", "i32"],
      ["leftWidth", "i32"],
      ["leftBatch", "i32"], // from one matrix of a batch to the next; 0 where all share one
      ["rightRows", "i32"],
      ["rightWidth", "i32"],
      ["rightBatch", "i32"],
      ["batches", "i32"],
    ],
    workgroupSize: tileThreads(tile),
    byGroup: true,
    code: `
    ${tileMemory(tile)}
    var<private> leftFirst : i32;
    var<private> rightFirst : i32;
    ${at("left", "a", "leftWidth")}
    ${at("right", "b", "rightWidth")}
    fn main(group : i32, lane : i32) {
      let across = (uniforms.columns + ${columns - 1}) / ${columns};
      let down = (uniforms.rows + ${rows - 1}) / ${rows};
      let firstColumn = (group % across) * ${columns};
      let firstRow = (group / across % down) * ${rows};
      let part = group / (across * down) % uniforms.parts;
      let batch = group / (across * down * uniforms.parts);
      leftFirst = batch * uniforms.leftBatch;
      rightFirst = batch * uniforms.rightBatch;
      ${tileSums(tile)}
      for (var i = 0; i < uniforms.strips; i++) {
        let strip = (part * uniforms.strips + i) * ${STRIP};
        ${tileStep(tile)}
      }
      if (batch >= uniforms.batches) { return; }
      let begin = (part * uniforms.batches + batch) * uniforms.rows;
      ${tileResults(tile, `if (row < uniforms.rows && column < uniforms.columns) { ${write} }`)}
    }`,
  };
}

/** Adds up the first axis of [parts, size]. */
export const ADD_PARTS: WebgpuProgram = {
  name: "courseAddParts",
  inputs: ["x"],
  uniforms: [
    ["size", "i32"],
    ["parts", "i32"],
  ],
  workgroupSize: 64,
  code: `
    fn main(index : i32) {
      if (index < uniforms.size) {
        var sum = 0.0;
        for (var part = 0; part < uniforms.parts; part++) { sum += x[part * uniforms.size + index]; }
        result[index] = sum;
      }
    }`,
};

/** So many workgroups keep a large GPU busy. */
const BUSY = 1024;
/** A part has at least so many strips, so that adding up stays cheap beside multiplying. */
const LEAST_STRIPS = 16;

/** A product's operands: matrices, alone or in batches of equal number. */
export interface Factors {
  a: tf.TensorInfo;
  b: tf.TensorInfo;
  transposeA: boolean;
  transposeB: boolean;
}

/** Shapes of a product. */
function measures({ a, b, transposeA, transposeB }: Factors) {
  const [[leftRows, leftWidth], [rightRows, rightWidth]] = [a, b].map(({ shape }) => shape.slice(-2));
  const [outerA, outerB] = [a, b].map(({ shape }) => shape.slice(0, -2));
  const [batchA, batchB] = [outerA, outerB].map((outer) => tf.util.sizeFromShape(outer));
  const [rows, depth] = transposeA ? [leftWidth, leftRows] : [leftRows, leftWidth];
  const columns = transposeB ? rightRows : rightWidth;
  const batches = Math.max(batchA, batchB);
  return { leftRows, leftWidth, rightRows, rightWidth, outerA, outerB, batchA, batchB, batches, rows, depth, columns };
}

/** Products with fewer multiplications are left to tfjs: its programs for small results start more threads. */
const LARGE = 2 ** 20;

/** Whether there is a program for this product. */
export function fits(factors: Factors): boolean {
  const { outerA, outerB, batchA, batchB, batches, rows, depth, columns } = measures(factors);
  const alike = outerA.join() === outerB.join() || batchA === 1 || batchB === 1;
  return alike && batches * rows * depth * columns >= LARGE;
}

/** The product, inside a kernel of tfjs. */
export function product(backend: WebgpuBackend, factors: Factors): tf.TensorInfo {
  const { a, b, transposeA, transposeB } = factors;
  const { leftRows, leftWidth, rightRows, rightWidth, outerA, outerB, batchA, batchB, batches, rows, depth, columns } =
    measures(factors);
  const size = columns > 32 ? WIDE : NARROW;
  const tiles = batches * Math.ceil(rows / size.rows) * Math.ceil(columns / size.columns);
  const allStrips = Math.ceil(depth / STRIP);
  const wanted = Math.max(1, Math.min(Math.floor(BUSY / tiles), Math.floor(allStrips / LEAST_STRIPS)));
  const strips = Math.ceil(allStrips / wanted);
  const parts = Math.ceil(allStrips / strips);
  const vectors = [leftWidth, rightWidth, columns].every((width) => width % 4 === 0);
  const shape = [...tf.broadcast_util.assertAndGetBroadcastShape(outerA, outerB), rows, columns];
  const [out] = runOnBackend(backend, productProgram(size, transposeA, transposeB, vectors), {
    inputs: [a, b],
    uniforms: {
      rows,
      columns,
      parts,
      strips,
      leftRows,
      leftWidth,
      leftBatch: batchA === 1 ? 0 : leftRows * leftWidth,
      rightRows,
      rightWidth,
      rightBatch: batchB === 1 ? 0 : rightRows * rightWidth,
      batches,
    },
    shape: parts === 1 ? shape : [parts, batches * rows * columns],
    workgroups: tiles * parts,
  });
  if (parts === 1) return out;
  const numbers = batches * rows * columns;
  const [sum] = runOnBackend(backend, ADD_PARTS, {
    inputs: [out],
    uniforms: { size: numbers, parts },
    shape,
    workgroups: workgroupsFor(numbers, ADD_PARTS),
  });
  backend.disposeData(out.dataId);
  return sum;
}
