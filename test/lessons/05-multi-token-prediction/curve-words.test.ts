import { expect, it } from "vitest";
import { curveInWords } from "../../../lib/lessons/05-multi-token-prediction/curve-words";

it.each([
  [[1.4, 1.3, 1.5, 1.1], "1.40 at 1, down to 1.30 near 2, up to 1.50 near 4, down to 1.10 at 8"],
  [[1, 1.1, 1.2, 1.3], "1.00 at 1, up to 1.30 at 8"],
  [[1.2, 1.2, 1.1, 1.1], "1.20 at 1, down to 1.10 at 8"],
  [[1, 1, 1, 1], "1.00 at 1, still 1.00 at 8"],
])("says where %o turns", (y, words) => {
  expect(curveInWords([1, 2, 4, 8], y)).toBe(words);
});

it("refuses what is no curve", () => {
  expect(() => curveInWords([1], [1])).toThrow(RangeError);
  expect(() => curveInWords([1, 2], [1])).toThrow(RangeError);
});
