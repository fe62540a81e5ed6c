/** All that lesson 02 has of its own, in one place to import from. */
export * from "./answers";
export * from "./bias-exercises";
export * from "./bias-simulation";
export * from "./exercises";
export * from "./expert-placement";
export * from "./gradient-conflict";
export * from "./load-charts";
export * from "./token-routing";
