/**
 * Do experts specialise? Balance alone does not say: with perfectly even loads every expert may serve all kinds of text,
 * or each its own. What tells is how much the chosen expert gives away about the text that it was chosen for.
 */
import { Random } from "../tensor/random";

/**
 * Mutual information of two things that are counted together, I(X; Y) = Σ p(x) Σ p(y | x) log2(p(y | x) / p(y)), for
 * instance of a text's domain and the experts that its tokens go to. Every x has the same weight, however much was
 * counted of it.
 *
 * @param counts [X][Y], no row without a count
 * @returns bits: 0 if Y says nothing about X, log2 of the number of rows if it says all
 * @throws if a row's counts are all 0
 */
export function mutualInformation(counts: number[][]): number {
  const given = counts.map((row, x) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    if (total === 0) throw new Error(`mutualInformation: row ${x} counts nothing`);
    return row.map((count) => count / total);
  }); // p(y | x)
  const overall = given[0].map((_, y) => given.reduce((sum, row) => sum + row[y], 0) / given.length); // p(y)
  const terms = given.flatMap((row) => row.map((p, y) => (p === 0 ? 0 : p * Math.log2(p / overall[y]))));
  return terms.reduce((sum, term) => sum + term, 0) / given.length;
}

/** Something that was routed, a token or a whole window of text: what it is, and the experts that it took. */
export interface Routed {
  /** From 0 on: its domain, its character … */
  label: number;
  /** One for each choice of each token. */
  experts: ArrayLike<number>;
}

/**
 * Mutual information of labels and experts. Labels that nothing has are left out.
 *
 * @param E experts in the layer
 * @returns bits
 */
export function expertInformation(routed: readonly Routed[], E: number): number {
  const counts = new Map<number, number[]>();
  for (const { label, experts } of routed) {
    const row = counts.get(label) ?? new Array<number>(E).fill(0);
    for (let i = 0; i < experts.length; i++) row[experts[i]]++;
    counts.set(label, row);
  }
  return mutualInformation([...counts.values()]);
}

/**
 * What chance alone gives: the same with the labels dealt out anew, mean over some deals. Few counts look like
 * information, so a measured value means something only beside this one.
 */
export function shuffledInformation(
  routed: readonly Routed[],
  E: number,
  { seed, deals = 10 }: { seed: number; deals?: number },
): number {
  const random = new Random(seed);
  const labels = routed.map(({ label }) => label);
  const dealt = () => {
    const mixed = random.shuffle(labels);
    return expertInformation(
      routed.map(({ experts }, i) => ({ label: mixed[i], experts })),
      E,
    );
  };
  return Array.from({ length: deals }, dealt).reduce((sum, bits) => sum + bits, 0) / deals;
}
