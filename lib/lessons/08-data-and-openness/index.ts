/** All that lesson 08 has of its own, in one place to import from. */
export * from "./contamination";
export * from "./exercises";
export * from "./fingerprint";
export * from "./mixture";
