/**
 * The parts of the model that lie between two matrix products, for one token, as loops over numbers: the norm, the
 * rotation, attention over the latents, the router's choice. Each is the same as its tensor counterpart in lib/model.
 */
import { GATE_EPS, SCORES, type RoutingConfig } from "../../model/router";
import { MINUS_INFINITY } from "../../tensor/nn";
import { largestPlaces } from "../../tensor/top-k";

/** out = w ⊙ x / √(mean(x²) + ε); x and out may be the same. */
export function normInto(out: Float32Array, x: Float32Array, weight: Float32Array, epsilon: number): void {
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += x[i] * x[i];
  const scale = 1 / Math.sqrt(squares / x.length + epsilon);
  for (let i = 0; i < x.length; i++) out[i] = x[i] * scale * weight[i];
}

/** out += factor · x */
export function addInto(out: Float32Array, x: Float32Array, factor = 1): void {
  for (let i = 0; i < out.length; i++) out[i] += factor * x[i];
}

/** gate ← SiLU(gate) ⊙ up */
export function swiGluInto(gate: Float32Array, up: Float32Array): void {
  for (let i = 0; i < gate.length; i++) gate[i] *= up[i] / (1 + Math.exp(-gate[i]));
}

/** Turns the pairs x[begin], x[begin + 1] … by the angles of a position. */
export function rotateInPlace(x: Float32Array, begin: number, cos: Float32Array, sin: Float32Array): void {
  for (let j = 0; j < cos.length; j += 2) {
    const [a, b] = [x[begin + j], x[begin + j + 1]];
    x[begin + j] = a * cos[j] - b * sin[j];
    x[begin + j + 1] = b * cos[j] + a * sin[j];
  }
}

/** The rows [S, C + R] that one layer has cached: of each token the latent, then the rotated key. */
export class LatentRows {
  values: Float32Array;
  length = 0;

  constructor(readonly width: number) {
    this.values = new Float32Array(64 * width);
  }

  append(row: Float32Array): void {
    if ((this.length + 1) * this.width > this.values.length) {
      const larger = new Float32Array(2 * this.values.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values.set(row, this.length * this.width);
    this.length++;
  }
}

/**
 * One head: the query against every row, a softmax, and the mixture of the rows' latents.
 *
 * @param query [H, C + R], scaled
 * @param S how many of the rows it sees
 * @param out [H, C]
 * @param scores scratch for S numbers
 */
export function attendLatents(
  query: Float32Array,
  { values, width }: LatentRows,
  S: number,
  head: number,
  out: Float32Array,
  C: number,
  scores: Float32Array,
): void {
  const q = head * width;
  let largest = -Infinity;
  for (let s = 0, row = 0; s < S; s++, row += width) {
    let [even, odd] = [0, 0]; // two sums at a time: the processor need not wait for one addition to begin the next
    for (let i = 0; i + 1 < width; i += 2) {
      even += query[q + i] * values[row + i];
      odd += query[q + i + 1] * values[row + i + 1];
    }
    if (width % 2 === 1) even += query[q + width - 1] * values[row + width - 1];
    const score = even + odd;
    scores[s] = score;
    if (score > largest) largest = score;
  }
  let sum = 0;
  for (let s = 0; s < S; s++) sum += scores[s] = Math.exp(scores[s] - largest);

  const begin = head * C;
  out.fill(0, begin, begin + C);
  let s = 0;
  for (; s + 4 <= S; s += 4) {
    // four rows at a time: each number of out is read and written a quarter as often
    const [p0, p1, p2, p3] = [scores[s] / sum, scores[s + 1] / sum, scores[s + 2] / sum, scores[s + 3] / sum];
    const r0 = s * width;
    const [r1, r2, r3] = [r0 + width, r0 + 2 * width, r0 + 3 * width];
    for (let c = 0; c < C; c++) {
      out[begin + c] += p0 * values[r0 + c] + p1 * values[r1 + c] + p2 * values[r2 + c] + p3 * values[r3 + c];
    }
  }
  for (; s < S; s++) {
    for (let c = 0; c < C; c++) out[begin + c] += (scores[s] / sum) * values[s * width + c];
  }
}

/**
 * The router's steps 2 to 5 (lib/model/router.ts) for one token.
 *
 * @param affinity [E]
 * @param bias [E]
 * @returns the chosen experts with their gates
 */
export function chooseExperts(
  affinity: Float32Array,
  bias: Float32Array,
  { nRoutedExperts: E, numExpertsPerTok, nGroup, topkGroup, normTopkProb, routedScalingFactor }: RoutingConfig,
): { expert: number; gate: number }[] {
  const size = E / nGroup;
  const [least, largest] = SCORES;
  const biased = affinity.map((s, e) => Math.min(largest, Math.max(least, s + bias[e])));
  const groupScores = new Float32Array(nGroup);
  for (let g = 0; g < nGroup; g++) {
    const members = biased.subarray(g * size, (g + 1) * size);
    for (const e of largestPlaces(members, Math.min(2, size))) groupScores[g] += members[e];
  }
  const candidates = new Float32Array(E).fill(MINUS_INFINITY);
  for (const g of largestPlaces(groupScores, topkGroup)) {
    candidates.set(biased.subarray(g * size, (g + 1) * size), g * size);
  }
  const chosen = largestPlaces(candidates, numExpertsPerTok);
  let sum = 0;
  for (const e of chosen) sum += affinity[e];
  const factor = normTopkProb ? routedScalingFactor / (sum + GATE_EPS) : routedScalingFactor;
  return chosen.map((expert) => ({ expert, gate: affinity[expert] * factor }));
}
