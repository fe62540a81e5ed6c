/** All that lesson 00 has of its own, in one place to import from. */
export * from "./exercises";
