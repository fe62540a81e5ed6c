/** JSON files that hold one object, read. */
import { host } from "../host";
import { sizeOf, type ByteSource } from "./byte-source";
import { fileSize, isThere, opening } from "./regular-file";
import { shorten } from "./shorten";

const MOST_BYTES = 100e6; // ten times the index of the released model

/**
 * A JSON file's content.
 *
 * @throws if the file is missing, cannot be read, is too large, or is not a JSON object
 */
export function readJson(path: string): Record<string, unknown> {
  checkSize(path, fileSize(path));
  return parseObject(
    opening(path, () => host.readText(path)),
    path,
  );
}

/** The same of a file of a source. */
export function readJsonOf(source: ByteSource, file: string): Record<string, unknown> {
  const [path, size] = [source.at(file), sizeOf(source, file)];
  checkSize(path, size);
  return parseObject(new TextDecoder().decode(source.read(file, 0, size)), path);
}

function checkSize(path: string, size: number): void {
  if (size > MOST_BYTES) throw new Error(`${path}: it has ${size} bytes; a JSON file here has at most ${MOST_BYTES}`);
}

function parseObject(text: string, path: string): Record<string, unknown> {
  if (isLfsPointer(text)) throw new Error(`${path}: ${LFS_POINTER}`);
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === "object" && content !== null && !Array.isArray(content))
      return content as Record<string, unknown>;
  } catch (error) {
    throw new Error(`${path}: not JSON: ${shorten(error instanceof Error ? error.message : String(error))}`);
  }
  throw new Error(`${path}: it must hold a JSON object`);
}

/** What a repository holds in a large file's place, until the file is fetched. */
export const LFS_POINTER = "it is a Git LFS pointer, not the file itself; fetch that with git lfs pull";

/** @param begin of the file */
export function isLfsPointer(begin: string): boolean {
  return begin.startsWith("version https://git-lfs");
}

/**
 * The same, null where there is no such file.
 *
 * @throws if the file is not a JSON object
 */
export function readJsonIfThere(path: string): Record<string, unknown> | null {
  return isThere(path) ? readJson(path) : null;
}
