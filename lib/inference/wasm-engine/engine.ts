/**
 * The model unrolled: all that a few tokens go through, as loops over numbers and bare matrix products in wasm memory,
 * without tensors. What a token costs then is its arithmetic; with an operation of tfjs for each step it is the steps.
 * (test/inference/engine.test.ts holds the two engines to the same logits; npm run bench -- v3-mini measures both.)
 */
import * as tf from "@tensorflow/tfjs";
import { inverseFrequencies, rotaryValues } from "../../model/rotary";
import type { DeepSeekV3 } from "../../model/model";
import { rowOf, WasmVectors, type Vector } from "../../tensor/wasm/vectors";
import { checkDraft, checkTokens, type Engine } from "../engine";
import { BlockSpace, TOKENS_AT_ONCE, WasmBlock, type Angles } from "./block";
import { normInto } from "./parts";
import { numbers } from "./weights";

export class WasmEngine implements Engine {
  private readonly vectors: WasmVectors;
  private readonly space: BlockSpace;
  private readonly layers: WasmBlock[];
  private readonly module: PredictionModule | null;
  private readonly embedding: Float32Array; // [V, D]
  private readonly norm: Float32Array;
  private readonly head: tf.Tensor2D; // [D, V]
  private readonly frequencies: Float32Array;
  private readonly h: Vector;
  private readonly logits: Vector;
  private states: Float32Array[] = []; // of the fed tokens that the module has not seen yet

  constructor(
    private readonly model: DeepSeekV3,
    private readonly drafts: boolean,
  ) {
    const { config, weights } = model;
    const { hiddenSize: D, vocabSize: V } = config;
    this.vectors = new WasmVectors(BlockSpace.size(config) + TOKENS_AT_ONCE * (3 * D + V));
    this.space = new BlockSpace(this.vectors, config);
    this.h = this.vectors.reserve(TOKENS_AT_ONCE * D);
    this.logits = this.vectors.reserve(TOKENS_AT_ONCE * V);
    this.layers = weights.layers.map((layer) => new WasmBlock(this.space, layer));
    this.embedding = numbers(weights.embedTokens);
    this.norm = numbers(weights.norm);
    this.head = tf.keep(weights.lmHead?.clone() ?? tf.transpose(weights.embedTokens));
    this.frequencies = inverseFrequencies(config);
    this.module = drafts ? moduleOf(model, this.vectors, this.space) : null;
  }

  get length(): number {
    return this.layers[0].past.length;
  }

  async feed(ids: number[]): Promise<Float32Array[]> {
    checkTokens(ids, this.model.config.vocabSize);
    return inPasses(ids).flatMap((some) => {
      some.forEach((id, t) => this.state(t).set(this.embeddingOf(id)));
      const angles = some.map((_, t) => this.anglesAt(this.length + t));
      for (const layer of this.layers) layer.run(this.h, angles);
      for (let t = 0; t < some.length; t++) this.normalise(t, this.norm);
      if (this.drafts) this.states.push(...some.map((_, t) => this.state(t).slice()));
      return this.predict(some.length);
    });
  }

  async draft(next: number[]): Promise<Float32Array> {
    checkDraft(this.drafts ? this.states.length : null, next);
    checkTokens(next, this.model.config.vocabSize);
    const { config } = this.model;
    const D = config.hiddenSize;
    const { both, block, ...module } = this.module!;
    const pairs = next.map((id, i) => ({ id, state: this.states[i] }));
    // Only the newest token's prediction is asked for: of the others the module needs no more than their latents.
    for (const some of [...inPasses(pairs.slice(0, -1)), pairs.slice(-1)]) {
      some.forEach(({ id, state }, t) => {
        const pair = this.vectors.values(rowOf(both, t, 2 * D));
        normInto(pair.subarray(0, D), this.embeddingOf(id), module.enorm, config.rmsNormEps); // the embedding first
        normInto(pair.subarray(D), state, module.hnorm, config.rmsNormEps);
      });
      this.vectors.multiply(both, module.projection, this.h, { rows: some.length });
      const angles = some.map((_, t) => this.anglesAt(block.past.length + t));
      if (some[0] === pairs[pairs.length - 1]) block.run(this.h, angles);
      else block.remember(this.h, angles);
    }
    this.states = [];
    this.normalise(0, module.norm);
    return this.predict(1)[0];
  }

  truncate(length: number): void {
    if (!Number.isInteger(length) || length < 0 || length > this.length) {
      throw new Error(`truncate: ${this.length} tokens were fed; it cannot keep the first ${length}`);
    }
    for (const { past } of this.layers) past.length = length;
    if (this.module === null) return;
    const seen = Math.min(this.module.block.past.length, length);
    this.module.block.past.length = seen;
    this.states.length = Math.min(this.states.length, length - seen);
  }

  dispose(): void {
    for (const layer of this.layers) layer.dispose();
    this.module?.block.dispose();
    this.head.dispose();
    this.vectors.dispose();
  }

  /** A view of the token's row. */
  private embeddingOf(id: number): Float32Array {
    const D = this.model.config.hiddenSize;
    return this.embedding.subarray(id * D, (id + 1) * D);
  }

  private anglesAt(position: number): Angles {
    return rotaryValues(this.model.config, this.frequencies, [position]);
  }

  /** The state [D] of the pass's token t, in place. */
  private state(t: number): Float32Array {
    return this.vectors.values(rowOf(this.h, t, this.model.config.hiddenSize));
  }

  private normalise(t: number, weight: Float32Array): void {
    normInto(this.state(t), this.state(t), weight, this.model.config.rmsNormEps);
  }

  /** The logits [V] of each of the pass's tokens. */
  private predict(rows: number): Float32Array[] {
    this.vectors.multiply(this.h, this.head, this.logits, { rows });
    const V = this.model.config.vocabSize;
    return Array.from({ length: rows }, (_, t) => this.vectors.values(rowOf(this.logits, t, V)).slice());
  }
}

/** Tokens in groups that go through the model together. */
function inPasses<T>(tokens: T[]): T[][] {
  const passes: T[][] = [];
  for (let i = 0; i < tokens.length; i += TOKENS_AT_ONCE) passes.push(tokens.slice(i, i + TOKENS_AT_ONCE));
  return passes;
}

/** The multi-token prediction module: equation 21 of the report, and its block. */
interface PredictionModule {
  enorm: Float32Array;
  hnorm: Float32Array;
  both: Vector; // [T, 2D]
  projection: tf.Tensor2D; // [2D, D]
  block: WasmBlock;
  norm: Float32Array;
}

function moduleOf({ weights, config }: DeepSeekV3, vectors: WasmVectors, space: BlockSpace): PredictionModule {
  const [module] = weights.mtp;
  return {
    enorm: numbers(module.enorm),
    hnorm: numbers(module.hnorm),
    both: vectors.reserve(TOKENS_AT_ONCE * 2 * config.hiddenSize),
    projection: module.ehProj,
    block: new WasmBlock(space, module.block),
    norm: numbers(module.sharedHeadNorm),
  };
}
