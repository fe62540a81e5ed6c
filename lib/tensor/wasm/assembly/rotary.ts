/** Rotary embedding: turns pairs of neighbouring channels. */
import { bytes } from "./arithmetic";

/**
 * (a, b) → (a·cos − b·sin, b·cos + a·sin) for each pair.
 *
 * @param x [tokens, heads, width], width even
 * @param cos likewise sin: [tokens, width], or those of fewer tokens, after which they begin anew
 * @param angles for how many tokens these are
 * @param direction 1, or −1 to turn back
 */
export function rotate(
  x: usize,
  cos: usize,
  sin: usize,
  out: usize,
  tokens: i32,
  heads: i32,
  width: i32,
  angles: i32,
  direction: f32,
): void {
  const sign = f32x4.mul(f32x4(-1, 1, -1, 1), f32x4.splat(direction));
  const end = bytes(width);
  const whole = bytes(width & ~3);
  for (let token = 0; token < tokens; token++) {
    const shift = <usize>(token % angles) * end;
    for (let head = 0; head < heads; head++) {
      for (let at: usize = 0; at < end; at += at < whole ? 16 : 8) {
        const four = at < whole;
        const xs = pairs(x + at, four);
        const swapped = f32x4.mul(v128.shuffle<f32>(xs, xs, 1, 0, 3, 2), sign);
        const turned = f32x4.add(
          f32x4.mul(xs, pairs(cos + shift + at, four)),
          f32x4.mul(swapped, pairs(sin + shift + at, four)),
        );
        if (four) v128.store(out + at, turned);
        else v128.store64_lane(out + at, turned, 0);
      }
      x += end;
      out += end;
    }
  }
}

/** Two pairs, or one and zeros. */
function pairs(at: usize, two: bool): v128 {
  return two ? v128.load(at) : v128.load64_zero(at);
}
