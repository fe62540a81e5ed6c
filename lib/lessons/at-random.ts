/**
 * What exercises draw their cases with (lib/notebook/exercise/drawn.ts). Numbers have few digits, so that a message can
 * show the call.
 */
import { Random } from "../tensor/random";

/** What an exercise draws: arguments from random numbers, which a seed decides. */
export const fromSeed =
  <A>(draw: (random: Random) => A) =>
  (seed: number): A =>
    draw(new Random(seed));

/** A number of three digits between two others. */
export function numberBetween(random: Random, low: number, high: number): number {
  return shortened(low + (high - low) * random.uniform());
}

/** The number with so many digits, 3 unless said. */
export function shortened(value: number, digits = 3): number {
  return Number(value.toPrecision(digits));
}

/** A whole number, both ends included. */
export function wholeBetween(random: Random, low: number, high: number): number {
  return low + random.integer(high - low + 1);
}

/** One of the items, each as likely. */
export function oneOf<T>(random: Random, items: readonly T[]): T {
  return items[random.integer(items.length)];
}

/** A seed for what makes tensors from one. */
export function seedFrom(random: Random): number {
  return random.integer(2 ** 32);
}

/**
 * n numbers between two others in random order, with four decimals. Any two are at least half of (high − low) / n apart:
 * however an answer rounds, it finds the same order.
 */
export function farApart(random: Random, n: number, low: number, high: number): number[] {
  const step = (high - low) / n;
  const places = random.shuffle(Array.from({ length: n }, (_, i) => i));
  return places.map((place) => Number((low + step * (place + 0.25 + 0.5 * random.uniform())).toFixed(4)));
}

/** The same in ascending order. */
export function ascending(random: Random, n: number, low: number, high: number): number[] {
  return farApart(random, n, low, high).sort((a, b) => a - b);
}

/** How far the two of the values that are closest are apart. */
export function smallestGap(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.min(...sorted.slice(1).map((value, i) => value - sorted[i]));
}

/**
 * The first that is good of those that are made: what is close to a tie or a border is drawn again.
 * @throws {Error} if none of a thousand is
 */
export function firstGood<T>(make: () => T, good: (made: T) => boolean): T {
  for (let i = 0; i < 1000; i++) {
    const made = make();
    if (good(made)) return made;
  }
  throw new Error("firstGood: none of a thousand is good");
}
