/**
 * How wrong scores get when W^UK is absorbed although keys are turned: a root mean square over many pairs of a query and
 * a key, as a share of the scores' own.
 */
import * as tf from "@tensorflow/tfjs";
import { tinyConfig } from "../../model/config";
import { rotaryTables } from "../../model/rotary";
import { rotate } from "../../tensor/nn";
import { Random } from "../../tensor/random";

export interface RotaryErrors {
  distances: number[];
  /** As if neither were turned. */
  ignored: number[];
  /** The query turned by its own position, which is the largest distance; the key not. */
  queryOnly: number[];
}

/**
 * @param width channels of query and key, all turned
 * @param pairs at each distance
 */
export function rotaryErrors(width: number, farthest: number, pairs: number, seed: number): RotaryErrors {
  const config = tinyConfig({ qkRopeHeadDim: width, ropeScaling: null });
  const random = new Random(seed);
  const distances = Array.from({ length: farthest + 1 }, (_, distance) => distance);
  return tf.tidy(() => {
    const made = () => random.normalTensor([1, 1, pairs, width]) as tf.Tensor4D;
    const [query, key] = [made(), made()];
    const turned = (x: tf.Tensor4D, positions: number[]) =>
      rotate(x.tile([1, positions.length, 1, 1]), rotaryTables(config, [positions])); // [1, positions, pairs, width]
    const score = (q: tf.Tensor4D, k: tf.Tensor4D) => q.mul(k).sum<tf.Tensor3D>(3); // [1, positions, pairs]
    const turnedQuery = turned(query, [farthest]);
    const keys = turned(
      key,
      distances.map((distance) => farthest - distance),
    );
    const right = score(turnedQuery, keys);
    const size = right.square().mean().sqrt();
    const wrong = (approximate: tf.Tensor3D) =>
      Array.from(approximate.sub(right).square().mean(2).sqrt().div(size).dataSync());
    return { distances, ignored: wrong(score(query, key)), queryOnly: wrong(score(turnedQuery, key)) };
  });
}
