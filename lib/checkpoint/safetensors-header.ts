/**
 * The header of a safetensors file: eight bytes that give the length of a JSON text, and that text, which gives each
 * tensor's format, shape and place; then come the numbers. It is checked in full, so that a damaged file is refused
 * before anything big is read.
 *
 * The format: github.com/huggingface/safetensors.
 */
import { sizeOf, type ByteSource } from "./byte-source";
import { isLfsPointer, LFS_POINTER } from "./json-file";
import { FORMAT_BITS } from "./safetensors-formats";
import { shorten, tell } from "./shorten";

export interface TensorInfo {
  dtype: string; // "F32", "BF16", …
  shape: number[];
  begin: number; // of its bytes, from the file's start
  end: number;
}

export interface Header {
  tensors: Map<string, TensorInfo>;
  metadata: Record<string, string>;
}

/** A third of what the format allows, and more than twice what the release has in all its files together. */
const MOST_HEADER_BYTES = 30_000_000;

/** So many bytes of a file say what it is and how long its header is. */
export const BEGINNING = 40;

/**
 * Where a file's header ends, as its beginning says.
 *
 * @throws if they are no header's beginning
 */
export function headerEnd(source: ByteSource, file: string): number {
  const at = source.at(file);
  const size = sizeOf(source, file);
  if (size < 8) throw new Error(`${at}: cut off: a safetensors file has at least 8 bytes, this one ${size}`);
  const first = source.read(file, 0, Math.min(size, BEGINNING));
  if (isLfsPointer(new TextDecoder().decode(first))) throw new Error(`${at}: ${LFS_POINTER}`);
  const headerLength = Number(new DataView(first).getBigUint64(0, true));
  if (8 + headerLength > size) {
    throw new Error(
      `${at}: cut off, or not a safetensors file: its header should take ${headerLength} bytes, ` +
        `${size - 8} are there`,
    );
  }
  if (headerLength > MOST_HEADER_BYTES) {
    throw new Error(`${at}: its header takes ${headerLength} bytes; at most ${MOST_HEADER_BYTES} are read`);
  }
  return 8 + headerLength;
}

/**
 * Reads and checks the header of one file.
 *
 * @throws if the file is missing, cut off, or the header is not sound
 */
export function readHeader(source: ByteSource, file: string): Header {
  const path = source.at(file);
  const start = headerEnd(source, file);
  const { __metadata__: metadata, ...entries } = parseHeader(path, source.read(file, 8, start));
  const tensors = new Map<string, TensorInfo>();
  for (const [name, entry] of Object.entries(entries)) {
    tensors.set(name, checkEntry(path, name, entry, { start, size: sizeOf(source, file) }));
  }
  checkNoOverlap(path, tensors);
  return { tensors, metadata: (metadata ?? {}) as Record<string, string> };
}

function parseHeader(path: string, bytes: ArrayBuffer): Record<string, unknown> {
  const text = new TextDecoder().decode(bytes);
  try {
    const header: unknown = JSON.parse(text);
    if (typeof header === "object" && header !== null && !Array.isArray(header))
      return header as Record<string, unknown>;
  } catch {
    // Falls through to the one message for every header that is not an object.
  }
  throw new Error(
    `${path}: not a safetensors file: its header is not a JSON object; it begins ${tell(text.slice(0, 40))}`,
  );
}

/** One entry of the header, its offsets counted from the file's start. */
function checkEntry(path: string, name: string, entry: unknown, file: { start: number; size: number }): TensorInfo {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const told = shorten(name);
  if (typeof dtype !== "string" || !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw new Error(`${path}: tensor ${told} needs dtype, shape and data_offsets; its header entry is ${tell(entry)}`);
  }
  const [begin, end] = offsets.map((offset) => file.start + offset);
  if (begin > end) throw new Error(`${path}: tensor ${told} ends at ${offsets[1]}, before its start at ${offsets[0]}`);
  if (end > file.size) {
    throw new Error(
      `${path}: cut off: tensor ${told} needs ${end - begin} bytes, ${Math.max(0, file.size - begin)} are there`,
    );
  }
  const bits = FORMAT_BITS.get(dtype); // a format that is not known is reported when its tensor is asked for
  const expected = shape.reduce((product, length) => product * length, bits ?? 0) / 8;
  if (bits !== undefined && end - begin !== expected) {
    throw new Error(
      `${path}: tensor ${told}, ${dtype} ${tell(shape)}, needs ${expected} bytes; its data_offsets span ${end - begin}`,
    );
  }
  return { dtype, shape, begin, end };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function checkNoOverlap(path: string, tensors: Map<string, TensorInfo>): void {
  const inOrder = [...tensors].filter(([, { begin, end }]) => end > begin).sort(([, a], [, b]) => a.begin - b.begin);
  for (let i = 1; i < inOrder.length; i++) {
    const [[before, { end }], [name, { begin }]] = [inOrder[i - 1], inOrder[i]];
    if (begin < end)
      throw new Error(
        `${path}: tensors ${shorten(before, 80)} and ${shorten(name, 80)} overlap by ${end - begin} bytes`,
      );
  }
}
