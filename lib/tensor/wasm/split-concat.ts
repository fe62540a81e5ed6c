/**
 * The SplitV and Concat kernels for wasm, in place of tfjs's own, which take several times as long where many short pieces
 * are moved: attention splits every head's channels. Each is the other's gradient.
 */
import * as tf from "@tensorflow/tfjs";
import { compiledFor } from "./compiled-module";
import { FLOAT_BYTES, numbersOf, offsetOf, registerWasmKernel, type WasmBackend } from "./kernels";

/** Pieces of a tensor that are equally far apart, in elements. */
interface Pieces {
  tensor: tf.TensorInfo;
  begin: number;
  step: number;
}

/** Copies `count` pieces of `size` elements. */
function copy(from: Pieces, to: Pieces, size: number, count: number, backend: WasmBackend): void {
  const places = (i: number) => [from.begin + i * from.step, to.begin + i * to.step];
  const { dtype } = to.tensor;
  if (dtype === "string") {
    const [source, target] = [from, to].map(({ tensor }) => backend.dataIdMap.get(tensor.dataId).stringBytes!);
    for (let i = 0; i < count; i++) {
      const [begin, place] = places(i);
      for (let j = 0; j < size; j++) target[place + j] = source[begin + j];
    }
  } else if (dtype === from.tensor.dtype && dtype !== "bool") {
    const [fromOffset, toOffset] = [from, to].map((side) => offsetOf(backend, side.tensor) + side.begin * FLOAT_BYTES);
    const [fromStep, toStep, bytes] = [from.step, to.step, size].map((elements) => elements * FLOAT_BYTES);
    compiledFor(backend).copyPieces(fromOffset, fromStep, toOffset, toStep, bytes, count);
  } else {
    const [source, target] = [from, to].map(({ tensor }) => numbersOf(backend, tensor));
    for (let i = 0; i < count; i++) {
      const [begin, place] = places(i);
      target.set(source.subarray(begin, begin + size), place);
    }
  }
}

/** A tensor without numbers yet. */
function emptyTensor(shape: number[], dtype: tf.DataType, backend: WasmBackend): tf.TensorInfo {
  const out = backend.makeOutput(shape, dtype);
  if (dtype === "string") backend.dataIdMap.get(out.dataId).stringBytes = new Array(tf.util.sizeFromShape(shape));
  return out;
}

/** The parts of a tensor along an axis, each on its own and where it lies in the whole. */
function parts(whole: tf.TensorInfo, tensors: tf.TensorInfo[], axis: number) {
  const count = tf.util.sizeFromShape(whole.shape.slice(0, axis));
  const inner = (tensor: tf.TensorInfo) => tf.util.sizeFromShape(tensor.shape.slice(axis));
  const step = inner(whole);
  let next = 0;
  return tensors.map((tensor) => {
    const size = inner(tensor);
    const begin = next;
    next += size;
    return { count, size, apart: { tensor, begin: 0, step: size }, inside: { tensor: whole, begin, step } };
  });
}

/** Puts these kernels in the place of the backend's own. */
export function registerSplitAndConcat(): void {
  registerWasmKernel("SplitV", ({ x }, backend, attributes) => {
    const { numOrSizeSplits, axis } = attributes as { numOrSizeSplits: number | number[]; axis: number };
    const [along] = tf.util.parseAxisParam(axis, x.shape);
    const lengths = tf.backend_util.prepareSplitSize(x as tf.Tensor, numOrSizeSplits, along);
    const outputs = lengths.map((length) =>
      emptyTensor(Object.assign([...x.shape], { [along]: length }), x.dtype, backend),
    );
    for (const { count, size, apart, inside } of parts(x, outputs, along)) copy(inside, apart, size, count, backend);
    return outputs;
  });
  registerWasmKernel("Concat", (inputs, backend, attributes) => {
    const tensors = Object.values(inputs);
    const shapes = tensors.map(({ shape }) => shape);
    const [along] = tf.util.parseAxisParam((attributes as { axis: number }).axis, shapes[0]);
    tf.backend_util.assertParamsConsistent(shapes, along);
    const out = emptyTensor(tf.backend_util.computeOutShape(shapes, along), tensors[0].dtype, backend);
    for (const { count, size, apart, inside } of parts(out, tensors, along)) copy(apart, inside, size, count, backend);
    return out;
  });
}
