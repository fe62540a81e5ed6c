/** All that lesson 03 has of its own, in one place to import from. */
export * from "./cache-reading";
export * from "./cache-times";
export * from "./exercise-1-cache-bytes";
export * from "./exercise-2-compress";
export * from "./exercise-3-absorb";
export * from "./exercise-4-commute";
export * from "./exercise-5-score";
export * from "./low-rank";
export * from "./rank-trial";
export * from "./shared";
