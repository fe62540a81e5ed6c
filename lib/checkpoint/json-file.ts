/** JSON files that hold one object. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

/**
 * A JSON file's content.
 *
 * @throws if the file is missing, or is not a JSON object
 */
export function readJson(path: string): Record<string, unknown> {
  if (!existsSync(path)) throw new Error(`${path}: there is no such file`);
  try {
    const content: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof content === "object" && content !== null && !Array.isArray(content))
      return content as Record<string, unknown>;
  } catch (error) {
    throw new Error(`${path}: not JSON: ${error instanceof Error ? error.message : error}`);
  }
  throw new Error(`${path}: it must hold a JSON object`);
}

/**
 * The same, null where there is no such file.
 *
 * @throws if the file is not a JSON object
 */
export function readJsonIfThere(path: string): Record<string, unknown> | null {
  return existsSync(path) ? readJson(path) : null;
}

/** Writes an object as an indented JSON file. */
export function writeJson(path: string, content: object): void {
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
}
