/** A module with parts of a model, as lesson 09 saves it. */
import fs from "node:fs";
import { createRequire } from "node:module";
import { LIB_DECODING_PARTS, type DecodingParts } from "../../../lib/inference/decode";

const NAMES = Object.keys(LIB_DECODING_PARTS);

/**
 * Loads `parts` of a module.
 *
 * @param file where it is
 * @param named how errors call it
 * @throws if there is no such file, it can't be run, or has no parts, or others than a model has
 */
export function loadParts(file: string, named: string): Partial<DecodingParts> {
  if (!fs.existsSync(file)) throw new Error(`${named}: there is no such file; lesson 09 saves one`);
  if (!fs.statSync(file).isFile()) throw new Error(`${named}: that is no file`);
  const { parts } = run(file, named) as { parts?: unknown };
  if (typeof parts !== "object" || parts === null) {
    throw new Error(`${named}: it exports no record "parts", such as export const parts = { rmsNorm };`);
  }
  const entries = Object.entries(parts);
  if (entries.length === 0) throw new Error(`${named}: its record "parts" is empty; a model has ${NAMES.join(", ")}`);
  for (const [name, part] of entries) {
    if (!NAMES.includes(name)) throw new Error(`${named}: a model has no part "${name}"; it has ${NAMES.join(", ")}`);
    if (typeof part !== "function") throw new Error(`${named}: ${name} is no function`);
  }
  return parts;
}

/** Runs the module with what runs this command, so that both have the same tensors. */
function run(file: string, named: string): object {
  try {
    return createRequire(__filename)(file) as object;
  } catch (error) {
    throw new Error(`${named}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
  }
}
