/** What an optimiser does to the numbers of one tensor, each in one pass over memory. */
import { bytes } from "./arithmetic";
import { inFours, put, take } from "./elements";

/**
 * AdamW (the formula is in lib/tensor/optimiser-step.ts), rounded as one operation after the other would be.
 *
 * @param clip where the factor on the gradient is
 * @param kept 1 − α·λ
 * @param rate α / (1 − β₁ᵗ)
 * @param unbias 1 / (1 − β₂ᵗ)
 */
export function adamw(
  p: usize,
  m: usize,
  v: usize,
  g: usize,
  clip: usize,
  newP: usize,
  newM: usize,
  newV: usize,
  size: i32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  kept: f32,
  rate: f32,
  unbias: f32,
  epsilon: f32,
): void {
  const clips = v128.load32_splat(clip);
  const beta1s = f32x4.splat(beta1);
  const rest1s = f32x4.splat(rest1);
  const beta2s = f32x4.splat(beta2);
  const rest2s = f32x4.splat(rest2);
  const kepts = f32x4.splat(kept);
  const rates = f32x4.splat(rate);
  const unbiases = f32x4.splat(unbias);
  const epsilons = f32x4.splat(epsilon);
  const end = bytes(size);
  const whole = inFours(size);
  for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
    const four = at < whole;
    const gs = f32x4.mul(take(g + at, four), clips);
    const ms = take(m + at, four);
    const vs = take(v + at, four);
    const ps = take(p + at, four);
    const nextM = f32x4.add(f32x4.mul(ms, beta1s), f32x4.mul(gs, rest1s));
    const nextV = f32x4.add(f32x4.mul(vs, beta2s), f32x4.mul(f32x4.mul(gs, gs), rest2s));
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(nextV, unbiases)), epsilons);
    const nextP = f32x4.sub(f32x4.mul(ps, kepts), f32x4.div(f32x4.mul(nextM, rates), root));
    put(newM + at, nextM, four);
    put(newV + at, nextV, four);
    put(newP + at, nextP, four);
  }
}

/** Σ x², added up in float64. */
export function sumOfSquares(x: usize, size: i32): f64 {
  let low = f64x2.splat(0);
  let high = low;
  let at = x;
  const whole = x + inFours(size);
  for (; at < whole; at += 16) {
    const four = v128.load(at);
    const first = f64x2.promote_low_f32x4(four);
    const second = f64x2.promote_low_f32x4(v128.shuffle<f32>(four, four, 2, 3, 2, 3));
    low = f64x2.add(low, f64x2.mul(first, first));
    high = f64x2.add(high, f64x2.mul(second, second));
  }
  const sums = f64x2.add(low, high);
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  for (; at < x + bytes(size); at += 4) {
    const one = <f64>load<f32>(at);
    sum += one * one;
  }
  return sum;
}
