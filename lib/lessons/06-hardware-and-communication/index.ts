/** All that lesson 06 has of its own, in one place to import from. */
export * from "./answers";
export * from "./exercises";
export * from "./hardware-charts";
export * from "./measurements";
export * from "./overlap";
