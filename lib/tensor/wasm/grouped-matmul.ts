/** The products of groupedMatMul on wasm: views at memory offsets stand in for the slices, so nothing is copied. */
import * as tf from "@tensorflow/tfjs";
import { offsetOf, registerWasmKernel, valuesInPlace } from "./kernels";
import { matMulOf } from "./matmul";

const ROWS_TIMES_GROUPS = "CourseRowsTimesGroups";
const GROUP_PRODUCTS = "CourseGroupProducts";

/** groupedRowsProduct on wasm. */
export function groupedRowsOnWasm(x: tf.Tensor2D, w: tf.Tensor3D, counts: number[], transposed: boolean): tf.Tensor2D {
  return tf.engine().runKernel(ROWS_TIMES_GROUPS, { x, w }, { counts, transposed }) as tf.Tensor2D;
}

/** groupedWeightProduct on wasm. */
export function groupedWeightOnWasm(x: tf.Tensor2D, y: tf.Tensor2D, counts: number[]): tf.Tensor3D {
  return tf.engine().runKernel(GROUP_PRODUCTS, { x, y }, { counts }) as tf.Tensor3D;
}

/** The groups that have rows, and where these begin. */
export function rowRanges(counts: number[]): { group: number; begin: number; count: number }[] {
  let begin = 0;
  return counts
    .map((count, group) => {
      begin += count;
      return { group, begin: begin - count, count };
    })
    .filter(({ count }) => count > 0);
}

/** Makes the kernels known to tfjs; again is harmless. */
export function registerGroupedMatMul(): void {
  registerWasmKernel(ROWS_TIMES_GROUPS, ({ x, w }, backend, attributes) => {
    const { counts, transposed } = attributes as unknown as { counts: number[]; transposed: boolean };
    const matMul = matMulOf(backend);
    const [, rows, columns] = w.shape;
    const [Din, Dout] = transposed ? [columns, rows] : [rows, columns];
    const out = backend.makeOutput([x.shape[0], Dout], "float32");
    const [fromX, fromW, toOut] = [x, w, out].map((tensor) => offsetOf(backend, tensor));
    for (const { group, begin, count } of rowRanges(counts)) {
      matMul.multiply(
        { offset: fromX + 4 * begin * Din, rows: count, columns: Din, transposed: false },
        { offset: fromW + 4 * group * rows * columns, rows, columns, transposed },
        { offset: toOut + 4 * begin * Dout, rows: count, columns: Dout },
      );
    }
    return out;
  });
  registerWasmKernel(GROUP_PRODUCTS, ({ x, y }, backend, attributes) => {
    const { counts } = attributes as unknown as { counts: number[] };
    const [Din, Dout] = [x.shape[1], y.shape[1]];
    const out = backend.makeOutput([counts.length, Din, Dout], "float32");
    valuesInPlace(backend, out).fill(0); // groups without rows
    const [fromX, fromY, toOut] = [x, y, out].map((tensor) => offsetOf(backend, tensor));
    for (const { group, begin, count } of rowRanges(counts)) {
      matMulOf(backend).multiply(
        { offset: fromX + 4 * begin * Din, rows: count, columns: Din, transposed: true },
        { offset: fromY + 4 * begin * Dout, rows: count, columns: Dout, transposed: false },
        { offset: toOut + 4 * group * Din * Dout, rows: Din, columns: Dout },
      );
    }
    return out;
  });
}
