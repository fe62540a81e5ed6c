/** All that lesson 04 has of its own, in one place to import from. */
export * from "./answers";
export * from "./exercises";
export * from "./fp8-variants";
export * from "./outliers";
export * from "./precision-effect";
export * from "./rounding-errors";
