/** All that lesson 06 has of its own, in one place to import from. */
export * from "./exercise-1-intensity";
export * from "./exercise-2-traffic";
export * from "./exercise-3-bubble";
export * from "./exercise-4-balance";
export * from "./hardware-charts";
export * from "./measured-words";
export * from "../../economics/measurements";
export * from "./nodes-reached";
export * from "./overlap";
