import { describe, expect, it } from "vitest";
import { matrixErrors } from "../../../lib/lessons/04-fp8-training/rounding-errors";

describe("matrixErrors", () => {
  it("measures by row, over all and at the worst element", () => {
    const errors = matrixErrors([3, 4, 1, 1], [3, 0, 1, 0], [2, 2]);
    expect(Array.from(errors.rows)).toEqual([4 / 3, 1]);
    expect(errors).toMatchObject({ rowMedian: (4 / 3 + 1) / 2, rowWorst: 4 / 3, largest: 4, largestRelative: 4 / 3 });
    expect(errors.global).toBeCloseTo(Math.sqrt(17 / 10), 12);
  });

  it("has an answer for rows of zeros and for no columns, and refuses lengths that don't fit", () => {
    expect(Array.from(matrixErrors([0, 0, 1, 0], [0, 0, 0, 0], [2, 2]).rows)).toEqual([0, Infinity]);
    expect(matrixErrors([], [], [0, 3])).toMatchObject({ rowMedian: 0, rowWorst: 0, global: 0 });
    expect(() => matrixErrors([1], [1, 2], [1, 2])).toThrow("needs two times 2 numbers; got 1 and 2");
  });
});
