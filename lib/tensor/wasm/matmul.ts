/**
 * The one product of matrices that our wasm kernels are built on.
 *
 * The backend's own product is fast (XNNPACK, SIMD) only for one plain matrix times one plain matrix. Here any product of
 * two matrices in wasm memory is brought into that form: views at memory offsets stand in for slices, so a batch needs
 * no copies, and a transposed operand is either written out or, where that moves less, the transposed product is
 * computed instead: A·Bᵀ = (B·Aᵀ)ᵀ.
 */
import { FLOAT_BYTES, type WasmBackend } from "./kernels";

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

/** Matrix products in the memory of one backend. */
export class WasmMatMul {
  private readonly batchMatMul: (...args: (number | Uint8Array)[]) => void;
  private readonly packed: PackedMatrices;

  constructor(private readonly backend: WasmBackend) {
    const { wasm } = backend;
    this.packed = packedMatricesOf(backend);
    this.batchMatMul = wasm.cwrap("BatchMatMul", null, [
      "number",
      "array",
      "number",
      "number",
      "array",
      "number",
      "number",
      "number",
      "number",
    ]);
  }

  /** out = a·b for matrices anywhere in memory. */
  multiply(a: Operand, b: Operand, out: Matrix): void {
    if (this.isTrivial(a.transposed ? a.rows : a.columns, out)) return;
    const moved = (matrix: Matrix) => (isVector(matrix) ? 0 : matrix.rows * matrix.columns);
    const writtenOut = (a.transposed ? moved(a) : 0) + (b.transposed ? moved(b) : 0);
    const ofTheTranspose = moved(out) + (a.transposed ? 0 : moved(a)) + (b.transposed ? 0 : moved(b));
    if (writtenOut <= ofTheTranspose) {
      this.withPlain(a, a.transposed, (plainA) =>
        this.withPlain(b, b.transposed, (plainB) => this.product(plainA, plainB, out)),
      );
      return;
    }
    // outᵀ = bᵀ·aᵀ
    this.withPlain(b, !b.transposed, (bT) =>
      this.withPlain(a, !a.transposed, (aT) => {
        if (isVector(out)) return this.product(bT, aT, flipped(out));
        this.withScratch(out.columns, out.rows, (outT) => {
          this.product(bT, aT, outT);
          this.transposeInto(outT, out);
        });
      }),
    );
  }

  /**
   * out = a·b where b is a tensor's numbers or a part of them: packed at the first product and kept until the tensor's
   * numbers are freed. Good for weights: packing costs 3 ns a number, as much as multiplying it with 40 rows, and one
   * token meets an expert with one row.
   *
   * @param owner the data id of the tensor
   */
  multiplyPacked(a: Matrix, owner: object, b: Matrix, out: Matrix): void {
    if (this.isTrivial(a.columns, out)) return;
    let own = this.packed.get(owner);
    if (own === undefined) this.packed.set(owner, (own = new Map()));
    // The backend finds a packed form by its id alone; the same numbers in another shape need an id of their own.
    const key = `${b.offset}:${b.rows}×${b.columns}`;
    let bId = own.get(key);
    if (bId === undefined) own.set(key, (bId = this.lend(b)));
    const packedId = bId;
    this.withIds([a, out], ([aId, outId]) => this.call(aId, a, packedId, b, outId));
  }

  /** Whether there is nothing to multiply: a sum of nothing is 0. */
  private isTrivial(inner: number, out: Matrix): boolean {
    const begin = out.offset / FLOAT_BYTES;
    if (inner === 0) this.backend.wasm.HEAPF32.fill(0, begin, begin + out.rows * out.columns);
    return inner === 0 || out.rows === 0 || out.columns === 0;
  }

  /** Calls use with the matrix, or with its transpose in scratch memory; a vector's transpose is the same numbers. */
  private withPlain(matrix: Matrix, transposed: boolean, use: (plain: Matrix) => void): void {
    if (!transposed) return use(matrix);
    if (isVector(matrix)) return use(flipped(matrix));
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

  private transposeInto(from: Matrix, to: Matrix): void {
    writeTransposed(this.numbers(from), from.rows, from.columns, this.numbers(to));
  }

  private numbers({ offset, rows, columns }: Matrix): Float32Array {
    const begin = offset / FLOAT_BYTES;
    return this.backend.wasm.HEAPF32.subarray(begin, begin + rows * columns);
  }

  private product(a: Matrix, b: Matrix, out: Matrix): void {
    this.withIds([a, b, out], ([aId, bId, outId]) => this.call(aId, a, bId, b, outId));
  }

  private call(aId: number, a: Matrix, bId: number, b: Matrix, outId: number): void {
    this.batchMatMul(aId, dimensions(1, a.rows, a.columns), 3, bId, dimensions(1, b.rows, b.columns), 3, 0, 0, outId);
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

/**
 * out [columns, rows] = x [rows, columns] transposed. Four rows at a time: 0.9 ns a number, where the backend's own
 * transposition takes 2 to 7.
 */
function writeTransposed(x: Float32Array, rows: number, columns: number, out: Float32Array): void {
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const [first, second, third, fourth] = [
      row * columns,
      (row + 1) * columns,
      (row + 2) * columns,
      (row + 3) * columns,
    ];
    for (let column = 0; column < columns; column++) {
      const to = column * rows + row;
      out[to] = x[first + column];
      out[to + 1] = x[second + column];
      out[to + 2] = x[third + column];
      out[to + 3] = x[fourth + column];
    }
  }
  for (; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = x[row * columns + column];
  }
}

function isVector({ rows, columns }: Matrix): boolean {
  return rows === 1 || columns === 1;
}

function flipped({ offset, rows, columns }: Matrix): Matrix {
  return { offset, rows: columns, columns: rows };
}

/** A shape as the backend takes it: int32 numbers, seen as bytes. */
function dimensions(...shape: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(shape).buffer);
}

/** The ids under which the backend keeps packed matrices: data id of the tensor → place and shape → id. */
type PackedMatrices = Map<object, Map<string, number>>;

const PACKED = Symbol.for("deepseek-v3-notebook-course.packedMatrices");

/**
 * The packed matrices of a backend, given back when their tensor is freed. They are the backend's own, not this module's:
 * a live notebook can evaluate the module again, which then finds them and does not hook into disposeData once more.
 */
function packedMatricesOf(backend: WasmBackend & { [PACKED]?: PackedMatrices }): PackedMatrices {
  const found = backend[PACKED];
  if (found !== undefined) return found;
  const packed: PackedMatrices = new Map();
  const disposeData = backend.disposeData.bind(backend);
  backend.disposeData = (data: object, force?: boolean) => {
    const freed = disposeData(data, force);
    if (freed) {
      packed.get(data)?.forEach((id) => backend.wasm.tfjs.disposeData(id));
      packed.delete(data);
    }
    return freed;
  };
  return (backend[PACKED] = packed);
}

const known = new WeakMap<WasmBackend, WasmMatMul>();

/** The product of a backend: one object each, since wrapping the functions costs more than a small product. */
export function matMulOf(backend: WasmBackend): WasmMatMul {
  let found = known.get(backend);
  if (found === undefined) known.set(backend, (found = new WasmMatMul(backend)));
  return found;
}
