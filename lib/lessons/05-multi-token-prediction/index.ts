/** All that lesson 05 has of its own, in one place to import from. */
export * from "./ablation";
export * from "./agreement";
export * from "./curve-words";
export * from "./drafted-text";
export * from "./exercise-1-targets";
export * from "./exercise-2-combine";
export * from "./exercise-3-verify";
export * from "./exercise-4-expected";
export * from "./exercise-5-depth";
export * from "./experts-of-two";
export * from "./hardest-kind";
export * from "./parallel-heads";
export * from "./seen-chart";
export * from "./speculation-times";
