/** All that lesson 08 has of its own, in one place to import from. */
export * from "./contamination";
export * from "./exercise-1-mixture";
export * from "./exercise-2-overlap";
export * from "./exercise-3-survive";
export * from "./exercise-4-missing";
export * from "./fingerprint";
export * from "./mixture";
export * from "./text-trials";
export * from "./trial-words";
