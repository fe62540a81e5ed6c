/** RMSNorm and its gradients, row by row: a row stays in the innermost cache between its two passes. */
import { bytes, multiplyAdd } from "./arithmetic";
import { inFours, put, sumOf, take } from "./elements";

/** out = w ⊙ x · r with r = 1 / √(mean(x²) + ε), for x [rows, width] and w [width]. */
export function rmsNorm(x: usize, w: usize, out: usize, rows: i32, width: i32, epsilon: f32): void {
  const end = bytes(width);
  const whole = inFours(width);
  for (let row = 0; row < rows; row++) {
    const r = f32x4.splat(inverseRoot(squaresOf(x, width), width, epsilon));
    let at: usize = 0;
    for (; at < whole; at += 16) scaled(x + at, w + at, r, out + at, true);
    for (; at < end; at += 4) scaled(x + at, w + at, r, out + at, false);
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
    const scale = inverseRoot(squaresOf(x, width), width, epsilon);
    let along = f32x4.splat(0);
    let at: usize = 0;
    for (; at < whole; at += 16) along = product(x + at, w + at, dy + at, along, true);
    for (; at < end; at += 4) along = product(x + at, w + at, dy + at, along, false);
    const r = f32x4.splat(scale);
    const c = f32x4.splat((sumOf(along) / <f32>width) * scale * scale * scale);
    for (at = 0; at < whole; at += 16) gradients(x + at, w + at, dy + at, r, c, dx + at, dw + at, true);
    for (; at < end; at += 4) gradients(x + at, w + at, dy + at, r, c, dx + at, dw + at, false);
    x += end;
    dy += end;
    dx += end;
  }
}

/** Σ x² of a row. */
function squaresOf(x: usize, width: i32): f32 {
  const end = x + bytes(width);
  const whole = x + inFours(width);
  const pairs = x + bytes(width & ~7);
  let even = f32x4.splat(0);
  let odd = even;
  for (; x < pairs; x += 32) {
    even = square(x, even, true);
    odd = square(x + 16, odd, true);
  }
  for (; x < whole; x += 16) even = square(x, even, true);
  for (; x < end; x += 4) odd = square(x, odd, false);
  return sumOf(f32x4.add(even, odd));
}

// What is done to four numbers, or to one at the end of a row.

function square(x: usize, sum: v128, four: bool): v128 {
  const xs = take(x, four);
  return multiplyAdd(xs, xs, sum);
}

function scaled(x: usize, w: usize, r: v128, out: usize, four: bool): void {
  put(out, f32x4.mul(f32x4.mul(take(x, four), r), take(w, four)), four);
}

function product(x: usize, w: usize, dy: usize, sum: v128, four: bool): v128 {
  return multiplyAdd(f32x4.mul(take(x, four), take(w, four)), take(dy, four), sum);
}

function gradients(x: usize, w: usize, dy: usize, r: v128, c: v128, dx: usize, dw: usize, four: bool): void {
  const xs = take(x, four);
  const dys = f32x4.mul(take(dy, four), r);
  put(dx, f32x4.sub(f32x4.mul(dys, take(w, four)), f32x4.mul(xs, c)), four);
  put(dw, multiplyAdd(xs, dys, take(dw, four)), four);
}

function inverseRoot(squares: f32, width: i32, epsilon: f32): f32 {
  return 1 / sqrt<f32>(squares / <f32>width + epsilon);
}
