/** npm run kernels: compiles the kernels of lib/tensor/wasm/assembly and writes the modules into the library. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { command, readCall } from "../cli";
import { ROOT } from "../setup/project.mjs";

const SOURCE = "lib/tensor/wasm/assembly/index.ts";
const COMPILER = path.join(ROOT, "node_modules", "assemblyscript", "bin", "asc.js");
const COMPILED = path.join(ROOT, "lib", "tensor", "wasm", "compiled.ts");

const HELP = `npm run kernels

Compiles lib/tensor/wasm/assembly (AssemblyScript) to WebAssembly and writes it to lib/tensor/wasm/compiled.ts.

  --help  prints this`;

/** What is compiled twice: with SIMD, and with relaxed SIMD, which has a fused multiply-add. */
const BUILDS = { PLAIN: ["simd"], FUSED: ["simd", "relaxed-simd"] };

/** No memory of its own, no runtime, nothing that runs by itself. */
const OPTIONS = ["-O3", "--noAssert", "--runtime", "stub", "--use", "abort=", "--importMemory", "--noExportMemory"];

/** One build, from the source. */
function compile(features: string[]): Buffer {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kernels-"));
  const file = path.join(folder, "out.wasm");
  const enabled = features.flatMap((feature) => ["--enable", feature]);
  try {
    // A process, not an import: the compiler's types would change what `require` is in all of this project.
    execFileSync(process.execPath, [COMPILER, SOURCE, "--outFile", file, ...OPTIONS, ...enabled], {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
    });
    return fs.readFileSync(file);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(`${SOURCE} does not compile: ${stderr?.trim() || message}`);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** The text of lib/tensor/wasm/compiled.ts, as the source gives it. */
export function compiledKernels(): string {
  const lines = ["/** The modules that npm run kernels makes of assembly/, in base64: not for editing. */"];
  for (const [name, features] of Object.entries(BUILDS)) {
    const text = compile(features).toString("base64");
    lines.push(`export const ${name} =`, `  "${text}";`);
  }
  return `${lines.join("\n")}\n`;
}

export const main = command("kernels", HELP, (args) => {
  readCall(args, {});
  const text = compiledKernels();
  const changed = !fs.existsSync(COMPILED) || fs.readFileSync(COMPILED, "utf8") !== text;
  if (changed) fs.writeFileSync(COMPILED, text);
  const size = Math.round(text.length / 1000);
  console.log(`lib/tensor/wasm/compiled.ts: ${changed ? "written" : "as it was"}, ${size} KB`);
});
