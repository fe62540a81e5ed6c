/** The choice of an engine. */
import type { DeepSeekV3 } from "../model/model";
import { isMultiHead } from "../model/multi-head";
import type { ModelParts } from "../model/parts";
import type { Engine } from "./engine";
import { WasmEngine } from "./wasm-engine/engine";
import { vectorsAvailable } from "../tensor/wasm/vectors";
import { TensorEngine } from "./tensor-engine";

export interface EngineOptions {
  /** "auto", where left out, is "wasm" on wasm and "tensor" elsewhere, or where the model has other parts. */
  engine?: "auto" | "wasm" | "tensor";
  /** Whether draft() will be called: states of fed tokens are then kept for it. */
  drafts?: boolean;
  /** Functions that stand in the place of lib's own; only the tensor engine has such places. */
  parts?: Partial<ModelParts>;
}

/**
 * Opens a model for one text. The engine sees the weights as they are now.
 *
 * @throws if "wasm" is asked for on another backend than wasm or with other parts, drafts of a model without a module for
 *   them, or a model without latents
 */
export function openEngine(model: DeepSeekV3, { engine = "auto", drafts = false, parts }: EngineOptions = {}): Engine {
  if (model.weights.layers.some(({ selfAttn }) => isMultiHead(selfAttn))) {
    throw new Error("this model has plain multi-head attention, which is for comparisons; engines keep latents only");
  }
  if (drafts && model.weights.mtp.length === 0) {
    throw new Error("this model has no multi-token prediction module, so it cannot draft");
  }
  if (parts !== undefined && engine === "wasm") {
    throw new Error(
      "the wasm engine computes without tensors, so no part of it can be replaced; use the tensor engine",
    );
  }
  const chosen = engine === "auto" ? (parts === undefined && vectorsAvailable() ? "wasm" : "tensor") : engine;
  return chosen === "wasm" ? new WasmEngine(model, drafts) : new TensorEngine(model, drafts, parts);
}
