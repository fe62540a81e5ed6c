/** Cross-entropy of rows of logits, with its gradient in the same pass. */
import { bytes } from "./arithmetic";
import { inFours, put, sumOf, take } from "./elements";
import { exponential } from "./exponential";

/**
 * excess = softmax(logits) − one-hot(targets), [rows, V]. The loss of a row is ln of its sum minus its logit of the target,
 * both counted from its largest logit.
 *
 * @param targets int32 [rows], each from 0 to V − 1
 * @param sums Σ exp(logits − largest) of each row
 * @returns Σ over rows of (logit of the target − largest)
 */
export function crossEntropy(logits: usize, targets: usize, excess: usize, sums: usize, rows: i32, V: i32): f64 {
  const end = bytes(V);
  const whole = inFours(V);
  const lowest = f32x4.splat(-f32.MAX_VALUE);
  let total: f64 = 0;
  for (let row = 0; row < rows; row++) {
    let top = f32x4.splat(-Infinity);
    for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
      let xs = take(logits + at, at < whole);
      if (at >= whole) xs = v128.shuffle<f32>(xs, lowest, 0, 4, 4, 4);
      top = f32x4.pmax(top, xs);
    }
    top = f32x4.pmax(top, v128.shuffle<f32>(top, top, 2, 3, 0, 1));
    top = f32x4.pmax(top, v128.shuffle<f32>(top, top, 1, 0, 3, 2));
    let parts = f32x4.splat(0);
    for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
      const four = at < whole;
      let e = exponential(f32x4.sub(take(logits + at, four), top));
      put(excess + at, e, four);
      if (!four) e = v128.shuffle<f32>(e, f32x4.splat(0), 0, 4, 4, 4);
      parts = f32x4.add(parts, e);
    }
    const sum = sumOf(parts);
    store<f32>(sums + bytes(row), sum);
    const share = f32x4.splat(1 / sum);
    for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
      put(excess + at, f32x4.mul(take(excess + at, at < whole), share), at < whole);
    }
    const target = bytes(load<i32>(targets + bytes(row)));
    store<f32>(excess + target, load<f32>(excess + target) - 1);
    total += <f64>(load<f32>(logits + target) - f32x4.extract_lane(top, 0));
    logits += end;
    excess += end;
  }
  return total;
}
