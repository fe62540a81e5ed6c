/**
 * How long attention takes for one new token, by how many stand behind it and by what was kept of them. One layer, one
 * sequence. The past is random: time does not depend on what it says.
 */
import * as tf from "@tensorflow/tfjs";
import { DECODE_MODES, type DecodeMode } from "../../economics/flops";
import type { ModelConfig } from "../../model/config";
import { KeyValueCache } from "../../model/key-value-cache";
import { LatentCache } from "../../model/latent-cache";
import { mla } from "../../model/mla";
import { mlaExpanded } from "../../model/mla-expanded";
import { rotaryTables } from "../../model/rotary";
import type { MlaWeights } from "../../model/weights";
import { Random } from "../../tensor/random";

/** Milliseconds of one token in each round, by what is kept. */
export type DecodeTimes = Record<DecodeMode, number[]>;

/**
 * Times one token in all three ways, in rounds: a machine that is busy for a while is so for all of them. A first round
 * is not counted.
 *
 * @param context tokens behind the first round; each leaves one more
 */
export function decodeTimes(
  weights: MlaWeights,
  config: ModelConfig,
  { context, seed = 1, rounds = 5 }: { context: number; seed?: number; rounds?: number },
): DecodeTimes {
  const { numAttentionHeads: H, kvLoraRank, qkNopeHeadDim, qkRopeHeadDim: R, vHeadDim, hiddenSize } = config;
  const random = new Random(seed);
  const stores = { expanded: new KeyValueCache(), "expanded again": new LatentCache(), absorbed: new LatentCache() };
  tf.tidy(() => {
    const made = <T extends tf.Tensor>(...shape: number[]) => random.normalTensor(shape) as T;
    stores.expanded.append(0, made(1, H, context, qkNopeHeadDim + R), made(1, H, context, vHeadDim));
    const [cKV, kPe] = [made<tf.Tensor3D>(1, context, kvLoraRank), made<tf.Tensor3D>(1, context, R)];
    for (const mode of ["expanded again", "absorbed"] as const) stores[mode].append(0, cKV, kPe);
  });
  const step = (mode: DecodeMode) =>
    tf.tidy(() => {
      const x = random.normalTensor([1, 1, hiddenSize]) as tf.Tensor3D;
      const rotary = rotaryTables(config, [[context]]);
      if (mode === "expanded")
        return mlaExpanded(x, weights, config, { rotary, cache: { store: stores[mode], layer: 0 } }).dataSync();
      const method = mode === "absorbed" ? "absorbed" : "naive";
      return mla(x, weights, config, { rotary, method, cache: { store: stores[mode], layer: 0 } }).dataSync();
    });
  const times: DecodeTimes = { expanded: [], "expanded again": [], absorbed: [] };
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const mode of DECODE_MODES) {
        const begin = performance.now();
        step(mode);
        if (round > 0) times[mode].push(performance.now() - begin);
      }
    }
    return times;
  } finally {
    for (const store of Object.values(stores)) store.dispose();
  }
}
