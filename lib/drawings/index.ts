/** Drawings of the architecture, from a model's configuration; `showDrawing` of lib/notebook shows them. */
export * from "./latent-attention";
export * from "./layer";
export * from "./model-parts";
export * from "./multi-token-prediction";
