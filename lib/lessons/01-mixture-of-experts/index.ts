/** All that lesson 01 has of its own, in one place to import from. */
export * from "./active-counts";
export * from "./exercise-1-gate";
export * from "./exercise-2-select";
export * from "./exercise-3-count";
export * from "./exercise-4-coverage";
export * from "./exercise-5-design";
export * from "./routing-overlap";
export * from "../../statistics/lists";
