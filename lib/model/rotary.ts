/**
 * Rotary position embedding (Su et al., 2021) with the YaRN extension (Peng et al., 2023) that DeepSeek-V3 uses.
 *
 * Neighbouring channels (2j, 2j+1) form a pair (a, b), seen as a point in the plane. At position p the pair is turned by
 * the angle p·f_j. The product of a turned query and a turned key then depends only on the distance between them.
 * YaRN lowers the slow frequencies by a factor, so that positions far beyond the training length turn no further than
 * those that were seen.
 *
 * Frequencies and angles are rounded to float32 step by step, as the reference does: at position 100,000 one unit in
 * the last place of a frequency is already 0.01 radian.
 */
import * as tf from "@tensorflow/tfjs";
import type { ModelConfig, YarnScaling } from "./config";

const fround = Math.fround;

/** What rotate turns by: cos and sin of every angle, each repeated for both channels of its pair: [B or 1, T, 1, R]. */
export interface RotaryTables {
  cos: tf.Tensor4D;
  sin: tf.Tensor4D;
}

/**
 * The angle per position of each channel pair, in float32: f_j = θ^(-2j/R), or YaRN's mixture of f_j and f_j / factor.
 *
 * @returns [R/2] radians per position, bit-identical to the reference
 */
export function inverseFrequencies(
  config: Pick<ModelConfig, "qkRopeHeadDim" | "ropeTheta" | "ropeScaling">,
): Float32Array {
  const { qkRopeHeadDim: width, ropeTheta: theta, ropeScaling: yarn } = config;
  const pairs = width / 2;
  const frequencies = new Float32Array(pairs);
  const [low, high] = yarn === null ? [0, 0] : correctionRange(yarn, width, theta);
  for (let j = 0; j < pairs; j++) {
    const period = fround(theta ** fround((2 * j) / width));
    const original = fround(1 / period);
    if (yarn === null) {
      frequencies[j] = original;
      continue;
    }
    // 0: fast enough to be kept as it is; 1: slow, so stretched by the whole factor.
    const ramp = fround(Math.min(1, Math.max(0, fround(fround(j - low) / fround(high - low)))));
    const keep = fround(1 - ramp);
    const stretched = fround(1 / fround(yarn.factor * period));
    frequencies[j] = fround(fround(stretched * fround(1 - keep)) + fround(original * keep));
  }
  return frequencies;
}

/** The pairs between which YaRN's ramp runs: those that turn betaFast and betaSlow times within the training length. */
function correctionRange(yarn: YarnScaling, width: number, theta: number): [number, number] {
  const pairThatTurns = (turns: number) =>
    (width * Math.log(yarn.originalMaxPositionEmbeddings / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const low = Math.max(Math.floor(pairThatTurns(yarn.betaFast)), 0);
  const high = Math.min(Math.ceil(pairThatTurns(yarn.betaSlow)), width - 1);
  return [low, low === high ? high + 0.001 : high]; // the reference's guard against a division by zero
}

/** YaRN's attention temperature: 0.1 · mscale · ln(factor) + 1, and 1 where nothing is stretched. */
function yarnTemperature(factor: number, mscale: number): number {
  return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
}

/**
 * The factor on query-key products: (nope + rope)^(-1/2), times YaRN's temperature squared (0.1352 for DeepSeek-V3).
 * The square multiplies the whole score, the part without positions as well.
 */
export function softmaxScale(config: Pick<ModelConfig, "qkNopeHeadDim" | "qkRopeHeadDim" | "ropeScaling">): number {
  const yarn = config.ropeScaling;
  const temperature = yarn === null || yarn.mscaleAllDim === 0 ? 1 : yarnTemperature(yarn.factor, yarn.mscaleAllDim);
  return (config.qkNopeHeadDim + config.qkRopeHeadDim) ** -0.5 * temperature ** 2;
}

/** What YaRN puts on cos and sin themselves: 1 for DeepSeek-V3, whose mscale and mscale_all_dim are equal. */
function tableScale(yarn: YarnScaling | null): number {
  if (yarn === null) return 1;
  if (yarn.mscale === 0 || yarn.mscaleAllDim === 0) return yarnTemperature(yarn.factor, 1);
  return yarnTemperature(yarn.factor, yarn.mscale) / yarnTemperature(yarn.factor, yarn.mscaleAllDim);
}

/**
 * cos and sin for the given positions.
 *
 * @param positions [B or 1][T]; one row serves a whole batch
 */
export function rotaryTables(config: ModelConfig, positions: number[][]): RotaryTables {
  const [rows, tokens, width] = [positions.length, positions[0].length, config.qkRopeHeadDim];
  const { cos, sin } = rotaryValues(config, inverseFrequencies(config), positions.flat());
  const shape: [number, number, number, number] = [rows, tokens, 1, width];
  return { cos: tf.tensor4d(cos, shape), sin: tf.tensor4d(sin, shape) };
}

/**
 * The same as plain numbers: R of each for every position, equal for both channels of a pair.
 *
 * @param frequencies as inverseFrequencies gives them
 */
export function rotaryValues(
  config: Pick<ModelConfig, "ropeScaling">,
  frequencies: Float32Array,
  positions: number[],
): { cos: Float32Array; sin: Float32Array } {
  const scale = tableScale(config.ropeScaling);
  const cos = new Float32Array(positions.length * 2 * frequencies.length);
  const sin = new Float32Array(cos.length);
  let at = 0;
  for (const position of positions) {
    for (const frequency of frequencies) {
      const angle = fround(position * frequency);
      cos[at] = cos[at + 1] = fround(Math.cos(angle)) * scale;
      sin[at] = sin[at + 1] = fround(Math.sin(angle)) * scale;
      at += 2;
    }
  }
  return { cos, sin };
}
