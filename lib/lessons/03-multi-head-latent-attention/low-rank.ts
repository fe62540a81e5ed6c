/**
 * How few numbers a matrix can be squeezed into. The best approximation of a matrix by one of rank r keeps its r largest
 * singular values (Eckart and Young, 1936), and the share of its energy, the sum of all squares, that is lost is that of
 * the other ones.
 */
import { EigenvalueDecomposition, Matrix } from "ml-matrix";

/**
 * The singular values of a matrix, largest first: roots of the eigenvalues of AᵀA, in float64.
 *
 * @param rows [N][M]
 * @returns M values; those of a rank that A does not have are 0 up to rounding
 * @throws if there is no row, or rows differ in length
 */
export function singularValues(rows: ArrayLike<number>[]): number[] {
  const width = rows[0]?.length ?? 0;
  if (width === 0) throw new Error("singularValues: the matrix is empty");
  const odd = rows.findIndex((row) => row.length !== width);
  if (odd >= 0) throw new Error(`singularValues: row ${odd} has ${rows[odd].length} numbers, row 0 has ${width}`);
  const gram = new Matrix(width, width); // AᵀA
  for (const row of rows) {
    for (let i = 0; i < width; i++) {
      for (let j = 0; j <= i; j++) gram.set(i, j, gram.get(i, j) + row[i] * row[j]);
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) gram.set(j, i, gram.get(i, j));
  const { realEigenvalues } = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  return realEigenvalues.map((value) => Math.sqrt(Math.max(0, value))).sort((a, b) => b - a);
}

/** The share of the energy that the best approximation of a rank keeps: 0 … 1. */
export function keptEnergy(values: number[], rank: number): number {
  const energy = (some: number[]) => some.reduce((sum, value) => sum + value ** 2, 0);
  return energy(values.slice(0, rank)) / energy(values);
}
