/** What the compiled module has. lib/tensor/wasm/compiled-module.ts says it in TypeScript. */
export { attend, gatedNetwork } from "./decoding";
export { adamw, sumOfSquares } from "./optimiser";
export { multiply, scratchBytes } from "./products";
