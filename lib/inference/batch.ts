/** Several texts at once. A step then feeds one token of each, so that the weights are fetched once for all of them. */
import { host } from "../host";
import * as tf from "@tensorflow/tfjs";
import { LatentCache } from "../model/latent-cache";
import type { DeepSeekV3 } from "../model/model";
import type { ModelParts } from "../model/parts";
import { Random } from "../tensor/random";
import { checkDecode, type DecodeOptions } from "./decode";
import { distribution, draw } from "./sampling";

/**
 * Writes `tokens` tokens after each prompt. All texts grow in step, from the first token after the shortest prompt on:
 * where a prompt still goes on, its own token is fed in place of a drawn one. So no text needs padding, and none sees
 * another. Each text has random numbers of its own, from seed + its number on: a text does not depend on its
 * neighbours.
 *
 * @param prompts [B][·], token ids, of any lengths
 * @param options as in decode; a text that ends with `stop` is shorter
 * @returns [B][≤ tokens]
 * @throws as decode
 */
export async function decodeBatch(
  model: DeepSeekV3,
  prompts: number[][],
  options: Omit<DecodeOptions, "engine">,
): Promise<number[][]> {
  checkDecode(model, prompts, options);
  const { tokens, seed = 1, stop, signal, parts } = options;
  const probabilitiesOf = parts?.distribution ?? distribution;
  const randoms = prompts.map((_, b) => new Random((seed + b) >>> 0));
  const written: number[][] = prompts.map(() => []);
  const ended = prompts.map(() => false);
  const shortest = Math.min(...prompts.map((prompt) => prompt.length));
  const cache = new LatentCache();
  try {
    let fed = prompts.map((prompt) => prompt.slice(0, shortest));
    while (ended.some((done) => !done)) {
      const logits = await lastLogits(model, fed, cache, parts);
      const at = cache.length; // the place of the token that comes next
      fed = prompts.map((prompt, b) => {
        if (at < prompt.length) return [prompt[at]];
        if (ended[b]) return [prompt[0]]; // anything: nobody reads what follows
        const of = `text ${b}, step ${written[b].length + 1}: the model`;
        const id = draw(probabilitiesOf(logits[b], options, of), randoms[b]);
        if (id !== stop) written[b].push(id);
        ended[b] = id === stop || written[b].length === tokens;
        return [id];
      });
      await host.nextTurn();
      signal?.throwIfAborted();
    }
    return written;
  } finally {
    cache.dispose();
  }
}

/** Feeds [B][T] and reads the logits after each text's last token: [B][V]. */
async function lastLogits(
  model: DeepSeekV3,
  ids: number[][],
  cache: LatentCache,
  parts?: Partial<ModelParts>,
): Promise<Float32Array[]> {
  const T = ids[0].length;
  const last = tf.tidy(() => {
    const hidden = model.hiddenStates(ids, { cache, parts });
    return model.head(hidden.slice([0, T - 1, 0], [-1, 1, -1]));
  });
  const values = (await last.data()) as Float32Array;
  last.dispose();
  const V = model.config.vocabSize;
  return ids.map((_, b) => values.slice(b * V, (b + 1) * V));
}
