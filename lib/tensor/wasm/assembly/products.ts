/**
 * The product of two float32 matrices in memory, either of which may be stored transposed. This is AssemblyScript: the
 * syntax of TypeScript, compiled to WebAssembly by npm run kernels.
 *
 * A large product follows Goto and van de Geijn (2008): the right side is packed into panels of eight columns, and a tile
 * of a few rows times one panel keeps its sums in registers. A few rows alone are not worth packing for.
 */
import { bytes } from "./arithmetic";
import { dots } from "./dots";
import { fewRows } from "./few-rows";
import { packColumns, packTransposedColumns, packTransposedRows } from "./pack";
import { ROWS, tile } from "./tile";

/** Up to so many rows are multiplied four at a time with the right side where it lies. */
const FEW: i32 = 8;

/** The same where the right side is stored transposed. */
const FEW_TRANSPOSED: i32 = 4;

/** What is packed at once of the right side, and of a transposed left side, in bytes: the latter stays in a cache. */
const RIGHT_BYTES: usize = 1 << 22;
const LEFT_BYTES: usize = 1 << 18;

/** A tile that reaches beyond the last column is computed first where so many bytes are free. */
export const TILE_BYTES: usize = <usize>ROWS * 8 * 4;

/** Columns of the right side that are packed at once: a multiple of 8. */
export function columnsAtOnce(K: i32, N: i32): i32 {
  const fit = <i32>min<usize>(RIGHT_BYTES / bytes(8 * K), <usize>i32.MAX_VALUE / 16) * 8;
  return min(max(8, fit), (N + 7) & ~7);
}

/** Rows of the left side that meet a panel before the next one: a multiple of a tile's. */
export function rowsAtOnce(K: i32, M: i32): i32 {
  const fit = <i32>min<usize>(LEFT_BYTES / bytes(ROWS * K), <usize>i32.MAX_VALUE / 16) * ROWS;
  return min(max(ROWS, fit), ((M + ROWS - 1) / ROWS) * ROWS);
}

function few(transposedB: bool): i32 {
  return transposedB ? FEW_TRANSPOSED : FEW;
}

/** Bytes of scratch memory that the product needs. */
export function scratchBytes(transposedA: bool, transposedB: bool, M: i32, K: i32, N: i32): usize {
  if (M === 0 || K === 0 || N === 0) return 0;
  if (N === 1 && M > 1) return scratchBytes(false, !transposedA, 1, K, M);
  if (M <= few(transposedB)) return transposedB && transposedA && M > 1 ? bytes(M) * <usize>K : 0;
  const left = transposedA ? bytes(K) * <usize>rowsAtOnce(K, M) : 0;
  return TILE_BYTES + left + bytes(K) * <usize>columnsAtOnce(K, N);
}

/**
 * out [M, N] = a·b
 *
 * @param a [M, K], or stored as [K, M]
 * @param b [K, N], or stored as [N, K]
 * @param scratch where as many bytes as scratchBytes says are free
 */
export function multiply(
  a: usize,
  transposedA: bool,
  b: usize,
  transposedB: bool,
  out: usize,
  M: i32,
  K: i32,
  N: i32,
  scratch: usize,
): void {
  if (M === 0 || N === 0) return;
  if (K === 0)
    memory.fill(out, 0, bytes(M) * <usize>N); // a sum of nothing
  else if (N === 1 && M > 1)
    multiply(b, false, a, !transposedA, out, 1, K, M, scratch); // outᵀ = bᵀ·aᵀ
  else if (M > few(transposedB)) multiplyInTiles(a, transposedA, b, transposedB, out, M, K, N, scratch);
  else if (!transposedB) fewRows(M, a, transposedA ? 4 : bytes(K), transposedA ? bytes(M) : 4, b, out, K, N);
  else if (!transposedA || M === 1) dots(M, a, b, out, K, N);
  else {
    for (let i = 0; i < M; i++) {
      for (let k = 0; k < K; k++) store<f32>(scratch + bytes(i * K + k), load<f32>(a + bytes(k * M + i)));
    }
    dots(M, scratch, b, out, K, N);
  }
}

function multiplyInTiles(
  a: usize,
  transposedA: bool,
  b: usize,
  transposedB: bool,
  out: usize,
  M: i32,
  K: i32,
  N: i32,
  scratch: usize,
): void {
  const columnsOfBlock = columnsAtOnce(K, N);
  const rowsOfBlock = rowsAtOnce(K, M);
  const panels = scratch + TILE_BYTES;
  const packedRows = panels + bytes(K) * <usize>columnsOfBlock;
  for (let j = 0; j < N; j += columnsOfBlock) {
    const columns = min(columnsOfBlock, N - j);
    if (transposedB) packTransposedColumns(b + bytes(K) * <usize>j, columns, K, panels);
    else packColumns(b + bytes(j), N, columns, K, panels);
    for (let i = 0; i < M; i += rowsOfBlock) {
      const rows = min(rowsOfBlock, M - i);
      const to = out + bytes(N) * <usize>i + bytes(j);
      if (transposedA) {
        packTransposedRows(a + bytes(i), M, rows, K, packedRows);
        multiplyBlock(packedRows, 4, bytes(ROWS), panels, to, rows, K, columns, bytes(N), scratch);
      } else {
        multiplyBlock(a + bytes(K) * <usize>i, bytes(K), 4, panels, to, rows, K, columns, bytes(N), scratch);
      }
    }
  }
}

/**
 * Rows times packed panels. The rows of a tile, packed or not, are ROWS·K numbers after those before them; rows of the
 * result are `wide` bytes apart.
 */
export function multiplyBlock(
  a: usize,
  row: usize,
  step: usize,
  panels: usize,
  out: usize,
  rows: i32,
  K: i32,
  columns: i32,
  wide: usize,
  scratch: usize,
): void {
  for (let j = 0; j < columns; j += 8) {
    const panel = panels + bytes(K) * <usize>j;
    const width = columns - j;
    for (let i = 0; i < rows; i += ROWS) {
      const from = a + bytes(K) * <usize>i;
      const to = out + wide * <usize>i + bytes(j);
      const height = min(ROWS, rows - i);
      if (width >= 8) tile(height, from, row, step, panel, K, to, wide);
      else {
        tile(height, from, row, step, panel, K, scratch, 32);
        for (let r = 0; r < height; r++) memory.copy(to + wide * <usize>r, scratch + 32 * <usize>r, bytes(width));
      }
    }
  }
}
