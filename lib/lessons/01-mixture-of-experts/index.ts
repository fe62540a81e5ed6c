/** All that lesson 01 has of its own, in one place to import from. */
export * from "./answers";
export * from "./exercises";
export * from "./router-exercises";
