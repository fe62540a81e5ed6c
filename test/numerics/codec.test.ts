import { describe, expect, it } from "vitest";
import {
  fromCodes,
  nearestCode,
  roundingTable,
  spacingAt,
  toCodes,
  valuesByCode,
  type Overflow,
} from "../../lib/numerics/codec";
import {
  bitsOf as widthOf,
  FORMATS,
  largest,
  largestCode,
  smallestNormal,
  smallestSubnormal,
  valueOf,
  type FormatName,
} from "../../lib/numerics/formats";
import { arrayFixture, bitsOf, jsonFixture, normalValues } from "./support";

const NAMES = Object.keys(FORMATS) as FormatName[];
const CONVENTIONS: Overflow[] = ["saturate", "nan"];

describe("what a code stands for", () => {
  const { tables } = jsonFixture<{ tables: Record<string, (number | string)[]> }>("fp8-tables");
  it.each([
    ["E4M3", "e4m3fn"],
    ["E5M2", "e5m2"],
  ] as const)("has all 256 codes of %s as the reference has them", (name, key) => {
    const expected = tables[key].map((value) => (value === "-0" ? -0 : Number(value)));
    expect(expected).toHaveLength(256);
    const found = Array.from({ length: 256 }, (_, code) => valueOf(code, FORMATS[name]));
    expect(found.findIndex((value, code) => !Object.is(value, expected[code]))).toBe(-1);
    expect(found.findIndex((value, code) => !Object.is(value, fromCodes(Uint8Array.of(code), name)[0]))).toBe(-1);
  });

  it("reads BF16 as the upper half of a float32", () => {
    const bits = Uint32Array.from({ length: 65536 }, (_, code) => code << 16);
    const floats = new Float32Array(bits.buffer);
    const wrong = Array.from(floats, (value, code) => [value, valueOf(code, FORMATS.BF16)]).filter(
      ([a, b]) => !Object.is(a, b),
    );
    expect(wrong).toEqual([]);
  });

  it("knows each format's limits", () => {
    expect(NAMES.map((name) => largest(FORMATS[name]))).toEqual([448, 57344, 65024, (2 - 2 ** -7) * 2 ** 127]);
    expect(NAMES.map((name) => smallestNormal(FORMATS[name]))).toEqual([2 ** -6, 2 ** -14, 2 ** -14, 2 ** -126]);
    expect(NAMES.map((name) => smallestSubnormal(FORMATS[name]))).toEqual([2 ** -9, 2 ** -16, 2 ** -20, 2 ** -133]);
  });

  it.each([-1, 256, 1.5, NaN])("refuses %s as a code of E4M3", (code) => {
    expect(() => valueOf(code, FORMATS.E4M3)).toThrow("is not a code of E4M3, which has codes 0 to 255");
  });
});

describe("encoding", () => {
  const cases = arrayFixture("fp8-cases");
  it.each([
    ["E4M3", "saturate", "e4m3fn_torch"],
    ["E4M3", "nan", "e4m3fn_mldtypes"],
    ["E5M2", "saturate", "e5m2_torch"],
    ["E5M2", "nan", "e5m2_mldtypes"],
  ] as const)("gives %s with overflow %s the reference's 20,000 codes", (name, overflow, key) => {
    expect(cases.x).toHaveLength(20_000);
    expect(toCodes(cases.x as Float32Array, name, { overflow })).toEqual(cases[key]);
  });

  it.each(NAMES)("gives back every code of %s", (name) => {
    const codes = Uint16Array.from({ length: 2 ** widthOf(FORMATS[name]) }, (_, code) => code);
    const numbers = codes.filter((code) => !Number.isNaN(valueOf(code, FORMATS[name])));
    for (const overflow of CONVENTIONS) {
      const finite = numbers.filter((code) => overflow === "nan" || Number.isFinite(valueOf(code, FORMATS[name])));
      expect(Uint16Array.from(toCodes(fromCodes(finite, name), name, { overflow }))).toEqual(finite);
    }
  });

  /**
   * Rounding by the definition and nothing else: the nearest of all the format's numbers, of two the one whose code is
   * even; the midpoint beyond the largest belongs to overflow or not as if the next number existed.
   */
  function slowCode(x: number, name: FormatName, overflow: Overflow): number {
    const format = FORMATS[name];
    const positive = Array.from({ length: largestCode(format) + 1 }, (_, code) => valueOf(code, format));
    const signBit = Object.is(Math.sign(x), -1) || Object.is(x, -0) ? 1 << (widthOf(format) - 1) : 0;
    const nanCode = (1 << (widthOf(format) - 1)) - 1;
    if (Number.isNaN(x)) return format.hasInfinity && overflow === "nan" ? -1 : nanCode; // -1: see below
    const magnitude = Math.abs(x);
    const next = positive[positive.length - 1] + (positive[positive.length - 1] - positive[positive.length - 2]);
    const candidates = [...positive, next];
    let best = magnitude >= next ? positive.length : 0; // so far beyond, distances are all the same
    for (let code = 1; magnitude < next && code < candidates.length; code++) {
      const [old, now] = [Math.abs(candidates[best] - magnitude), Math.abs(candidates[code] - magnitude)];
      if (now < old || (now === old && code % 2 === 0)) best = code;
    }
    if (best < positive.length && magnitude < Infinity) return signBit | best;
    if (format.hasInfinity || overflow === "nan") return signBit | positive.length; // infinity, or E4M3's NaN
    return signBit | (positive.length - 1);
  }

  it.each(CONVENTIONS)(
    "of E4M3 agrees with that definition on all 65,536 upper halves of a float32, overflow %s",
    (overflow) => {
      const bits = new Uint32Array(65536).map((_, i) => i << 16);
      const x = new Float32Array(bits.buffer);
      const codes = toCodes(x, "E4M3", { overflow });
      const wrong: string[] = [];
      for (let i = 0; i < x.length; i++) {
        const expected = slowCode(x[i], "E4M3", overflow) | (Number.isNaN(x[i]) && i > 0x8000 ? 0x80 : 0);
        if (codes[i] !== expected) wrong.push(`${x[i]}: ${codes[i]}, expected ${expected}`);
      }
      expect(wrong).toEqual([]);
    },
    120_000,
  );

  it.each(["E4M3", "E5M2", "E5M6"] as const)("of %s rounds every tie, and its neighbours, as defined", (name) => {
    const values = Array.from({ length: largestCode(FORMATS[name]) + 1 }, (_, code) => valueOf(code, FORMATS[name]));
    const step = (x: number, by: number) => {
      const float = Float32Array.of(x);
      bitsOf(float)[0] += by;
      return float[0];
    };
    const ties = values
      .slice(1)
      .map((value, i) => (value + values[i]) / 2)
      .filter((_, i) => i % (name === "E5M6" ? 37 : 1) === 0);
    const x = Float32Array.from(ties.flatMap((tie) => [step(tie, -1), tie, step(tie, 1), -tie]));
    expect(Array.from(toCodes(x, name))).toEqual(Array.from(x, (value) => slowCode(value, name, "saturate")));
  });

  it("rounds a float32 once: BF16 agrees with nearestCode", () => {
    const x = Float32Array.from([
      ...normalValues(3000, 1),
      ...normalValues(3000, 2, 1e-38),
      ...normalValues(3000, 3, 1e38),
      0,
      -0,
      Infinity,
      -Infinity,
    ]);
    expect(toCodes(x, "BF16")).toEqual(Uint16Array.from(x, (value) => nearestCode(value, "BF16")));
  });

  it("keeps the sign of zero and of NaN, and infinities of formats that have them", () => {
    const special = Float32Array.of(0, -0, NaN, Infinity, -Infinity);
    const minusNaN = new Float32Array(Uint32Array.of(0xffc00000).buffer);
    expect(Array.from(toCodes(special, "E4M3"))).toEqual([0, 0x80, 0x7f, 0x7e, 0xfe]);
    expect(Array.from(toCodes(special, "E4M3", { overflow: "nan" }))).toEqual([0, 0x80, 0x7f, 0x7f, 0xff]);
    expect(Array.from(toCodes(special, "E5M2"))).toEqual([0, 0x80, 0x7f, 0x7c, 0xfc]);
    expect(Array.from(toCodes(special, "E5M2", { overflow: "nan" }))).toEqual([0, 0x80, 0x7e, 0x7c, 0xfc]);
    for (const name of NAMES) {
      const [code] = toCodes(minusNaN, name);
      expect(code >> (widthOf(FORMATS[name]) - 1)).toBe(1);
      expect(fromCodes(Uint16Array.of(code), name)[0]).toBeNaN();
    }
  });

  it("takes nothing, and parts of an array", () => {
    expect(toCodes(new Float32Array(), "E4M3")).toEqual(new Uint8Array());
    expect(fromCodes(new Uint8Array(), "E5M6")).toEqual(new Float32Array());
    const part = Float32Array.of(9, 1, 2, 3, 4, 5, 9).subarray(1, 6);
    expect(Array.from(fromCodes(toCodes(part, "E4M3"), "E4M3"))).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("tables and spacing", () => {
  it("has no table for BF16", () => {
    expect(() => roundingTable("BF16", "saturate")).toThrow("BF16 is rounded by arithmetic");
  });

  it.each(["E4M3", "E5M2", "E5M6"] as const)(
    "of %s: the spacing at a number is the distance to the next one",
    (name) => {
      const values = valuesByCode(name);
      for (let code = 0; code < largestCode(FORMATS[name]); code++) {
        expect(spacingAt(values[code], name)).toBe(values[code + 1] - values[code]);
      }
    },
  );
});
