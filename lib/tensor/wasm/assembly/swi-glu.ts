/** The inside of a gated feed-forward network, SiLU(a) ⊙ b, and its gradients. */
import { bytes } from "./arithmetic";
import { inFours, put, take } from "./elements";
import { sigmoid } from "./exponential";

/** out = a · σ(a) · b */
export function swiGlu(a: usize, b: usize, out: usize, size: i32): void {
  const end = bytes(size);
  const whole = inFours(size);
  for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
    const four = at < whole;
    const as = take(a + at, four);
    put(out + at, f32x4.mul(f32x4.mul(as, sigmoid(as)), take(b + at, four)), four);
  }
}

/** da = dy · b · σ(a) · (1 + a · (1 − σ(a))), and db = dy · a · σ(a). */
export function swiGluGradients(a: usize, b: usize, dy: usize, da: usize, db: usize, size: i32): void {
  const end = bytes(size);
  const whole = inFours(size);
  const one = f32x4.splat(1);
  for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
    const four = at < whole;
    const as = take(a + at, four);
    const s = sigmoid(as);
    const dys = f32x4.mul(take(dy + at, four), s);
    const slope = f32x4.add(one, f32x4.mul(as, f32x4.sub(one, s)));
    put(da + at, f32x4.mul(f32x4.mul(dys, take(b + at, four)), slope), four);
    put(db + at, f32x4.mul(dys, as), four);
  }
}
