/** All that lesson 05 has of its own, in one place to import from. */
export * from "./answers";
export * from "./drafted-text";
export * from "./module-exercises";
export * from "./parallel-heads";
export * from "./speculation-exercises";
export * from "./step-times";
