/** All that lesson 07 has of its own, in one place to import from. */
export * from "./answers";
export * from "./cost-charts";
export * from "./exercises";
export * from "./ownership";
export * from "./scaling";
export * from "./uncertainty";
export * from "./utilisation";
