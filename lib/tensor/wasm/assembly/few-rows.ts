/**
 * A few rows times a matrix, as decoding needs them: up to four rows read the matrix once, from where it lies, and
 * nothing is packed. The terms of a sum are added in the order in which a tile adds them, so a row's result does not
 * depend on how many rows are multiplied together.
 *
 * Row r of the left side begins at a + r·row, and its next number is `step` bytes further.
 */
import { bytes, multiplyAdd } from "./arithmetic";

/** Columns at a time: their sums stay in the innermost cache. */
const COLUMNS: i32 = 1024;

/** out [rows, N] = a·b for b [K, N]; four rows of a at a time. */
export function fewRows(rows: i32, a: usize, row: usize, step: usize, b: usize, out: usize, K: i32, N: i32): void {
  memory.fill(out, 0, bytes(rows) * <usize>N);
  const wide = bytes(N);
  for (let j = 0; j < N; j += COLUMNS) {
    const columns = min(COLUMNS, N - j);
    const from = b + bytes(j);
    for (let i = 0; i < rows; i += 4) {
      const first = a + row * <usize>i;
      const to = out + wide * <usize>i + bytes(j);
      const height = rows - i;
      if (height === 1) addOneRow(first, step, from, wide, to, K, columns);
      else if (height === 2) addTwoRows(first, row, step, from, wide, to, K, columns);
      else addFourRows(min(4, height), first, row, step, from, wide, to, K, columns);
    }
  }
}

/** Four terms of each sum at a time. */
function addOneRow(a0: usize, step: usize, b0: usize, wide: usize, out0: usize, K: i32, columns: i32): void {
  const end = bytes(columns);
  let k = 0;
  for (; k + 4 <= K; k += 4) {
    const x00 = v128.load32_splat(a0);
    const x01 = v128.load32_splat(a0 + step);
    const x02 = v128.load32_splat(a0 + 2 * step);
    const x03 = v128.load32_splat(a0 + 3 * step);
    const b1 = b0 + wide;
    const b2 = b0 + 2 * wide;
    const b3 = b0 + 3 * wide;
    let j: usize = 0;
    for (; j + 16 <= end; j += 16) {
      let c0 = v128.load(out0 + j);
      const y0 = v128.load(b0 + j);
      c0 = multiplyAdd(x00, y0, c0);
      const y1 = v128.load(b1 + j);
      c0 = multiplyAdd(x01, y1, c0);
      const y2 = v128.load(b2 + j);
      c0 = multiplyAdd(x02, y2, c0);
      const y3 = v128.load(b3 + j);
      c0 = multiplyAdd(x03, y3, c0);
      v128.store(out0 + j, c0);
    }
    for (; j < end; j += 4) {
      let c0 = v128.load32_zero(out0 + j);
      const y0 = v128.load32_zero(b0 + j);
      c0 = multiplyAdd(x00, y0, c0);
      const y1 = v128.load32_zero(b1 + j);
      c0 = multiplyAdd(x01, y1, c0);
      const y2 = v128.load32_zero(b2 + j);
      c0 = multiplyAdd(x02, y2, c0);
      const y3 = v128.load32_zero(b3 + j);
      c0 = multiplyAdd(x03, y3, c0);
      v128.store32_lane(out0 + j, c0, 0);
    }
    a0 += 4 * step;
    b0 += 4 * wide;
  }
  for (; k < K; k++) {
    const x00 = v128.load32_splat(a0);
    let j: usize = 0;
    for (; j + 16 <= end; j += 16) {
      let c0 = v128.load(out0 + j);
      const y0 = v128.load(b0 + j);
      c0 = multiplyAdd(x00, y0, c0);
      v128.store(out0 + j, c0);
    }
    for (; j < end; j += 4) {
      let c0 = v128.load32_zero(out0 + j);
      const y0 = v128.load32_zero(b0 + j);
      c0 = multiplyAdd(x00, y0, c0);
      v128.store32_lane(out0 + j, c0, 0);
    }
    a0 += step;
    b0 += wide;
  }
}

function addTwoRows(
  a0: usize,
  row: usize,
  step: usize,
  b0: usize,
  wide: usize,
  out0: usize,
  K: i32,
  columns: i32,
): void {
  const end = bytes(columns);
  let a1 = a0 + row;
  const out1 = out0 + wide;
  let k = 0;
  for (; k + 4 <= K; k += 4) {
    const x00 = v128.load32_splat(a0);
    const x10 = v128.load32_splat(a1);
    const x01 = v128.load32_splat(a0 + step);
    const x11 = v128.load32_splat(a1 + step);
    const x02 = v128.load32_splat(a0 + 2 * step);
    const x12 = v128.load32_splat(a1 + 2 * step);
    const x03 = v128.load32_splat(a0 + 3 * step);
    const x13 = v128.load32_splat(a1 + 3 * step);
    const b1 = b0 + wide;
    const b2 = b0 + 2 * wide;
    const b3 = b0 + 3 * wide;
    let j: usize = 0;
    for (; j + 16 <= end; j += 16) {
      let c0 = v128.load(out0 + j);
      let c1 = v128.load(out1 + j);
      const y0 = v128.load(b0 + j);
      c0 = multiplyAdd(x00, y0, c0);
      c1 = multiplyAdd(x10, y0, c1);
      const y1 = v128.load(b1 + j);
      c0 = multiplyAdd(x01, y1, c0);
      c1 = multiplyAdd(x11, y1, c1);
      const y2 = v128.load(b2 + j);
      c0 = multiplyAdd(x02, y2, c0);
      c1 = multiplyAdd(x12, y2, c1);
      const y3 = v128.load(b3 + j);
      c0 = multiplyAdd(x03, y3, c0);
      c1 = multiplyAdd(x13, y3, c1);
      v128.store(out0 + j, c0);
      v128.store(out1 + j, c1);
    }
    for (; j < end; j += 4) {
      let c0 = v128.load32_zero(out0 + j);
      let c1 = v128.load32_zero(out1 + j);
      const y0 = v128.load32_zero(b0 + j);
      c0 = multiplyAdd(x00, y0, c0);
      c1 = multiplyAdd(x10, y0, c1);
      const y1 = v128.load32_zero(b1 + j);
      c0 = multiplyAdd(x01, y1, c0);
      c1 = multiplyAdd(x11, y1, c1);
      const y2 = v128.load32_zero(b2 + j);
      c0 = multiplyAdd(x02, y2, c0);
      c1 = multiplyAdd(x12, y2, c1);
      const y3 = v128.load32_zero(b3 + j);
      c0 = multiplyAdd(x03, y3, c0);
      c1 = multiplyAdd(x13, y3, c1);
      v128.store32_lane(out0 + j, c0, 0);
      v128.store32_lane(out1 + j, c1, 0);
    }
    a0 += 4 * step;
    a1 += 4 * step;
    b0 += 4 * wide;
  }
  for (; k < K; k++) {
    const x00 = v128.load32_splat(a0);
    const x10 = v128.load32_splat(a1);
    let j: usize = 0;
    for (; j + 16 <= end; j += 16) {
      let c0 = v128.load(out0 + j);
      let c1 = v128.load(out1 + j);
      const y0 = v128.load(b0 + j);
      c0 = multiplyAdd(x00, y0, c0);
      c1 = multiplyAdd(x10, y0, c1);
      v128.store(out0 + j, c0);
      v128.store(out1 + j, c1);
    }
    for (; j < end; j += 4) {
      let c0 = v128.load32_zero(out0 + j);
      let c1 = v128.load32_zero(out1 + j);
      const y0 = v128.load32_zero(b0 + j);
      c0 = multiplyAdd(x00, y0, c0);
      c1 = multiplyAdd(x10, y0, c1);
      v128.store32_lane(out0 + j, c0, 0);
      v128.store32_lane(out1 + j, c1, 0);
    }
    a0 += step;
    a1 += step;
    b0 += wide;
  }
}

/** Three or four rows: of three, the third is computed twice. */
function addFourRows(
  rows: i32,
  a0: usize,
  row: usize,
  step: usize,
  b0: usize,
  wide: usize,
  out0: usize,
  K: i32,
  columns: i32,
): void {
  const end = bytes(columns);
  let a1 = a0 + row;
  let a2 = a1 + row;
  let a3 = rows === 4 ? a2 + row : a2;
  const out1 = out0 + wide;
  const out2 = out1 + wide;
  const out3 = rows === 4 ? out2 + wide : out2;
  let k = 0;
  for (; k + 2 <= K; k += 2) {
    const x00 = v128.load32_splat(a0);
    const x10 = v128.load32_splat(a1);
    const x20 = v128.load32_splat(a2);
    const x30 = v128.load32_splat(a3);
    const x01 = v128.load32_splat(a0 + step);
    const x11 = v128.load32_splat(a1 + step);
    const x21 = v128.load32_splat(a2 + step);
    const x31 = v128.load32_splat(a3 + step);
    const b1 = b0 + wide;
    let j: usize = 0;
    for (; j + 16 <= end; j += 16) {
      let c0 = v128.load(out0 + j);
      let c1 = v128.load(out1 + j);
      let c2 = v128.load(out2 + j);
      let c3 = v128.load(out3 + j);
      const y0 = v128.load(b0 + j);
      c0 = multiplyAdd(x00, y0, c0);
      c1 = multiplyAdd(x10, y0, c1);
      c2 = multiplyAdd(x20, y0, c2);
      c3 = multiplyAdd(x30, y0, c3);
      const y1 = v128.load(b1 + j);
      c0 = multiplyAdd(x01, y1, c0);
      c1 = multiplyAdd(x11, y1, c1);
      c2 = multiplyAdd(x21, y1, c2);
      c3 = multiplyAdd(x31, y1, c3);
      v128.store(out0 + j, c0);
      v128.store(out1 + j, c1);
      v128.store(out2 + j, c2);
      v128.store(out3 + j, c3);
    }
    for (; j < end; j += 4) {
      let c0 = v128.load32_zero(out0 + j);
      let c1 = v128.load32_zero(out1 + j);
      let c2 = v128.load32_zero(out2 + j);
      let c3 = v128.load32_zero(out3 + j);
      const y0 = v128.load32_zero(b0 + j);
      c0 = multiplyAdd(x00, y0, c0);
      c1 = multiplyAdd(x10, y0, c1);
      c2 = multiplyAdd(x20, y0, c2);
      c3 = multiplyAdd(x30, y0, c3);
      const y1 = v128.load32_zero(b1 + j);
      c0 = multiplyAdd(x01, y1, c0);
      c1 = multiplyAdd(x11, y1, c1);
      c2 = multiplyAdd(x21, y1, c2);
      c3 = multiplyAdd(x31, y1, c3);
      v128.store32_lane(out0 + j, c0, 0);
      v128.store32_lane(out1 + j, c1, 0);
      v128.store32_lane(out2 + j, c2, 0);
      v128.store32_lane(out3 + j, c3, 0);
    }
    a0 += 2 * step;
    a1 += 2 * step;
    a2 += 2 * step;
    a3 += 2 * step;
    b0 += 2 * wide;
  }
  for (; k < K; k++) {
    const x00 = v128.load32_splat(a0);
    const x10 = v128.load32_splat(a1);
    const x20 = v128.load32_splat(a2);
    const x30 = v128.load32_splat(a3);
    let j: usize = 0;
    for (; j + 16 <= end; j += 16) {
      let c0 = v128.load(out0 + j);
      let c1 = v128.load(out1 + j);
      let c2 = v128.load(out2 + j);
      let c3 = v128.load(out3 + j);
      const y0 = v128.load(b0 + j);
      c0 = multiplyAdd(x00, y0, c0);
      c1 = multiplyAdd(x10, y0, c1);
      c2 = multiplyAdd(x20, y0, c2);
      c3 = multiplyAdd(x30, y0, c3);
      v128.store(out0 + j, c0);
      v128.store(out1 + j, c1);
      v128.store(out2 + j, c2);
      v128.store(out3 + j, c3);
    }
    for (; j < end; j += 4) {
      let c0 = v128.load32_zero(out0 + j);
      let c1 = v128.load32_zero(out1 + j);
      let c2 = v128.load32_zero(out2 + j);
      let c3 = v128.load32_zero(out3 + j);
      const y0 = v128.load32_zero(b0 + j);
      c0 = multiplyAdd(x00, y0, c0);
      c1 = multiplyAdd(x10, y0, c1);
      c2 = multiplyAdd(x20, y0, c2);
      c3 = multiplyAdd(x30, y0, c3);
      v128.store32_lane(out0 + j, c0, 0);
      v128.store32_lane(out1 + j, c1, 0);
      v128.store32_lane(out2 + j, c2, 0);
      v128.store32_lane(out3 + j, c3, 0);
    }
    a0 += step;
    a1 += step;
    a2 += step;
    a3 += step;
    b0 += wide;
  }
}
