/** All that lesson 04 has of its own, in one place to import from. */
export * from "./exercise-1-decode";
export * from "./exercise-2-quantise";
export * from "./exercise-3-victim";
export * from "./exercise-4-interval";
export * from "./exercise-5-table";
export * from "./fp8-variants";
export * from "./outliers";
export * from "./precision-effect";
export * from "./rounding-errors";
export * from "./sum-errors";
export * from "./variant-comparison";
export * from "./work-shares";
