/** The compiled products of assembly/, made ready to run on a backend's memory. */
import { FUSED, PLAIN } from "./compiled";

/** What the compiled module has: see assembly/products.ts. Offsets are in bytes. */
export interface Products {
  scratchBytes(transposedA: boolean, transposedB: boolean, M: number, K: number, N: number): number;
  multiply(
    a: number,
    transposedA: boolean,
    b: number,
    transposedB: boolean,
    out: number,
    M: number,
    K: number,
    N: number,
    scratch: number,
  ): void;
}

/** The part of the global WebAssembly that is used here: the types of Node leave it out. */
interface WasmGlobal {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: object };
  validate(bytes: Uint8Array): boolean;
}
const { Module, Instance, validate } = (globalThis as unknown as { WebAssembly: WasmGlobal }).WebAssembly;

/**
 * The products on a memory. Where the runtime has relaxed SIMD (Node 22 and browsers), a term is multiplied and added in
 * one instruction with one rounding, else in two.
 *
 * @param memory a WebAssembly.Memory, not shared
 * @param force takes one of the two builds
 */
export function compiledProducts(memory: object, force?: "plain" | "fused"): Products {
  const fused = bytesOf(FUSED);
  const build = force ?? (validate(fused) ? "fused" : "plain");
  const module = new Module(build === "fused" ? fused : bytesOf(PLAIN));
  return new Instance(module, { env: { memory } }).exports as Products;
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
