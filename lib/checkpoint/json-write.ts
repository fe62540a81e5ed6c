/** JSON files, written. */
import { host } from "../host";

/** Writes an object as an indented JSON file. */
export function writeJson(path: string, content: object): void {
  host.write(path, `${JSON.stringify(content, null, 2)}\n`);
}
