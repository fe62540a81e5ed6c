/** All that lesson 11 has of its own, in one place to import from. */
export * from "./brought-claim";
export * from "./exercise-1-decide";
export * from "./exercise-2-turn";
export * from "./exercise-3-bring";
