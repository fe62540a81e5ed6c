/** Writing of safetensors files. */
import { host } from "../host";
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
  const file = host.create(path);
  let whole = false;
  try {
    file.write(headerBytes(tensors, metadata));
    for (const tensor of tensors) {
      const bytes = storedBytes(await tensor.values(), tensor.format);
      if (bytes.length !== tensorBytes(tensor)) {
        throw new Error(
          `writeSafetensors: ${tensor.name} [${tensor.shape}] takes ${tensorBytes(tensor)} bytes, got ${bytes.length}`,
        );
      }
      file.write(bytes);
    }
    whole = true;
  } finally {
    file.close({ sync: whole });
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
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + 8 * Math.ceil(text.length / 8)).fill(" ".charCodeAt(0));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(text, 8);
  return bytes;
}
