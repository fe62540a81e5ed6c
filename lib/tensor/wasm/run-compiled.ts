/** Compiled kernels (assembly/) as operations on tensors, each without a gradient. */
import * as tf from "@tensorflow/tfjs";
import { compiledFor, type CompiledKernels } from "./compiled-module";
import { COMPILED, offsetOf, onWasm, registerWasmKernel } from "./kernels";

/** Computes from and into memory: the offsets of the inputs, and those of the outputs behind them. */
export type Compute = (kernels: CompiledKernels, ...offsets: number[]) => void;

/**
 * Runs compiled kernels on wasm.
 *
 * @param inputs float32 or int32, as the kernel wants them
 * @param shapes of the outputs
 * @param types of those outputs that are not float32, by their number
 */
export function runCompiled<T extends tf.Tensor>(
  inputs: tf.Tensor[],
  shapes: number[][],
  compute: Compute,
  types: Record<number, "int32"> = {},
): T[] {
  const named = Object.fromEntries(inputs.map((x, i) => [`x${i}`, x]));
  const attributes = { shapes, compute, types } as unknown as tf.NamedAttrMap;
  return tf.engine().runKernel(COMPILED, named, attributes) as T[];
}

/** Whether kernels for float32 can run on these tensors now. */
export function floatsOnWasm(...tensors: tf.Tensor[]): boolean {
  return onWasm() && tensors.every(({ dtype }) => dtype === "float32");
}

/** Makes the kernel known to tfjs; again is harmless. */
export function registerCompiled(): void {
  registerWasmKernel(COMPILED, (inputs, backend, attributes) => {
    const { shapes, compute, types } = attributes as {
      shapes: number[][];
      compute: Compute;
      types: Record<number, "int32">;
    };
    const outputs = shapes.map((shape, i) => backend.makeOutput(shape, types[i] ?? "float32"));
    compute(compiledFor(backend), ...[...Object.values(inputs), ...outputs].map((x) => offsetOf(backend, x)));
    return outputs;
  });
}
