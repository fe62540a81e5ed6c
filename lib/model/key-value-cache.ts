/**
 * The cache that attention keeps where there is no latent: keys and values of every key-value head, for each past token
 * and layer. Multi-head, grouped-query and multi-query attention differ in how many heads H_kv that is; multi-head latent
 * attention can keep its keys and values expanded in the same way (mla-expanded.ts).
 */
import * as tf from "@tensorflow/tfjs";

interface LayerEntry {
  keys: tf.Tensor4D; // [B, H_kv, S, d_qk]
  values: tf.Tensor4D; // [B, H_kv, S, d_v]
}

export class KeyValueCache {
  private layers: LayerEntry[] = [];

  /** Tokens kept so far, which is also the position of the next one. */
  get length(): number {
    return this.layers.length === 0 ? 0 : this.layers[this.layers.length - 1].keys.shape[2];
  }

  /**
   * Adds the new tokens of one layer and returns all that this layer has seen.
   *
   * @param keys [B, H_kv, T, d_qk], rotated
   * @param values [B, H_kv, T, d_v]
   * @returns both with S = past + T tokens; they belong to the cache, which disposes of them
   * @throws if batch or heads are not those that the cache was begun with
   */
  append(layer: number, keys: tf.Tensor4D, values: tf.Tensor4D): LayerEntry {
    const past: LayerEntry | undefined = this.layers[layer];
    const kind = ({ shape: [B, H] }: tf.Tensor4D) => `a batch of ${B} with ${H} heads`;
    if (past !== undefined && kind(past.keys) !== kind(keys)) {
      throw new Error(`KeyValueCache: it holds ${kind(past.keys)}, not ${kind(keys)}; begin a new cache`);
    }
    const grow = (before: tf.Tensor4D | undefined, now: tf.Tensor4D) =>
      tf.keep(before === undefined ? now.clone() : tf.concat([before, now], 2));
    const grown = { keys: grow(past?.keys, keys), values: grow(past?.values, values) };
    if (past !== undefined) tf.dispose([past.keys, past.values]);
    this.layers[layer] = grown;
    return grown;
  }

  /** Numbers kept, over all layers and sequences: B · S · layers · H_kv · (d_qk + d_v). */
  get elements(): number {
    return this.layers.reduce((sum, { keys, values }) => sum + keys.size + values.size, 0);
  }

  /** Frees everything; the cache is then empty and can be used again. */
  dispose(): void {
    for (const { keys, values } of this.layers) tf.dispose([keys, values]);
    this.layers = [];
  }
}
