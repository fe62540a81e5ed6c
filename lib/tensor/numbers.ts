/** Numbers of float32 tensors read, set and added as arrays, in the backend's memory where it can be reached. */
import * as tf from "@tensorflow/tfjs";
import { onWasm, valuesInPlace, type WasmBackend } from "./wasm/kernels";
import { runCompiled } from "./wasm/run-compiled";

const backend = () => tf.backend() as unknown as WasmBackend;

/** The tensor's numbers, only to be read, and at once: the next operation can move them. */
export function numbersOf(tensor: tf.Tensor): Float32Array {
  return (onWasm() ? valuesInPlace(backend(), tensor) : tensor.dataSync()) as Float32Array;
}

/** Sets a variable whose numbers no other tensor shares. */
export function setNumbers(variable: tf.Variable, numbers: Float32Array): void {
  if (onWasm()) valuesInPlace(backend(), variable).set(numbers);
  else tf.tidy(() => variable.assign(tf.tensor(numbers.slice(), variable.shape)));
}

/** A new tensor: x + numbers. */
export function addNumbers(x: tf.Tensor, numbers: Float32Array): tf.Tensor {
  if (!onWasm()) return tf.tidy(() => x.add(tf.tensor(numbers.slice(), x.shape)));
  const [sum] = runCompiled([x], [x.shape], (kernels, from, to) => {
    backend().wasm.HEAPF32.set(numbers, to / Float32Array.BYTES_PER_ELEMENT);
    kernels.addTo(to, from, numbers.length);
  });
  return sum;
}
