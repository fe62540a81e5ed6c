/** JSON files, written. */
import { writeFileSync } from "node:fs";

/** Writes an object as an indented JSON file. */
export function writeJson(path: string, content: object): void {
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
}
