/**
 * The few inner parts of tfjs's wasm backend that our kernels use, and the one product they are built on.
 *
 * The backend's own product is fast (XNNPACK, SIMD) only for one plain matrix times one plain matrix. Here any product of
 * two matrices in wasm memory is brought into that form: views at memory offsets stand in for slices, so a batch needs
 * no copies, and a transposed operand is either written out or, where that moves less, the transposed product is
 * computed instead: A·Bᵀ = (B·Aᵀ)ᵀ.
 */
import * as tf from "@tensorflow/tfjs";

/** What we use of the backend; it is not part of tfjs's public types. */
export interface WasmBackend extends tf.KernelBackend {
  readonly wasm: {
    cwrap(name: string, result: null, args: ("number" | "array")[]): (...args: (number | Uint8Array)[]) => void;
    _malloc(bytes: number): number;
    _free(offset: number): void;
    HEAPF32: Float32Array;
    HEAP32: Int32Array;
    tfjs: { registerTensor(id: number, elements: number, offset: number): void; disposeData(id: number): void };
  };
  readonly dataIdMap: { get(dataId: object): { id: number; memoryOffset: number } };
  dataIdNextNumber: number;
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
}

/** A float32 matrix in wasm memory, row-major; offset in bytes. */
export interface Matrix {
  offset: number;
  rows: number;
  columns: number;
}

/** A matrix as one side of a product; with transposed, its transpose is meant. */
export interface Operand extends Matrix {
  transposed: boolean;
}

const FLOAT_BYTES = 4;
const FLOAT32 = 0; // the backend's number for the type

/** The backend's memory offset of a tensor's numbers. */
export function offsetOf(backend: WasmBackend, tensor: tf.TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset;
}

/** The tensor's numbers in place. Not valid beyond the next allocation, which can move the memory. */
export function valuesInPlace(backend: WasmBackend, tensor: tf.TensorInfo): Float32Array | Int32Array {
  const begin = offsetOf(backend, tensor) / FLOAT_BYTES;
  const heap = tensor.dtype === "int32" ? backend.wasm.HEAP32 : backend.wasm.HEAPF32;
  return heap.subarray(begin, begin + tf.util.sizeFromShape(tensor.shape));
}

/** Matrix products in the memory of one backend. */
export class WasmProducts {
  private readonly batchMatMul: (...args: (number | Uint8Array)[]) => void;
  private readonly transpose: (...args: (number | Uint8Array)[]) => void;
  private readonly packedShapes = new WeakMap<object, string>();
  private readonly packedSlices = new Map<object, Map<number, number>>(); // tensor's data → slice → id of its view

  constructor(private readonly backend: WasmBackend) {
    const { wasm } = backend;
    const disposeData = backend.disposeData.bind(backend);
    backend.disposeData = (data: object, force?: boolean) => {
      const freed = disposeData(data, force);
      if (freed) this.forgetSlices(data);
      return freed;
    };
    this.batchMatMul = wasm.cwrap("BatchMatMul", null, [
      "number", "array", "number", "number", "array", "number", "number", "number", "number",
    ]);
    this.transpose = wasm.cwrap("Transpose", null, ["number", "array", "number", "number", "number", "array", "number"]);
  }

  /** out = a·b, where a, b and out are tensors that hold one plain matrix each. */
  multiplyTensors(a: tf.TensorInfo, b: tf.TensorInfo, out: tf.TensorInfo, [M, K, N]: [number, number, number]): void {
    // The backend packs b once and keeps that for as long as b lives: good for weights. But it finds the packed form by
    // b's numbers alone. The same numbers reshaped would be multiplied as they were first seen, so these become a view.
    const shape = `${K}×${N}`;
    const seen = this.packedShapes.get(b.dataId);
    if (seen !== undefined && seen !== shape) {
      const view = (tensor: tf.TensorInfo, rows: number, columns: number) =>
        ({ offset: offsetOf(this.backend, tensor), rows, columns });
      this.product(view(a, M, K), view(b, K, N), view(out, M, N));
      return;
    }
    this.packedShapes.set(b.dataId, shape);
    const id = (tensor: tf.TensorInfo) => this.backend.dataIdMap.get(tensor.dataId).id;
    this.batchMatMul(id(a), dimensions(1, M, K), 3, id(b), dimensions(1, K, N), 3, 0, 0, id(out));
  }

  /** out = a·b for matrices anywhere in memory. */
  multiply(a: Operand, b: Operand, out: Matrix): void {
    const size = (matrix: Matrix) => matrix.rows * matrix.columns;
    const writtenOut = (a.transposed ? size(a) : 0) + (b.transposed ? size(b) : 0);
    const ofTheTranspose = size(out) + (a.transposed ? 0 : size(a)) + (b.transposed ? 0 : size(b));
    if (writtenOut <= ofTheTranspose) {
      this.withPlain(a, a.transposed, (plainA) => this.withPlain(b, b.transposed, (plainB) => this.product(plainA, plainB, out)));
      return;
    }
    // outᵀ = bᵀ·aᵀ
    this.withPlain(b, !b.transposed, (bT) =>
      this.withPlain(a, !a.transposed, (aT) =>
        this.withScratch(out.columns, out.rows, (outT) => {
          this.product(bT, aT, outT);
          this.transposeInto(outT, out);
        })));
  }

  /**
   * out = a·b for a slice b of a tensor of weights: packed at the first product and kept until the weights are freed.
   * Packing costs 3 ns a number, as much as multiplying it with 40 rows; one token meets an expert with one row.
   */
  multiplyWeights(a: Matrix, weights: tf.TensorInfo, slice: number, b: Matrix, out: Matrix): void {
    let slices = this.packedSlices.get(weights.dataId);
    if (slices === undefined) this.packedSlices.set(weights.dataId, (slices = new Map()));
    let bId = slices.get(slice);
    if (bId === undefined) slices.set(slice, (bId = this.lend(b)));
    const weightsId = bId;
    this.withIds([a, out], ([aId, outId]) =>
      this.batchMatMul(aId, dimensions(1, a.rows, a.columns), 3, weightsId, dimensions(1, b.rows, b.columns), 3, 0, 0, outId));
  }

  private forgetSlices(data: object): void {
    this.packedSlices.get(data)?.forEach((id) => this.backend.wasm.tfjs.disposeData(id));
    this.packedSlices.delete(data);
  }

  /** Calls use with the matrix, or with its transpose in scratch memory. */
  private withPlain(matrix: Matrix, transposed: boolean, use: (plain: Matrix) => void): void {
    if (!transposed) return use(matrix);
    this.withScratch(matrix.columns, matrix.rows, (scratch) => {
      this.transposeInto(matrix, scratch);
      use(scratch);
    });
  }

  private withScratch(rows: number, columns: number, use: (scratch: Matrix) => void): void {
    const offset = this.backend.wasm._malloc(rows * columns * FLOAT_BYTES) >>> 0; // unsigned: memory goes beyond 2 GB
    if (offset === 0) throw new Error(`wasm: no memory left for a matrix of ${rows} × ${columns}`);
    try {
      use({ offset, rows, columns });
    } finally {
      this.backend.wasm._free(offset);
    }
  }

  /** A vector's transpose is the same numbers; everything else is moved. */
  private transposeInto(from: Matrix, to: Matrix): void {
    this.withIds([from, to], ([fromId, toId]) =>
      this.transpose(fromId, dimensions(from.rows, from.columns), 2, FLOAT32, toId, dimensions(1, 0), 2));
  }

  private product(a: Matrix, b: Matrix, out: Matrix): void {
    this.withIds([a, b, out], ([aId, bId, outId]) =>
      this.batchMatMul(aId, dimensions(1, a.rows, a.columns), 3, bId, dimensions(1, b.rows, b.columns), 3, 0, 0, outId));
  }

  /** Lends each matrix an id of the backend's. Giving it back also frees what the backend packed for it. */
  private withIds(matrices: Matrix[], use: (ids: number[]) => void): void {
    const ids = matrices.map((matrix) => this.lend(matrix));
    try {
      use(ids);
    } finally {
      ids.forEach((id) => this.backend.wasm.tfjs.disposeData(id));
    }
  }

  private lend({ offset, rows, columns }: Matrix): number {
    const id = this.backend.dataIdNextNumber++;
    this.backend.wasm.tfjs.registerTensor(id, rows * columns, offset);
    return id;
  }
}

/** A shape as the backend takes it: int32 numbers, seen as bytes. */
function dimensions(...shape: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(shape).buffer);
}

const products = new WeakMap<WasmBackend, WasmProducts>();

/** The products of a backend: one object each, since wrapping the functions costs more than a small product. */
export function productsOf(backend: WasmBackend): WasmProducts {
  let found = products.get(backend);
  if (found === undefined) products.set(backend, (found = new WasmProducts(backend)));
  return found;
}

/** Makes a wasm kernel known to tfjs, in place of any of that name: a module can be evaluated again in a live notebook. */
export function registerWasmKernel(
  kernelName: string,
  compute: (inputs: Record<string, tf.TensorInfo>, backend: WasmBackend, attributes: object) => tf.TensorInfo,
): void {
  if (tf.getKernel(kernelName, "wasm") !== undefined) tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    kernelFunc: ({ inputs, backend, attrs }) =>
      compute(inputs as Record<string, tf.TensorInfo>, backend as WasmBackend, attrs ?? {}),
  });
}
