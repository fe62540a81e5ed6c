/**
 * The number formats of safetensors files, turned into and out of what this library computes with. A format is one row
 * of a table: adding one means adding its row.
 *
 * Files are little-endian, and so is every machine that Node runs on today.
 */

export interface Format {
  bytes: number; // of one number
  decode: (buffer: ArrayBuffer) => Float32Array | Int32Array;
}

/** Formats that can be read, by the name that files use. */
export const FORMATS: ReadonlyMap<string, Format> = new Map([
  ["F32", { bytes: 4, decode: (buffer: ArrayBuffer) => new Float32Array(buffer) }],
  ["BF16", { bytes: 2, decode: decodeBfloat16 }],
  ["F16", { bytes: 2, decode: decodeFloat16 }],
  ["I32", { bytes: 4, decode: (buffer: ArrayBuffer) => new Int32Array(buffer) }],
]);

/** Formats that can be written. */
export type WrittenFormat = "F32" | "BF16";

/** Bytes of the values in a file. */
export function encode(values: Float32Array, format: WrittenFormat): Uint8Array {
  if (format === "BF16") return new Uint8Array(encodeBfloat16(values).buffer);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** A bfloat16 is the upper half of a float32. */
function decodeBfloat16(buffer: ArrayBuffer): Float32Array {
  const halves = new Uint16Array(buffer);
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  return new Float32Array(bits.buffer);
}

/** Rounds to the nearest bfloat16; of two equally near, to the one with an even last bit. NaN stays NaN. */
export function encodeBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const isNaN = (bits[i] & 0x7fffffff) > 0x7f800000;
    // Half a unit in the last place, less one unless the kept part is odd: ties then fall to the even side.
    halves[i] = isNaN ? (bits[i] >>> 16) | 0x40 : (bits[i] + 0x7fff + ((bits[i] >>> 16) & 1)) >>> 16;
  }
  return halves;
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
