/** Files of data that are looked at often and seldom change. */
import fs from "node:fs";
import path from "node:path";

const read = new Map<string, { changed: number; content: unknown }>();

/** The content of a JSON file, read again only when the file has changed. Nobody may change what it returns. */
export function readFresh<T>(file: string): T {
  const place = path.resolve(file);
  const changed = fs.statSync(place).mtimeMs;
  const known = read.get(place);
  if (known?.changed === changed) return known.content as T;
  const content = JSON.parse(fs.readFileSync(place, "utf8")) as T;
  read.set(place, { changed, content });
  return content;
}
