/** Fixtures of the number formats: values and codes that ml_dtypes and torch computed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../lib/tensor/random";

const FOLDER = join(__dirname, "..", "fixtures", "numerics");

export function jsonFixture<T>(name: string): T {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8")) as T;
}

/** The arrays of a safetensors file, codes as they are stored. */
export function arrayFixture(name: string): Record<string, Float32Array | Uint8Array | Uint16Array> {
  const file = readFileSync(join(FOLDER, `${name}.safetensors`));
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, 8 + length)) as Record<
    string,
    { dtype: "F32" | "U8" | "U16"; data_offsets: [number, number] }
  >;
  const arrays = { F32: Float32Array, U8: Uint8Array, U16: Uint16Array };
  return Object.fromEntries(
    Object.entries(header)
      .filter(([key]) => key !== "__metadata__")
      .map(
        ([
          key,
          {
            dtype,
            data_offsets: [begin, end],
          },
        ]) => {
          const bytes = new Uint8Array(file.subarray(8 + length + begin, 8 + length + end)); // a copy, aligned
          return [key, new arrays[dtype](bytes.buffer)];
        },
      ),
  );
}

export function normalValues(length: number, seed: number, std = 1): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length }, () => std * random.normal());
}

/** Bits of each number, so that NaN equals itself and 0 differs from −0. */
export function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/** The share of all values that are not 0 and became 0. */
export function flushedShare(quantised: ArrayLike<number>, values: Float32Array): number {
  return values.filter((value, i) => value !== 0 && quantised[i] === 0).length / values.length;
}
