import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { useBackend } from "../../../lib/tensor/backend";
import { offsetOf, registerWasmKernel, valuesInPlace } from "../../../lib/tensor/wasm/kernels";
import type { Matrix, Operand } from "../../../lib/tensor/wasm/matmul";
import { expectClose, expectNoLeak } from "../../support/close";
import { toTensor, valuesOf, wasmBackend } from "../support";

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

/** Multiplies two matrices of known numbers; gives the product, and the bytes of scratch memory that it took. */
function multiplied({ M, K, N, transposeA, transposeB }: Sizes): {
  out: number[];
  expected: number[];
  scratch: number;
} {
  const { backend, matMul } = wasmBackend();
  const [a, b] = [valuesOf([M, K], 1).values, valuesOf([K, N], 2).values];
  let out: number[] = [];
  let scratch = 0;
  withMemory([M * K, K * N, M * N], ([offsetA, offsetB, offsetOut]) => {
    const heap = backend.wasm.HEAPF32;
    for (let k = 0; k < K; k++) {
      for (let m = 0; m < M; m++) heap[offsetA / 4 + (transposeA ? k * M + m : m * K + k)] = a[m * K + k];
      for (let n = 0; n < N; n++) heap[offsetB / 4 + (transposeB ? n * K + k : k * N + n)] = b[k * N + n];
    }
    const [rowsA, columnsA] = transposeA ? [K, M] : [M, K];
    const [rowsB, columnsB] = transposeB ? [N, K] : [K, N];
    const left: Operand = { offset: offsetA, rows: rowsA, columns: columnsA, transposed: transposeA };
    const right: Operand = { offset: offsetB, rows: rowsB, columns: columnsB, transposed: transposeB };
    const malloc = vi.spyOn(backend.wasm, "_malloc");
    matMul.multiply(left, right, { offset: offsetOut, rows: M, columns: N });
    scratch = malloc.mock.calls.reduce((sum, [bytes]) => sum + bytes, 0);
    malloc.mockRestore();
    out = Array.from(backend.wasm.HEAPF32.subarray(offsetOut / 4, offsetOut / 4 + M * N));
  });
  const expected = Array.from({ length: M * N }, (_, i) => {
    const [m, n] = [Math.floor(i / N), i % N];
    return Array.from({ length: K }, (_, k) => a[m * K + k] * b[k * N + n]).reduce((sum, x) => sum + x, 0);
  });
  return { out, expected, scratch };
}

describe("WasmMatMul.multiply", () => {
  it("writes out the transposed sides or computes the transposed product, whichever moves less", () => {
    const size = fc.constantFrom(2, 3, 17, 40);
    fc.assert(
      fc.property(
        fc.record({ M: size, K: size, N: size, transposeA: fc.boolean(), transposeB: fc.boolean() }),
        (sizes) => {
          const { M, K, N, transposeA, transposeB } = sizes;
          const { out, expected, scratch } = multiplied(sizes);
          expectClose(out, expected, { rtol: 1e-4, atol: 1e-4 });
          const writtenOut = (transposeA ? M * K : 0) + (transposeB ? K * N : 0);
          const ofTheTranspose = M * N + (transposeA ? 0 : M * K) + (transposeB ? 0 : K * N);
          expect(scratch / 4).toBe(Math.min(writtenOut, ofTheTranspose));
        },
      ),
    );
    expect(multiplied({ M: 2, K: 40, N: 40, transposeA: false, transposeB: true }).scratch / 4).toBe(2 * 40 + 2 * 40);
    expect(multiplied({ M: 40, K: 40, N: 2, transposeA: false, transposeB: true }).scratch / 4).toBe(2 * 40);
  });

  it("moves nothing to multiply a vector with a transposed matrix: what one token needs", () => {
    for (const sizes of [
      { M: 1, K: 40, N: 30, transposeA: false, transposeB: true },
      { M: 30, K: 40, N: 1, transposeA: true, transposeB: false },
      { M: 1, K: 9, N: 9, transposeA: true, transposeB: true },
      { M: 9, K: 1, N: 7, transposeA: true, transposeB: true },
    ]) {
      const { out, expected, scratch } = multiplied(sizes);
      expectClose(out, expected, { rtol: 1e-4, atol: 1e-4 });
      expect(scratch).toBe(0);
    }
  });

  it("writes zeros where there is nothing to add, over what memory held", () => {
    const { backend, matMul } = wasmBackend();
    withMemory([1, 6], ([nothing, offset]) => {
      backend.wasm.HEAPF32.fill(7, offset / 4, offset / 4 + 6);
      const empty = (rows: number, columns: number): Operand => ({ offset: nothing, rows, columns, transposed: false });
      matMul.multiply(empty(2, 0), empty(0, 3), { offset, rows: 2, columns: 3 });
      expect([...backend.wasm.HEAPF32.subarray(offset / 4, offset / 4 + 6)]).toEqual([0, 0, 0, 0, 0, 0]);
    });
  });

  it("says how large a matrix found no memory", () => {
    vi.spyOn(wasmBackend().backend.wasm, "_malloc").mockReturnValueOnce(0);
    const side = (transposed: boolean): Operand => ({ offset: 1024, rows: 2, columns: 2, transposed });
    expect(() => wasmBackend().matMul.multiply(side(true), side(false), { offset: 1024, rows: 2, columns: 2 })).toThrow(
      "wasm: no memory left for a matrix of 2 × 2",
    );
  });
});

describe("WasmMatMul.multiplyPacked", () => {
  it("packs each part of a tensor once, and gives the packed forms back with the tensor", async () => {
    const { backend, matMul } = wasmBackend();
    await expectNoLeak(() => {
      const [x, w] = [toTensor(valuesOf([1, 2], 1)), tf.tensor1d([1, 2, 3, 4, 5, 6, 7, 8])];
      const out = tf.zeros([1, 2]);
      const place = (tensor: tf.Tensor, skipped: number, rows: number, columns: number): Matrix => ({
        offset: offsetOf(backend, tensor) + 4 * skipped,
        rows,
        columns,
      });
      const registered = vi.spyOn(backend.wasm.tfjs, "registerTensor");
      const disposed = vi.spyOn(backend.wasm.tfjs, "disposeData");
      const multiplyWithPart = (skipped: number) => {
        matMul.multiplyPacked(place(x, 0, 1, 2), w.dataId, place(w, skipped, 2, 2), place(out, 0, 1, 2));
        const [a, b] = valuesInPlace(backend, x);
        expectClose(valuesInPlace(backend, out), [
          a * (skipped + 1) + b * (skipped + 3),
          a * (skipped + 2) + b * (skipped + 4),
        ]);
      };
      const idsOfParts = () => {
        const given = new Set(disposed.mock.calls.map(([id]) => id));
        return registered.mock.calls.map(([id]) => id).filter((id) => !given.has(id));
      };
      [0, 4, 0, 4, 0].forEach(multiplyWithPart);
      const parts = idsOfParts();
      expect(parts.length).toBe(2);
      w.dispose();
      expect(disposed.mock.calls.map(([id]) => id)).toEqual(expect.arrayContaining(parts));
      expect(idsOfParts()).toEqual([]);
      tf.dispose([x, out]);
    });
  });

  it("keeps the packed forms while another tensor shares the numbers", async () => {
    const { backend } = wasmBackend();
    await expectNoLeak(() => {
      const [x, w] = [
        tf.ones([1, 2]),
        tf.tensor2d([
          [1, 2],
          [3, 4],
        ]),
      ];
      const first = tf.matMul(x, w);
      const shared = w.reshape([2, 2]);
      w.dispose();
      const registered = vi.spyOn(backend.wasm.tfjs, "registerTensor");
      const second = tf.matMul(x, shared);
      expect(registered.mock.calls.length).toBe(3); // the result, and the two sides that are not packed
      expectClose(second, [4, 6]);
      tf.dispose([x, first, shared, second]);
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
