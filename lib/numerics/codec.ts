/**
 * Turns arrays of numbers into codes and back, rounding to the nearest code, ties to the even one.
 *
 * Rounding a float32 to a format with n fraction bits takes its sign, exponent and first n + 1 fraction bits, and
 * whether any later bit is set. That is few enough bits for a table: the definition of rounding is written once,
 * plainly (nearestCode), and the loops look up what it says. BF16 needs no table: it is the upper half of a float32.
 */
import {
  bitsOf,
  FORMATS,
  largest,
  largestCode,
  smallestNormal,
  valueOf,
  type Format,
  type FormatName,
} from "./formats";

/**
 * What a number beyond the largest turns into (beyond 464, where E4M3 would round to 480), infinities included.
 *
 * - saturate: ±448, as torch casts.
 * - nan: NaN, as ml_dtypes casts.
 *
 * Only E4M3 has to choose: formats with infinities overflow to infinity under both conventions, as in both libraries.
 * NaN stays NaN with its sign. E5M2 has several NaN codes; each convention writes that of its library, torch's 0x7F or
 * ml_dtypes' 0x7E.
 */
export type Overflow = "saturate" | "nan";

export interface CodecOptions {
  /** Default: "saturate". */
  overflow?: Overflow;
}

export type Codes = Uint8Array | Uint16Array;

/** Room for codes: a byte each for eight-bit formats, two bytes for E5M6's twelve bits and BF16's sixteen. */
export function roomForCodes(format: FormatName, length: number): Codes {
  return bitsOf(FORMATS[format]) <= 8 ? new Uint8Array(length) : new Uint16Array(length);
}

/**
 * The code of the nearest number; if two are equally near, the even code.
 *
 * @param value any number; a double is rounded once, directly to the format
 */
export function nearestCode(value: number, name: FormatName, overflow: Overflow = "saturate"): number {
  const format = FORMATS[name];
  const { fractionBits, bias, hasInfinity } = format;
  const sign = value < 0 || Object.is(value, -0) ? 1 << (bitsOf(format) - 1) : 0;
  const last = largestCode(format);
  const beyond = hasInfinity || overflow === "nan" ? last + 1 : last;
  if (Number.isNaN(value)) return nanCode(format, overflow);
  const magnitude = Math.abs(value);
  if (magnitude === Infinity) return sign | beyond;
  const exponent = Math.max(exponentOf(magnitude), 1 - bias);
  const steps = roundHalfEven(magnitude / 2 ** (exponent - fractionBits));
  // Counted on through exponents, codes are consecutive: a fraction that rounds up to 2 is the next exponent's first.
  const code = (exponent + bias - 1) * (1 << fractionBits) + steps;
  return sign | (code > last ? beyond : code);
}

function nanCode(format: Format, overflow: Overflow): number {
  const all = (1 << (bitsOf(format) - 1)) - 1; // every bit but the sign
  return format.hasInfinity && overflow === "nan" ? largestCode(format) + 1 + (1 << (format.fractionBits - 1)) : all;
}

/** ⌊log₂ x⌋ of a finite x above 0, exactly; at least −1074. */
export function exponentOf(x: number): number {
  const exponent = Math.floor(Math.log2(x)); // may be off by one near a power of two
  if (2 ** exponent > x) return exponent - 1;
  return 2 ** (exponent + 1) <= x ? exponent + 1 : exponent;
}

function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** What the loops look up, by the upper bits of a float32 and one bit for the rest. */
export interface RoundingTable {
  /** How many low bits of a float32 matter only by whether any is set. */
  shift: number;
  /** The code. */
  codes: Codes;
  /** The rounded number. */
  values: Float32Array;
}

const tables = new Map<string, RoundingTable>();

/**
 * A format's rounding table, made at the first call.
 *
 * @throws for BF16, which has none
 */
export function roundingTable(name: FormatName, overflow: Overflow): RoundingTable {
  if (name === "BF16") throw new Error("roundingTable: BF16 is rounded by arithmetic");
  const key = `${name} ${overflow}`;
  const found = tables.get(key);
  if (found !== undefined) return found;
  const format = FORMATS[name];
  const shift = 22 - format.fractionBits;
  const size = 2 ** (33 - shift); // what is kept of 32 bits, and one for the rest
  const table = { shift, codes: roomForCodes(name, size), values: new Float32Array(size) };
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  const signBit = 1 << (bitsOf(format) - 1);
  for (let i = 0; i < size; i++) {
    bits[0] = ((i >>> 1) << shift) | (i & 1);
    const negative = bits[0] >>> 31 === 1;
    const code = nearestCode(float[0], name, overflow) | (negative ? signBit : 0); // a NaN's sign is lost in a number
    table.codes[i] = code;
    table.values[i] = valueOf(code, format);
  }
  tables.set(key, table);
  return table;
}

/**
 * The codes of the nearest numbers.
 *
 * @returns bytes for E4M3 and E5M2, 16-bit codes for the others
 */
export function toCodes(values: Float32Array, format: FormatName, { overflow = "saturate" }: CodecOptions = {}): Codes {
  const codes = roomForCodes(format, values.length);
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  if (format === "BF16") encodeBf16(bits, codes as Uint16Array);
  else if (codes instanceof Uint8Array) lookUpBytes(bits, roundingTable(format, overflow), codes, 0, bits.length);
  else lookUpHalves(bits, roundingTable(format, overflow), codes);
  return codes;
}

/** Fills codes[at + i] for every bits[i] below length; four at a time, which saves a third of the time. */
export function lookUpBytes(
  bits: Int32Array,
  table: RoundingTable,
  codes: Uint8Array,
  at: number,
  length: number,
): void {
  const { shift } = table;
  const byIndex = table.codes as Uint8Array;
  const rest = (1 << shift) - 1;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    const a = bits[i];
    const b = bits[i + 1];
    const c = bits[i + 2];
    const d = bits[i + 3];
    codes[at + i] = byIndex[((a >>> shift) << 1) | (((a & rest) + rest) >>> shift)];
    codes[at + i + 1] = byIndex[((b >>> shift) << 1) | (((b & rest) + rest) >>> shift)];
    codes[at + i + 2] = byIndex[((c >>> shift) << 1) | (((c & rest) + rest) >>> shift)];
    codes[at + i + 3] = byIndex[((d >>> shift) << 1) | (((d & rest) + rest) >>> shift)];
  }
  for (; i < length; i++) codes[at + i] = byIndex[((bits[i] >>> shift) << 1) | (((bits[i] & rest) + rest) >>> shift)];
}

function lookUpHalves(bits: Int32Array, table: RoundingTable, codes: Codes): void {
  const { shift, codes: byIndex } = table;
  const rest = (1 << shift) - 1;
  for (let i = 0; i < bits.length; i++) {
    codes[i] = byIndex[((bits[i] >>> shift) << 1) | (((bits[i] & rest) + rest) >>> shift)];
  }
}

function encodeBf16(bits: Int32Array, codes: Uint16Array): void {
  for (let i = 0; i < bits.length; i++) {
    const u = bits[i];
    // Half a unit in the last place, less one unless the kept part is odd: ties then fall to the even side.
    codes[i] = (u & 0x7fffffff) > 0x7f800000 ? (u >>> 16) | 0x40 : (u + 0x7fff + ((u >>> 16) & 1)) >>> 16;
  }
}

/** The numbers that codes stand for. Exact: every number of these formats is a float32. */
export function fromCodes(codes: Codes, format: FormatName): Float32Array {
  const values = new Float32Array(codes.length);
  if (format === "BF16") {
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < codes.length; i++) bits[i] = codes[i] << 16;
    return values;
  }
  const byCode = valuesByCode(format);
  for (let i = 0; i < codes.length; i++) values[i] = byCode[codes[i]];
  return values;
}

const decoded = new Map<FormatName, Float32Array>();

/** The numbers of all codes of a format, in order: 256 for the eight-bit formats. */
export function valuesByCode(name: FormatName): Float32Array {
  let values = decoded.get(name);
  if (values === undefined) {
    const format = FORMATS[name];
    values = Float32Array.from({ length: 2 ** bitsOf(format) }, (_, code) => valueOf(code, format));
    decoded.set(name, values);
  }
  return values;
}

/** The distance between neighbouring numbers of the format at a number's size. */
export function spacingAt(value: number, name: FormatName): number {
  const format = FORMATS[name];
  const magnitude = Math.min(Math.max(Math.abs(value), smallestNormal(format)), largest(format));
  return 2 ** (exponentOf(magnitude) - format.fractionBits);
}
