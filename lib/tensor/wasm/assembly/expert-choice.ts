/**
 * The choice of each token's experts from their affinities, and the gates: the steps of model/router.ts in one pass. Each
 * number is computed as the operations there compute it, term by term, so that the two agree to the last bit.
 */
import { bytes } from "./arithmetic";
import { inFours, put, take } from "./elements";
import { insertLargest } from "./largest";

/**
 * @param affinity [N, E]
 * @param bias [E]
 * @param biased [N, E]
 * @param groupScores [N, G]
 * @param groupMask [N, G]
 * @param indices int32 [N, K]
 * @param mask [N, E]
 * @param gates [N, E]
 * @param scratch where E numbers and max(K, keptGroups) have room
 * @param keptGroups of the G groups
 * @param least what biased scores are brought into, together with `largest`
 * @param minusInfinity is added to the scores of dropped groups
 * @param normalised whether gates are divided by their sum and epsilon
 * @param scale multiplies every gate
 */
export function chooseExperts(
  affinity: usize,
  bias: usize,
  biased: usize,
  groupScores: usize,
  groupMask: usize,
  indices: usize,
  mask: usize,
  gates: usize,
  scratch: usize,
  N: i32,
  E: i32,
  G: i32,
  keptGroups: i32,
  K: i32,
  least: f32,
  largest: f32,
  minusInfinity: f32,
  normalised: bool,
  epsilon: f32,
  scale: f32,
): void {
  const size = E / G;
  const scores = scratch;
  const places = scores + bytes(E);
  memory.fill(groupMask, 0, bytes(N * G));
  memory.fill(mask, 0, bytes(N * E));
  memory.fill(gates, 0, bytes(N * E));
  for (let n = 0; n < N; n++) {
    const whole = inFours(E);
    for (let at: usize = 0; at < bytes(E); at += at < whole ? 16 : 4) {
      const four = at < whole;
      const z = f32x4.add(take(affinity + at, four), take(bias + at, four));
      put(biased + at, z, four);
      put(scores + at, f32x4.min(f32x4.max(z, f32x4.splat(least)), f32x4.splat(largest)), four);
    }
    for (let g = 0; g < G; g++) store<f32>(groupScores + bytes(g), sumOfTwoLargest(scores + bytes(g * size), size));
    insertLargest(groupScores, 0, G, keptGroups, places, 0);
    for (let i = 0; i < keptGroups; i++) store<f32>(groupMask + bytes(load<i32>(places + bytes(i))), 1);
    let found = 0;
    for (let g = 0; g < G; g++) {
      if (isKept(groupMask, g)) found = insertLargest(scores, g * size, size, K, places, found);
    }
    if (found < K) insertDropped(scores, groupMask, minusInfinity, G, size, K, places, found);
    for (let i = 0; i < K; i++) store<f32>(mask + bytes(load<i32>(places + bytes(i))), 1);
    weigh(affinity, mask, indices, gates, E, normalised, epsilon, scale);
    affinity += bytes(E);
    biased += bytes(E);
    groupScores += bytes(G);
    groupMask += bytes(G);
    indices += bytes(K);
    mask += bytes(E);
    gates += bytes(E);
  }
}

/** The sum of the two largest of some numbers, or the only one. */
function sumOfTwoLargest(values: usize, count: i32): f32 {
  let largest = f32x4.splat(-Infinity); // of each lane
  let second = largest;
  const whole = inFours(count);
  for (let at: usize = 0; at < bytes(count); at += at < whole ? 16 : 4) {
    const x =
      at < whole ? v128.load(values + at) : f32x4.replace_lane(f32x4.splat(-Infinity), 0, load<f32>(values + at));
    second = f32x4.pmax(second, f32x4.pmin(largest, x));
    largest = f32x4.pmax(largest, x);
  }
  // Lanes 0 and 1 take in 2 and 3, then lane 0 takes in 1.
  for (let half = 0; half < 2; half++) {
    const others =
      half === 0 ? v128.shuffle<f32>(largest, largest, 2, 3, 0, 1) : v128.shuffle<f32>(largest, largest, 1, 0, 3, 2);
    const seconds =
      half === 0 ? v128.shuffle<f32>(second, second, 2, 3, 0, 1) : v128.shuffle<f32>(second, second, 1, 0, 3, 2);
    second = f32x4.pmax(f32x4.pmax(second, seconds), f32x4.pmin(largest, others));
    largest = f32x4.pmax(largest, others);
  }
  const sum = f32x4.extract_lane(largest, 0);
  return count === 1 ? sum : sum + f32x4.extract_lane(second, 0);
}

/** The chosen experts of one token in ascending order, and their gates: scale · s / (Σ s + ε), or scale · s. */
function weigh(
  affinity: usize,
  mask: usize,
  indices: usize,
  gates: usize,
  E: i32,
  normalised: bool,
  epsilon: f32,
  scale: f32,
): void {
  let sum: f32 = 0;
  for (let e = 0; e < E; e++) {
    if (load<f32>(mask + bytes(e)) === 0) continue;
    store<i32>(indices, e);
    indices += 4;
    sum += load<f32>(affinity + bytes(e));
  }
  sum += epsilon;
  for (let e = 0; e < E; e++) {
    if (load<f32>(mask + bytes(e)) === 0) continue;
    const s = load<f32>(affinity + bytes(e));
    store<f32>(gates + bytes(e), (normalised ? s / sum : s) * scale);
  }
}

/**
 * The gradient of the affinities, from that of the gates. With S = Σ s + ε over the chosen:
 *
 *     ds = scale · (dgate / S − Σ dgate · s / S²) for the chosen, else 0
 *
 * @param dGates [N, E]
 * @param dAffinity [N, E]
 */
export function gatesGradient(
  affinity: usize,
  mask: usize,
  dGates: usize,
  dAffinity: usize,
  N: i32,
  E: i32,
  normalised: bool,
  epsilon: f32,
  scale: f32,
): void {
  const row = bytes(E);
  for (let n = 0; n < N; n++) {
    let sum: f32 = 0;
    let along: f32 = 0;
    for (let at: usize = 0; at < row; at += 4) {
      if (load<f32>(mask + at) === 0) continue;
      const s = load<f32>(affinity + at);
      sum += s;
      along += load<f32>(dGates + at) * scale * s;
    }
    sum += epsilon;
    const shared = along / (sum * sum);
    for (let at: usize = 0; at < row; at += 4) {
      const d = load<f32>(dGates + at) * scale;
      const chosen = load<f32>(mask + at) !== 0;
      store<f32>(dAffinity + at, chosen ? (normalised ? d / sum - shared : d) : 0);
    }
    affinity += row;
    mask += row;
    dGates += row;
    dAffinity += row;
  }
}

/** Where the groups that stay have fewer than K experts, those of the others follow, far below any score. */
function insertDropped(
  scores: usize,
  groupMask: usize,
  minusInfinity: f32,
  G: i32,
  size: i32,
  K: i32,
  places: usize,
  found: i32,
): void {
  for (let g = 0; g < G; g++) {
    if (isKept(groupMask, g)) continue;
    for (let e = g * size; e < (g + 1) * size; e++) {
      store<f32>(scores + bytes(e), load<f32>(scores + bytes(e)) + minusInfinity);
    }
    found = insertLargest(scores, g * size, size, K, places, found);
  }
}

function isKept(groupMask: usize, g: i32): bool {
  return load<f32>(groupMask + bytes(g)) === 1;
}
