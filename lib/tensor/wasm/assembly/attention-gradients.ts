/** The gradients of causal attention (attention.ts): of each head's scores first, from which all others follow. */
import { bytes } from "./arithmetic";
import { fillEight, inVectors, padded } from "./attention";
import { copyPieces } from "./copy";
import { inFours } from "./elements";
import { packColumns, packTransposedColumns } from "./pack";
import { KEYS, packSeeing, QUERIES, scoresOfSeen, SPARE, sumsOverSeeing, sumsOverSeen } from "./seen";
import { gradientOfRow } from "./softmax";

/**
 * dqC, dqR, dkv and dkR. dkR is the sum over the heads.
 *
 * @param p as causalAttention left it
 * @param dy [B, T, H, V]
 * @param scratch where 48 + 2·padded(S)·(padded(nope) + padded(R) + 2·padded(V)) + T·(wide + 24) numbers have room
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
  const row = bytes(wide);
  const kvStep = bytes(H * (nope + V));
  const dyStep = bytes(H * V);
  const past = S - T;
  const values = scratch + bytes(SPARE); // then a head's dkR
  const valuePanels = values + bytes(padded(V) + padded(R)) * <usize>S;
  const dyPanels = valuePanels + bytes(V) * <usize>padded(S);
  const kCPanels = dyPanels + bytes(padded(V)) * <usize>T;
  const kRPanels = kCPanels + bytes(padded(nope)) * <usize>S;
  const qCPanels = kRPanels + bytes(padded(R)) * <usize>S;
  const qRPanels = qCPanels + bytes(padded(nope)) * <usize>T;
  const packed = qRPanels + bytes(padded(R)) * <usize>T;
  const ds = packed + bytes(KEYS) * <usize>T;
  for (let b = 0; b < B; b++) {
    packColumns(kR, R, R, S, kRPanels);
    for (let h = 0; h < H; h++) {
      const kC = kv + bytes(h * (nope + V));
      const dkC = dkv + bytes(h * (nope + V));
      const dyOfHead = dy + bytes(h * V);
      packColumns(kC, H * (nope + V), nope, S, kCPanels);
      packColumns(qC, nope, nope, T, qCPanels);
      packColumns(qR, R, R, T, qRPanels);
      packColumns(dyOfHead, H * V, V, T, dyPanels);
      copyPieces(kC + bytes(nope), kvStep, values, bytes(V), bytes(V), S);
      packTransposedColumns(values, S, V, valuePanels);

      for (let first = 0; first < T; first += QUERIES) {
        const rows = min(QUERIES, T - first);
        const dsHere = ds + row * <usize>first;
        scoresOfSeen(dyOfHead + dyStep * <usize>first, dyStep, valuePanels, V, dsHere, row, first, rows, past);
        gradientOfScores(p + row * <usize>first, dsHere, row, first, rows, past, scale);
        sumsOverSeen(dsHere, row, kCPanels, S, nope, dqC, bytes(nope), first, rows, past, scratch);
        sumsOverSeen(dsHere, row, kRPanels, S, R, dqR, bytes(R), first, rows, past, scratch);
        dqC += bytes(nope) * <usize>rows;
        dqR += bytes(R) * <usize>rows;
      }
      for (let key = 0; key < S; key += KEYS) {
        const keys = min(KEYS, S - key);
        const dkCHere = dkC + kvStep * <usize>key;
        const dkRHere = (h === 0 ? dkR : values) + bytes(R) * <usize>key;
        packSeeing(ds, row, T, key, keys, past, packed);
        sumsOverSeeing(packed, qCPanels, T, nope, dkCHere, kvStep, key, keys, past, scratch);
        sumsOverSeeing(packed, qRPanels, T, R, dkRHere, bytes(R), key, keys, past, scratch);
        packSeeing(p, row, T, key, keys, past, packed);
        sumsOverSeeing(packed, dyPanels, T, V, dkCHere + bytes(nope), kvStep, key, keys, past, scratch);
      }
      if (h > 0) add(values, dkR, R * S);
      qC += bytes(nope) * <usize>T;
      qR += bytes(R) * <usize>T;
      p += row * <usize>T;
    }
    kv += kvStep * <usize>S;
    dkv += kvStep * <usize>S;
    kR += bytes(R) * <usize>S;
    dkR += bytes(R) * <usize>S;
    dy += dyStep * <usize>T;
  }
}

/** ds of the queries from `first` on: gradients of the probabilities → of the scores, in place. */
function gradientOfScores(p: usize, ds: usize, wide: usize, first: i32, rows: i32, past: i32, scale: f32): void {
  for (let i = 0; i < rows; i++) {
    const whole = inVectors(past + first + i + 1);
    gradientOfRow(p, ds, ds, whole, scale);
    fillEight(ds + bytes(whole), 0);
    p += wide;
    ds += wide;
  }
}

/** sums += x, so many numbers */
function add(x: usize, sums: usize, size: i32): void {
  for (let at: usize = 0; at < inFours(size); at += 16) {
    v128.store(sums + at, f32x4.add(v128.load(sums + at), v128.load(x + at)));
  }
  for (let at = inFours(size); at < bytes(size); at += 4) {
    store<f32>(sums + at, load<f32>(sums + at) + load<f32>(x + at));
  }
}
