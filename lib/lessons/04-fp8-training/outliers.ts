/**
 * Artificial activations with the outliers of large models: a few channels far larger than the rest, in every token,
 * and tokens of different size (Dettmers et al., LLM.int8(), 2022, section 4, describe both). And SmoothQuant, which
 * moves the outliers out of the way before quantising.
 */
import { Random } from "../../tensor/random";

export interface OutlierOptions {
  tokens: number;
  channels: number;
  /** Number of channels that are outliers, evenly spaced. */
  outliers: number;
  /** How many times larger they are. */
  size: number;
  /** Tokens differ in size by up to 2^spread. */
  spread: number;
  seed: number;
}

/** Normal numbers [tokens, channels] with outlier channels. */
export function outlierActivations({ tokens, channels, outliers, size, spread, seed }: OutlierOptions): Float32Array {
  const random = new Random(seed);
  const isOutlier = new Array<boolean>(channels).fill(false);
  for (let i = 0; i < outliers; i++) isOutlier[Math.floor(((i + 0.5) * channels) / outliers)] = true;
  const values = new Float32Array(tokens * channels);
  for (let t = 0; t < tokens; t++) {
    const scale = 2 ** (-spread * random.uniform());
    for (let c = 0; c < channels; c++) values[t * channels + c] = random.normal() * scale * (isOutlier[c] ? size : 1);
  }
  return values;
}

/**
 * SmoothQuant (Xiao et al., 2022, equation 4): each input channel j is divided by s_j = max|x_j|^α / max|w_j|^(1 − α)
 * in the activations and multiplied by it in the weight. The product stays the same; the outliers are now shared
 * between both sides. It is for trained models: s comes from activations that were recorded before.
 *
 * @param x [tokens, channels]
 * @param w [outputs, channels]
 * @param alpha 0 leaves the activations as they are, 1 makes all their channels equally large
 * @returns x and w, smoothed
 */
export function smooth(
  x: Float32Array,
  w: Float32Array,
  channels: number,
  alpha = 0.5,
): { x: Float32Array; w: Float32Array } {
  const [largestX, largestW] = [x, w].map((values) => {
    const most = new Float64Array(channels);
    values.forEach((value, i) => (most[i % channels] = Math.max(most[i % channels], Math.abs(value))));
    return most;
  });
  const factor = largestX.map((most, c) =>
    most > 0 && largestW[c] > 0 ? most ** alpha / largestW[c] ** (1 - alpha) : 1,
  );
  return { x: x.map((value, i) => value / factor[i % channels]), w: w.map((value, i) => value * factor[i % channels]) };
}
