import { expect, it } from "vitest";
import { keptEnergy, singularValues } from "../../../lib/lessons/03-multi-head-latent-attention/low-rank";
import { Random } from "../../../lib/tensor/random";
import { expectClose } from "../../support/close";

const random = new Random(4);
const matrix = (rows: number, columns: number) =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal()));
const product = (a: number[][], b: number[][]) =>
  a.map((row) => b[0].map((_, j) => row.reduce((sum, value, i) => sum + value * b[i][j], 0)));

it("finds the singular values of a matrix that shows them", () => {
  expectClose(
    singularValues([
      [0, 3, 0],
      [-5, 0, 0],
      [0, 0, 2],
      [0, 0, 0],
    ]),
    [5, 3, 2],
  );
});

it("has the energy of the matrix, whatever the rotation", () => {
  const a = matrix(20, 6);
  const energy = a.flat().reduce((sum, value) => sum + value ** 2, 0);
  expectClose([singularValues(a).reduce((sum, value) => sum + value ** 2, 0)], [energy]);
  expectClose(singularValues(a), singularValues([...a].reverse()));
});

it("finds the rank of a product", () => {
  const values = singularValues(product(matrix(30, 4), matrix(4, 9)));
  expect(values[3]).toBeGreaterThan(0.1);
  expect(values[4] / values[0]).toBeLessThan(1e-6);
  expect([0, 4, 9].map((rank) => keptEnergy(values, rank).toFixed(6))).toEqual(["0.000000", "1.000000", "1.000000"]);
});

it("refuses what is no matrix", () => {
  expect(() => singularValues([])).toThrow("the matrix is empty");
  expect(() => singularValues([[1, 2], [3]])).toThrow("row 1 has 1 numbers, row 0 has 2");
});
