/**
 * Vectors in wasm memory and their products with weight matrices, without a tensor for each step. A tfjs operation
 * costs ten microseconds before it computes anything, and a token of a small model needs hundreds of them on a few
 * hundred numbers each. Here a product is one call, and what lies between two products is a plain loop over the numbers
 * in place. A few vectors, one behind the other, are multiplied together: the matrix is read once for up to four of them.
 */
import * as tf from "@tensorflow/tfjs";
import { offsetOf, onWasm, valuesInPlace, type WasmBackend } from "./kernels";
import { matMulOf } from "./matmul";

/** A place for numbers: where in the workspace it begins, and how many there are. */
export interface Vector {
  begin: number;
  size: number;
}

/** Of several vectors of one size, one behind the other, the one at `row`. */
export function rowOf({ begin }: Vector, row: number, size: number): Vector {
  return { begin: begin + row * size, size };
}

/** Whether the backend in use has such vectors. */
export function vectorsAvailable(): boolean {
  return onWasm();
}

export class WasmVectors {
  private readonly backend = tf.backend() as unknown as WasmBackend;
  private readonly memory: tf.Tensor1D;
  private used = 0;

  /**
   * @param size numbers that fit in
   * @throws if the backend is not wasm
   */
  constructor(size: number) {
    if (!vectorsAvailable()) throw new Error(`WasmVectors: the backend is ${tf.getBackend()}, not wasm`);
    this.memory = tf.keep(tf.zeros<tf.Rank.R1>([size]));
  }

  /** @throws if the workspace is full */
  reserve(size: number): Vector {
    if (this.used + size > this.memory.size) {
      throw new Error(`WasmVectors: ${this.used} of ${this.memory.size} numbers are in use; ${size} more do not fit`);
    }
    this.used += size;
    return { begin: this.used - size, size };
  }

  /** The vector's numbers in place, until the next product: that can move the memory. */
  values({ begin, size }: Vector): Float32Array {
    return (valuesInPlace(this.backend, this.memory) as Float32Array).subarray(begin, begin + size);
  }

  /**
   * out = x·w
   *
   * @param x [rows, Din]
   * @param w [Din, Dout], or a stack [E, Din, Dout] of which `index` says the one
   * @param out [rows, Dout]
   */
  multiply(x: Vector, w: tf.Tensor, out: Vector, { rows = 1, index = 0 } = {}): void {
    const [Din, Dout] = w.shape.slice(-2);
    const at = ({ begin }: Vector) => offsetOf(this.backend, this.memory) + 4 * begin;
    const matrix = offsetOf(this.backend, w) + 4 * index * Din * Dout;
    matMulOf(this.backend).multiply(
      { offset: at(x), rows, columns: Din, transposed: false },
      { offset: matrix, rows: Din, columns: Dout, transposed: false },
      { offset: at(out), rows, columns: Dout },
    );
  }

  dispose(): void {
    this.memory.dispose();
  }
}
