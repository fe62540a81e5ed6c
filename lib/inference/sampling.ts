/**
 * From logits to a token. The model gives one number for each token of the vocabulary; a softmax makes probabilities of
 * them, after the temperature has sharpened (below 1) or flattened (above 1) them; top-k and top-p then leave out what
 * is unlikely. Whoever draws gets the same tokens for the same seed.
 */
import type { Random } from "../tensor/random";

export interface SamplingOptions {
  /** 0 always takes the most likely token; 1 draws as the model predicts. */
  temperature: number;
  /** Only the k most likely tokens can be drawn. */
  topK?: number;
  /** Only the most likely tokens can be drawn, as many as it takes for their probabilities to reach p together (nucleus
   * sampling; Holtzman et al., 2020). */
  topP?: number;
}

/** @throws if a value is out of its range, naming it */
export function checkSampling({ temperature, topK, topP }: SamplingOptions): void {
  if (!(temperature >= 0) || !Number.isFinite(temperature)) {
    throw new Error(`temperature is ${temperature}; it must be 0 or more`);
  }
  if (topK !== undefined && (!Number.isInteger(topK) || topK < 1)) {
    throw new Error(`top-k is ${topK}; it must be a whole number, 1 or more`);
  }
  if (topP !== undefined && !(topP > 0 && topP <= 1)) {
    throw new Error(`top-p is ${topP}; it must be more than 0, at most 1`);
  }
}

/**
 * The probabilities with which tokens are drawn. Temperature first, then top-k, then top-p of what is left; of equal
 * tokens the lower id comes first.
 *
 * @param logits [V]
 * @param of names whose logits they are to the reader of the error
 * @returns [V], which sum to 1; at temperature 0 one of them is 1
 * @throws if a logit is NaN, or the largest is infinite: nothing can be drawn then
 */
export function distribution(
  logits: ArrayLike<number>,
  { temperature, topK, topP }: SamplingOptions,
  of = "the model",
): Float64Array {
  const V = logits.length;
  const probabilities = new Float64Array(V);
  const best = argMax(logits);
  const odd = indexOfNaN(logits);
  if (odd >= 0 || !Number.isFinite(logits[best])) {
    const id = odd >= 0 ? odd : best;
    throw new Error(`${of} computes a logit that is ${logits[id]}, of token id ${id}; are its weights finite?`);
  }
  if (temperature === 0) {
    probabilities[best] = 1;
    return probabilities;
  }
  for (let v = 0; v < V; v++) probabilities[v] = Math.exp((logits[v] - logits[best]) / temperature);
  normalise(probabilities);
  if ((topK === undefined || topK >= V) && (topP === undefined || topP === 1)) return probabilities;

  const ranked = Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a] || a - b);
  const candidates = ranked.slice(0, topK);
  const wanted = (topP ?? 1) * candidates.reduce((sum, v) => sum + probabilities[v], 0);
  let reached = 0;
  let kept = 0;
  while (kept < candidates.length && (kept === 0 || reached < wanted)) reached += probabilities[candidates[kept++]];
  for (const v of ranked.slice(kept)) probabilities[v] = 0;
  return normalise(probabilities);
}

/** Where the first NaN is, -1 if nowhere. */
function indexOfNaN(values: ArrayLike<number>): number {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return i;
  return -1;
}

/** Divides by the sum, in place. */
function normalise(values: Float64Array): Float64Array {
  let sum = 0;
  for (const value of values) sum += value;
  for (let i = 0; i < values.length; i++) values[i] /= sum;
  return values;
}

/** Where the largest value is; of equal ones the first. */
export function argMax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/**
 * Draws an index with the given probabilities, which sum to 1. Takes one random number, or none where nothing is left
 * to chance.
 */
export function draw(probabilities: ArrayLike<number>, random: Random): number {
  const likeliest = argMax(probabilities);
  if (probabilities[likeliest] === 1) return likeliest;
  let left = random.uniform();
  for (let v = 0; v < probabilities.length; v++) {
    left -= probabilities[v];
    if (left < 0 && probabilities[v] > 0) return v;
  }
  return likeliest; // the sum was a rounding error short of 1
}
