/**
 * The model unrolled: all that one token goes through, as loops over numbers and bare matrix products in wasm memory,
 * without tensors. What a token costs then is its arithmetic; with an operation of tfjs for each step it is the steps.
 * (test/inference/engine.test.ts holds the two engines to the same logits; npm run bench -- v3-mini measures both.)
 */
import * as tf from "@tensorflow/tfjs";
import { inverseFrequencies, rotaryValues } from "../../model/rotary";
import type { DeepSeekV3 } from "../../model/model";
import { WasmVectors, type Vector } from "../../tensor/wasm/vectors";
import { checkDraft, checkTokens, type Engine } from "../engine";
import { BlockSpace, WasmBlock, type Angles } from "./block";
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
    this.vectors = new WasmVectors(BlockSpace.size(config) + 3 * D + V);
    this.space = new BlockSpace(this.vectors, config);
    this.h = this.vectors.reserve(D);
    this.logits = this.vectors.reserve(V);
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
    return ids.map((id) => {
      const h = this.vectors.values(this.h);
      h.set(this.embeddingOf(id));
      const angles = this.anglesAt(this.length);
      for (const layer of this.layers) layer.run(this.h, angles);
      this.normalise(this.norm);
      if (this.drafts) this.states.push(this.vectors.values(this.h).slice());
      return this.predict();
    });
  }

  async draft(next: number[]): Promise<Float32Array> {
    checkDraft(this.drafts ? this.states.length : null, next);
    checkTokens(next, this.model.config.vocabSize);
    const { config } = this.model;
    const D = config.hiddenSize;
    const { both, block, ...module } = this.module!;
    this.states.forEach((state, i) => {
      const pair = this.vectors.values(both);
      normInto(pair.subarray(0, D), this.embeddingOf(next[i]), module.enorm, config.rmsNormEps); // the embedding first
      normInto(pair.subarray(D), state, module.hnorm, config.rmsNormEps);
      this.vectors.multiply(both, module.projection, this.h);
      block.run(this.h, this.anglesAt(block.past.length));
    });
    this.states = [];
    this.normalise(module.norm);
    return this.predict();
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

  private normalise(weight: Float32Array): void {
    const h = this.vectors.values(this.h);
    normInto(h, h, weight, this.model.config.rmsNormEps);
  }

  private predict(): Float32Array {
    this.vectors.multiply(this.h, this.head, this.logits);
    return this.vectors.values(this.logits).slice();
  }
}

/** The multi-token prediction module: equation 21 of the report, and its block. */
interface PredictionModule {
  enorm: Float32Array;
  hnorm: Float32Array;
  both: Vector; // [2D]
  projection: tf.Tensor2D; // [2D, D]
  block: WasmBlock;
  norm: Float32Array;
}

function moduleOf({ weights, config }: DeepSeekV3, vectors: WasmVectors, space: BlockSpace): PredictionModule {
  const [module] = weights.mtp;
  return {
    enorm: numbers(module.enorm),
    hnorm: numbers(module.hnorm),
    both: vectors.reserve(2 * config.hiddenSize),
    projection: module.ehProj,
    block: new WasmBlock(space, module.block),
    norm: numbers(module.sharedHeadNorm),
  };
}
