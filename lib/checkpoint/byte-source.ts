/**
 * Where the files of a model are read from: a folder, or a web address (remote/). What reads a checkpoint asks for bytes
 * of a file by its name and does not know which.
 */
import { host } from "../host";
import { fileSize, isThere, opening } from "./regular-file";

export interface ByteSource {
  /** What it is, for messages: the folder's path, or the address. */
  readonly place: string;
  /** A file of it, for messages. */
  at(file: string): string;
  /**
   * The size of a file in bytes; null where there is no such file.
   *
   * @throws if that cannot be found out, or it is no regular file
   */
  size(file: string): number | null;
  /**
   * Bytes begin … end of a file, in a buffer of their own.
   *
   * @throws if they cannot be had
   */
  read(file: string, begin: number, end: number): ArrayBuffer;
}

/** The files of a folder. */
export function folderSource(dir: string): ByteSource {
  const at = (file: string) => host.paths.join(dir, file);
  return {
    place: dir,
    at,
    size: (file) => (isThere(at(file)) ? fileSize(at(file)) : null),
    read(file, begin, end) {
      const path = at(file);
      const bytes = opening(path, () => host.readRange(path, begin, end - begin));
      if (bytes.length < end - begin) {
        const there = begin + bytes.length;
        throw new Error(`${path}: cut off: bytes ${begin} to ${end} were wanted, only ${there} are there`);
      }
      return bytes.buffer as ArrayBuffer;
    },
  };
}

/** @throws if there is no such file, and as `size` */
export function sizeOf(source: ByteSource, file: string): number {
  const size = source.size(file);
  if (size === null) throw new Error(`${source.at(file)}: there is no such file`);
  return size;
}
