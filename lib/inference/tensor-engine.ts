/** Decoding by the model's own forward pass: latent caches, absorbed attention, on any backend. */
import * as tf from "@tensorflow/tfjs";
import { LatentCache } from "../model/latent-cache";
import type { DeepSeekV3 } from "../model/model";
import type { ModelParts } from "../model/parts";
import { checkDraft, checkTokens, type Engine } from "./engine";

export class TensorEngine implements Engine {
  private readonly main = new LatentCache();
  private readonly module = new LatentCache();
  private states: tf.Tensor3D | null = null; // [1, fed since the last draft, D]

  constructor(
    private readonly model: DeepSeekV3,
    private readonly drafts: boolean,
    private readonly parts?: Partial<ModelParts>,
  ) {}

  get length(): number {
    return this.main.length;
  }

  async feed(ids: number[]): Promise<Float32Array[]> {
    checkTokens(ids, this.model.config.vocabSize);
    const { logits, hidden } = tf.tidy(() => {
      const hidden = this.model.hiddenStates([ids], { cache: this.main, parts: this.parts });
      return { logits: this.model.head(hidden), hidden };
    });
    if (this.drafts) this.keepStates(hidden);
    else hidden.dispose();
    const values = (await logits.data()) as Float32Array;
    logits.dispose();
    const V = this.model.config.vocabSize;
    return ids.map((_, t) => values.slice(t * V, (t + 1) * V));
  }

  async draft(next: number[]): Promise<Float32Array> {
    checkDraft(this.drafts ? this.length - this.module.length : null, next);
    checkTokens(next, this.model.config.vocabSize);
    const logits = tf.tidy(() => {
      const all = this.model.draft(this.states!, [next], { cache: this.module, parts: this.parts });
      return all.slice([0, next.length - 1, 0], [1, 1, -1]);
    });
    this.dropStates(0);
    const values = (await logits.data()) as Float32Array;
    logits.dispose();
    return values;
  }

  truncate(length: number): void {
    this.main.truncate(length);
    if (!this.drafts) return;
    this.module.truncate(Math.min(this.module.length, length));
    this.dropStates(length - this.module.length);
  }

  dispose(): void {
    this.main.dispose();
    this.module.dispose();
    this.dropStates(0);
  }

  private keepStates(fresh: tf.Tensor3D): void {
    const before = this.states;
    this.states = before === null ? fresh : tf.concat([before, fresh], 1);
    if (before !== null) tf.dispose([before, fresh]);
  }

  /** Keeps the first `count` of the states. */
  private dropStates(count: number): void {
    const before = this.states;
    if (before === null || before.shape[1] <= count) return;
    this.states = count === 0 ? null : before.slice([0, 0, 0], [1, count, -1]);
    before.dispose();
  }
}
