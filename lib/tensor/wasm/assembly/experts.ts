/**
 * The routed experts of a layer, forward and back: each expert gathers its tokens' rows, and adds what it makes of them to
 * these tokens' results. The rows of all experts, sorted by expert, are never written out; what an expert has gathered
 * stays in a cache until it is used.
 *
 *     a = x·Wg, b = x·Wu, h = SiLU(a) ⊙ b        out = Σ over a token's experts of (gate · h)·Wd
 */
import { bytes, multiplyAdd } from "./arithmetic";
import { bringNear } from "./near";
import { inFours, put, sumOf, take } from "./elements";
import { sigmoid } from "./exponential";
import { packColumns, packTransposedColumns, packTransposedRows } from "./pack";
import { columnsAtOnce, multiply, multiplyBlock, rowsAtOnce, scratchBytes, TILE_BYTES } from "./products";
import { ROWS } from "./tile";

/** Bytes that the products of an expert with n rows pack into. */
export function expertScratchBytes(n: i32, D: i32, I: i32, backward: bool): usize {
  if (!backward) return max(scratchBytes(false, false, n, D, I), scratchBytes(false, false, n, I, D));
  const products = max(scratchBytes(false, true, n, D, I), scratchBytes(true, false, I, n, D));
  const panels = max(
    bytes(2 * n) * <usize>panelWidth(I) + bytes(n) * <usize>rowsAtOnce(n, D),
    bytes(2 * I) * <usize>columnsAtOnce(2 * I, D),
  );
  return max(products, TILE_BYTES + panels);
}

/** I columns in whole panels of eight. */
function panelWidth(I: i32): i32 {
  return (I + 7) & ~7;
}

/**
 * R rows in the order of their experts, of which there are counts[e] for expert e.
 *
 * @param x [N, D]
 * @param gates [N, E]
 * @param wGate [E, D, I]
 * @param wUp [E, D, I]
 * @param wDown [E, I, D]
 * @param tokens int32 [R], the token of each row
 * @param slots int32 [R], where in the gates the row's gate is
 * @param counts int32 [E]
 * @param out [N, D]
 * @param a [R, I], kept for the gradients
 * @param b [R, I]
 * @param scratch where (D + I) numbers for each row of the fullest expert have room, and behind them what products need
 */
export function experts(
  x: usize,
  gates: usize,
  wGate: usize,
  wUp: usize,
  wDown: usize,
  tokens: usize,
  slots: usize,
  counts: usize,
  out: usize,
  a: usize,
  b: usize,
  scratch: usize,
  most: i32,
  N: i32,
  E: i32,
  D: i32,
  I: i32,
): void {
  const rows = scratch;
  const h = rows + bytes(most * D);
  const products = h + bytes(most * I);
  const matrix = bytes(D * I);
  memory.fill(out, 0, bytes(N * D));
  for (let e = 0; e < E; e++) {
    const n = load<i32>(counts + bytes(e));
    if (n > 0) {
      gather(x, tokens, n, D, rows);
      bringNear(wGate, matrix);
      multiply(rows, false, wGate, false, a, n, D, I, products);
      bringNear(wUp, matrix);
      multiply(rows, false, wUp, false, b, n, D, I, products);
      for (let r = 0; r < n; r++) {
        const at = bytes(r * I);
        gatedRow(a + at, b + at, load<f32>(gates + bytes(load<i32>(slots + bytes(r)))), h + at, I);
      }
      bringNear(wDown, matrix);
      multiply(h, false, wDown, false, rows, n, I, D, products);
      addAt(rows, tokens, n, D, out);
      a += bytes(n * I);
      b += bytes(n * I);
      tokens += bytes(n);
      slots += bytes(n);
    }
    wGate += matrix;
    wUp += matrix;
    wDown += matrix;
  }
}

/**
 * The gradients of all that the forward pass computed with. Names as above; d before one is its gradient.
 *
 * @param dy [N, D]
 * @param scratch where (D + 3·I) numbers for each row of the fullest expert have room, and behind them what products need
 */
export function expertsGradients(
  x: usize,
  gates: usize,
  wGate: usize,
  wUp: usize,
  wDown: usize,
  tokens: usize,
  slots: usize,
  counts: usize,
  a: usize,
  b: usize,
  dy: usize,
  dx: usize,
  dGates: usize,
  dWGate: usize,
  dWUp: usize,
  dWDown: usize,
  scratch: usize,
  most: i32,
  N: i32,
  E: i32,
  D: i32,
  I: i32,
): void {
  const rows = scratch;
  const h = rows + bytes(most * D); // times the gate; before, the gradient of that
  const inner = h + bytes(most * I); // [n, 2·I], da and db side by side
  const products = inner + bytes(most * 2 * I);
  const matrix = bytes(D * I);
  memory.fill(dx, 0, bytes(N * D));
  memory.fill(dGates, 0, bytes(N * E));
  for (let e = 0; e < E; e++) {
    const n = load<i32>(counts + bytes(e));
    if (n === 0) {
      memory.fill(dWGate, 0, matrix);
      memory.fill(dWUp, 0, matrix);
      memory.fill(dWDown, 0, matrix);
    } else {
      gather(dy, tokens, n, D, rows);
      multiply(rows, false, wDown, true, h, n, D, I, products);
      for (let r = 0; r < n; r++) {
        const at = bytes(r * I);
        const slot = bytes(load<i32>(slots + bytes(r)));
        const gate = load<f32>(gates + slot);
        store<f32>(dGates + slot, rowGradients(a + at, b + at, gate, h + at, inner + 2 * at, I));
      }
      multiply(h, true, rows, false, dWDown, I, n, D, products);
      gather(x, tokens, n, D, rows);
      weightGradients(rows, inner, dWGate, dWUp, n, D, I, products);
      rowsBack(inner, wGate, wUp, rows, n, D, I, products);
      addAt(rows, tokens, n, D, dx);
      a += bytes(n * I);
      b += bytes(n * I);
      tokens += bytes(n);
      slots += bytes(n);
    }
    wGate += matrix;
    wUp += matrix;
    wDown += matrix;
    dWGate += matrix;
    dWUp += matrix;
    dWDown += matrix;
  }
}

/** dWGate and dWUp [D, I] = rowsᵀ·da and rowsᵀ·db, with the rows packed once. */
function weightGradients(
  rows: usize,
  inner: usize,
  dWGate: usize,
  dWUp: usize,
  n: i32,
  D: i32,
  I: i32,
  scratch: usize,
): void {
  const half = bytes(n) * <usize>panelWidth(I);
  const first = scratch + TILE_BYTES;
  const second = first + half;
  const left = second + half;
  packColumns(inner, 2 * I, I, n, first);
  packColumns(inner + bytes(I), 2 * I, I, n, second);
  const atOnce = rowsAtOnce(n, D);
  for (let i = 0; i < D; i += atOnce) {
    const height = min(atOnce, D - i);
    const to = bytes(i * I);
    packTransposedRows(rows + bytes(i), D, height, n, left);
    multiplyBlock(left, 4, bytes(ROWS), first, dWGate + to, height, n, I, bytes(I), scratch);
    multiplyBlock(left, 4, bytes(ROWS), second, dWUp + to, height, n, I, bytes(I), scratch);
  }
}

/** out [n, D] = da·wGateᵀ + db·wUpᵀ, as one product of 2·I terms. */
function rowsBack(inner: usize, wGate: usize, wUp: usize, out: usize, n: i32, D: i32, I: i32, scratch: usize): void {
  const panels = scratch + TILE_BYTES;
  const atOnce = columnsAtOnce(2 * I, D);
  for (let j = 0; j < D; j += atOnce) {
    const columns = min(atOnce, D - j);
    for (let column = 0; column < columns; column += 8) {
      const width = min(8, columns - column);
      const from = bytes((j + column) * I);
      const panel = panels + bytes(column * 2 * I);
      packTransposedColumns(wGate + from, width, I, panel);
      packTransposedColumns(wUp + from, width, I, panel + bytes(8 * I));
    }
    multiplyBlock(inner, bytes(2 * I), 4, panels, out + bytes(j), n, 2 * I, columns, bytes(D), scratch);
  }
}

/** to [n, D] = the rows of x at these indices */
function gather(x: usize, indices: usize, n: i32, D: i32, to: usize): void {
  const row = bytes(D);
  for (let r = 0; r < n; r++) {
    const from = x + <usize>load<i32>(indices + bytes(r)) * row;
    let at: usize = 0;
    for (; at + 64 <= row; at += 64) {
      const x0 = v128.load(from + at);
      const x1 = v128.load(from + at, 16);
      const x2 = v128.load(from + at, 32);
      const x3 = v128.load(from + at, 48);
      v128.store(to + at, x0);
      v128.store(to + at, x1, 16);
      v128.store(to + at, x2, 32);
      v128.store(to + at, x3, 48);
    }
    for (; at < row; at += 4) store<f32>(to + at, load<f32>(from + at));
    to += row;
  }
}

/** Adds n rows to those of out at these indices. */
function addAt(rows: usize, indices: usize, n: i32, D: i32, out: usize): void {
  const row = bytes(D);
  for (let r = 0; r < n; r++) {
    const to = out + <usize>load<i32>(indices + bytes(r)) * row;
    let at: usize = 0;
    for (; at + 64 <= row; at += 64) {
      const x0 = f32x4.add(v128.load(to + at), v128.load(rows + at));
      const x1 = f32x4.add(v128.load(to + at, 16), v128.load(rows + at, 16));
      const x2 = f32x4.add(v128.load(to + at, 32), v128.load(rows + at, 32));
      const x3 = f32x4.add(v128.load(to + at, 48), v128.load(rows + at, 48));
      v128.store(to + at, x0);
      v128.store(to + at, x1, 16);
      v128.store(to + at, x2, 32);
      v128.store(to + at, x3, 48);
    }
    for (; at < row; at += 4) store<f32>(to + at, load<f32>(to + at) + load<f32>(rows + at));
    rows += row;
  }
}

/** h = gate · SiLU(a) ⊙ b, of one row */
function gatedRow(a: usize, b: usize, gate: f32, h: usize, I: i32): void {
  const end = bytes(I);
  const whole = inFours(I);
  const gates = f32x4.splat(gate);
  for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
    const four = at < whole;
    const as = take(a + at, four);
    const inner = f32x4.mul(f32x4.mul(as, sigmoid(as)), take(b + at, four));
    put(h + at, f32x4.mul(inner, gates), four);
  }
}

/**
 * Of one row: h = gate · SiLU(a) ⊙ b again, and the gradients of a and b.
 *
 * @param h holds the gradient of gate · SiLU(a) ⊙ b until it is replaced
 * @param inner [2·I], da and db
 * @returns the gradient of the gate
 */
function rowGradients(a: usize, b: usize, gate: f32, h: usize, inner: usize, I: i32): f32 {
  const end = bytes(I);
  const whole = inFours(I);
  const gates = f32x4.splat(gate);
  const one = f32x4.splat(1);
  let sums = f32x4.splat(0);
  for (let at: usize = 0; at < end; at += at < whole ? 16 : 4) {
    const four = at < whole;
    const as = take(a + at, four);
    const bs = take(b + at, four);
    const above = take(h + at, four);
    const s = sigmoid(as);
    const silu = f32x4.mul(as, s);
    const product = f32x4.mul(silu, bs);
    sums = multiplyAdd(product, above, sums);
    put(h + at, f32x4.mul(product, gates), four);
    const gated = f32x4.mul(above, gates);
    const slope = f32x4.mul(s, f32x4.add(one, f32x4.mul(as, f32x4.sub(one, s))));
    put(inner + at, f32x4.mul(f32x4.mul(gated, bs), slope), four);
    put(inner + end + at, f32x4.mul(gated, silu), four);
  }
  return sumOf(sums);
}
