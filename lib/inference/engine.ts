/**
 * What decoding needs of a model: to be fed tokens of one text after the other, to say what comes next, to guess one
 * token further, and to forget what was fed last. Two ways to do it with equal results:
 * - "tensor" calls the model with a latent cache, absorbed; it works on every backend;
 * - "fast" takes one token at a time through plain loops and bare matrix products in wasm memory (fast-engine.ts).
 */
import * as tf from "@tensorflow/tfjs";
import type { DeepSeekV3 } from "../model/model";
import { FastEngine } from "./fast-engine";
import { TensorEngine } from "./tensor-engine";

export interface Engine {
  /** Tokens fed so far. */
  readonly length: number;

  /**
   * Appends tokens to the text.
   *
   * @returns for each of them the logits [V] of the token that follows it
   */
  feed(ids: number[]): Promise<Float32Array[]>;

  /**
   * The multi-token prediction module's turn (DeepSeek-V3's report, section 2.2). It goes through the states of all fed
   * tokens that it has not seen yet.
   *
   * @param next the tokens that follow those: as many
   * @returns the logits [V] of the token after the last of `next`
   * @throws if there are not as many, or the engine was opened without drafts
   */
  draft(next: number[]): Promise<Float32Array>;

  /** Forgets all but the first tokens, in the module's cache too. */
  truncate(length: number): void;

  dispose(): void;
}

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
  const chosen = engine === "auto" ? (tf.getBackend() === "wasm" ? "fast" : "tensor") : engine;
  return chosen === "fast" ? new FastEngine(model, drafts) : new TensorEngine(model, drafts);
}

/** @throws as Engine.draft says */
export function checkDraft(pending: number | null, next: number[]): void {
  if (pending === null) throw new Error("draft: the engine was opened without drafts");
  if (pending === 0 || next.length !== pending) {
    throw new Error(`draft: ${pending} states wait for the tokens that follow them; got ${next.length} tokens`);
  }
}

/** @throws if the model does not know one of the ids, or there are none */
export function checkTokens(ids: number[], vocabSize: number): void {
  if (ids.length === 0) throw new Error("feed: give at least one token");
  const odd = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (odd !== undefined) throw new Error(`${odd} is not a token id; the vocabulary has ids 0 to ${vocabSize - 1}`);
}
