/** RMSNorm and its gradients, row by row: a row stays in the innermost cache between its two passes. */
import { bytes, multiplyAdd } from "./arithmetic";
import { inFours, put, sumOf, take } from "./elements";

/** out = w ⊙ x · r with r = 1 / √(mean(x²) + ε), for x [rows, width] and w [width]. */
export function rmsNorm(x: usize, w: usize, out: usize, rows: i32, width: i32, epsilon: f32): void {
  const end = bytes(width);
  const whole = inFours(width);
  for (let row = 0; row < rows; row++) {
    let squares = f32x4.splat(0);
    for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
      const xs = take(x + at, at < whole);
      squares = multiplyAdd(xs, xs, squares);
    }
    const r = f32x4.splat(inverseRoot(squares, width, epsilon));
    for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
      const four = at < whole;
      put(out + at, f32x4.mul(f32x4.mul(take(x + at, four), r), take(w + at, four)), four);
    }
    x += end;
    out += end;
  }
}

/** dx = r · (w ⊙ dy) − x · r³ · mean(x ⊙ w ⊙ dy), and dw = Σ over rows of x · r ⊙ dy. */
export function rmsNormGradients(
  x: usize,
  w: usize,
  dy: usize,
  dx: usize,
  dw: usize,
  rows: i32,
  width: i32,
  epsilon: f32,
): void {
  const end = bytes(width);
  const whole = inFours(width);
  memory.fill(dw, 0, end);
  for (let row = 0; row < rows; row++) {
    let squares = f32x4.splat(0);
    let along = squares;
    for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
      const four = at < whole;
      const xs = take(x + at, four);
      squares = multiplyAdd(xs, xs, squares);
      along = multiplyAdd(f32x4.mul(xs, take(w + at, four)), take(dy + at, four), along);
    }
    const scale = inverseRoot(squares, width, epsilon);
    const r = f32x4.splat(scale);
    const c = f32x4.splat((sumOf(along) / <f32>width) * scale * scale * scale);
    for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
      const four = at < whole;
      const xs = take(x + at, four);
      const dys = f32x4.mul(take(dy + at, four), r);
      put(dx + at, f32x4.sub(f32x4.mul(dys, take(w + at, four)), f32x4.mul(xs, c)), four);
      put(dw + at, multiplyAdd(xs, dys, take(dw + at, four)), four);
    }
    x += end;
    dy += end;
    dx += end;
  }
}

function inverseRoot(squares: v128, width: i32, epsilon: f32): f32 {
  return 1 / sqrt<f32>(sumOf(squares) / <f32>width + epsilon);
}
