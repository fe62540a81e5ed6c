/** The gradients of causal attention (attention.ts): of each head's scores first, from which all others follow. */
import { bytes } from "./arithmetic";
import { fillEight, inVectors, join, padded } from "./attention";
import { copyPieces } from "./copy";
import { packColumns, packTransposedColumns } from "./pack";
import { scoresOfSeen, sumsOverSeeing, sumsOverSeen } from "./seen";
import { gradientOfRow } from "./softmax";

/**
 * dqC, dqR, dkv and dkR. dkR is the sum over the heads.
 *
 * @param p as causalAttention left it
 * @param dy [B, T, H, V]
 * @param scratch where 3·padded(S)·(padded(nope + R) + padded(V)) + T·wide numbers have room
 */
export function causalAttentionGradients(
  qC: usize,
  qR: usize,
  kv: usize,
  kR: usize,
  p: usize,
  dy: usize,
  dqC: usize,
  dqR: usize,
  dkv: usize,
  dkR: usize,
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
  const kvStep = bytes(H * (nope + V));
  const wideWidth = bytes(padded(width));
  const wideV = bytes(padded(V));
  const p1 = bytes(wide);
  const joined = scratch; // keys, then queries; then sums
  const keyPanels = joined + (wideWidth + wideV) * <usize>padded(S);
  const queryPanels = keyPanels + wideWidth * <usize>S;
  const valuePanels = queryPanels + wideWidth * <usize>T;
  const dyPanels = valuePanels + bytes(V) * <usize>padded(S);
  const ds = dyPanels + wideV * <usize>T;
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < H; h++) {
      const keys = kv + bytes(h * (nope + V));
      const dKeys = dkv + bytes(h * (nope + V));
      const dyOfHead = dy + bytes(h * V);
      join(keys, kvStep, nope, kR, bytes(R), R, joined, S);
      packColumns(joined, width, width, S, keyPanels);
      copyPieces(keys + bytes(nope), kvStep, joined, bytes(V), bytes(V), S);
      packTransposedColumns(joined, S, V, valuePanels);
      join(qC, bytes(nope), nope, qR, bytes(R), R, joined, T);
      packColumns(joined, width, width, T, queryPanels);
      packColumns(dyOfHead, H * V, V, T, dyPanels);

      scoresOfSeen(dyOfHead, bytes(H * V), valuePanels, V, ds, p1, 0, T, S - T);
      gradientOfScores(p, ds, p1, T, S - T, scale);

      sumsOverSeen(ds, p1, keyPanels, S, width, joined, wideWidth, 0, T, S - T);
      copyPieces(joined, wideWidth, dqC, bytes(nope), bytes(nope), T);
      copyPieces(joined + bytes(nope), wideWidth, dqR, bytes(R), bytes(R), T);

      sumsOverSeeing(ds, p1, queryPanels, T, S, width, joined, wideWidth);
      copyPieces(joined, wideWidth, dKeys, kvStep, bytes(nope), S);
      if (h === 0) copyPieces(joined + bytes(nope), wideWidth, dkR, bytes(R), bytes(R), S);
      else addRows(joined + bytes(nope), wideWidth, dkR, R, S);

      sumsOverSeeing(p, p1, dyPanels, T, S, V, joined, wideV);
      copyPieces(joined, wideV, dKeys + bytes(nope), kvStep, bytes(V), S);
      qC += bytes(nope) * <usize>T;
      qR += bytes(R) * <usize>T;
      dqC += bytes(nope) * <usize>T;
      dqR += bytes(R) * <usize>T;
      p += p1 * <usize>T;
    }
    kv += kvStep * <usize>S;
    dkv += kvStep * <usize>S;
    kR += bytes(R) * <usize>S;
    dkR += bytes(R) * <usize>S;
    dy += bytes(H * V) * <usize>T;
  }
}

/** ds: gradients of the probabilities → of the scores, in place. */
function gradientOfScores(p: usize, ds: usize, wide: usize, rows: i32, past: i32, scale: f32): void {
  for (let i = 0; i < rows; i++) {
    const whole = inVectors(past + i + 1);
    gradientOfRow(p, ds, ds, whole, scale);
    fillEight(ds + bytes(whole), 0);
    p += wide;
    ds += wide;
  }
}

/** sums [rows, width] += rows of x, `step` bytes apart */
function addRows(x: usize, step: usize, sums: usize, width: i32, rows: i32): void {
  for (let i = 0; i < rows; i++) {
    for (let at: usize = 0; at < bytes(width); at += 4) store<f32>(sums + at, load<f32>(sums + at) + load<f32>(x + at));
    x += step;
    sums += bytes(width);
  }
}
