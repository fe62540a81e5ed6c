/** Reads data files, which are read often and rarely change. */
import { host } from "../host";

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
  const changed = host.look(file)?.changed ?? NaN; // reading says what is wrong with a file that is not there
  const known = read.get(file);
  if (known?.changed === changed) return known.content as T;
  const content = make(JSON.parse(host.readText(file)));
  read.set(file, { changed, content });
  return content;
}
