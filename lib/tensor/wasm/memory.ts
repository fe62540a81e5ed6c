/**
 * Memory of the wasm backend, which ends at 4 GB. tfjs never looks whether it got what it asked for: a full memory gives
 * address 0, where kernels then read and write whatever lies there, and results are wrong without a word.
 */
import * as tf from "@tensorflow/tfjs";
import type { WasmBackend } from "./kernels";

/** What stays free for the kernels' own needs: they take memory without a way to say that there is none. */
const SPARE_BYTES = 64 * 2 ** 20;

/** From here on it is looked whether so much is still free; below, the memory can grow by it. */
const NEARLY_FULL = 2 ** 32 - 2 ** 16 - 8 * SPARE_BYTES;

const guarded = new WeakSet<object>();

/** Lets every allocation of the wasm backend in use throw where there is no memory left; again is harmless. */
export function guardMemory(): void {
  const { wasm } = tf.backend() as unknown as WasmBackend;
  if (guarded.has(wasm)) return;
  guarded.add(wasm);
  wasm._free(wasm._malloc(1)); // with the first call both put the bare functions in their own place
  const malloc = wasm._malloc;
  /** @returns 0 if there is no memory. Near the end malloc also gives places that reach beyond it: never to be freed. */
  const take = (bytes: number) => {
    const place = malloc(bytes);
    return (place >>> 0) + bytes > wasm.HEAPF32.byteLength ? 0 : place;
  };
  wasm._malloc = (bytes) => {
    const place = take(bytes);
    if (place === 0 && bytes > 0) throw new Error(fullMemory(bytes));
    if (wasm.HEAPF32.byteLength < NEARLY_FULL) return place;
    const spare = take(SPARE_BYTES);
    if (spare === 0) {
      wasm._free(place);
      throw new Error(fullMemory(bytes));
    }
    wasm._free(spare);
    return place;
  };
}

function fullMemory(bytes: number): string {
  return (
    `wasm has no memory left for ${bytes} bytes more: it ends at 4 GB. Take fewer tokens or sequences at once, free ` +
    "tensors that are no longer needed, or choose the backend cpu or webgpu"
  );
}
