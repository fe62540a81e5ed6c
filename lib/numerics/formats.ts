/**
 * The number formats of DeepSeek-V3's training (the report, section 3.3): how many bits a number has, and what each
 * pattern of bits stands for. A format is one row of a table, and everything else reads it from there.
 *
 * A code is sign, exponent, fraction, from the highest bit down. With exponent e and fraction f of n bits it stands for
 * ±2^(e − bias)·(1 + f/2ⁿ), and for e = 0, the subnormal numbers, ±2^(1 − bias)·f/2ⁿ.
 *
 * E4M3 is E4M3FN of the OCP specification: no infinities, and NaN only where all bits but the sign are set, so that its
 * largest number is 448 instead of 240. The others follow IEEE 754: the highest exponent holds infinity and NaN. E5M6,
 * which the report uses for one kind of cached activation, is described nowhere in detail; we read it that way too.
 */
export type FormatName = "E4M3" | "E5M2" | "E5M6" | "BF16";

export interface Format {
  name: FormatName;
  exponentBits: number;
  fractionBits: number;
  bias: number;
  /** Whether the highest exponent is kept for infinity and NaN, as IEEE 754 has it. */
  hasInfinity: boolean;
}

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  E4M3: { name: "E4M3", exponentBits: 4, fractionBits: 3, bias: 7, hasInfinity: false },
  E5M2: { name: "E5M2", exponentBits: 5, fractionBits: 2, bias: 15, hasInfinity: true },
  E5M6: { name: "E5M6", exponentBits: 5, fractionBits: 6, bias: 15, hasInfinity: true },
  BF16: { name: "BF16", exponentBits: 8, fractionBits: 7, bias: 127, hasInfinity: true },
};

/** Bits of a code: 8, 8, 12 and 16. */
export function bitsOf({ exponentBits, fractionBits }: Format): number {
  return 1 + exponentBits + fractionBits;
}

/** The code of the largest finite number. */
export function largestCode({ exponentBits, fractionBits, hasInfinity }: Format): number {
  return (hasInfinity ? ((1 << exponentBits) - 1) << fractionBits : (1 << (exponentBits + fractionBits)) - 1) - 1;
}

/** The largest finite number: 448, 57344, 65024 and 3.39e38. */
export function largest(format: Format): number {
  return valueOf(largestCode(format), format);
}

/** The smallest positive number with full precision: 2^-6, 2^-14, 2^-14 and 2^-126. */
export function smallestNormal({ bias }: Format): number {
  return 2 ** (1 - bias);
}

/** The smallest positive number, and the spacing of all below smallestNormal: 2^-9, 2^-16, 2^-20 and 2^-133. */
export function smallestSubnormal({ bias, fractionBits }: Format): number {
  return 2 ** (1 - bias - fractionBits);
}

/**
 * What a code stands for.
 *
 * @throws if the format has no such code
 */
export function valueOf(code: number, format: Format): number {
  const { name, exponentBits, fractionBits, bias, hasInfinity } = format;
  const bits = bitsOf(format);
  if (!Number.isInteger(code) || code < 0 || code >= 2 ** bits) {
    throw new Error(`valueOf: ${code} is not a code of ${name}, which has codes 0 to ${2 ** bits - 1}`);
  }
  const sign = code >>> (bits - 1) === 0 ? 1 : -1;
  const exponent = (code >>> fractionBits) & ((1 << exponentBits) - 1);
  const fraction = code & ((1 << fractionBits) - 1);
  const magnitude = code & ((1 << (bits - 1)) - 1);
  if (magnitude > largestCode(format)) return hasInfinity && fraction === 0 ? sign * Infinity : NaN;
  const steps = exponent === 0 ? fraction : fraction + (1 << fractionBits);
  return sign * steps * 2 ** (Math.max(exponent, 1) - bias - fractionBits);
}
