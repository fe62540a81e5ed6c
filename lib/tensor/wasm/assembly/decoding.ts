/** What a few tokens of a text need beside products, each in one call: attention over latents, a gated network. */
import { bytes, multiplyAdd } from "./arithmetic";
import { dots } from "./dots";
import { exponential } from "./exponential";
import { fewRows } from "./few-rows";

/**
 * Attention of one token: each head's query against all rows, a softmax, and the mixture of the rows' first C numbers.
 *
 * @param query [H, width], scaled
 * @param rows [S, width]
 * @param out [H, C]
 * @param scores where S numbers have room
 */
export function attend(query: usize, rows: usize, out: usize, scores: usize, S: i32, H: i32, width: i32, C: i32): void {
  for (let head = 0; head < H; head++) {
    dots(1, query + bytes(width) * <usize>head, rows, scores, width, S);
    softmax(scores, S);
    mix(scores, rows, S, width, C, out + bytes(C) * <usize>head);
  }
}

function softmax(scores: usize, S: i32): void {
  let largest: f32 = -Infinity;
  for (let s = 0; s < S; s++) largest = max(largest, load<f32>(scores + bytes(s)));
  const largests = f32x4.splat(largest);
  let sums = f32x4.splat(0);
  let s = 0;
  for (; s + 4 <= S; s += 4) {
    const power = exponential(f32x4.sub(v128.load(scores + bytes(s)), largests));
    sums = f32x4.add(sums, power);
    v128.store(scores + bytes(s), power);
  }
  let sum = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1);
  sum += f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
  for (; s < S; s++) {
    const power = f32x4.extract_lane(exponential(f32x4.splat(load<f32>(scores + bytes(s)) - largest)), 0);
    sum += power;
    store<f32>(scores + bytes(s), power);
  }
  for (s = 0; s < S; s++) store<f32>(scores + bytes(s), load<f32>(scores + bytes(s)) / sum);
}

/** out [C] = Σ weights[s] · the first C numbers of row s; sixteen sums at a time. */
function mix(weights: usize, rows: usize, S: i32, width: i32, C: i32, out: usize): void {
  const row = bytes(width);
  let c = 0;
  for (; c + 16 <= C; c += 16) {
    let from = rows + bytes(c);
    let c0 = f32x4.splat(0);
    let c1 = c0;
    let c2 = c0;
    let c3 = c0;
    for (let s = 0; s < S; s++) {
      const x = v128.load32_splat(weights + bytes(s));
      c0 = multiplyAdd(x, v128.load(from), c0);
      c1 = multiplyAdd(x, v128.load(from, 16), c1);
      c2 = multiplyAdd(x, v128.load(from, 32), c2);
      c3 = multiplyAdd(x, v128.load(from, 48), c3);
      from += row;
    }
    const to = out + bytes(c);
    v128.store(to, c0);
    v128.store(to, c1, 16);
    v128.store(to, c2, 32);
    v128.store(to, c3, 48);
  }
  for (; c < C; c++) {
    let from = rows + bytes(c);
    let sum = f32x4.splat(0);
    for (let s = 0; s < S; s++) {
      sum = multiplyAdd(v128.load32_zero(weights + bytes(s)), v128.load32_zero(from), sum);
      from += row;
    }
    v128.store32_lane(out + bytes(c), sum, 0);
  }
}

/**
 * out = (SiLU(x·gate) ⊙ x·up)·down, for a few rows
 *
 * @param x [rows, D]
 * @param gate [D, I]
 * @param up [D, I]
 * @param down [I, D]
 * @param out [rows, D]
 * @param inner where 2·rows·I numbers have room
 */
export function gatedNetwork(
  rows: i32,
  x: usize,
  gate: usize,
  up: usize,
  down: usize,
  out: usize,
  inner: usize,
  D: i32,
  I: i32,
): void {
  const size = rows * I;
  const other = inner + bytes(size);
  fewRows(rows, x, bytes(D), 4, gate, inner, D, I);
  fewRows(rows, x, bytes(D), 4, up, other, D, I);
  let i = 0;
  for (; i + 4 <= size; i += 4) {
    const at = bytes(i);
    v128.store(inner + at, silu(v128.load(inner + at), v128.load(other + at)));
  }
  for (; i < size; i++) {
    const at = bytes(i);
    v128.store32_lane(inner + at, silu(v128.load32_zero(inner + at), v128.load32_zero(other + at)), 0);
  }
  fewRows(rows, inner, bytes(I), 4, down, out, I, D);
}

/** SiLU(gate) · up */
function silu(gate: v128, up: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(f32x4.mul(gate, up), f32x4.add(one, exponential(f32x4.neg(gate))));
}
