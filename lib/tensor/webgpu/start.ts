/** What is done once webgpu is the backend: programs are queued by recorder.ts, and products computed by product.ts. */
import * as tf from "@tensorflow/tfjs";
import { fits, product } from "./product";
import { recorderOf, type WebgpuBackend } from "./recorder";

/** tfjs's own product, for what product.ts has no program for. */
let theirs: tf.KernelFunc | undefined;

/** Again is harmless. */
export function startWebgpu(): void {
  recorderOf(tf.backend() as unknown as WebgpuBackend);
  if (theirs !== undefined) return;
  theirs = tf.getKernel("BatchMatMul", "webgpu").kernelFunc;
  tf.unregisterKernel("BatchMatMul", "webgpu");
  tf.registerKernel({
    kernelName: "BatchMatMul",
    backendName: "webgpu",
    kernelFunc: (call) => {
      const { a, b } = call.inputs as unknown as { a: tf.TensorInfo; b: tf.TensorInfo };
      const { transposeA, transposeB } = call.attrs as unknown as { transposeA: boolean; transposeB: boolean };
      const factors = { a, b, transposeA, transposeB };
      return fits(factors) ? product(call.backend as unknown as WebgpuBackend, factors) : theirs!(call);
    },
  });
}
