/** Writing of safetensors files. */
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { STORED_FORMATS, storedBytes, type WrittenFormat } from "./safetensors-formats";

export interface WrittenTensor {
  name: string;
  shape: number[];
  format: WrittenFormat;
  /** Its numbers, row-major; called once, when it is their turn. */
  values: () => Float32Array | Promise<Float32Array>;
}

/** Bytes that a tensor takes in a file. */
export function tensorBytes({ shape, format }: Pick<WrittenTensor, "shape" | "format">): number {
  return shape.reduce((product, length) => product * length, STORED_FORMATS.get(format)!.bytes);
}

/**
 * Writes one file.
 *
 * @param metadata free text by name, kept in the header
 * @throws if a tensor does not have as many values as its shape says
 */
export async function writeSafetensors(
  path: string,
  tensors: WrittenTensor[],
  metadata: Record<string, string> = {},
): Promise<void> {
  const file = openSync(path, "w");
  try {
    writeAll(file, headerBytes(tensors, metadata));
    for (const tensor of tensors) {
      const bytes = storedBytes(await tensor.values(), tensor.format);
      if (bytes.length !== tensorBytes(tensor)) {
        throw new Error(
          `writeSafetensors: ${tensor.name} [${tensor.shape}] takes ${tensorBytes(tensor)} bytes, got ${bytes.length}`,
        );
      }
      writeAll(file, bytes);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The length of the header and the header, padded so that the numbers begin at a multiple of 8 bytes. */
function headerBytes(tensors: WrittenTensor[], metadata: Record<string, string>): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let at = 0;
  for (const tensor of tensors) {
    const end = at + tensorBytes(tensor);
    header[tensor.name] = { dtype: tensor.format, shape: tensor.shape, data_offsets: [at, end] };
    at = end;
  }
  const text = Buffer.from(JSON.stringify(header));
  const bytes = Buffer.alloc(8 + 8 * Math.ceil(text.length / 8), " ");
  bytes.writeBigUInt64LE(BigInt(bytes.length - 8));
  text.copy(bytes, 8);
  return bytes;
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(file, bytes, done, Math.min(bytes.length - done, 1 << 30)); // at most 2 GiB a call
  }
}
