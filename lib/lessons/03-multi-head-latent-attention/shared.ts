/** The mathematics of the exercises in plain numbers, and the weights on which answers are compared. */
export const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
/** x [n] · w [n][m] → [m] */
export const times = (x: number[], w: number[][]) =>
  w[0].map((_, j) => x.reduce((sum, value, i) => sum + value * w[i][j], 0));
export const transposed = (w: number[][]) => w[0].map((_, j) => w.map((row) => row[j]));

/** RMSNorm with a gain of 1. */
export const normalised = (x: number[]) => x.map((value) => value / Math.sqrt(dot(x, x) / x.length + 1e-6));

/** W^UK of a head [C = 3][d = 2], and one that is as wide as the latent, [3][3]. */
export const UP = [
  [1, 0.5],
  [-0.5, 2],
  [0.25, -1],
];
export const SQUARE = [
  [1, 2, 0],
  [0, -1, 0.5],
  [3, 0.25, 1],
];
