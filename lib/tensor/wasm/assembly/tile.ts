/**
 * The inner loops of a large product: up to ROWS rows of the left side times one packed panel of the right side. The
 * sums stay in registers until all K terms are added, one after the other.
 *
 * Row r of the left side begins at a + r·row, and its next number is `step` bytes further. The panel is [K, 8].
 */
import { multiplyAdd } from "./arithmetic";

/**
 * Rows of a tile. A processor that begins two fused multiply-adds a cycle, each of which takes four, needs eight sums at
 * once; with the twelve of six rows it never waits. Multiplying and adding apart takes a register more, and of sixteen
 * there is none left: then it is four.
 */
export const ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/** out [rows, 8] = a·panel; rows of out are `wide` bytes apart. */
export function tile(
  rows: i32,
  a: usize,
  row: usize,
  step: usize,
  panel: usize,
  K: i32,
  out: usize,
  wide: usize,
): void {
  if (ROWS === 6 && rows === 6) return tileOf6(a, row, step, panel, K, out, wide);
  let done = 0;
  if (rows >= 3) {
    done = min(4, rows);
    tileOf4(done, a, row, step, panel, K, out, wide);
  }
  if (rows - done >= 2) {
    tileOf2(a + <usize>done * row, row, step, panel, K, out + <usize>done * wide, wide);
    done += 2;
  }
  if (rows !== done) tileOf1(a + <usize>done * row, step, panel, K, out + <usize>done * wide);
}

function tileOf6(a: usize, row: usize, step: usize, panel: usize, K: i32, out: usize, wide: usize): void {
  let a0 = a;
  let a1 = a0 + row;
  let a2 = a1 + row;
  let a3 = a2 + row;
  let a4 = a3 + row;
  let a5 = a4 + row;
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let c50 = c00;
  let c51 = c00;
  const end = panel + ((<usize>K) << 5);
  for (let p = panel; p < end; p += 32) {
    const b0 = v128.load(p);
    const b1 = v128.load(p, 16);
    const x0 = v128.load32_splat(a0);
    c00 = multiplyAdd(x0, b0, c00);
    c01 = multiplyAdd(x0, b1, c01);
    const x1 = v128.load32_splat(a1);
    c10 = multiplyAdd(x1, b0, c10);
    c11 = multiplyAdd(x1, b1, c11);
    const x2 = v128.load32_splat(a2);
    c20 = multiplyAdd(x2, b0, c20);
    c21 = multiplyAdd(x2, b1, c21);
    const x3 = v128.load32_splat(a3);
    c30 = multiplyAdd(x3, b0, c30);
    c31 = multiplyAdd(x3, b1, c31);
    const x4 = v128.load32_splat(a4);
    c40 = multiplyAdd(x4, b0, c40);
    c41 = multiplyAdd(x4, b1, c41);
    const x5 = v128.load32_splat(a5);
    c50 = multiplyAdd(x5, b0, c50);
    c51 = multiplyAdd(x5, b1, c51);
    a0 += step;
    a1 += step;
    a2 += step;
    a3 += step;
    a4 += step;
    a5 += step;
  }
  storeEight(out, c00, c01);
  storeEight(out + wide, c10, c11);
  storeEight(out + 2 * wide, c20, c21);
  storeEight(out + 3 * wide, c30, c31);
  storeEight(out + 4 * wide, c40, c41);
  storeEight(out + 5 * wide, c50, c51);
}

/** Three or four rows. The third of three is computed twice: that takes less time than two and one. */
function tileOf4(rows: i32, a: usize, row: usize, step: usize, panel: usize, K: i32, out: usize, wide: usize): void {
  let a0 = a;
  let a1 = a0 + row;
  let a2 = a1 + row;
  let a3 = rows === 4 ? a2 + row : a2;
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  const end = panel + ((<usize>K) << 5);
  for (let p = panel; p < end; p += 32) {
    const b0 = v128.load(p);
    const b1 = v128.load(p, 16);
    const x0 = v128.load32_splat(a0);
    c00 = multiplyAdd(x0, b0, c00);
    c01 = multiplyAdd(x0, b1, c01);
    const x1 = v128.load32_splat(a1);
    c10 = multiplyAdd(x1, b0, c10);
    c11 = multiplyAdd(x1, b1, c11);
    const x2 = v128.load32_splat(a2);
    c20 = multiplyAdd(x2, b0, c20);
    c21 = multiplyAdd(x2, b1, c21);
    const x3 = v128.load32_splat(a3);
    c30 = multiplyAdd(x3, b0, c30);
    c31 = multiplyAdd(x3, b1, c31);
    a0 += step;
    a1 += step;
    a2 += step;
    a3 += step;
  }
  storeEight(out, c00, c01);
  storeEight(out + wide, c10, c11);
  storeEight(out + 2 * wide, c20, c21);
  if (rows === 4) storeEight(out + 3 * wide, c30, c31);
}

function tileOf2(a: usize, row: usize, step: usize, panel: usize, K: i32, out: usize, wide: usize): void {
  let a0 = a;
  let a1 = a0 + row;
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  const end = panel + ((<usize>K) << 5);
  for (let p = panel; p < end; p += 32) {
    const b0 = v128.load(p);
    const b1 = v128.load(p, 16);
    const x0 = v128.load32_splat(a0);
    c00 = multiplyAdd(x0, b0, c00);
    c01 = multiplyAdd(x0, b1, c01);
    const x1 = v128.load32_splat(a1);
    c10 = multiplyAdd(x1, b0, c10);
    c11 = multiplyAdd(x1, b1, c11);
    a0 += step;
    a1 += step;
  }
  storeEight(out, c00, c01);
  storeEight(out + wide, c10, c11);
}

function tileOf1(a: usize, step: usize, panel: usize, K: i32, out: usize): void {
  let c0 = f32x4.splat(0);
  let c1 = c0;
  const end = panel + ((<usize>K) << 5);
  for (let p = panel; p < end; p += 32) {
    const x = v128.load32_splat(a);
    c0 = multiplyAdd(x, v128.load(p), c0);
    c1 = multiplyAdd(x, v128.load(p, 16), c1);
    a += step;
  }
  storeEight(out, c0, c1);
}

function storeEight(out: usize, left: v128, right: v128): void {
  v128.store(out, left);
  v128.store(out, right, 16);
}
