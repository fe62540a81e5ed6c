/**
 * The latent key-value cache: what multi-head latent attention keeps of each past token. For every layer that is the
 * normalised latent cKV (kvLoraRank numbers) and the one rotated key kPe that all heads share (qkRopeHeadDim numbers):
 * 576 numbers a token and layer for DeepSeek-V3, where keys and values of all heads would take 40,960.
 */
import * as tf from "@tensorflow/tfjs";

/** What is kept of S tokens of one layer. */
export type Latents = {
  cKV: tf.Tensor3D; // [B, S, kvLoraRank], normalised
  kPe: tf.Tensor3D; // [B, S, qkRopeHeadDim], rotated
};

export class LatentCache {
  private layers: Latents[] = [];

  /** Tokens kept so far, which is also the position of the next one. */
  get length(): number {
    return this.layers.length === 0 ? 0 : this.layers[this.layers.length - 1].cKV.shape[1];
  }

  /**
   * Adds the new tokens of one layer and returns all that this layer has seen.
   *
   * @param cKV [B, T, kvLoraRank]
   * @param kPe [B, T, qkRopeHeadDim], rotated
   * @returns both with S = past + T tokens; they belong to the cache, which disposes of them
   * @throws if the batch is not the one that the cache was begun with
   */
  append(layer: number, cKV: tf.Tensor3D, kPe: tf.Tensor3D): Latents {
    const past: Latents | undefined = this.layers[layer];
    if (past !== undefined && past.cKV.shape[0] !== cKV.shape[0]) {
      throw new Error(`LatentCache: it holds a batch of ${past.cKV.shape[0]}, not ${cKV.shape[0]}; begin a new cache`);
    }
    const grow = (before: tf.Tensor3D | undefined, now: tf.Tensor3D) =>
      tf.keep(before === undefined ? now.clone() : tf.concat([before, now], 1));
    const grown = { cKV: grow(past?.cKV, cKV), kPe: grow(past?.kPe, kPe) };
    tf.dispose([past?.cKV, past?.kPe].filter((tensor) => tensor !== undefined));
    this.layers[layer] = grown;
    return grown;
  }

  /**
   * Replaces what a layer keeps by what a function makes of it.
   *
   * @param grow gets what was kept, null at the begin, and returns it with the new tokens
   * @returns the same; it belongs to the cache
   */
  update(layer: number, grow: (past: Latents | null) => Latents): Latents {
    const past: Latents | undefined = this.layers[layer];
    const { cKV, kPe } = grow(past ?? null);
    const grown = { cKV: tf.keep(cKV.clone()), kPe: tf.keep(kPe.clone()) };
    if (past !== undefined) tf.dispose([past.cKV, past.kPe]);
    this.layers[layer] = grown;
    return grown;
  }

  /**
   * Forgets all but the first tokens: what was drafted and then rejected.
   *
   * @throws if there are not so many
   */
  truncate(length: number): void {
    if (!Number.isInteger(length) || length < 0 || length > this.length) {
      throw new Error(`LatentCache: it holds ${this.length} tokens; it cannot keep the first ${length}`);
    }
    if (length === this.length) return;
    if (length === 0) return this.dispose();
    const first = (tensor: tf.Tensor3D) => {
      const kept = tf.keep(tensor.slice([0, 0, 0], [-1, length, -1]));
      tensor.dispose();
      return kept;
    };
    this.layers = this.layers.map(({ cKV, kPe }) => ({ cKV: first(cKV), kPe: first(kPe) }));
  }

  /** Numbers kept, over all layers and sequences: B · S · layers · (kvLoraRank + qkRopeHeadDim). */
  get elements(): number {
    return this.layers.reduce((sum, { cKV, kPe }) => sum + cKV.size + kPe.size, 0);
  }

  /** Frees everything; the cache is then empty and can be used again. */
  dispose(): void {
    for (const { cKV, kPe } of this.layers) tf.dispose([cKV, kPe]);
    this.layers = [];
  }
}
