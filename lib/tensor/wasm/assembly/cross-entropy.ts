/** Cross-entropy of rows of logits, with its gradient in the same pass. */
import { bytes } from "./arithmetic";
import { inFours } from "./elements";
import { largestOf, normalise } from "./normalise";

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
  let total: f64 = 0;
  for (let row = 0; row < rows; row++) {
    let top = f32x4.splat(-Infinity);
    let at: usize = 0;
    for (; at < whole; at += 16) top = f32x4.pmax(top, v128.load(logits + at));
    for (; at < end; at += 4) top = f32x4.pmax(top, v128.load32_splat(logits + at));
    top = largestOf(top);
    store<f32>(sums + bytes(row), normalise(logits, excess, V, top));
    const target = bytes(load<i32>(targets + bytes(row)));
    store<f32>(excess + target, load<f32>(excess + target) - 1);
    total += <f64>(load<f32>(logits + target) - f32x4.extract_lane(top, 0));
    logits += end;
    excess += end;
  }
  return total;
}
