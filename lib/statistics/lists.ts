/** Lists of numbers: what answers and cells do with them by hand. */

/** The positions of the n largest values, ascending; of equal values the lower position comes first. */
export function largest(values: readonly number[], n: number): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b);
  return order.slice(0, n).sort((a, b) => a - b);
}

/** Of all values together. */
export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Value by value; both lists are of one length. */
export const plus = (a: readonly number[], b: readonly number[]): number[] => a.map((x, i) => x + b[i]);
