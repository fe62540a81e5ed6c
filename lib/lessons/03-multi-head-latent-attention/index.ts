/** All that lesson 03 has of its own, in one place to import from. */
export * from "./answers";
export * from "./cache-reading";
export * from "./cache-times";
export * from "./exercises";
export * from "./low-rank";
export * from "./rank-trial";
