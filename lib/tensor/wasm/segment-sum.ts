/**
 * The UnsortedSegmentSum kernel, which tfjs lacks on wasm: without it the gradient of tf.gather fails there.
 */
import * as tf from "@tensorflow/tfjs";
import { registerWasmKernel, valuesInPlace, type WasmBackend } from "./kernels";

/** out[s] = the sum of x[i] over all i with segmentIds[i] = s; negative ids are left out. */
function unsortedSegmentSum(
  x: tf.TensorInfo,
  segmentIds: tf.TensorInfo,
  numSegments: number,
  backend: WasmBackend,
): tf.TensorInfo {
  const rank = segmentIds.shape.length;
  if (x.shape.slice(0, rank).join() !== segmentIds.shape.join()) {
    throw new Error(
      `unsortedSegmentSum: x [${x.shape}] must begin with the shape of the segment ids, [${segmentIds.shape}]`,
    );
  }
  if (x.dtype !== "float32" && x.dtype !== "int32") {
    throw new Error(`unsortedSegmentSum on wasm adds float32 or int32; got ${x.dtype}. Convert with toInt() first`);
  }
  const outside = valuesInPlace(backend, segmentIds).find((id) => id >= numSegments);
  if (outside !== undefined) throw new Error(`unsortedSegmentSum: id ${outside} is outside 0 to ${numSegments - 1}`);
  const rest = x.shape.slice(rank);
  const width = tf.util.sizeFromShape(rest);
  const out = backend.makeOutput([numSegments, ...rest], x.dtype);
  const [ids, from, to] = [segmentIds, x, out].map((tensor) => valuesInPlace(backend, tensor));
  to.fill(0);
  ids.forEach((id, i) => {
    if (id < 0) return;
    for (let j = 0; j < width; j++) to[id * width + j] += from[i * width + j];
  });
  return out;
}

/** Makes the kernel known to tfjs. */
export function registerUnsortedSegmentSum(): void {
  registerWasmKernel("UnsortedSegmentSum", ({ x, segmentIds }, backend, attributes) =>
    unsortedSegmentSum(x, segmentIds, (attributes as { numSegments: number }).numSegments, backend),
  );
}
