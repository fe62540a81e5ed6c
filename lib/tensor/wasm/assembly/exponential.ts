/** eˣ in each of the four lanes. */
import { multiplyAdd } from "./arithmetic";

/** Beyond these eˣ is no normal float32: what is smaller gives the smallest one, what is larger the largest. */
const LEAST: f32 = -87.33;
const LARGEST: f32 = 88.37;

/**
 * x = n·ln 2 + r with a whole n, so eˣ = 2ⁿ·eʳ; r is at most ln 2 / 2, and a polynomial of degree 7 gives eʳ to the last
 * bit or the one before (Moshier's Cephes library has the coefficients). ln 2 is taken in two parts, of which the first
 * times n is exact.
 */
export function exponential(value: v128): v128 {
  const x = f32x4.min(f32x4.max(value, f32x4.splat(LEAST)), f32x4.splat(LARGEST));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.4426950408889634)));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  let y = f32x4.splat(1.98756915e-4);
  y = multiplyAdd(y, r, f32x4.splat(1.3981999507e-3));
  y = multiplyAdd(y, r, f32x4.splat(8.3334519073e-3));
  y = multiplyAdd(y, r, f32x4.splat(4.1665795894e-2));
  y = multiplyAdd(y, r, f32x4.splat(1.6666665459e-1));
  y = multiplyAdd(y, r, f32x4.splat(5.0000001201e-1));
  y = f32x4.add(multiplyAdd(y, f32x4.mul(r, r), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23); // 2ⁿ as its bits
  return f32x4.mul(y, power);
}
