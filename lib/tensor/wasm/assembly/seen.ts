/**
 * Products over what causal attention sees: query t of T is key S − T + t of S, and sees the keys up to itself. What lies
 * behind is neither computed nor read, but for the rest of a tile or panel; so rows of scores need zeros there.
 *
 * `past` is S − T. Panels are those of pack.ts; rows of scores are `wide` bytes apart, those of a sum `outWide`.
 */
import { bytes } from "./arithmetic";
import { copyPieces } from "./copy";
import { packTransposedRows } from "./pack";
import { ROWS, tile } from "./tile";

/** Numbers of the tile that reaches beyond the last column of a sum: it is computed here first. */
export const SPARE: i32 = ROWS * 8;

/** Keys whose scores are packed at once, and queries whose scores are computed before more is done with them. */
export const KEYS: i32 = 4 * ROWS;
export const QUERIES: i32 = 48;

/**
 * Scores of the queries from `first` on: out[t, s] = a[t] · b[s], to the end of the last panel.
 *
 * @param a the first of these rows, of K numbers, `row` bytes apart
 * @param panels of b, whose columns are the keys
 */
export function scoresOfSeen(
  a: usize,
  row: usize,
  panels: usize,
  K: i32,
  out: usize,
  wide: usize,
  first: i32,
  rows: i32,
  past: i32,
): void {
  const seen = past + first + rows; // by the last of them
  for (let key = 0; key < seen; key += 8) {
    const before = max(0, key - past - first); // rows that see nothing of this panel
    for (let i = before - (before % ROWS); i < rows; i += ROWS) {
      const height = min(ROWS, rows - i);
      const to = out + wide * <usize>i + bytes(key);
      tile(height, a + row * <usize>i, row, 4, panels + bytes(K) * <usize>key, K, to, wide);
    }
  }
}

/**
 * Sums over the keys that each query from `first` on sees: out[t] = Σ scores[t, s] · b[s].
 *
 * @param scores the first of these rows
 * @param panels of b [keys, columns]
 * @param spare where SPARE numbers have room
 */
export function sumsOverSeen(
  scores: usize,
  wide: usize,
  panels: usize,
  keys: i32,
  columns: i32,
  out: usize,
  outWide: usize,
  first: i32,
  rows: i32,
  past: i32,
  spare: usize,
): void {
  for (let i = 0; i < rows; i += ROWS) {
    const height = min(ROWS, rows - i);
    const seen = past + first + i + height;
    const from = scores + wide * <usize>i;
    for (let j = 0; j < columns; j += 8) {
      const panel = panels + bytes(keys) * <usize>j;
      const to = out + outWide * <usize>i + bytes(j);
      sumsOfPanel(columns - j, height, from, wide, 4, panel, seen, to, outWide, spare);
    }
  }
}

/** The scores of KEYS keys, by those queries that see the first of them: packed, where sumsOverSeeing reads them. */
export function packSeeing(scores: usize, wide: usize, queries: i32, key: i32, keys: i32, past: i32, to: usize): void {
  const first = firstSeeing(key, past);
  const from = scores + wide * <usize>first + bytes(key);
  packTransposedRows(from, <i32>(wide >> 2), keys, queries - first, to);
}

/**
 * Sums over the queries that see each of these keys: out[s] = Σ scores[t, s] · b[t].
 *
 * @param packed as packSeeing packs them
 * @param panels of b [queries, columns]
 * @param out of the first of these keys
 * @param spare where SPARE numbers have room
 */
export function sumsOverSeeing(
  packed: usize,
  panels: usize,
  queries: i32,
  columns: i32,
  out: usize,
  outWide: usize,
  key: i32,
  keys: i32,
  past: i32,
  spare: usize,
): void {
  const packedFirst = firstSeeing(key, past);
  for (let i = 0; i < keys; i += ROWS) {
    const height = min(ROWS, keys - i);
    const first = firstSeeing(key + i, past);
    const from = packed + bytes((queries - packedFirst) * i + (first - packedFirst) * ROWS);
    for (let j = 0; j < columns; j += 8) {
      const panel = panels + bytes(queries) * <usize>j + bytes(8 * first);
      const to = out + outWide * <usize>i + bytes(j);
      sumsOfPanel(columns - j, height, from, 4, bytes(ROWS), panel, queries - first, to, outWide, spare);
    }
  }
}

function firstSeeing(key: i32, past: i32): i32 {
  return max(0, key - past);
}

/** A tile, of which only `width` columns are wanted. */
function sumsOfPanel(
  width: i32,
  rows: i32,
  a: usize,
  row: usize,
  step: usize,
  panel: usize,
  K: i32,
  out: usize,
  wide: usize,
  spare: usize,
): void {
  if (width >= 8) return tile(rows, a, row, step, panel, K, out, wide);
  tile(rows, a, row, step, panel, K, spare, 32);
  copyPieces(spare, 32, out, wide, bytes(width), rows);
}
