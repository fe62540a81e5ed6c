/** All that lesson 10 has of its own, in one place to import from. */
export * from "./board";
export * from "./budget-beyond";
export * from "./claims-here";
export * from "./design-trial";
export * from "./exercise-1-cost";
export * from "./exercise-2-leaner";
export * from "./exercise-3-cache";
export * from "./live-view";
export * from "./look-inside";
export * from "./my-run";
export * from "./one-budget";
export * from "./plan";
