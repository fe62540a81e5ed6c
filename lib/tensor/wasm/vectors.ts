/**
 * Vectors in wasm memory and their products with weight matrices, without a tensor for each step. A tfjs operation
 * costs ten microseconds before it computes anything, and a token of a small model needs hundreds of them on a few
 * hundred numbers each. Here a product is one call, and what lies between two products is a plain loop over the numbers
 * in place. A few vectors, one behind the other, are multiplied together: the matrix is read once for up to four of them.
 */
import * as tf from "@tensorflow/tfjs";
import { compiledFor } from "./compiled-module";
import { FLOAT_BYTES, offsetOf, onWasm, type WasmBackend } from "./kernels";
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

/** Rows of numbers in wasm memory, as many as come. */
export class WasmRows {
  length = 0;
  private readonly backend = tf.backend() as unknown as WasmBackend;
  private memory: tf.Tensor1D;

  constructor(readonly width: number) {
    this.memory = tf.keep(tf.zeros<tf.Rank.R1>([64 * width]));
  }

  /** Where the first row is, in bytes. */
  get offset(): number {
    return offsetOf(this.backend, this.memory);
  }

  append(row: Float32Array): void {
    const end = this.length * this.width;
    if (end + this.width > this.memory.size) {
      const numbers = row.slice(); // the memory can move
      const larger = tf.keep(tf.tidy(() => tf.concat([this.memory, tf.zerosLike(this.memory)])));
      this.memory.dispose();
      this.memory = larger;
      return this.append(numbers);
    }
    this.backend.wasm.HEAPF32.set(row, this.offset / FLOAT_BYTES + end);
    this.length++;
  }

  dispose(): void {
    this.memory.dispose();
  }
}

export class WasmVectors {
  private readonly backend = tf.backend() as unknown as WasmBackend;
  private readonly memory: tf.Tensor1D;
  private readonly offset: number;
  private used = 0;

  /**
   * @param size numbers that fit in
   * @throws if the backend is not wasm
   */
  constructor(size: number) {
    if (!vectorsAvailable()) throw new Error(`WasmVectors: the backend is ${tf.getBackend()}, not wasm`);
    this.memory = tf.keep(tf.zeros<tf.Rank.R1>([size]));
    this.offset = offsetOf(this.backend, this.memory);
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
    const first = this.offset / FLOAT_BYTES + begin;
    return this.backend.wasm.HEAPF32.subarray(first, first + size);
  }

  private at({ begin }: Vector): number {
    return this.offset + FLOAT_BYTES * begin;
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
    matMulOf(this.backend).multiply(
      { offset: this.at(x), rows, columns: Din, transposed: false },
      { offset: this.matrixAt(w, index), rows: Din, columns: Dout, transposed: false },
      { offset: this.at(out), rows, columns: Dout },
    );
  }

  private matrixAt(w: tf.Tensor, index: number): number {
    const [Din, Dout] = w.shape.slice(-2);
    return offsetOf(this.backend, w) + FLOAT_BYTES * index * Din * Dout;
  }

  /**
   * out = (SiLU(x·gate) ⊙ x·up)·down, each map a matrix or of a stack the one at `index`
   *
   * @param x [rows, D]
   * @param inner scratch: 2 · rows · I numbers
   * @param out [rows, D]
   */
  gatedNetwork(
    x: Vector,
    { gateProj, upProj, downProj }: { gateProj: tf.Tensor; upProj: tf.Tensor; downProj: tf.Tensor },
    inner: Vector,
    out: Vector,
    { rows = 1, index = 0 } = {},
  ): void {
    const [D, I] = gateProj.shape.slice(-2);
    compiledFor(this.backend).gatedNetwork(
      ...[rows, this.at(x), this.matrixAt(gateProj, index), this.matrixAt(upProj, index)],
      ...[this.matrixAt(downProj, index), this.at(out), this.at(inner), D, I],
    );
  }

  /**
   * Attention of one token: each head's query against rows, a softmax, and the mixture of the rows' first numbers.
   *
   * @param query [H, width], scaled
   * @param seen how many of the rows count
   * @param scores scratch: `seen` numbers
   * @param out [H, C]
   * @throws if the scratch is too small
   */
  attend(query: Vector, rows: WasmRows, seen: number, scores: Vector, out: Vector, H: number): void {
    if (seen > scores.size) throw new Error(`attend: ${seen} rows are seen; the scratch has room for ${scores.size}`);
    const { width, offset } = rows;
    compiledFor(this.backend).attend(
      ...[this.at(query), offset, this.at(out), this.at(scores)],
      ...[seen, H, width, out.size / H],
    );
  }

  dispose(): void {
    this.memory.dispose();
  }
}
