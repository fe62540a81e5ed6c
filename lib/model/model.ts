/**
 * The whole of DeepSeek-V3: embedding, blocks, final norm, head, and the multi-token prediction module beside them.
 * A model is its config and its weights; every call computes from these two alone, plus a cache where one is given.
 */
import * as tf from "@tensorflow/tfjs";
import { embeddingRows, rmsNorm } from "../tensor/nn";
import { block, observerOf, type Observer } from "./block";
import type { LatentCache } from "./latent-cache";
import type { ModelConfig } from "./config";
import type { Dispatch } from "./experts";
import { mtpModule } from "./mtp";
import { FLOAT32, project, type Arithmetic } from "./arithmetic";
import type { ModelParts } from "./parts";
import { rotaryTables } from "./rotary";
import { disposeWeights, initWeights, type ModelWeights } from "./weights";

export interface ForwardOptions {
  /** Position of each token, [B][T] or one row for all; counts on from the cache where left out. Attention stays causal
   * in the order given, whatever the positions say. */
  positions?: number[][];
  /** Past tokens: they are attended to, and the new ones are appended. */
  cache?: LatentCache;
  /** How attention is computed; the results are equal. "absorbed" where there is a cache, else "naive". */
  attention?: "naive" | "absorbed";
  /** How the experts are computed; the results are equal. "grouped" where left out. */
  dispatch?: Dispatch;
  /** Functions that stand in the place of lib's own (parts.ts), in float32. */
  parts?: Partial<ModelParts>;
  /** Is shown "layer{i}.attn_out", ".attn_probs", ".cache_ckv", ".cache_kpe", ".router_affinity", ".router_indices",
   * ".router_gates", ".router_mask", ".hidden_out", and "final_norm"; the multi-token prediction module's block is
   * "mtp0". A tensor is valid during the call only: read or clone it. */
  observe?: Observer;
}

export class DeepSeekV3 {
  constructor(
    readonly config: ModelConfig,
    readonly weights: ModelWeights,
    /** How it multiplies by its weights; arithmeticFor gives lower precisions. */
    readonly arithmetic: Arithmetic = FLOAT32,
  ) {}

  /**
   * Logits of the next token, at every position.
   *
   * @param ids [B][T] token ids
   * @returns [B, T, V]
   * @throws if a row has another length, or an id is outside the vocabulary
   */
  forward(ids: number[][], options: ForwardOptions = {}): tf.Tensor3D {
    return tf.tidy(() => this.head(this.hiddenStates(ids, options)));
  }

  /**
   * The states from which the head predicts: [B, T, D], after the final norm.
   *
   * @throws as forward
   */
  hiddenStates(ids: number[][], options: ForwardOptions = {}): tf.Tensor3D {
    const { cache, observe, parts } = options;
    return tf.tidy(() => {
      let h = this.embed(ids);
      const blockOptions = this.blockOptions(ids, options);
      this.weights.layers.forEach((weights, layer) => {
        h = block(h, weights, this.config, {
          ...blockOptions,
          cache: cache && { store: cache, layer },
          observe: observerOf(`layer${layer}`, observe),
        });
      });
      const normalise = parts?.rmsNorm ?? rmsNorm;
      const normed = normalise(this.arithmetic.input(h, "norms"), this.weights.norm, this.config.rmsNormEps);
      observe?.("final_norm", normed);
      return normed;
    });
  }

  /**
   * Logits of the token after the next, from the multi-token prediction module: at position i, for token i + 2.
   *
   * @param ids [B][T], T at least 2
   * @returns [B, T - 1, V]
   * @throws if the model has no such module, or there are fewer than two tokens
   */
  forwardMtp(ids: number[][], options: Pick<ForwardOptions, "attention" | "dispatch" | "parts"> = {}): tf.Tensor3D {
    if (this.weights.mtp.length === 0) {
      throw new Error("forwardMtp: this model has no multi-token prediction module");
    }
    if (ids.some((row) => row.length < 2)) throw new Error("forwardMtp: it needs at least two tokens");
    return tf.tidy(() => this.mtpLogits(this.hiddenStates(withoutLast(ids), options), ids, options));
  }

  /**
   * Both predictions from one pass through the main model, as training wants them. State i, which predicts token i + 1,
   * joins the embedding of token i + 1 in the multi-token prediction module, which predicts token i + 2.
   *
   * @param ids [B][T + 1]
   * @returns logits [B, T, V] of tokens 2 … T + 1, and mtpLogits [B, T, V] of tokens 3 … T + 2 if there is a module
   * @throws as forward, and if there are fewer than two tokens
   */
  forwardTraining(
    ids: number[][],
    options: Pick<ForwardOptions, "dispatch" | "observe" | "parts"> = {},
  ): { logits: tf.Tensor3D; mtpLogits?: tf.Tensor3D } {
    if (ids.some((row) => row.length < 2)) throw new Error("forwardTraining: it needs at least two tokens");
    return tf.tidy(() => {
      const hidden = this.hiddenStates(withoutLast(ids), options);
      const logits = this.head(hidden);
      return this.weights.mtp.length === 0 ? { logits } : { logits, mtpLogits: this.mtpLogits(hidden, ids, options) };
    });
  }

  /**
   * The multi-token prediction module on states that are there already, as drafting needs it: from the main model's
   * states at some tokens, and the token after each, logits of the token after that.
   *
   * @param hidden [B, T, D], as hiddenStates gives them
   * @param next [B][T], the tokens that follow those of the states
   * @param options.cache the module's own: it has one layer
   * @returns [B, T, V]
   * @throws if the model has no such module, or an id is outside the vocabulary
   */
  draft(hidden: tf.Tensor3D, next: number[][], options: ForwardOptions = {}): tf.Tensor3D {
    if (this.weights.mtp.length === 0) throw new Error("draft: this model has no multi-token prediction module");
    const { cache, observe } = options;
    return tf.tidy(() => {
      const states = mtpModule(hidden, this.embed(next), this.weights.mtp[0], this.config, {
        ...this.blockOptions(next, options),
        cache: cache && { store: cache, layer: 0 },
        observe: observerOf("mtp0", observe),
      });
      return this.head(states);
    });
  }

  /** The first module's logits from the main model's states at tokens 1 … T of ids [B][T + 1]. */
  private mtpLogits(hidden: tf.Tensor3D, ids: number[][], options: ForwardOptions): tf.Tensor3D {
    return this.draft(
      hidden,
      ids.map((row) => row.slice(1)),
      options,
    ); // tokens 2 … T + 1
  }

  /** Frees the weights. */
  dispose(): void {
    disposeWeights(this.weights);
  }

  /** [B][T] → [B, T, D] */
  private embed(ids: number[][]): tf.Tensor3D {
    checkIds(ids, this.config.vocabSize);
    const [B, T, D] = [ids.length, ids[0].length, this.config.hiddenSize];
    const indices = tf.tensor1d(ids.flat(), "int32");
    return this.arithmetic.input(embeddingRows(this.weights.embedTokens, indices), "embedding").reshape([B, T, D]);
  }

  /** The head: states as hiddenStates gives them, [B, T, D] → logits [B, T, V]. */
  head(hidden: tf.Tensor3D): tf.Tensor3D {
    const weight = this.weights.lmHead ?? this.weights.embedTokens.transpose<tf.Tensor2D>();
    return project(hidden, weight, this.arithmetic.linear("head"));
  }

  private blockOptions(ids: number[][], { positions, cache, attention, dispatch, parts }: ForwardOptions) {
    if (parts !== undefined && this.arithmetic !== FLOAT32) {
      throw new Error("parts: this model has a precision of its own; other parts than lib's compute in float32");
    }
    const T = ids[0].length;
    const start = cache?.length ?? 0;
    const counted = [Array.from({ length: T }, (_, t) => start + t)];
    const rows = positions ?? counted;
    if ((rows.length !== 1 && rows.length !== ids.length) || rows.some((row) => row.length !== T)) {
      throw new Error(
        `positions must be one row of ${T} or ${ids.length} of them, like ids; ` +
          `got rows of ${rows.map((row) => row.length)}`,
      );
    }
    return {
      rotary: rotaryTables(this.config, rows),
      method: attention ?? (cache === undefined ? ("naive" as const) : ("absorbed" as const)),
      dispatch: dispatch ?? ("grouped" as const),
      arithmetic: this.arithmetic,
      parts,
    };
  }
}

function withoutLast(ids: number[][]): number[][] {
  return ids.map((row) => row.slice(0, -1));
}

function checkIds(ids: number[][], vocabSize: number): void {
  const T = ids[0]?.length ?? 0;
  if (T === 0) throw new Error("ids: give at least one sequence of at least one token");
  ids.forEach((row, b) => {
    if (row.length !== T) {
      throw new Error(`ids: sequence ${b} has ${row.length} tokens, the first has ${T}; a batch needs one length`);
    }
    for (const id of row) {
      if (!Number.isInteger(id) || id < 0 || id >= vocabSize) {
        throw new Error(`ids: ${id} is not a token id; the vocabulary has ids 0 to ${vocabSize - 1}`);
      }
    }
  });
}

/** A model with random weights, the same for the same seed. */
export function createModel(config: ModelConfig, seed: number): DeepSeekV3 {
  return new DeepSeekV3(config, initWeights(config, seed));
}
