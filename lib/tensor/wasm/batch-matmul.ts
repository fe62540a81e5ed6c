/**
 * The BatchMatMul kernel for wasm, in place of tfjs's own. That one drops to a plain triple loop as soon as an operand
 * is transposed or there is a batch, which every training step has; this one is equally fast for all of them, and faster
 * (`npm run bench -- products` has the ratios). It also corrects two results: broadcasting where both sides repeat, and products with
 * the same numbers in another shape.
 */
import * as tf from "@tensorflow/tfjs";
import { offsetOf, registerWasmKernel, type WasmBackend } from "./kernels";
import { matMulOf } from "./matmul";

interface Attributes {
  transposeA: boolean;
  transposeB: boolean;
}

function batchMatMul(
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  backend: WasmBackend,
  { transposeA, transposeB }: Attributes,
): tf.TensorInfo {
  if (a.dtype !== "float32" || b.dtype !== "float32") {
    throw new Error(`matMul on wasm multiplies float32; got ${a.dtype} and ${b.dtype}. Convert with toFloat() first`);
  }
  if (a.shape.length < 2 || b.shape.length < 2) {
    throw new Error(
      `matMul: both sides need two dimensions or more; got [${a.shape}] and [${b.shape}]. Use expandDims first`,
    );
  }
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const [M, innerA] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [innerB, N] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (innerA !== innerB) {
    throw new Error(
      `matMul: inner dimensions ${innerA} and ${innerB} differ, for shapes [${a.shape}] and [${b.shape}] ` +
        `with transposeA = ${transposeA} and transposeB = ${transposeB}`,
    );
  }
  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  const batch = tf.backend_util.assertAndGetBroadcastShape(batchA, batchB);
  const out = backend.makeOutput([...batch, M, N], "float32");
  const matMul = matMulOf(backend);
  const [offsetA, offsetB, offsetOut] = [a, b, out].map((tensor) => offsetOf(backend, tensor));
  if (!transposeA && tf.util.sizeFromShape(batchB) === 1) {
    // One right side for all: the batch is just more rows.
    const rows = tf.util.sizeFromShape(batch) * M;
    matMul.multiply(
      { offset: offsetA, rows, columns: innerA, transposed: false },
      { offset: offsetB, rows: rowsB, columns: columnsB, transposed: transposeB },
      { offset: offsetOut, rows, columns: N },
    );
    return out;
  }
  const [sizeA, sizeB, sizeOut] = [rowsA * columnsA, rowsB * columnsB, M * N].map((elements) => 4 * elements); // bytes
  const [stepsA, stepsB] = [batchA, batchB].map((own) => broadcastSteps(own, batch));
  for (let i = 0; i < stepsA.length; i++) {
    matMul.multiply(
      { offset: offsetA + stepsA[i] * sizeA, rows: rowsA, columns: columnsA, transposed: transposeA },
      { offset: offsetB + stepsB[i] * sizeB, rows: rowsB, columns: columnsB, transposed: transposeB },
      { offset: offsetOut + i * sizeOut, rows: M, columns: N },
    );
  }
  return out;
}

/** For each matrix of the broadcast batch, in order, which matrix of its own batch an operand contributes. */
function broadcastSteps(own: number[], batch: number[]): Int32Array {
  const padded = [...new Array<number>(batch.length - own.length).fill(1), ...own];
  let steps = Int32Array.of(0);
  let matrices = 1; // of the operand, in the dimensions seen so far
  let seen = 1; // of the batch, likewise
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    const longer = new Int32Array(seen * batch[axis]);
    for (let i = 0; i < batch[axis]; i++) {
      const shift = padded[axis] === 1 ? 0 : i * matrices;
      for (let j = 0; j < seen; j++) longer[i * seen + j] = steps[j] + shift;
    }
    steps = longer;
    matrices *= padded[axis];
    seen *= batch[axis];
  }
  return steps;
}

/** Puts this kernel in the place of the backend's own. */
export function registerBatchMatMul(): void {
  registerWasmKernel("BatchMatMul", ({ a, b }, backend, attributes) =>
    batchMatMul(a, b, backend, attributes as unknown as Attributes),
  );
}
