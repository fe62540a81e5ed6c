/** All that lesson 00 has of its own, in one place to import from. */
export * from "./exercise-1-shape";
export * from "./exercise-2-leak";
export * from "./exercise-3-rms-norm";
