/**
 * Causal attention with keys of two parts, over what each query sees, one head after the other. The two parts of a query
 * or key are laid side by side first, so that a score is one sum.
 *
 * Letters as in nn.ts: B sequences, H heads, T queries, S keys. A head's keys and values lie side by side too, as one
 * product has made them: kv [B, S, H, nope + V].
 */
import { bytes } from "./arithmetic";
import { copyPieces } from "./copy";
import { packColumns, packTransposedColumns } from "./pack";
import { QUERIES, scoresOfSeen, SPARE, sumsOverSeen } from "./seen";
import { softmaxOfRow } from "./softmax";

/** Up to the end of a panel. */
export function padded(columns: i32): i32 {
  return (columns + 7) & ~7;
}

/** The seen numbers of a row of scores in whole vectors. */
export function inVectors(seen: i32): i32 {
  return (seen + 3) & ~3;
}

/** Eight times the same number. */
export function fillEight(to: usize, x: f32): void {
  v128.store(to, f32x4.splat(x));
  v128.store(to, f32x4.splat(x), 16);
}

/** Rows of two parts, side by side → out [rows, left + right]; in their own places, rows are so many bytes apart. */
function join(
  left: usize,
  leftStep: usize,
  leftWidth: i32,
  right: usize,
  rightStep: usize,
  rightWidth: i32,
  out: usize,
  rows: i32,
): void {
  const step = bytes(leftWidth + rightWidth);
  copyPieces(left, leftStep, out, step, bytes(leftWidth), rows);
  copyPieces(right, rightStep, out + bytes(leftWidth), step, bytes(rightWidth), rows);
}

/**
 * Attention, and the probabilities that its gradients need.
 *
 * @param qC [B, H, T, nope]
 * @param qR [B, H, T, R]
 * @param kv [B, S, H, nope + V]
 * @param kR [B, S, R], one for all heads
 * @param out [B, T, H, V]
 * @param p [B, H, T, wide]: behind what a query sees, eight zeros, and then what was there
 * @param scratch where 48 + (2·padded(S) + 48)·(nope + R + padded(V)) numbers have room
 * @param wide padded(S) + 8 or more
 */
export function causalAttention(
  qC: usize,
  qR: usize,
  kv: usize,
  kR: usize,
  out: usize,
  p: usize,
  scratch: usize,
  B: i32,
  H: i32,
  T: i32,
  S: i32,
  nope: i32,
  R: i32,
  V: i32,
  wide: i32,
  scale: f32,
): void {
  const width = nope + R;
  const row = bytes(width);
  const kvStep = bytes(H * (nope + V));
  const outStep = bytes(H * V);
  const joined = scratch + bytes(SPARE); // keys, then queries
  const keyPanels = joined + row * <usize>max(S, QUERIES);
  const valuePanels = keyPanels + row * <usize>padded(S);
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < H; h++) {
      const keys = kv + bytes(h * (nope + V));
      join(keys, kvStep, nope, kR, bytes(R), R, joined, S);
      packTransposedColumns(joined, S, width, keyPanels);
      packColumns(keys + bytes(nope), H * (nope + V), V, S, valuePanels);
      for (let first = 0; first < T; first += QUERIES) {
        const rows = min(QUERIES, T - first);
        join(qC, bytes(nope), nope, qR, bytes(R), R, joined, rows);
        scoresOfSeen(joined, row, keyPanels, width, p, bytes(wide), first, rows, S - T);
        softmaxOfSeen(p, bytes(wide), first, rows, S - T, scale);
        const to = out + outStep * <usize>first + bytes(h * V);
        sumsOverSeen(p, bytes(wide), valuePanels, S, V, to, outStep, first, rows, S - T, scratch);
        qC += bytes(nope) * <usize>rows;
        qR += bytes(R) * <usize>rows;
        p += bytes(wide) * <usize>rows;
      }
    }
    kv += kvStep * <usize>S;
    kR += bytes(R) * <usize>S;
    out += outStep * <usize>T;
  }
}

/** Scores of the queries from `first` on → probabilities, in place. */
function softmaxOfSeen(p: usize, wide: usize, first: i32, rows: i32, past: i32, scale: f32): void {
  for (let i = 0; i < rows; i++) {
    const seen = past + first + i + 1;
    fillEight(p + bytes(seen), -Infinity); // up to a whole vector, at no cost: its probability is 0
    softmaxOfRow(p, 0, p, inVectors(seen), scale);
    fillEight(p + bytes(inVectors(seen)), 0);
    p += wide;
  }
}
