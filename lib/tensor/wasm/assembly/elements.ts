/** Four numbers in a row, or what is left of them at the end. */
import { bytes } from "./arithmetic";

/** The bytes of those of `size` numbers that come in fours. */
export function inFours(size: i32): usize {
  return bytes(size & ~3);
}

/** The four numbers at a place, or where `four` is false, one and zeros. */
export function take(at: usize, four: bool): v128 {
  return four ? v128.load(at) : v128.load32_zero(at);
}

/** Writes the four numbers, or where `four` is false, the first. */
export function put(at: usize, x: v128, four: bool): void {
  if (four) v128.store(at, x);
  else v128.store32_lane(at, x, 0);
}

/** The sum of the four lanes. */
export function sumOf(x: v128): f32 {
  const sums = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1);
}

/** to += from, of so many numbers. */
export function addTo(to: usize, from: usize, size: i32): void {
  const whole = inFours(size);
  for (let at: usize = 0; at < bytes(size); at += at < whole ? 16 : 4) {
    const four = at < whole;
    put(to + at, f32x4.add(take(to + at, four), take(from + at, four)), four);
  }
}
