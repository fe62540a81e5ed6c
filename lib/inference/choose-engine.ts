/** The choice of an engine. */
import type { DeepSeekV3 } from "../model/model";
import type { Engine } from "./engine";
import { WasmEngine } from "./wasm-engine/engine";
import { vectorsAvailable } from "../tensor/wasm/vectors";
import { TensorEngine } from "./tensor-engine";

export interface EngineOptions {
  /** "auto", where left out, is "wasm" on wasm and "tensor" elsewhere. */
  engine?: "auto" | "wasm" | "tensor";
  /** Whether draft() will be called: states of fed tokens are then kept for it. */
  drafts?: boolean;
}

/**
 * Opens a model for one text. The engine sees the weights as they are now.
 *
 * @throws if "wasm" is asked for on another backend than wasm, or drafts of a model without a module for them
 */
export function openEngine(model: DeepSeekV3, { engine = "auto", drafts = false }: EngineOptions = {}): Engine {
  if (drafts && model.weights.mtp.length === 0) {
    throw new Error("this model has no multi-token prediction module, so it cannot draft");
  }
  const chosen = engine === "auto" ? (vectorsAvailable() ? "wasm" : "tensor") : engine;
  return chosen === "wasm" ? new WasmEngine(model, drafts) : new TensorEngine(model, drafts);
}
