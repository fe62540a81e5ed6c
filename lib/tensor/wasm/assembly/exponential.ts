/** The exponential function of four numbers at once, by the method of Cephes (Moshier, expf). */
import { multiplyAdd } from "./arithmetic";

/**
 * eˣ, with a relative error below 2·10⁻⁷; where the result has no full precision any more, within its last bit. Infinite
 * above 88.73, 0 below −103.98, NaN for NaN.
 *
 *     x = n·ln 2 + r with a whole n, so |r| ≤ ½·ln 2        eˣ = 2ⁿ · (1 + r + r²·P(r))
 */
export function exponential(x: v128): v128 {
  // In this order NaN stays NaN.
  const inside = f32x4.pmax(f32x4.pmin(x, f32x4.splat(89)), f32x4.splat(-104));
  // Added to 1.5·2²³, a number is rounded to a whole one, which the last bits of the sum hold.
  const rounder = f32x4.splat(12582912);
  const shifted = f32x4.add(f32x4.mul(inside, f32x4.splat(1.4426950408889634)), rounder);
  const n = i32x4.sub(shifted, rounder);
  const whole = f32x4.sub(shifted, rounder);
  // ln 2 in two parts, of which the first times n is exact.
  const most = f32x4.sub(inside, f32x4.mul(whole, f32x4.splat(0.693359375)));
  const r = f32x4.sub(most, f32x4.mul(whole, f32x4.splat(-2.1219444e-4)));
  let p = f32x4.splat(1.98756915e-4);
  p = multiplyAdd(p, r, f32x4.splat(1.3981999507e-3));
  p = multiplyAdd(p, r, f32x4.splat(8.3334519073e-3));
  p = multiplyAdd(p, r, f32x4.splat(4.1665795894e-2));
  p = multiplyAdd(p, r, f32x4.splat(1.6666665459e-1));
  p = multiplyAdd(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(multiplyAdd(p, f32x4.mul(r, r), r), f32x4.splat(1));
  // 2ⁿ in two factors: one alone would be beyond float32 at both ends.
  const half = i32x4.shr_s(n, 1);
  return f32x4.mul(f32x4.mul(p, powerOfTwo(half)), powerOfTwo(i32x4.sub(n, half)));
}

/** 2ⁿ for whole n from −126 to 127. */
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** 1 / (1 + e⁻ˣ) */
export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exponential(f32x4.neg(x))));
}

/** eˣ of each number, for tests. */
export function exponentials(x: usize, out: usize, size: i32): void {
  for (let i = 0; i < size; i++) {
    const at = (<usize>i) << 2;
    v128.store32_lane(out + at, exponential(v128.load32_zero(x + at)), 0);
  }
}
