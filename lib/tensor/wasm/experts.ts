/** The routed experts on wasm, in one call forward and one back: the sorted copies of rows are never written out. */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable";
import type { StackedExperts } from "../kernel-types";
import { compiledFor } from "./compiled-module";
import { FLOAT_BYTES, type WasmBackend } from "./kernels";
import { runCompiled } from "./run-compiled";

/** The N·K pairs of a token and an expert, in the order of the experts. */
export interface ExpertOrder {
  /** Rows of each expert, [E]. */
  counts: number[];
  /** The token of each row. */
  tokens: Int32Array;
  /** token · E + expert of each row. */
  slots: Int32Array;
}

/**
 * sortedSwiGlu (nn.ts) on wasm. Differentiable in x, the gates and the weights.
 *
 * @param x [N, D]
 * @param gates [N, E]
 * @returns [N, D]
 */
export function sortedSwiGluOnWasm(
  x: tf.Tensor2D,
  gates: tf.Tensor2D,
  { gateProj, upProj, downProj }: StackedExperts,
  order: ExpertOrder,
): tf.Tensor2D {
  const [N, D] = x.shape;
  const [E, , I] = gateProj.shape;
  const most = Math.max(...order.counts);
  const sizes = [most, N, E, D, I];
  const R = order.tokens.length;
  const places = [order.tokens, order.slots, Int32Array.from(order.counts)].map((list) => tf.tensor1d(list, "int32"));
  const scratch = (width: number, backward: boolean) => [most * width + productScratch(order.counts, D, I, backward)];
  return differentiable(
    (x: tf.Tensor2D, gates: tf.Tensor2D, wGate: tf.Tensor3D, wUp: tf.Tensor3D, wDown: tf.Tensor3D) => {
      const inputs = [x, gates, wGate, wUp, wDown, ...places];
      const shapes = [[N, D], [R, I], [R, I], scratch(D + I, false)];
      const [value, a, b, room] = runCompiled(inputs, shapes, (kernels, ...at) => kernels.experts(...at, ...sizes));
      room.dispose();
      return { value: value as tf.Tensor2D, saved: [...inputs, a, b] };
    },
    (dy, saved) => {
      const [x, gates, wGate, wUp, wDown] = saved;
      const shapes = [...[x, gates, wGate, wUp, wDown].map(({ shape }) => shape), scratch(D + 3 * I, true)];
      const results = runCompiled([...saved, dy], shapes, (kernels, ...at) =>
        kernels.expertsGradients(...at, ...sizes),
      );
      const [dx, dGates, dWGate, dWUp, dWDown, room] = results;
      room.dispose();
      return [dx, dGates, dWGate, dWUp, dWDown];
    },
  )(x, gates, gateProj, upProj, downProj);
}

/** Numbers that the products of any of the experts pack. */
function productScratch(counts: number[], D: number, I: number, backward: boolean): number {
  const { expertScratchBytes } = compiledFor(tf.backend() as unknown as WasmBackend);
  const filled = [...new Set(counts)].filter((n) => n > 0);
  return Math.max(0, ...filled.map((n) => expertScratchBytes(n, D, I, backward) >>> 0)) / FLOAT_BYTES;
}
