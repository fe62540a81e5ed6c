/**
 * Seeded random numbers: whoever runs a lesson again gets the same weights, the same tokens, the same picture.
 *
 * The generator is xoshiro128** (Blackman and Vigna, 2021), its state filled from the seed by splitmix32, so that
 * neighbouring seeds give unrelated sequences.
 */
import * as tf from "@tensorflow/tfjs";

export class Random {
  private readonly state: Uint32Array;
  private spare: number | undefined; // normal numbers come in pairs

  /** @throws if the seed is not a whole number of 32 bits: larger ones would repeat the sequences of smaller ones */
  constructor(seed: number) {
    if (!Number.isInteger(seed)) throw new Error(`Random: the seed must be a whole number, not ${seed}`);
    if (seed < -(2 ** 31) || seed >= 2 ** 32) {
      throw new Error(`Random: the seed is ${seed}; it must be from ${-(2 ** 31)} to ${2 ** 32 - 1}`);
    }
    let mixed = seed | 0;
    this.state = Uint32Array.from({ length: 4 }, () => {
      mixed = (mixed + 0x9e3779b9) | 0;
      let z = mixed ^ (mixed >>> 16);
      z = Math.imul(z, 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return z ^ (z >>> 15);
    });
  }

  /** A number from 0 up to but not including 1, with 32 random bits. */
  uniform(): number {
    const s = this.state;
    const result = Math.imul(rotated(Math.imul(s[1], 5), 7), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotated(s[3], 11);
    return result / 2 ** 32;
  }

  /** A normal number of mean 0 and deviation 1 (Box and Muller, 1958). */
  normal(): number {
    if (this.spare !== undefined) {
      const spare = this.spare;
      this.spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform())); // 1 - u is never 0
    const angle = 2 * Math.PI * this.uniform();
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** A whole number from 0 up to but not including n. */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** The items in random order; the given array stays as it is (Fisher and Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
    }
    return shuffled;
  }

  /** A tensor of normal numbers of mean 0 and the given deviation. */
  normalTensor(shape: number[], std = 1): tf.Tensor {
    const values = new Float32Array(tf.util.sizeFromShape(shape));
    for (let i = 0; i < values.length; i++) values[i] = this.normal() * std;
    return tf.tensor(values, shape);
  }
}

/** 32 bits, turned left by k. No function within uniform(): made for each number, it took most of the time. */
function rotated(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}
