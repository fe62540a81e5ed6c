/**
 * The Cast kernel for wasm, in place of tfjs's own, which copies also where nothing is to be cast. A tensor never
 * changes, so it can share its numbers; the gradient of every product casts what it multiplies by to the float32 that it
 * is already.
 */
import type * as tf from "@tensorflow/tfjs";
import { numbersOf, registerWasmKernel } from "./kernels";

/** Puts this kernel in the place of the backend's own. */
export function registerCast(): void {
  registerWasmKernel("Cast", ({ x }, backend, attributes) => {
    const { dtype } = attributes as { dtype: tf.DataType };
    if (x.dtype === dtype) {
      backend.incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype };
    }
    const out = backend.makeOutput(x.shape, dtype);
    numbersOf(backend, out).set(numbersOf(backend, x));
    return out;
  });
}
