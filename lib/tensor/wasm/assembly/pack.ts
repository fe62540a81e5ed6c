/**
 * Puts a part of a matrix into the order in which the tiles read it. Either side may be stored transposed: what differs
 * is only how the numbers are picked up, so that no transposed matrix is ever written out.
 */
import { bytes } from "./arithmetic";
import { ROWS } from "./tile";

/**
 * Columns of the right side → panels [⌈columns / 8⌉, K, 8], zeros behind the last column.
 *
 * @param b the first of these columns, of [K, N]
 */
export function packColumns(b: usize, N: i32, columns: i32, K: i32, to: usize): void {
  const panel = bytes(8 * K);
  let j = 0;
  // Four panels at once: two whole cache lines of a row.
  for (; j + 32 <= columns; j += 32) {
    let from = b + bytes(j);
    let out = to + bytes(j) * <usize>K;
    for (let k = 0; k < K; k++) {
      copyEight(from, out);
      copyEight(from + 32, out + panel);
      copyEight(from + 64, out + 2 * panel);
      copyEight(from + 96, out + 3 * panel);
      from += bytes(N);
      out += 32;
    }
  }
  for (; j < columns; j += 8) {
    let from = b + bytes(j);
    let out = to + bytes(j) * <usize>K;
    const width = columns - j;
    for (let k = 0; k < K; k++) {
      if (width >= 8) copyEight(from, out);
      else copyPadded(from, width, out);
      from += bytes(N);
      out += 32;
    }
  }
}

/**
 * The same, of a right side that is stored transposed.
 *
 * @param b the first of these columns, which is a row of [N, K]
 */
export function packTransposedColumns(b: usize, columns: i32, K: i32, to: usize): void {
  const row = bytes(K);
  for (let j = 0; j < columns; j += 8) {
    const from = b + <usize>j * row;
    const out = to + <usize>j * row;
    const width = columns - j;
    if (width >= 8) {
      interleaveFour(from, row, K, out, 32);
      interleaveFour(from + 4 * row, row, K, out + 16, 32);
      continue;
    }
    for (let k = 0; k < K; k++) {
      const at = out + bytes(8 * k);
      for (let column = 0; column < 8; column++) {
        const x = column < width ? load<f32>(from + <usize>column * row + bytes(k)) : 0;
        store<f32>(at + bytes(column), x);
      }
    }
  }
}

/**
 * Rows of the left side, which is stored transposed → [⌈rows / ROWS⌉, K, ROWS]; what lies behind the last row is not read.
 *
 * @param a the first of these rows, which is a column of [K, M]
 */
export function packTransposedRows(a: usize, M: i32, rows: i32, K: i32, to: usize): void {
  const wide = bytes(ROWS);
  const panel = wide * <usize>K;
  let i = 0;
  // Four panels at once: a whole cache line of a row, or more.
  for (; i + 4 * ROWS <= rows; i += 4 * ROWS) {
    let from = a + bytes(i);
    let out = to + bytes(i) * <usize>K;
    for (let k = 0; k < K; k++) {
      copyTile(from, out);
      copyTile(from + wide, out + panel);
      copyTile(from + 2 * wide, out + 2 * panel);
      copyTile(from + 3 * wide, out + 3 * panel);
      from += bytes(M);
      out += wide;
    }
  }
  for (; i < rows; i += ROWS) {
    let from = a + bytes(i);
    let out = to + bytes(i) * <usize>K;
    const width = rows - i;
    for (let k = 0; k < K; k++) {
      if (width >= ROWS) copyTile(from, out);
      else for (let row = 0; row < width; row++) store<f32>(out + bytes(row), load<f32>(from + bytes(row)));
      from += bytes(M);
      out += wide;
    }
  }
}

/** One number of each row of a tile. */
function copyTile(from: usize, to: usize): void {
  v128.store(to, v128.load(from));
  if (ROWS === 6) store<f64>(to, load<f64>(from, 16), 16);
}

/** Four rows of K numbers → K times four numbers, `step` bytes apart. */
function interleaveFour(from: usize, row: usize, K: i32, out: usize, step: usize): void {
  let k = 0;
  for (; k + 4 <= K; k += 4) {
    const at = from + bytes(k);
    const r0 = v128.load(at);
    const r1 = v128.load(at + row);
    const r2 = v128.load(at + 2 * row);
    const r3 = v128.load(at + 3 * row);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
    v128.store(out + step, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
    v128.store(out + 2 * step, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
    v128.store(out + 3 * step, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
    out += 4 * step;
  }
  for (; k < K; k++) {
    for (let r = 0; r < 4; r++) store<f32>(out + bytes(r), load<f32>(from + <usize>r * row + bytes(k)));
    out += step;
  }
}

function copyEight(from: usize, to: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
}

function copyPadded(from: usize, width: i32, to: usize): void {
  for (let column = 0; column < 8; column++) {
    store<f32>(to + bytes(column), column < width ? load<f32>(from + bytes(column)) : 0);
  }
}
