import { describe, expect, it } from "vitest";
import {
  addInstruction,
  registerSum,
  runningSums,
  V3_ACCUMULATOR,
  type Accumulator,
} from "../../lib/numerics/accumulator";
import { MOST_SIMD_BITS, SimdSums } from "../../lib/numerics/accumulator-simd";
import { nearestCode, valuesByCode } from "../../lib/numerics/codec";
import { dequantise, quantise } from "../../lib/numerics/fp8-quantise";
import { exactProduct, quantisedProduct } from "../../lib/numerics/product";
import { BLOCKS } from "../../lib/numerics/scaling";
import { Random } from "../../lib/tensor/random";
import { H100, H200, measured, readMeasurements } from "../../lib/economics/measurements";
import { normalValues } from "./support";

/** Instruction by instruction in whole numbers: the register as BigInt counts of its last bit. */
function slowly(products: Float64Array, bits: number): number {
  let sum = 0;
  for (let at = 0; at < products.length; at += 32) {
    const terms = [sum, ...products.subarray(at, at + 32)];
    const most = Math.max(...terms.map(Math.abs));
    if (most === 0) continue;
    let unit = 1; // of the last bit kept
    while (unit * 2 ** (bits - 1) > most) unit /= 2;
    while (unit * 2 ** bits <= most) unit *= 2;
    sum = Number(terms.reduce((total, term) => total + BigInt(Math.trunc(term / unit)), 0n)) * unit;
  }
  return sum;
}

/** What torch.rand(…).to(float8_e4m3fn) gives. */
const uniformE4M3 = (length: number, random: Random) =>
  Float32Array.from({ length }, () => valuesByCode("E4M3")[nearestCode(random.uniform(), "E4M3")]);

describe("the register of a tensor core", () => {
  it("cuts each product before it adds, towards zero", () => {
    // The largest is 16, so with 5 bits the last bit counts 1: 0.75 and −0.75 are cut to 0, 1.5 to 1.
    expect(addInstruction(16, [0.75, -0.75, 1.5], 5)).toBe(17);
    expect(addInstruction(-16, [-1.5, 0.75], 5)).toBe(-17);
    expect(addInstruction(0, [0.75, -0.75, 1.5], 5)).toBe(1.5);
    expect(addInstruction(0, [], 5)).toBe(0);
    expect(addInstruction(1, [NaN], 14)).toBeNaN();
    expect(addInstruction(1, [Infinity], 14)).toBe(Infinity);
  });

  it.each([2, 6, 14, MOST_SIMD_BITS, 24])("is in %i bits what whole numbers give", (bits) => {
    const products = Float64Array.from(normalValues(500, 13, 2), (x) => Math.fround(x) * x);
    expect(registerSum(products, bits)).toBe(slowly(products, bits));
  });

  it.each([
    [2, "E4M3", 64],
    [14, "E4M3", 500],
    [14, "E5M2", 96],
    [MOST_SIMD_BITS, "E4M3", 500],
  ] as const)("is the same four sums at a time: %i bits, %s, %i elements", (bits, format, K) => {
    const values = (seed: number, rows: number) =>
      dequantise(quantise(normalValues(rows * K, seed, 3), [rows, K], { format, block: BLOCKS.tensor, scale: "none" }));
    const [a, b] = [values(1, 3), values(2, 7)];
    a.fill(0, K, 2 * K); // a row of zeros, and one whose sum must not end in one
    a.fill(448, 2 * K, 2 * K + 40);
    const first = 32;
    const sums = new SimdSums().over(a, b, K, [first, K - first], bits);
    for (let m = 0; m < 3; m++) {
      const expected = Array.from({ length: 7 }, (_, n) => {
        const products = Float64Array.from(
          { length: K - first },
          (_, k) => a[m * K + first + k] * b[n * K + first + k],
        );
        return registerSum(products, bits);
      });
      expect(Array.from(sums(m).subarray(0, 7))).toEqual(expected);
    }
  });

  it("passes NaN on, four sums at a time too", () => {
    const a = new Float32Array(32).fill(1);
    const b = Float32Array.from({ length: 64 }, (_, i) => (i === 3 ? NaN : 1));
    expect(Array.from(new SimdSums().over(a, b, 32, [0, 32], 14)(0).subarray(0, 2))).toEqual([NaN, 32]);
  });

  it("shows a sum as it runs, which ends where the whole does", () => {
    const products = Float64Array.from(normalValues(300, 3), Math.abs);
    const ofAll = runningSums(products, { bits: 10, promoteEvery: Infinity });
    expect(ofAll).toHaveLength(10);
    expect(ofAll[9]).toBe(registerSum(products, 10));
    const promoted = runningSums(products, { bits: 10, promoteEvery: 128 });
    expect(promoted.subarray(0, 4)).toEqual(ofAll.subarray(0, 4));
    const parts = [0, 128, 256].map((begin) => registerSum(products.subarray(begin, begin + 128), 10));
    expect(promoted[9]).toBeCloseTo(parts[0] + parts[1] + parts[2], 6);
  });

  it.each([
    [{ bits: 33, promoteEvery: 128 }, "2 to 32 bits"],
    [{ bits: 14, promoteEvery: 100 }, "multiple of 32"],
    [{ bits: 14, promoteEvery: 0 }, "multiple of 32"],
  ])("refuses %o", (accumulator, message) => {
    expect(() => runningSums(new Float64Array(4), accumulator)).toThrow(message);
  });
});

describe.each([H100, H200])("against the sums that a GPU made, %s", (file) => {
  const record = readMeasurements(file)!;
  const plain = { format: "E4M3", block: BLOCKS.tensor, scale: "none" } as const;
  /** The mean relative error over 24 × 24 sums of positive products, as tools/measure/gpu.py takes it. */
  function meanError(K: number, accumulator: Accumulator): number {
    const random = new Random(K);
    const rows = 24;
    const [a, b] = [uniformE4M3(rows * K, random), uniformE4M3(rows * K, random)];
    const exact = exactProduct(a, b, [rows, K, rows]);
    const got = quantisedProduct(quantise(a, [rows, K], plain), quantise(b, [rows, K], plain), accumulator);
    return got.reduce((sum, value, i) => sum + Math.abs(value / exact[i] - 1), 0) / got.length;
  }
  const ofChip = (form: string, k: number) =>
    Number(measured(record, "accumulation", { form, k })[0].mean_relative_error);

  it.each([512, 1024, 2048, 4096])("errs as much within 10%% at K = %i, promoted and not", (K) => {
    const never = meanError(K, { ...V3_ACCUMULATOR, promoteEvery: Infinity });
    expect(Math.abs(never / ofChip("fp8-fast", K) - 1)).toBeLessThan(0.1);
    const promoted = meanError(K, V3_ACCUMULATOR);
    expect(Math.abs(promoted / ofChip("fp8", K) - 1)).toBeLessThan(0.1);
  });

  it("would not with another register: one bit more or less misses by far", () => {
    for (const bits of [13, 15]) {
      const never = meanError(1024, { bits, promoteEvery: Infinity });
      expect(Math.abs(never / ofChip("fp8-fast", 1024) - 1)).toBeGreaterThan(0.3);
    }
  });
});
