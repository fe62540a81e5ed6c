/**
 * The Slice kernel for wasm, in place of tfjs's own, which copies the whole tensor before it takes a part of it: one
 * expert's matrix would cost as much as those of all experts.
 */
import * as tf from "@tensorflow/tfjs";
import { offsetOf, registerWasmKernel, type WasmBackend } from "./kernels";

/** Where the neighbouring elements of a slice begin, row after row, and how many lie side by side. */
function runsOf(shape: number[], begin: number[], size: number[]): { starts: number[]; length: number } {
  let axis = shape.length - 1;
  while (axis > 0 && size[axis] === shape[axis]) axis--; // those behind are whole: of this one all lies side by side
  const strides = shape.map((_, i) => tf.util.sizeFromShape(shape.slice(i + 1)));
  let starts = [0];
  for (let i = 0; i < axis; i++) {
    const steps = Array.from({ length: size[i] }, (_, j) => (begin[i] + j) * strides[i]);
    starts = starts.flatMap((start) => steps.map((step) => start + step));
  }
  return { starts: starts.map((start) => start + begin[axis] * strides[axis]), length: size[axis] * strides[axis] };
}

function slice(x: tf.TensorInfo, begin: number[], size: number[], backend: WasmBackend): tf.TensorInfo {
  const { starts, length } = runsOf(x.shape, begin, size);
  const out = backend.makeOutput(size, x.dtype);
  if (x.dtype === "string") {
    const texts = backend.dataIdMap.get(x.dataId).stringBytes!;
    const taken = starts.flatMap((start) => texts.slice(start, start + length));
    backend.dataIdMap.get(out.dataId).stringBytes = taken;
    return out;
  }
  const bytes = tf.util.bytesPerElement(x.dtype);
  const [from, to] = [x, out].map((tensor) => offsetOf(backend, tensor));
  starts.forEach((start, i) => {
    const place = from + start * bytes;
    backend.wasm.HEAPU8.copyWithin(to + i * length * bytes, place, place + length * bytes);
  });
  return out;
}

/** Puts this kernel in the place of the backend's own. */
export function registerSlice(): void {
  registerWasmKernel("Slice", ({ x }, backend, attributes) => {
    const { begin, size } = attributes as { begin: number | number[]; size: number | number[] };
    return slice(x, ...(tf.slice_util.parseSliceParams(x, begin, size) as [number[], number[]]), backend);
  });
}
