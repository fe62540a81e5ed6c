/**
 * Reading of safetensors files. Only their headers are read on opening (safetensors-header.ts). A tensor's bytes are
 * read when it is asked for.
 */
import { host } from "../host";
import { folderSource, type ByteSource } from "./byte-source";
import { readJsonOf } from "./json-file";
import { STORED_FORMATS } from "./safetensors-formats";
import { readHeader, type TensorInfo } from "./safetensors-header";
import { shorten } from "./shorten";

export interface TensorValues {
  shape: number[];
  values: Float32Array | Int32Array; // row-major
}

/** Where a tensor lies: in which file of its source, and where in it. */
export interface TensorPlace {
  file: string;
  info: TensorInfo;
}

/** The file of a model in one file, and the index over several. */
export const SINGLE = "model.safetensors";
export const INDEX = "model.safetensors.index.json";

/** One or several safetensors files, seen as one set of named tensors. */
export class TensorFiles {
  private constructor(
    private readonly source: ByteSource,
    /** What was opened, for messages: the file, or the index over several. */
    readonly path: string,
    private readonly places: Map<string, TensorPlace>,
    readonly metadata: Record<string, string>,
  ) {}

  /**
   * Opens one file.
   *
   * @throws if it is missing, cut off, or its header is not sound
   */
  static openFile(path: string): TensorFiles {
    return TensorFiles.openOne(folderSource(host.paths.dirname(path)), host.paths.basename(path));
  }

  /**
   * Opens a folder's model.safetensors, or all files that its model.safetensors.index.json names.
   *
   * @throws if there is neither, or as openFile, or if the index names what is not there
   */
  static openFolder(dir: string): TensorFiles {
    return TensorFiles.open(folderSource(dir));
  }

  /** The same of one file of a source. */
  static openOne(source: ByteSource, file: string): TensorFiles {
    const { tensors, metadata } = readHeader(source, file);
    const places = new Map([...tensors].map(([name, info]) => [name, { file, info }]));
    return new TensorFiles(source, source.at(file), places, metadata);
  }

  /**
   * The same as openFolder of any source.
   *
   * @param weightMap of its index, if it has been read already
   */
  static open(source: ByteSource, weightMap?: Record<string, string>): TensorFiles {
    if (source.size(SINGLE) !== null) return TensorFiles.openOne(source, SINGLE);
    if (source.size(INDEX) === null) throw new Error(`${source.place}: there is neither ${SINGLE} nor ${INDEX}`);
    const index = source.at(INDEX);
    const places = new Map<string, TensorPlace>();
    const headers = new Map<string, Map<string, TensorInfo>>();
    for (const [name, file] of Object.entries(weightMap ?? readWeightMap(source))) {
      if (!headers.has(file)) {
        if (source.size(file) === null) {
          throw new Error(`${index}: it places tensor ${shorten(name)} in ${shorten(file)}, which is not there`);
        }
        headers.set(file, readHeader(source, file).tensors);
      }
      const info = headers.get(file)!.get(name);
      if (info === undefined) {
        throw new Error(`${index}: it places tensor ${shorten(name)} in ${shorten(file)}, which does not hold it`);
      }
      places.set(name, { file, info });
    }
    return new TensorFiles(source, index, places, {});
  }

  get names(): string[] {
    return [...this.places.keys()];
  }

  has(name: string): boolean {
    return this.places.has(name);
  }

  /**
   * Where a tensor is, in whatever format.
   *
   * @throws if there is no such tensor
   */
  place(name: string): TensorPlace {
    const place = this.places.get(name);
    if (place === undefined) throw new Error(`${this.path}: tensor ${shorten(name)} is missing`);
    return place;
  }

  /**
   * Format, shape and place of a tensor, read from the header.
   *
   * @throws if there is no such tensor, or its format cannot be read
   */
  info(name: string): TensorInfo {
    const { file, info } = this.place(name);
    if (!STORED_FORMATS.has(info.dtype)) {
      const known = [...STORED_FORMATS.keys()].join(", ");
      throw new Error(
        `${this.source.at(file)}: tensor ${name} has format ${shorten(info.dtype, 40)}, which cannot be read; ` +
          `supported: ${known}`,
      );
    }
    return info;
  }

  /**
   * The numbers of a tensor.
   *
   * @throws as info
   */
  read(name: string): TensorValues {
    const { shape } = this.info(name);
    const count = shape.reduce((product, length) => product * length, 1);
    return { shape, values: this.readPart(name, 0, count) };
  }

  /**
   * Some of the numbers of a tensor, row-major: those from `begin` up to `end`.
   *
   * @throws as info
   */
  readPart(name: string, begin: number, end: number): Float32Array | Int32Array {
    const { dtype, begin: start } = this.info(name);
    const { bytes, decode } = STORED_FORMATS.get(dtype)!;
    const { file } = this.place(name);
    return decode(this.source.read(file, start + begin * bytes, start + end * bytes));
  }
}

/**
 * Which file holds which tensor, from a model.safetensors.index.json.
 *
 * @throws if it is not such an index, or names a file outside of its folder
 */
export function readWeightMap(source: ByteSource): Record<string, string> {
  const index = source.at(INDEX);
  const map = readJsonOf(source, INDEX)?.weight_map;
  if (typeof map !== "object" || map === null || !Object.values(map).every((file) => typeof file === "string")) {
    throw new Error(`${index}: it has no weight_map of file names`);
  }
  for (const [name, file] of Object.entries(map as Record<string, string>)) {
    if (leaves(file)) {
      throw new Error(`${index}: it places tensor ${shorten(name)} in ${shorten(file)}, which is not in its folder`);
    }
  }
  return map as Record<string, string>;
}

/** Whether the name of a file leads out of the folder that it is in. */
function leaves(name: string): boolean {
  return host.paths.isAbsolute(name) || /^\.\.?([/\\]|$)/.test(host.paths.normalize(name));
}
