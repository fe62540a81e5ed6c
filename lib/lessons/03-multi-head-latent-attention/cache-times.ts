/**
 * How long attention takes for one new token, by how many stand behind it and by what was kept of them. One layer, one
 * sequence. The past is random: time does not depend on what it says.
 */
import * as tf from "@tensorflow/tfjs";
import { LatentCache } from "../../model/latent-cache";
import type { ModelConfig } from "../../model/config";
import { KeyValueCache } from "../../model/key-value-cache";
import { mla } from "../../model/mla";
import { mlaExpanded } from "../../model/mla-expanded";
import { rotaryTables } from "../../model/rotary";
import type { MlaWeights } from "../../model/weights";
import type { DecodeMode } from "../../economics/flops";
import { medianTime } from "../../notebook/timing";
import { Random } from "../../tensor/random";

/**
 * Milliseconds of one token, the median of some repetitions.
 *
 * @param context tokens behind the first repetition; each leaves one more
 */
export function decodeTime(
  weights: MlaWeights,
  config: ModelConfig,
  { context, mode, seed = 1, repeats = 5 }: { context: number; mode: DecodeMode; seed?: number; repeats?: number },
): number {
  const { numAttentionHeads: H, kvLoraRank, qkNopeHeadDim, qkRopeHeadDim: R, vHeadDim, hiddenSize } = config;
  const random = new Random(seed);
  const latents = new LatentCache();
  const pairs = new KeyValueCache();
  tf.tidy(() => {
    const made = (...shape: number[]) => random.normalTensor(shape);
    if (mode === "expanded") {
      pairs.append(
        0,
        made(1, H, context, qkNopeHeadDim + R) as tf.Tensor4D,
        made(1, H, context, vHeadDim) as tf.Tensor4D,
      );
    } else {
      latents.append(0, made(1, context, kvLoraRank) as tf.Tensor3D, made(1, context, R) as tf.Tensor3D);
    }
  });
  const step = () =>
    tf.tidy(() => {
      const x = random.normalTensor([1, 1, hiddenSize]) as tf.Tensor3D;
      const rotary = rotaryTables(config, [[context]]);
      if (mode === "expanded")
        return mlaExpanded(x, weights, config, { rotary, cache: { store: pairs, layer: 0 } }).dataSync();
      const method = mode === "absorbed" ? "absorbed" : "naive";
      return mla(x, weights, config, { rotary, method, cache: { store: latents, layer: 0 } }).dataSync();
    });
  try {
    return medianTime(step, repeats);
  } finally {
    latents.dispose();
    pairs.dispose();
  }
}
