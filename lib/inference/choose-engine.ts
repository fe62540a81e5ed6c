/** The choice of an engine. */
import type { DeepSeekV3 } from "../model/model";
import type { Engine } from "./engine";
import { FastEngine } from "./wasm-engine/engine";
import { vectorsAvailable } from "../tensor/wasm/vectors";
import { TensorEngine } from "./tensor-engine";

export interface EngineOptions {
  /** "auto", where left out, is "fast" on wasm and "tensor" elsewhere. */
  engine?: "auto" | "fast" | "tensor";
  /** Whether draft() will be called: states of fed tokens are then kept for it. */
  drafts?: boolean;
}

/**
 * Opens a model for one text. The engine sees the weights as they are now.
 *
 * @throws if "fast" is asked for on another backend than wasm, or drafts of a model without a module for them
 */
export function openEngine(model: DeepSeekV3, { engine = "auto", drafts = false }: EngineOptions = {}): Engine {
  if (drafts && model.weights.mtp.length === 0) {
    throw new Error("this model has no multi-token prediction module, so it cannot draft");
  }
  const chosen = engine === "auto" ? (vectorsAvailable() ? "fast" : "tensor") : engine;
  return chosen === "fast" ? new FastEngine(model, drafts) : new TensorEngine(model, drafts);
}
