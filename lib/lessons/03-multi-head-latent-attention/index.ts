/** All that lesson 03 has of its own, in one place to import from. */
export * from "./attention-pass";
export * from "./cache-reading";
export * from "./cache-times";
export * from "./exercise-1-absorb";
export * from "./exercise-2-values";
export * from "./exercise-3-commute";
export * from "./exercise-4-decoupled-key";
export * from "./exercise-5-cache-bytes";
export * from "./exercise-6-decode";
export * from "./head-offsets";
export * from "./latent-widths";
export * from "./projections";
export * from "./rank-trial";
export * from "./rotary-errors";
export * from "./time-sentences";
