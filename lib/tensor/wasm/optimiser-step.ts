/** AdamW's step and the sum of squares on wasm: one pass over the numbers in place of some fifteen. */
import * as tf from "@tensorflow/tfjs";
import type { AdamWNumbers, AdamWState } from "../kernel-types";
import { compiledFor } from "./compiled-module";
import { offsetOf, registerWasmKernel } from "./kernels";

const STEP = "CourseAdamW";
const SQUARES = "CourseSumOfSquares";

/** adamwStep on wasm. */
export function adamwStepOnWasm(state: AdamWState, g: tf.Tensor, clip: tf.Scalar, numbers: AdamWNumbers): AdamWState {
  const attributes = { ...numbers };
  const [p, m, v] = tf.engine().runKernel(STEP, { ...state, g, clip }, attributes) as tf.Tensor[];
  return { p, m, v };
}

/** sumOfSquares on wasm. */
export function sumOfSquaresOnWasm(tensors: tf.Tensor[]): tf.Scalar {
  return tf.engine().runKernel(SQUARES, Object.fromEntries(tensors.map((x, i) => [`x${i}`, x]))) as tf.Scalar;
}

/** Makes the kernels known to tfjs; again is harmless. */
export function registerOptimiserStep(): void {
  registerWasmKernel(STEP, ({ p, m, v, g, clip }, backend, attributes) => {
    const { beta1, beta2, epsilon, learningRate, weightDecay, step } = attributes as AdamWNumbers;
    const results = [p, m, v].map(({ shape }) => backend.makeOutput(shape, "float32"));
    const [atP, atM, atV, atG, atClip, ...to] = [p, m, v, g, clip, ...results].map((x) => offsetOf(backend, x));
    compiledFor(backend).adamw(
      ...[atP, atM, atV, atG, atClip],
      ...[...to, tf.util.sizeFromShape(p.shape)],
      ...[beta1, 1 - beta1, beta2, 1 - beta2],
      ...[1 - learningRate * weightDecay, learningRate / (1 - beta1 ** step), 1 / (1 - beta2 ** step), epsilon],
    );
    return results;
  });
  registerWasmKernel(SQUARES, (tensors, backend) => {
    const out = backend.makeOutput([], "float32");
    const { sumOfSquares } = compiledFor(backend);
    const sums = Object.values(tensors).map((x) => sumOfSquares(offsetOf(backend, x), tf.util.sizeFromShape(x.shape)));
    backend.wasm.HEAPF32[offsetOf(backend, out) / 4] = sums.reduce((total, sum) => total + sum, 0);
    return out;
  });
}
