import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { offsetOf, registerWasmKernel, valuesInPlace } from "../../../lib/tensor/wasm/kernels";
import { FUSED } from "../../../lib/tensor/wasm/compiled";
import { compiledKernels } from "../../../lib/tensor/wasm/compiled-module";
import { WasmMatMul, type Matrix, type Operand } from "../../../lib/tensor/wasm/matmul";
import { expectClose, expectNoLeak } from "../../support/close";
import { valuesOf, wasmBackend } from "../support";

beforeAll(async () => {
  await useBackend("wasm");
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Memory of the given size in floats, for the time of use. */
function withMemory(floats: number[], use: (offsets: number[]) => void): void {
  const { wasm } = wasmBackend().backend;
  const offsets = floats.map((size) => wasm._malloc(4 * size) >>> 0);
  try {
    use(offsets);
  } finally {
    offsets.forEach((offset) => wasm._free(offset));
  }
}

interface Sizes {
  M: number;
  K: number;
  N: number;
  transposeA: boolean;
  transposeB: boolean;
}

/** Two matrices as they are stored, by the numbers that they hold. */
function stored({ M, K, N, transposeA, transposeB }: Sizes, a: Float32Array, b: Float32Array) {
  const [left, right] = [new Float32Array(M * K), new Float32Array(K * N)];
  for (let k = 0; k < K; k++) {
    for (let m = 0; m < M; m++) left[transposeA ? k * M + m : m * K + k] = a[m * K + k];
    for (let n = 0; n < N; n++) right[transposeB ? n * K + k : k * N + n] = b[k * N + n];
  }
  return { left, right };
}

type Multiply = (a: Operand, b: Operand, out: Matrix) => void;

/** The product of two matrices, computed in memory that held other numbers before. */
function multiplied(sizes: Sizes, a: Float32Array, b: Float32Array, multiply?: Multiply): Float32Array {
  const { M, K, N, transposeA, transposeB } = sizes;
  const { backend, matMul } = wasmBackend();
  const { left, right } = stored(sizes, a, b);
  let out = new Float32Array();
  // One number more than the result has: it must stay.
  withMemory([M * K, K * N, M * N + 1], ([offsetA, offsetB, offset]) => {
    backend.wasm.HEAPF32.set(left, offsetA / 4);
    backend.wasm.HEAPF32.set(right, offsetB / 4);
    backend.wasm.HEAPF32.fill(7, offset / 4, offset / 4 + M * N + 1);
    const [rowsA, columnsA] = transposeA ? [K, M] : [M, K];
    const [rowsB, columnsB] = transposeB ? [N, K] : [K, N];
    (multiply ?? matMul.multiply.bind(matMul))(
      { offset: offsetA, rows: rowsA, columns: columnsA, transposed: transposeA },
      { offset: offsetB, rows: rowsB, columns: columnsB, transposed: transposeB },
      { offset, rows: M, columns: N },
    );
    out = backend.wasm.HEAPF32.slice(offset / 4, offset / 4 + M * N + 1);
  });
  expect(out[M * N]).toBe(7);
  return out.subarray(0, M * N);
}

/** The definition, in float64. */
function byDefinition({ M, K, N }: Sizes, a: Float32Array, b: Float32Array): Float64Array {
  const out = new Float64Array(M * N);
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) for (let k = 0; k < K; k++) out[m * N + n] += a[m * K + k] * b[k * N + n];
  }
  return out;
}

/** Sizes on both sides of every border in the kernels: of four and six rows, eight columns, 16, 24 and 32 packed at once. */
const size = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constantFrom(15, 16, 17, 23, 24, 25, 31, 32, 33, 40, 71));
const products = fc.record({ M: size, K: size, N: size, transposeA: fc.boolean(), transposeB: fc.boolean() });
const FORMS = [false, true].flatMap((transposeA) => [false, true].map((transposeB) => ({ transposeA, transposeB })));

const valuesFor = ({ M, K, N }: Sizes) => [valuesOf([M, K], 1).values, valuesOf([K, N], 2).values] as const;

describe("WasmMatMul.multiply", () => {
  it("follows the definition in float64 for all sizes and transpositions", () => {
    fc.assert(
      fc.property(products, (sizes) => {
        const [a, b] = valuesFor(sizes);
        expectClose(multiplied(sizes, a, b), byDefinition(sizes, a, b), { rtol: 1e-5, atol: 1e-5 });
      }),
      { numRuns: 500 },
    );
  });

  it.each(FORMS)("multiplies in several blocks of rows and of columns: $transposeA, $transposeB", (form) => {
    const sizes = { M: 9, K: 9001, N: 121, ...form }; // 4 MB hold 112 columns, and 256 kB one tile's rows
    const [a, b] = valuesFor(sizes);
    expectClose(multiplied(sizes, a, b), byDefinition(sizes, a, b), { rtol: 1e-4, atol: 1e-3 });
  });

  it("passes infinities and NaN on, to the numbers that they belong to and to no others", () => {
    const odd = fc.constantFrom(NaN, Infinity, -Infinity);
    fc.assert(
      fc.property(products, fc.array(fc.tuple(fc.boolean(), fc.nat(), odd), { maxLength: 3 }), (sizes, places) => {
        const [a, b] = valuesFor(sizes).map((values) => values.slice());
        for (const [inA, place, value] of places) {
          const values = inA ? a : b;
          if (values.length > 0) values[place % values.length] = value;
        }
        const expected = byDefinition(sizes, a, b);
        const wrong = [...multiplied(sizes, a, b)].filter((value, i) =>
          Number.isFinite(expected[i]) ? !(Math.abs(value - expected[i]) < 1e-3) : !Object.is(value, expected[i]),
        );
        expect(wrong).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it.each([false, true])("gives a row the same bits whatever rows are beside it (transposed a: %s)", (transposeA) => {
    for (const [K, N] of [
      [70, 45],
      [64, 64],
      [3, 1030],
    ]) {
      const sizes = (M: number): Sizes => ({ M, K, N, transposeA, transposeB: false });
      const [a, b] = valuesFor(sizes(40));
      const all = multiplied(sizes(40), a, b);
      for (let M = 1; M <= 13; M++) {
        expect([...multiplied(sizes(M), a.subarray(0, M * K), b)]).toEqual([...all.subarray(0, M * N)]);
      }
    }
  });

  it("goes on when memory grows, between two products and for what a product packs", () => {
    const { backend } = wasmBackend();
    const sizes = { M: 9, K: 33, N: 17, transposeA: true, transposeB: true };
    const [a, b] = valuesFor(sizes);
    const before = multiplied(sizes, a, b);
    const size = backend.wasm.HEAPF32.byteLength;
    withMemory([size / 4], () => {
      expect(backend.wasm.HEAPF32.byteLength).toBeGreaterThan(size);
      expect(multiplied(sizes, a, b)).toEqual(before);
      const large = { M: 9, K: 30_000, N: 33, transposeA: true, transposeB: false };
      const [c, d] = valuesFor(large);
      expectClose(multiplied(large, c, d), byDefinition(large, c, d), { rtol: 1e-4, atol: 2e-3 });
    });
    expect(multiplied(sizes, a, b)).toEqual(before);
  });

  it("says how much memory it did not find, and multiplies once there is some", () => {
    const { backend, matMul } = wasmBackend();
    const K = 200_003; // packs more than was packed before
    const side = (rows: number, columns: number): Operand => ({ offset: 1024, rows, columns, transposed: false });
    vi.spyOn(backend.wasm, "_malloc").mockReturnValueOnce(0);
    expect(() => matMul.multiply(side(9, K), side(K, 8), { offset: 1024, rows: 9, columns: 8 })).toThrow(
      `wasm: no memory left for the ${8 * K + 48} numbers that a product packs`,
    );
    const sizes = { M: 9, K: 5, N: 6, transposeA: false, transposeB: false };
    const [a, b] = valuesFor(sizes);
    expectClose(multiplied(sizes, a, b), byDefinition(sizes, a, b), { rtol: 1e-5, atol: 1e-5 });
  });

  it("keeps one piece of memory to pack into, whoever multiplies", () => {
    const { backend } = wasmBackend();
    const sizes = { M: 40, K: 40, N: 40, transposeA: true, transposeB: true };
    const [a, b] = valuesFor(sizes);
    multiplied(sizes, a, b);
    const anew = new WasmMatMul(backend); // as after a second evaluation of the module in a notebook
    const place = { offset: 1 << 16, rows: 40, columns: 40, transposed: true };
    const malloc = vi.spyOn(backend.wasm, "_malloc");
    withMemory([3 * 1600], ([offset]) => {
      const sides = [0, 1].map((i) => ({ ...place, offset: offset + 6400 * i }));
      anew.multiply(sides[0], sides[1], { offset: offset + 12_800, rows: 40, columns: 40 });
    });
    expect(malloc).toHaveBeenCalledTimes(1);
  });

  describe("in its two builds", () => {
    const runtime = (globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } }).WebAssembly;
    const hasRelaxed = () => runtime.validate(Uint8Array.from(atob(FUSED), (character) => character.charCodeAt(0)));
    const by = (build?: "plain" | "fused"): Multiply => {
      const { multiply } = compiledKernels(wasmBackend().backend.wasm.asm.memory, build);
      return (a, b, out) => {
        const K = a.transposed ? a.rows : a.columns;
        withMemory([1 << 16], ([scratch]) =>
          multiply(a.offset, a.transposed, b.offset, b.transposed, out.offset, out.rows, K, out.columns, scratch),
        );
      };
    };
    const x = 1 + 2 ** -12; // -1 + x² keeps its last bit, 2⁻²⁴, only where x² is not rounded before the addition
    const lastBit = (build?: "plain" | "fused") => {
      const sizes = { M: 1, K: 2, N: 1, transposeA: false, transposeB: false };
      return multiplied(sizes, Float32Array.of(-1, x), Float32Array.of(1, x), by(build))[0] - 2 ** -11;
    };

    it("takes the one with relaxed SIMD, which this runtime has now, and rounds twice in the other", () => {
      expect(hasRelaxed()).toBe(true); // by host.allowRelaxedSimd
      expect(lastBit("plain")).toBe(0);
      expect([0, 2 ** -24]).toContain(lastBit("fused")); // as the processor does
      expect(lastBit()).toBe(lastBit("fused"));
    });

    it("rounds twice where the runtime has no relaxed SIMD", () => {
      vi.spyOn(runtime, "validate").mockReturnValue(false);
      expect(lastBit()).toBe(0);
    });

    it("says the same", () => {
      fc.assert(
        fc.property(products, (sizes) => {
          const [a, b] = valuesFor(sizes);
          const [plain, fused] = (["plain", "fused"] as const).map((build) => multiplied(sizes, a, b, by(build)));
          expectClose(fused, plain, { rtol: 1e-5, atol: 1e-5 });
        }),
        { numRuns: 100 },
      );
    });
  });

  it("does not take new numbers at the same place for the old ones", async () => {
    // Freed memory is given to the next tensor of that size.
    const { backend } = wasmBackend();
    await expectNoLeak(() => {
      const x = tf.ones([1, 3]);
      const offsets = [1, 2, 3, 4].map((value) => {
        const w = tf.fill([3, 2], value);
        const product = tf.matMul(x, w);
        expectClose(product, [3 * value, 3 * value]);
        const offset = offsetOf(backend, w);
        tf.dispose([w, product]);
        return offset;
      });
      expect(new Set(offsets).size).toBeLessThan(4);
      x.dispose();
    });
  });
});

describe("registerWasmKernel", () => {
  it("puts a kernel in the place of the one of that name", async () => {
    for (const value of [1, 2]) {
      registerWasmKernel("CourseTest", (_, backend) => {
        const out = backend.makeOutput([2], "int32");
        valuesInPlace(backend, out).fill(value);
        return out;
      });
    }
    await expectNoLeak(() => {
      const result = tf.engine().runKernel("CourseTest", {}) as tf.Tensor;
      expect(Array.from(result.dataSync())).toEqual([2, 2]);
      result.dispose();
    });
    tf.unregisterKernel("CourseTest", "wasm");
  });
});
