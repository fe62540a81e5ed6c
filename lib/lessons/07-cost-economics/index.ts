/** All that lesson 07 has of its own, in one place to import from. */
export * from "./cost-charts";
export * from "./exercise-1-bill";
export * from "./exercise-2-eleven";
export * from "./exercise-3-budget";
export * from "./exercise-4-margin";
export * from "./exercise-5-plan";
export * from "./findings";
export * from "./ownership";
export * from "./scaling";
export * from "./utilisation";
