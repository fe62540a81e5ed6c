/** All that lesson 10 has of its own, in one place to import from. */
export * from "./brought-claim";
export * from "./exercises";
