/** All that a lesson shows a person, in one place to import from. */
export * from "./exercise/check";
export * from "./exercise/index-of-exercises";
export * from "./format";
export * from "./interrupt";
export * from "./parameters";
export * from "./plot/charts";
export * from "./plot/plot";
export * from "./plot/slider";
export * from "./plot/theme";
export * from "./progress";
export * from "./result";
export * from "./say";
export * from "./source";
export * from "./table";
export * from "./timing";
export * from "./verdicts";
