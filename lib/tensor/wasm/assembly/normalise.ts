/** What softmax and cross-entropy do to a row of numbers. */
import { bytes } from "./arithmetic";
import { inFours, sumOf } from "./elements";
import { exponential } from "./exponential";

/** The largest of the four lanes, in all of them; NaN is passed over where another number comes first. */
export function largestOf(x: v128): v128 {
  const pairs = f32x4.pmax(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.pmax(pairs, v128.shuffle<f32>(pairs, pairs, 1, 0, 3, 2));
}

/**
 * out = exp(x − top) / Σ exp(x − top), for `size` numbers; x and out may be one place.
 *
 * @param top the largest of x in each lane
 * @returns the sum
 */
export function normalise(x: usize, out: usize, size: i32, top: v128): f32 {
  const end = bytes(size);
  const whole = inFours(size);
  let sums = f32x4.splat(0);
  let at: usize = 0;
  for (; at < whole; at += 16) {
    const e = exponential(f32x4.sub(v128.load(x + at), top));
    v128.store(out + at, e);
    sums = f32x4.add(sums, e);
  }
  let sum = sumOf(sums);
  for (; at < end; at += 4) {
    const e = exponential(f32x4.sub(v128.load32_splat(x + at), top));
    v128.store32_lane(out + at, e, 0);
    sum += f32x4.extract_lane(e, 0);
  }
  const share = f32x4.splat(1 / sum);
  for (at = 0; at < whole; at += 16) v128.store(out + at, f32x4.mul(v128.load(out + at), share));
  for (; at < end; at += 4) v128.store32_lane(out + at, f32x4.mul(v128.load32_zero(out + at), share), 0);
  return sum;
}
