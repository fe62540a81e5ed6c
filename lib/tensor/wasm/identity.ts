/**
 * The Identity kernel for wasm, in place of tfjs's own, which copies the numbers. A tensor never changes, so a clone
 * can share them. Every operation clones what its gradient will need: a training step would copy all weights and
 * activations.
 */
import { registerWasmKernel } from "./kernels";

/** Puts this kernel in the place of the backend's own. */
export function registerIdentity(): void {
  registerWasmKernel("Identity", ({ x }, backend) => {
    backend.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  });
}
