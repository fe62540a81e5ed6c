/** What a few tokens of a text need beside products, each in one call: attention over latents, a gated network. */
import { bytes, multiplyAdd } from "./arithmetic";
import { dots } from "./dots";
import { fewRows } from "./few-rows";
import { causalSoftmax } from "./softmax";
import { swiGlu } from "./swi-glu";

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
    causalSoftmax(scores, 0, scores, 1, 1, S, 1);
    mix(scores, rows, S, width, C, out + bytes(C) * <usize>head);
  }
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
  swiGlu(inner, other, inner, size);
  fewRows(rows, inner, bytes(I), 4, down, out, I, D);
}
