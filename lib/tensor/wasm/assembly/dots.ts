/** A few rows times a matrix that is stored transposed: each result is the product of two rows of numbers. */
import { bytes, multiplyAdd } from "./arithmetic";
import { sumOf } from "./elements";

/** out [rows, N] = a·bᵀ for a [rows, K] and b [N, K]; four rows of b at a time, which all rows of a meet in the cache. */
export function dots(rows: i32, a: usize, b: usize, out: usize, K: i32, N: i32): void {
  const row = bytes(K);
  let j = 0;
  for (; j + 4 <= N; j += 4) {
    const from = b + <usize>j * row;
    for (let i = 0; i < rows; i++) fourDots(a + <usize>i * row, from, row, K, out + bytes(j) + bytes(N) * <usize>i);
  }
  for (; j < N; j++) {
    const from = b + <usize>j * row;
    for (let i = 0; i < rows; i++) {
      store<f32>(out + bytes(j) + bytes(N) * <usize>i, dot(a + <usize>i * row, from, K));
    }
  }
}

function fourDots(a: usize, b: usize, row: usize, K: i32, out: usize): void {
  let b0 = b;
  let b1 = b0 + row;
  let b2 = b1 + row;
  let b3 = b2 + row;
  let c0 = f32x4.splat(0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let k = 0;
  for (; k + 4 <= K; k += 4) {
    const x = v128.load(a);
    c0 = multiplyAdd(x, v128.load(b0), c0);
    c1 = multiplyAdd(x, v128.load(b1), c1);
    c2 = multiplyAdd(x, v128.load(b2), c2);
    c3 = multiplyAdd(x, v128.load(b3), c3);
    a += 16;
    b0 += 16;
    b1 += 16;
    b2 += 16;
    b3 += 16;
  }
  for (; k < K; k++) {
    const x = v128.load32_zero(a);
    c0 = multiplyAdd(x, v128.load32_zero(b0), c0);
    c1 = multiplyAdd(x, v128.load32_zero(b1), c1);
    c2 = multiplyAdd(x, v128.load32_zero(b2), c2);
    c3 = multiplyAdd(x, v128.load32_zero(b3), c3);
    a += 4;
    b0 += 4;
    b1 += 4;
    b2 += 4;
    b3 += 4;
  }
  // The four lanes of each sum, added up: lane i of the result is the sum of the lanes of cᵢ.
  const left = f32x4.add(v128.shuffle<f32>(c0, c1, 0, 4, 1, 5), v128.shuffle<f32>(c0, c1, 2, 6, 3, 7));
  const right = f32x4.add(v128.shuffle<f32>(c2, c3, 0, 4, 1, 5), v128.shuffle<f32>(c2, c3, 2, 6, 3, 7));
  const first = v128.shuffle<f32>(left, right, 0, 1, 4, 5);
  const second = v128.shuffle<f32>(left, right, 2, 3, 6, 7);
  v128.store(out, f32x4.add(first, second));
}

function dot(a: usize, b: usize, K: i32): f32 {
  let c = f32x4.splat(0);
  let k = 0;
  for (; k + 4 <= K; k += 4) {
    c = multiplyAdd(v128.load(a), v128.load(b), c);
    a += 16;
    b += 16;
  }
  for (; k < K; k++) {
    c = multiplyAdd(v128.load32_zero(a), v128.load32_zero(b), c);
    a += 4;
    b += 4;
  }
  return sumOf(c);
}
