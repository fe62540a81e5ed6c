/**
 * The parts of the model that lie between two matrix products, for one token, as loops over numbers: the norm, the
 * rotation, the router's choice. Each is the same as its tensor counterpart in lib/model.
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

/** Turns the pairs x[begin], x[begin + 1] … by the angles of a position. */
export function rotateInPlace(x: Float32Array, begin: number, cos: Float32Array, sin: Float32Array): void {
  for (let j = 0; j < cos.length; j += 2) {
    const [a, b] = [x[begin + j], x[begin + j + 1]];
    x[begin + j] = a * cos[j] - b * sin[j];
    x[begin + j + 1] = b * cos[j] + a * sin[j];
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
