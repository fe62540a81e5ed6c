/** The k largest of each row on wasm. tfjs's own topk makes an object of every number, and sorts. */
import * as tf from "@tensorflow/tfjs";
import { registerWasmKernel, valuesInPlace } from "./kernels";

const PLACES = "CourseTopK";
const MASK = "CourseTopKMask";

/** The columns of the k largest of each row, the largest first; of equal ones the lower first: int32 [N, k]. */
export function topKPlacesOnWasm(x: tf.Tensor2D, k: number): tf.Tensor2D {
  return tf.engine().runKernel(PLACES, { x }, { k }) as tf.Tensor2D;
}

/** topKMask (../top-k.ts) on wasm. */
export function topKMaskOnWasm(x: tf.Tensor2D, k: number): tf.Tensor2D {
  return tf.engine().runKernel(MASK, { x }, { k }) as tf.Tensor2D;
}

/** Makes the kernels known to tfjs; again is harmless. */
export function registerTopK(): void {
  registerWasmKernel(PLACES, ({ x }, backend, attributes) => {
    const { k } = attributes as { k: number };
    const [N, columns] = x.shape;
    const out = backend.makeOutput([N, k], "int32");
    const [values, places] = [x, out].map((tensor) => valuesInPlace(backend, tensor));
    for (let row = 0; row < N; row++) placesOfLargest(values, row * columns, columns, k, places, row * k);
    return out;
  });
  registerWasmKernel(MASK, ({ x }, backend, attributes) => {
    const { k } = attributes as { k: number };
    const [N, columns] = x.shape;
    const out = backend.makeOutput(x.shape, "float32");
    const [values, mask] = [x, out].map((tensor) => valuesInPlace(backend, tensor));
    const places = new Int32Array(k);
    mask.fill(0);
    for (let row = 0; row < N; row++) {
      placesOfLargest(values, row * columns, columns, k, places, 0);
      for (let i = 0; i < k; i++) mask[row * columns + places[i]] = 1;
    }
    return out;
  });
}

/**
 * Keeps the k largest so far in order; most numbers are only compared with the least of them.
 *
 * @param begin where the row of `columns` numbers is
 * @param at where in `out` its k places go
 */
function placesOfLargest(
  values: ArrayLike<number>,
  begin: number,
  columns: number,
  k: number,
  out: Float32Array | Int32Array,
  at: number,
): void {
  let least = 0; // of those that are kept, once there are k
  for (let column = 0; column < columns; column++) {
    const value = values[begin + column];
    const full = column >= k;
    if (full && !(value > least)) continue;
    let i = full ? k - 1 : column;
    for (; i > 0 && value > values[begin + out[at + i - 1]]; i--) out[at + i] = out[at + i - 1];
    out[at + i] = column;
    if (column >= k - 1) least = values[begin + out[at + k - 1]];
  }
}
