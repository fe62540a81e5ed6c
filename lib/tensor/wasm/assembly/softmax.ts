/**
 * Causal softmax and its gradient. Query t of T is key S − T + t of S and sees the keys up to itself; those behind are
 * not read, and their probability is 0.
 */
import { bytes, multiplyAdd } from "./arithmetic";
import { inFours, put, sumOf, take } from "./elements";
import { exponential } from "./exponential";

/**
 * out = softmax((a + b) · scale) over the keys that are seen, for scores [rows, keys], of which `queries` rows in
 * sequence are one sequence's.
 *
 * @param b 0 where the scores have one part only
 */
export function causalSoftmax(a: usize, b: usize, out: usize, rows: i32, queries: i32, keys: i32, scale: f32): void {
  const scales = f32x4.splat(scale);
  const lowest = f32x4.splat(-f32.MAX_VALUE);
  const wide = bytes(keys);
  let seen = keys - queries;
  for (let row = 0; row < rows; row++) {
    seen = row % queries === 0 ? keys - queries + 1 : seen + 1;
    const end = bytes(seen);
    const whole = inFours(seen);
    let top = f32x4.splat(-Infinity);
    for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
      const four = at < whole;
      let score = take(a + at, four);
      if (b !== 0) score = f32x4.add(score, take(b + at, four));
      score = f32x4.mul(score, scales);
      put(out + at, score, four);
      if (!four) score = v128.shuffle<f32>(score, lowest, 0, 4, 4, 4);
      top = f32x4.pmax(top, score); // NaN is passed over, and comes back with the sum
    }
    top = f32x4.pmax(top, v128.shuffle<f32>(top, top, 2, 3, 0, 1));
    top = f32x4.pmax(top, v128.shuffle<f32>(top, top, 1, 0, 3, 2));
    let sums = f32x4.splat(0);
    for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
      const four = at < whole;
      let e = exponential(f32x4.sub(take(out + at, four), top));
      put(out + at, e, four);
      if (!four) e = v128.shuffle<f32>(e, f32x4.splat(0), 0, 4, 4, 4);
      sums = f32x4.add(sums, e);
    }
    const share = f32x4.splat(1 / sumOf(sums));
    for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
      put(out + at, f32x4.mul(take(out + at, at < whole), share), at < whole);
    }
    memory.fill(out + end, 0, wide - end);
    a += wide;
    if (b !== 0) b += wide;
    out += wide;
  }
}

/** d score = scale · p · (dp − Σ p · dp), for either part of the scores. */
export function causalSoftmaxGradient(
  p: usize,
  dp: usize,
  out: usize,
  rows: i32,
  queries: i32,
  keys: i32,
  scale: f32,
): void {
  const scales = f32x4.splat(scale);
  const wide = bytes(keys);
  let seen = keys - queries;
  for (let row = 0; row < rows; row++) {
    seen = row % queries === 0 ? keys - queries + 1 : seen + 1;
    const end = bytes(seen);
    const whole = inFours(seen);
    let sums = f32x4.splat(0);
    for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
      sums = multiplyAdd(take(p + at, at < whole), take(dp + at, at < whole), sums);
    }
    const along = f32x4.splat(sumOf(sums));
    for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
      const four = at < whole;
      const above = f32x4.sub(take(dp + at, four), along);
      put(out + at, f32x4.mul(f32x4.mul(take(p + at, four), above), scales), four);
    }
    memory.fill(out + end, 0, wide - end);
    p += wide;
    dp += wide;
    out += wide;
  }
}
