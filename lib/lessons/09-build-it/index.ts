/** All that lesson 09 has of its own, in one place to import from. */
export * from "./agreement";
export * from "./compare-parts";
export * from "./exercise-1-rms-norm";
export * from "./exercise-2-rotate";
export * from "./exercise-3-remember";
export * from "./exercise-4-naive";
export * from "./exercise-5-absorbed";
export * from "./exercise-6-route";
export * from "./exercise-7-experts";
export * from "./exercise-8-block";
export * from "./exercise-9-mtp";
export * from "./exercise-10-loss";
export * from "./exercise-11-bias";
export * from "./exercise-12-distribution";
export * from "./ladder";
export * from "./save-parts";
export * from "./wrong-parts";
