/**
 * Products over what causal attention sees: query t of T is key S − T + t of S, and sees the keys up to itself. What lies
 * behind is neither computed nor read, but for the rest of a tile or panel; so rows of scores need zeros there.
 *
 * `past` is S − T. Panels are those of pack.ts; rows of scores are `wide` bytes apart, those of a result `outWide`. Results
 * reach to the end of the last panel.
 */
import { bytes } from "./arithmetic";
import { ROWS, tile } from "./tile";

/**
 * Scores of the queries from `first` on: out[t, s] = a[t] · b[s].
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
): void {
  for (let i = 0; i < rows; i += ROWS) {
    const height = min(ROWS, rows - i);
    const seen = past + first + i + height;
    const from = scores + wide * <usize>i;
    for (let j = 0; j < columns; j += 8) {
      const to = out + outWide * <usize>i + bytes(j);
      tile(height, from, wide, 4, panels + bytes(keys) * <usize>j, seen, to, outWide);
    }
  }
}

/**
 * Sums over the queries that see each key: out[s] = Σ scores[t, s] · b[t].
 *
 * @param scores [queries, keys], all of them
 * @param panels of b [queries, columns]
 */
export function sumsOverSeeing(
  scores: usize,
  wide: usize,
  panels: usize,
  queries: i32,
  keys: i32,
  columns: i32,
  out: usize,
  outWide: usize,
): void {
  for (let key = 0; key < keys; key += ROWS) {
    const height = min(ROWS, keys - key);
    const first = max(0, key - (keys - queries));
    const from = scores + wide * <usize>first + bytes(key);
    for (let j = 0; j < columns; j += 8) {
      const panel = panels + bytes(queries) * <usize>j + bytes(8 * first);
      tile(height, from, 4, wide, panel, queries - first, out + outWide * <usize>key + bytes(j), outWide);
    }
  }
}
