import { describe, expect, it } from "vitest";
import { billions, fixed, listed, money, percent, times, whole } from "../../lib/notebook/format";

describe("numbers in sentences", () => {
  it("separates thousands by commas", () => {
    expect(whole(671_026_404_352)).toBe("671,026,404,352");
    expect(whole(409_663_695_276_000n)).toBe("409,663,695,276,000");
    expect(fixed(1234.567, 1)).toBe("1,234.6");
  });

  it("writes no minus before zero", () => {
    expect([fixed(-0.001), fixed(-0, 0), fixed(-0.006), whole(-0.3), percent(-0.00001), money(-0.001)]).toEqual([
      "0.00",
      "0",
      "-0.01",
      "0",
      "0.00%",
      "0.00 dollars",
    ]);
  });

  it("gives shares as many digits as say something", () => {
    expect([0, 0.000123, 0.03125, 0.978, 1].map(percent)).toEqual(["0%", "0.01%", "3.1%", "98%", "100%"]);
  });

  it("writes money in words, so that no formula begins", () => {
    expect([5.576e6, 1.6e9, 87_072, 0.2, 0.181].map((amount) => money(amount))).toEqual([
      "5.58 million dollars",
      "1.60 billion dollars",
      "87,072 dollars",
      "0.20 dollars",
      "0.18 dollars",
    ]);
    expect(money(5.576e6, "dollars", 4)).toBe("5.576 million dollars");
    expect(money(50e6, "francs", 2)).toBe("50 million francs");
  });

  it("gives counts in billions three digits", () => {
    expect([671.026e9, 36.6257e9, 1.655e9].map(billions)).toEqual(["671B", "36.6B", "1.66B"]);
  });

  it("rounds large ratios to whole numbers", () => {
    expect([1.44, 9.96, 17.99].map(times)).toEqual(["1.4 times", "10.0 times", "18 times"]);
  });

  it("lists names and numbers", () => {
    expect([[], ["a"], ["a", "b", "c"], [1, 2]].map(listed)).toEqual(["", "a", "a, b and c", "1 and 2"]);
  });
});
