/**
 * What the tensor tests share: each kernel of ours is held to the cpu backend, or to a definition in plain loops, on the
 * same numbers.
 */
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { expect } from "vitest";
import type { WasmBackend } from "../../lib/tensor/wasm/kernels";
import { matMulOf } from "../../lib/tensor/wasm/matmul";
import { Random } from "../../lib/tensor/random";
import { expectClose, expectNoLeak } from "../support/close";

/** Every run draws the same cases. */
fc.configureGlobal({ seed: 20_241_227, numRuns: 50 });

/** Numbers and their shape: a tensor that is on no backend yet. */
export interface Values {
  shape: number[];
  values: Float32Array;
}

/** Normal numbers of the shape, always the same for the same seed. */
export function valuesOf(shape: number[], seed: number): Values {
  const random = new Random(seed);
  return { shape, values: Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()) };
}

/** What a test computes, on whatever backend. */
type Compute = (...tensors: tf.Tensor[]) => tf.Tensor[];

export function toTensor<T extends tf.Tensor>({ shape, values }: Values): T {
  return tf.tensor(values, shape) as T;
}

/** What compute makes of the operands on a backend, read back; leaves no tensor behind. */
export async function computedOn(name: "wasm" | "cpu", operands: Values[], compute: Compute): Promise<Values[]> {
  const before = tf.getBackend();
  await tf.setBackend(name);
  try {
    let results: Values[] = [];
    await expectNoLeak(() => {
      const inputs = operands.map((operand) => toTensor(operand));
      const outputs = tf.tidy(() => compute(...inputs));
      results = outputs.map((output) => ({ shape: output.shape, values: output.dataSync<"float32">() }));
      tf.dispose([inputs, outputs]);
    });
    return results;
  } finally {
    await tf.setBackend(before);
  }
}

/** Holds results to the expected ones: shapes equal, numbers close. */
export function expectAllClose(actual: Values[], expected: Values[]): void {
  expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  actual.forEach(({ values }, i) => expectClose(values, expected[i].values, { rtol: 1e-4, atol: 1e-4 }));
}

/** Holds what compute makes on wasm to what it makes on cpu. */
export async function expectLikeCpu(operands: Values[], compute: Compute): Promise<void> {
  expectAllClose(await computedOn("wasm", operands, compute), await computedOn("cpu", operands, compute));
}

/** The value of f and its gradients, for a gradient from above that differs from place to place. */
export function valueAndGradients(f: (...tensors: tf.Tensor[]) => tf.Tensor): Compute {
  return (...tensors) => {
    const value = f(...tensors);
    return [value, ...tf.grads(f)(tensors, toTensor(valuesOf(value.shape, 99)))];
  };
}

/** The wasm backend in use, with the product that our kernels use. */
export function wasmBackend(): { backend: WasmBackend; matMul: ReturnType<typeof matMulOf> } {
  const backend = tf.engine().backend as WasmBackend;
  return { backend, matMul: matMulOf(backend) };
}

/** Holds that wasm memory stays as it is over many rounds, after a few in which it may find its size. */
export function expectMemoryStays(round: () => unknown, rounds = 300): void {
  const { backend } = wasmBackend();
  const run = (times: number): void => {
    for (let i = 0; i < times; i++) {
      tf.tidy(() => {
        round();
      });
    }
  };
  run(20);
  const before = endOfUse(backend);
  run(rounds);
  // Freed memory is not reused in the same order each time; what is left behind every round is larger than this.
  expect(endOfUse(backend) - before, "bytes that wasm memory grew by").toBeLessThan(64 * rounds);
}

/** Where a block larger than any gap would be allocated now: behind all that is in use. */
function endOfUse({ wasm }: WasmBackend): number {
  const offset = wasm._malloc(2 ** 25) >>> 0;
  wasm._free(offset);
  return offset;
}
