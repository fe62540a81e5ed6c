/**
 * Causal softmax and its gradient. Query t of T is key S − T + t of S and sees the keys up to itself; those behind are
 * not read, and their probability is 0.
 */
import { bytes, multiplyAdd } from "./arithmetic";
import { inFours, put, sumOf, take } from "./elements";
import { largestOf, normalise } from "./normalise";

/**
 * out = softmax((a + b) · scale) over the keys that are seen, for scores [rows, keys], of which `queries` rows in
 * sequence are one sequence's.
 *
 * @param b 0 where the scores have one part only
 */
export function causalSoftmax(a: usize, b: usize, out: usize, rows: i32, queries: i32, keys: i32, scale: f32): void {
  const wide = bytes(keys);
  let seen = keys - queries;
  for (let row = 0; row < rows; row++) {
    seen = row % queries === 0 ? keys - queries + 1 : seen + 1;
    softmaxOfRow(a, b, out, seen, scale);
    memory.fill(out + bytes(seen), 0, wide - bytes(seen));
    a += wide;
    if (b !== 0) b += wide;
    out += wide;
  }
}

/** out = softmax((a + b) · scale) over `seen` keys; a, b and out may be one place. */
export function softmaxOfRow(a: usize, b: usize, out: usize, seen: i32, scale: f32): void {
  const scales = f32x4.splat(scale);
  const end = bytes(seen);
  const whole = inFours(seen);
  let top = f32x4.splat(-Infinity);
  let at: usize = 0;
  for (; at < whole; at += 16) {
    let score = v128.load(a + at);
    if (b !== 0) score = f32x4.add(score, v128.load(b + at));
    score = f32x4.mul(score, scales);
    v128.store(out + at, score);
    top = f32x4.pmax(top, score); // NaN is passed over, and comes back with the sum
  }
  for (; at < end; at += 4) {
    let score = v128.load32_splat(a + at);
    if (b !== 0) score = f32x4.add(score, v128.load32_splat(b + at));
    score = f32x4.mul(score, scales);
    v128.store32_lane(out + at, score, 0);
    top = f32x4.pmax(top, score);
  }
  normalise(out, out, seen, largestOf(top));
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
  const wide = bytes(keys);
  let seen = keys - queries;
  for (let row = 0; row < rows; row++) {
    seen = row % queries === 0 ? keys - queries + 1 : seen + 1;
    gradientOfRow(p, dp, out, seen, scale);
    memory.fill(out + bytes(seen), 0, wide - bytes(seen));
    p += wide;
    dp += wide;
    out += wide;
  }
}

/** The same of one row, over `seen` keys; dp and out may be one place. */
export function gradientOfRow(p: usize, dp: usize, out: usize, seen: i32, scale: f32): void {
  const scales = f32x4.splat(scale);
  const end = bytes(seen);
  const whole = inFours(seen);
  let sums = f32x4.splat(0);
  let at: usize = 0;
  for (; at < whole; at += 16) sums = multiplyAdd(v128.load(p + at), v128.load(dp + at), sums);
  for (; at < end; at += 4) sums = multiplyAdd(v128.load32_zero(p + at), v128.load32_zero(dp + at), sums);
  const along = f32x4.splat(sumOf(sums));
  for (at = 0; at < whole; at += 16) gradient(p + at, dp + at, along, scales, out + at, true);
  for (; at < end; at += 4) gradient(p + at, dp + at, along, scales, out + at, false);
}

function gradient(p: usize, dp: usize, along: v128, scales: v128, out: usize, four: bool): void {
  const above = f32x4.sub(take(dp, four), along);
  put(out, f32x4.mul(f32x4.mul(take(p, four), above), scales), four);
}
