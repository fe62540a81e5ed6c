/**
 * The number formats of safetensors files, turned into and out of what this library computes with. A format is one row
 * of a table: adding one means adding its row.
 *
 * Files are little-endian, and so is every machine that Node runs on today.
 */
import { fromCodes, toCodes } from "../numerics/codec";

export interface StoredFormat {
  bytes: number; // of one number
  decode: (buffer: ArrayBuffer) => Float32Array | Int32Array;
}

/** Formats that can be read, by the name that files use. */
export const STORED_FORMATS: ReadonlyMap<string, StoredFormat> = new Map([
  ["F32", { bytes: 4, decode: (buffer: ArrayBuffer) => new Float32Array(buffer) }],
  ["BF16", { bytes: 2, decode: (buffer: ArrayBuffer) => fromCodes(new Uint16Array(buffer), "BF16") }],
  ["F16", { bytes: 2, decode: decodeFloat16 }],
  ["F8_E4M3", { bytes: 1, decode: (buffer: ArrayBuffer) => fromCodes(new Uint8Array(buffer), "E4M3") }],
  ["I32", { bytes: 4, decode: (buffer: ArrayBuffer) => new Int32Array(buffer) }],
]);

/** Bits that one number takes, of all formats that such files know: those that cannot be read are still counted. */
export const FORMAT_BITS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ F64: 64, F32: 32, F16: 16, BF16: 16, F8_E4M3: 8, F8_E5M2: 8, F8_E8M0: 8, F6_E2M3: 6, F6_E3M2: 6, F4: 4 },
    ...{ I64: 64, I32: 32, I16: 16, I8: 8, U64: 64, U32: 32, U16: 16, U8: 8, BOOL: 8, C64: 64 },
  }),
);

/** Formats that can be written. */
export type WrittenFormat = "F32" | "BF16" | "F8_E4M3";

/** Bytes of the values in a file, each rounded to the nearest number of the format, ties to even. */
export function storedBytes(values: Float32Array, format: WrittenFormat): Uint8Array {
  if (format === "BF16") return new Uint8Array(toCodes(values, "BF16").buffer);
  if (format === "F8_E4M3") return toCodes(values, "E4M3") as Uint8Array;
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** One sign bit, five exponent bits (bias 15), ten fraction bits. */
function decodeFloat16(buffer: ArrayBuffer): Float32Array {
  return Float32Array.from(new Uint16Array(buffer), (half) => {
    const sign = half >> 15 === 0 ? 1 : -1;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  });
}
