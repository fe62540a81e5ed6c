/** Comparing numbers with a tolerance, and counting tensors. */
import * as tf from "@tensorflow/tfjs";
import { expect } from "vitest";

export interface Tolerance {
  rtol: number;
  atol: number;
}

type Numbers = tf.Tensor | ArrayLike<number>;

/**
 * Holds where |actual − expected| ≤ atol + rtol · |expected| for every number; tensors must have equal shapes too.
 *
 * @throws with the first number that is off, the worst one, and how many are
 */
export function expectClose(
  actual: Numbers,
  expected: Numbers,
  { rtol, atol }: Tolerance = { rtol: 1e-5, atol: 1e-5 },
): void {
  if (actual instanceof tf.Tensor && expected instanceof tf.Tensor) expect(actual.shape).toEqual(expected.shape);
  const [a, e] = [actual, expected].map((numbers) => (numbers instanceof tf.Tensor ? numbers.dataSync() : numbers));
  if (a.length !== e.length) throw new Error(`expectClose: ${a.length} numbers, expected ${e.length}`);
  // Equal infinities are close, and NaN where NaN is expected; a difference that is NaN is not.
  const excess = Array.from(a as ArrayLike<number>, (value, i) =>
    Object.is(value, e[i]) || value === e[i] ? 0 : Math.abs(value - e[i]) - (atol + rtol * Math.abs(e[i])),
  );
  const off = excess.flatMap((x, i) => (x <= 0 ? [] : [i]));
  if (off.length === 0) return;
  const worst = off.reduce((w, i) => (excess[i] > excess[w] ? i : w), off[0]);
  const show = (i: number) => `[${i}] ${a[i]}, expected ${e[i]}`;
  throw new Error(
    `expectClose: ${off.length} of ${a.length} are off: first ${show(off[0])}; worst ${show(worst)} (rtol ${rtol}, atol ${atol})`,
  );
}

/** Runs f and holds that it leaves exactly so many tensors more than before. */
export async function expectNoLeak(f: () => Promise<void> | void, kept = 0): Promise<void> {
  const before = tf.memory().numTensors;
  await f();
  expect(tf.memory().numTensors - before, "tensors left behind").toBe(kept);
}
