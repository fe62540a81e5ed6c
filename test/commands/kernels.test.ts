import fs from "node:fs";
import { expect, it } from "vitest";
import { FUSED, PLAIN } from "../../lib/tensor/wasm/compiled";
import { compiledKernels } from "../../tools/commands/kernels";

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));

it("the compiled kernels are what their source gives: if not, npm run kernels", () => {
  expect(fs.readFileSync("lib/tensor/wasm/compiled.ts", "utf8") === compiledKernels()).toBe(true);
}, 600_000);

it.each(Object.entries({ PLAIN, FUSED }))("%s brings nothing along that could write into tfjs's memory", (_, text) => {
  const sections = sectionsOf(bytesOf(text));
  expect(sections).toContain(IMPORT);
  for (const section of [MEMORY, START, DATA]) expect(sections).not.toContain(section);
});

const [IMPORT, MEMORY, START, DATA] = [2, 5, 8, 11]; // numbers in WebAssembly's binary format

/** The numbers of a module's sections. */
function sectionsOf(module: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 8; at < module.length;) {
    found.push(module[at++]);
    let [size, shift] = [0, 0]; // LEB128
    for (let byte = 128; byte >= 128; shift += 7) size |= ((byte = module[at++]) & 127) << shift;
    at += size;
  }
  return found;
}
