/**
 * Reading of safetensors files: eight bytes that give the length of a JSON header, the header that gives each tensor's
 * format, shape and place, then the numbers. Only the header is read on opening, and is checked in full, so that a
 * damaged file is refused before anything big is read. A tensor's bytes are read when it is asked for.
 *
 * The format: github.com/huggingface/safetensors.
 */
import { host } from "../host";
import { isLfsPointer, LFS_POINTER, readJson } from "./json-file";
import { fileSize, isThere, opening } from "./regular-file";
import { STORED_FORMATS } from "./safetensors-formats";
import { shorten, tell } from "./shorten";

export interface TensorInfo {
  dtype: string; // "F32", "BF16", …
  shape: number[];
  begin: number; // of its bytes, from the file's start
  end: number;
}

export interface TensorValues {
  shape: number[];
  values: Float32Array | Int32Array; // row-major
}

/** One or several safetensors files, seen as one set of named tensors. */
export class TensorFiles {
  private constructor(
    /** What was opened, for messages: the file, or the index over several. */
    readonly path: string,
    private readonly places: Map<string, { file: string; info: TensorInfo }>,
    readonly metadata: Record<string, string>,
  ) {}

  /**
   * Opens one file.
   *
   * @throws if it is missing, cut off, or its header is not sound
   */
  static openFile(path: string): TensorFiles {
    const { tensors, metadata } = readHeader(path);
    return new TensorFiles(path, new Map([...tensors].map(([name, info]) => [name, { file: path, info }])), metadata);
  }

  /**
   * Opens a folder's model.safetensors, or all files that its model.safetensors.index.json names.
   *
   * @throws if there is neither, or as openFile, or if the index names what is not there
   */
  static openFolder(dir: string): TensorFiles {
    const single = host.paths.join(dir, "model.safetensors");
    if (isThere(single)) return TensorFiles.openFile(single);
    const index = host.paths.join(dir, "model.safetensors.index.json");
    if (!isThere(index)) throw new Error(`${dir}: there is neither model.safetensors nor model.safetensors.index.json`);
    const places = new Map<string, { file: string; info: TensorInfo }>();
    const headers = new Map<string, Map<string, TensorInfo>>();
    for (const [name, shard] of Object.entries(readWeightMap(index))) {
      const file = host.paths.join(dir, shard);
      if (!headers.has(file)) {
        const placed = `${index}: it places tensor ${shorten(name)} in ${shorten(shard)}`;
        if (leaves(shard)) throw new Error(`${placed}, which is not in its folder`);
        if (!isThere(file)) throw new Error(`${placed}, which is not there`);
        headers.set(file, readHeader(file).tensors);
      }
      const info = headers.get(file)!.get(name);
      if (info === undefined) {
        throw new Error(`${index}: it places tensor ${shorten(name)} in ${shorten(shard)}, which does not hold it`);
      }
      places.set(name, { file, info });
    }
    return new TensorFiles(index, places, {});
  }

  get names(): string[] {
    return [...this.places.keys()];
  }

  has(name: string): boolean {
    return this.places.has(name);
  }

  /**
   * Format, shape and place of a tensor, read from the header.
   *
   * @throws if there is no such tensor, or its format cannot be read
   */
  info(name: string): TensorInfo {
    const place = this.places.get(name);
    if (place === undefined) throw new Error(`${this.path}: tensor ${shorten(name)} is missing`);
    if (!STORED_FORMATS.has(place.info.dtype)) {
      const known = [...STORED_FORMATS.keys()].join(", ");
      throw new Error(
        `${place.file}: tensor ${name} has format ${shorten(place.info.dtype, 40)}, which cannot be read; supported: ${known}`,
      );
    }
    return place.info;
  }

  /**
   * The numbers of a tensor.
   *
   * @throws as info
   */
  read(name: string): TensorValues {
    const { dtype, shape, begin, end } = this.info(name);
    return { shape, values: STORED_FORMATS.get(dtype)!.decode(readBytes(this.places.get(name)!.file, begin, end)) };
  }
}

interface Header {
  tensors: Map<string, TensorInfo>;
  metadata: Record<string, string>;
}

const MOST_HEADER_BYTES = 100_000_000;

/** Reads and checks the header of one file. */
function readHeader(path: string): Header {
  const size = fileSize(path);
  if (size < 8) throw new Error(`${path}: cut off: a safetensors file has at least 8 bytes, this one ${size}`);
  const begin = new TextDecoder().decode(readBytes(path, 0, Math.min(size, 40)));
  if (isLfsPointer(begin)) throw new Error(`${path}: ${LFS_POINTER}`);
  const headerLength = Number(new DataView(readBytes(path, 0, 8)).getBigUint64(0, true));
  if (8 + headerLength > size) {
    throw new Error(
      `${path}: cut off, or not a safetensors file: its header should take ${headerLength} bytes, ` +
        `${size - 8} are there`,
    );
  }
  if (headerLength > MOST_HEADER_BYTES) {
    throw new Error(`${path}: its header takes ${headerLength} bytes; the format allows ${MOST_HEADER_BYTES}`);
  }
  const { __metadata__: metadata, ...entries } = parseHeader(path, headerLength);
  const tensors = new Map<string, TensorInfo>();
  for (const [name, entry] of Object.entries(entries)) {
    tensors.set(name, checkEntry(path, name, entry, { start: 8 + headerLength, size }));
  }
  checkNoOverlap(path, tensors);
  return { tensors, metadata: (metadata ?? {}) as Record<string, string> };
}

function parseHeader(path: string, length: number): Record<string, unknown> {
  const text = new TextDecoder().decode(readBytes(path, 8, 8 + length));
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
  const format = STORED_FORMATS.get(dtype); // a format that cannot be read is reported when its tensor is asked for
  const expected = shape.reduce((product, length) => product * length, format?.bytes ?? 0);
  if (format !== undefined && end - begin !== expected) {
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

/** Which file holds which tensor, from a model.safetensors.index.json. */
function readWeightMap(index: string): Record<string, string> {
  const map = readJson(index)?.weight_map;
  if (typeof map !== "object" || map === null || !Object.values(map).every((file) => typeof file === "string")) {
    throw new Error(`${index}: it has no weight_map of file names`);
  }
  return map as Record<string, string>;
}

/** Whether the name of a file leads out of the folder that it is in. */
function leaves(name: string): boolean {
  return host.paths.isAbsolute(name) || /^\.\.?([/\\]|$)/.test(host.paths.normalize(name));
}

/** Bytes begin … end of a file, in a buffer of their own. */
function readBytes(path: string, begin: number, end: number): ArrayBuffer {
  const bytes = opening(path, () => host.readRange(path, begin, end - begin));
  if (bytes.length < end - begin) {
    const there = begin + bytes.length;
    throw new Error(`${path}: cut off: bytes ${begin} to ${end} were wanted, only ${there} are there`);
  }
  return bytes.buffer as ArrayBuffer;
}
