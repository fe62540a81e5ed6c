/** The few inner parts of tfjs's wasm backend that our kernels use. */
import * as tf from "@tensorflow/tfjs";

/** What we use of the backend; it is not part of tfjs's public types. */
export interface WasmBackend extends tf.KernelBackend {
  readonly wasm: {
    readonly asm: { readonly memory: object };
    _malloc(bytes: number): number;
    _free(offset: number): void;
    HEAPF32: Float32Array;
    HEAP32: Int32Array;
    HEAPU8: Uint8Array;
  };
  readonly dataIdMap: { get(dataId: object): { id: number; memoryOffset: number; stringBytes?: Uint8Array[] } };
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
}

export const FLOAT_BYTES = 4;

/** The kernel that runs compiled code; registered with all others of this folder. */
export const COMPILED = "CourseCompiled";

/** Whether kernels of this folder can run now. With tf.setBackend("wasm") alone, without useBackend, there are none. */
export function onWasm(): boolean {
  return tf.getBackend() === "wasm" && tf.getKernel(COMPILED, "wasm") !== undefined;
}

/** The backend's memory offset of a tensor's numbers. (One beyond 2 GB is kept as a negative number.) */
export function offsetOf(backend: WasmBackend, tensor: tf.TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset >>> 0;
}

/** The tensor's numbers in place. Not valid beyond the next allocation, which can move the memory. */
export function valuesInPlace(backend: WasmBackend, tensor: tf.TensorInfo): Float32Array | Int32Array {
  const begin = offsetOf(backend, tensor) / FLOAT_BYTES;
  const heap = tensor.dtype === "int32" ? backend.wasm.HEAP32 : backend.wasm.HEAPF32;
  return heap.subarray(begin, begin + tf.util.sizeFromShape(tensor.shape));
}

/** The same, also of booleans. */
export function numbersOf(backend: WasmBackend, tensor: tf.TensorInfo): Float32Array | Int32Array | Uint8Array {
  if (tensor.dtype !== "bool") return valuesInPlace(backend, tensor);
  const begin = offsetOf(backend, tensor);
  return backend.wasm.HEAPU8.subarray(begin, begin + tf.util.sizeFromShape(tensor.shape));
}

/** Makes a wasm kernel known to tfjs, in place of any of that name: a module can be evaluated again in a live notebook. */
export function registerWasmKernel(
  kernelName: string,
  compute: (
    inputs: Record<string, tf.TensorInfo>,
    backend: WasmBackend,
    attributes: object,
  ) => tf.TensorInfo | tf.TensorInfo[],
): void {
  if (tf.getKernel(kernelName, "wasm") !== undefined) tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    kernelFunc: ({ inputs, backend, attrs }) =>
      compute(inputs as Record<string, tf.TensorInfo>, backend as WasmBackend, attrs ?? {}),
  });
}
