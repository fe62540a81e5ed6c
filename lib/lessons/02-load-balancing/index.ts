/** All that lesson 02 has of its own, in one place to import from. */
export * from "./balancing-trial";
export * from "./bias-simulation";
export * from "./exercise-1-maxvio";
export * from "./exercise-2-bias-update";
export * from "./exercise-3-gamma";
export * from "./exercise-4-balance-loss";
export * from "./exercise-5-copies";
export * from "./expert-placement";
export * from "./gradient-conflict";
export * from "./load-charts";
export * from "./token-routing";
