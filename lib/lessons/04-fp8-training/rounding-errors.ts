/**
 * How far a computed matrix is from the exact one: row by row, and over all. The two answer different questions: a few
 * large rows decide the global measure, and can hide that small rows, tokens of small activations, are ruined.
 */
export interface MatrixErrors {
  /** ‖row − exact row‖ / ‖exact row‖ for each row; where the exact row is 0, either 0 or Infinity. */
  rows: Float64Array;
  /** Median and largest value of rows. */
  rowMedian: number;
  rowWorst: number;
  /** Frobenius norm of the difference, relative to that of the exact matrix. */
  global: number;
  /** The largest difference of two elements, and its ratio to the largest exact magnitude. */
  largest: number;
  largestRelative: number;
}

/**
 * The errors of a matrix.
 *
 * @param actual [rows, columns]
 * @param exact [rows, columns]
 * @throws if lengths and shape do not fit
 */
export function matrixErrors(
  actual: ArrayLike<number>,
  exact: ArrayLike<number>,
  [rows, columns]: [number, number],
): MatrixErrors {
  if (actual.length !== rows * columns || exact.length !== rows * columns) {
    throw new Error(
      `matrixErrors: [${rows}, ${columns}] needs two times ${rows * columns} numbers; ` +
        `got ${actual.length} and ${exact.length}`,
    );
  }
  const byRow = new Float64Array(rows);
  let [difference, size, largest, most] = [0, 0, 0, 0];
  for (let row = 0; row < rows; row++) {
    let [ofRow, rowSize] = [0, 0];
    for (let i = row * columns; i < (row + 1) * columns; i++) {
      const error = actual[i] - exact[i];
      ofRow += error * error;
      rowSize += exact[i] * exact[i];
      largest = Math.max(largest, Math.abs(error));
      most = Math.max(most, Math.abs(exact[i]));
    }
    byRow[row] = relative(Math.sqrt(ofRow), Math.sqrt(rowSize));
    difference += ofRow;
    size += rowSize;
  }
  const sorted = byRow.slice().sort();
  return {
    rows: byRow,
    rowMedian: rows === 0 ? 0 : (sorted[(rows - 1) >> 1] + sorted[rows >> 1]) / 2,
    rowWorst: rows === 0 ? 0 : sorted[rows - 1],
    global: relative(Math.sqrt(difference), Math.sqrt(size)),
    largest,
    largestRelative: relative(largest, most),
  };
}

function relative(error: number, size: number): number {
  return error === 0 ? 0 : error / size;
}
