/** The compiled kernels of assembly/, made ready to run on a backend's memory. */
import { host } from "../../host";
import { FUSED, PLAIN } from "./compiled";
import type { WasmBackend } from "./kernels";

/** What the compiled module has: see assembly/. Offsets are in bytes. */
export interface CompiledKernels {
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
  /** p, m, v, g, clip, the new p, m, v, and eight numbers. */
  adamw(...offsetsAndNumbers: number[]): void;
  sumOfSquares(x: number, size: number): number;
  rmsNorm(x: number, w: number, out: number, rows: number, width: number, epsilon: number): void;
  /** x, w, dy; dx, dw; rows, width, epsilon. */
  rmsNormGradients(...offsetsAndNumbers: number[]): void;
  swiGlu(a: number, b: number, out: number, size: number): void;
  swiGluGradients(a: number, b: number, dy: number, da: number, db: number, size: number): void;
  /** The two parts of the scores, the second 0 if there is none; the result; rows, queries, keys, scale. */
  causalSoftmax(...offsetsAndNumbers: number[]): void;
  /** p, dp; the result; rows, queries, keys, scale. */
  causalSoftmaxGradient(...offsetsAndNumbers: number[]): void;
  /** qC, qR, kv, kR; the result, p, scratch; B, H, T, S, nope, R, V, wide, scale: see assembly/attention.ts. */
  causalAttention(...offsetsAndNumbers: number[]): void;
  /** qC, qR, kv, kR, p, dy; dqC, dqR, dkv, dkR, scratch; the same numbers. */
  causalAttentionGradients(...offsetsAndNumbers: number[]): void;
  /** x, cos, sin; the result; tokens, heads, width, tokens of the tables, 1 or -1. */
  rotate(...offsetsAndNumbers: number[]): void;
  /** Logits, targets; softmax − one-hot, sums; rows, V. */
  crossEntropy(...offsetsAndNumbers: number[]): number;
  /** The second is added to the first. */
  addTo(to: number, from: number, size: number): void;
  copyPieces(from: number, fromStep: number, to: number, toStep: number, size: number, count: number): void;
  /** x, gates, three weights, tokens, slots, counts; out, a, b, scratch; most rows of an expert, N, E, D, I. */
  experts(...offsetsAndSizes: number[]): void;
  /** The same inputs, a, b, dy; the gradients of x, gates and weights, scratch; the same sizes. */
  expertsGradients(...offsetsAndSizes: number[]): void;
  expertScratchBytes(n: number, D: number, I: number, backward: boolean): number;
  /** Affinity, bias; the outputs and scratch; N, E, G, kept groups, K, and how to weigh: see assembly/expert-choice.ts. */
  chooseExperts(...offsetsAndNumbers: number[]): void;
  /** Affinity, mask, the gates' gradient; the affinity's; N, E, and how to weigh. */
  gatesGradient(...offsetsAndNumbers: number[]): void;
  /** The k largest of each row: their columns; N, columns, k. */
  largestPlaces(...offsetsAndSizes: number[]): void;
  /** The same as a mask, and scratch. */
  largestMask(...offsetsAndSizes: number[]): void;
  exponentials(x: number, out: number, size: number): void;
  /** Where query, rows, out and scratch are; then S, H, width, C. */
  attend(...offsetsAndSizes: number[]): void;
  /** Rows; where x, gate, up, down, out and scratch are; D and I. */
  gatedNetwork(...offsetsAndSizes: number[]): void;
}

/** The part of the global WebAssembly that is used here: the types of Node leave it out. */
interface WasmGlobal {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: object };
  validate(bytes: Uint8Array): boolean;
}
const runtime = (globalThis as unknown as { WebAssembly: WasmGlobal }).WebAssembly;

/**
 * The kernels on a memory. Where the runtime has relaxed SIMD (Node, Chromium since 114, Firefox since 145), a term is
 * multiplied and added in one instruction with one rounding, else in two.
 *
 * @param memory a WebAssembly.Memory, not shared
 * @param force takes one of the two builds
 */
export function compiledKernels(memory: object, force?: "plain" | "fused"): CompiledKernels {
  const fused = bytesOf(FUSED);
  host.allowRelaxedSimd();
  const build = force ?? (runtime.validate(fused) ? "fused" : "plain");
  const module = new runtime.Module(build === "fused" ? fused : bytesOf(PLAIN));
  return new runtime.Instance(module, { env: { memory } }).exports as CompiledKernels;
}

const known = new WeakMap<WasmBackend, CompiledKernels>();

/** The kernels of a backend, made when they are first asked for. */
export function compiledFor(backend: WasmBackend): CompiledKernels {
  let found = known.get(backend);
  if (found === undefined) known.set(backend, (found = compiledKernels(backend.wasm.asm.memory)));
  return found;
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
