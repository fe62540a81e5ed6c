/**
 * Do experts specialise? Balance alone does not say: with perfectly even loads every expert may serve all kinds of text,
 * or each its own. What tells is how much the chosen expert gives away about the text that it was chosen for.
 */

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
