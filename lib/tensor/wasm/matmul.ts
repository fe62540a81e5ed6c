/**
 * The one product of matrices that our wasm kernels are built on: compiled from assembly/, it works on tfjs's own memory.
 * Views at memory offsets stand in for slices, so a batch needs no copies, and no transpose is written out.
 */
import { compiledFor, type CompiledKernels } from "./compiled-module";
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
  private readonly products: CompiledKernels;
  private readonly scratch: Scratch;

  constructor(private readonly backend: WasmBackend) {
    this.products = compiledFor(backend);
    this.scratch = scratchOf(backend);
  }

  /**
   * out = a·b for matrices anywhere in memory; out must not overlap with a or b. A row of the result is the same to the
   * last bit with any number of rows beside it, unless b is transposed.
   *
   * @throws if there is no memory for what a large product packs
   */
  multiply(a: Operand, b: Operand, out: Matrix): void {
    const inner = a.transposed ? a.rows : a.columns;
    const needed = this.products.scratchBytes(a.transposed, b.transposed, out.rows, inner, out.columns) >>> 0;
    this.products.multiply(
      a.offset,
      a.transposed,
      b.offset,
      b.transposed,
      out.offset,
      out.rows,
      inner,
      out.columns,
      this.scratchFor(needed),
    );
  }

  /** Where so many bytes are free until the next product. */
  private scratchFor(bytes: number): number {
    const { scratch, backend } = this;
    if (bytes <= scratch.bytes) return scratch.offset;
    if (scratch.bytes > 0) backend.wasm._free(scratch.offset);
    scratch.bytes = 0; // should the next line throw
    const offset = backend.wasm._malloc(bytes) >>> 0; // unsigned: memory goes beyond 2 GB
    if (offset === 0)
      throw new Error(`wasm: no memory left for the ${bytes / FLOAT_BYTES} numbers that a product packs`);
    [scratch.offset, scratch.bytes] = [offset, bytes];
    return offset;
  }
}

/** Memory that products pack into, taken from the backend's and kept for the next product: 5 MB at most, but for sums
 * of more than a hundred thousand terms. */
interface Scratch {
  offset: number;
  bytes: number;
}

const SCRATCH = Symbol.for("deepseek-v3-notebook-course.scratch");

/** The backend's, not this module's: a live notebook can evaluate the module again, which then finds it. */
function scratchOf(backend: WasmBackend & { [SCRATCH]?: Scratch }): Scratch {
  return (backend[SCRATCH] ??= { offset: 0, bytes: 0 });
}

const known = new WeakMap<WasmBackend, WasmMatMul>();

/** The product of a backend: one object each, made when it is first asked for. */
export function matMulOf(backend: WasmBackend): WasmMatMul {
  let found = known.get(backend);
  if (found === undefined) known.set(backend, (found = new WasmMatMul(backend)));
  return found;
}
