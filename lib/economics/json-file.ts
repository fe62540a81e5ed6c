/** Reads data files, which are read often and rarely change. */
import fs from "node:fs";
import path from "node:path";

const read = new Map<string, { changed: number; content: unknown }>();

/**
 * The content of a JSON file, read again only when the file has changed. Callers share what it returns and leave it as
 * it is.
 *
 * @param file from the project's root, where the kernel, the tests and the tools all start
 * @param make checks the content, or makes something of it
 * @throws if there is no such file, it is not JSON, or `make` throws
 */
export function readFresh<T>(file: string, make: (content: unknown) => T = (content) => content as T): T {
  const place = path.resolve(file);
  const changed = fs.statSync(place).mtimeMs;
  const known = read.get(place);
  if (known?.changed === changed) return known.content as T;
  const content = make(JSON.parse(fs.readFileSync(place, "utf8")));
  read.set(place, { changed, content });
  return content;
}
