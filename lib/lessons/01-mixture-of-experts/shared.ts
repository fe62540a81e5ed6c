/** Lists of numbers, as the answers of lessons 01 and 02 handle them. */

/** The positions of the n largest values, ascending; of equal values the lower position comes first. */
export function largest(values: number[], n: number): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b);
  return order.slice(0, n).sort((a, b) => a - b);
}

export const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
export const plus = (a: number[], b: number[]) => a.map((x, i) => x + b[i]);
