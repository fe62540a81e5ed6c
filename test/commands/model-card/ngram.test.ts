import { describe, expect, it } from "vitest";
import { BEGIN_OF_DOCUMENT } from "../../../lib/corpus/bytes";
import { ByteStatistics } from "../../../tools/commands/model-card/ngram";
import { mutualInformation } from "../../../lib/training/specialisation";
import { Random } from "../../../lib/tensor/random";

const ALL = BEGIN_OF_DOCUMENT + 1;
const total = (statistics: ByteStatistics, context: number[]) =>
  Array.from({ length: ALL }, (_, token) => statistics.probability(token, context)).reduce((a, b) => a + b, 0);

describe("byte statistics", () => {
  const text = [1, 2, 1, 2, 1, 3];

  it("of order 0 are the rule of Witten and Bell by hand", () => {
    const statistics = new ByteStatistics(text, 0);
    // 6 tokens, 3 different ones: P(1) = (3 + 3/257) / 9
    expect(statistics.probability(1, [])).toBeCloseTo((3 + 3 / 257) / 9, 12);
    expect(statistics.probability(200, [])).toBeCloseTo(3 / 257 / 9, 12);
  });

  it("of order 1 mix in those of order 0", () => {
    const statistics = new ByteStatistics(text, 1);
    const shorter = (3 + 3 / 257) / 9;
    expect(statistics.probability(1, [2])).toBeCloseTo((2 + 1 * shorter) / 3, 12); // after 2 comes 1, both times
  });

  it("are probabilities: positive, and 1 together, also after contexts never seen", () => {
    const random = new Random(3);
    const statistics = new ByteStatistics(
      Array.from({ length: 400 }, () => random.integer(5)),
      3,
    );
    for (const context of [[], [1], [0, 1, 2], [9, 9, 9], [256, 2], [1, 2, 3, 4, 0]]) {
      expect(total(statistics, context)).toBeCloseTo(1, 9);
      expect(statistics.probability(77, context)).toBeGreaterThan(0);
    }
  });

  it("predict a periodic text better with more context, and never fall far behind the uniform guess", () => {
    const periodic = Array.from({ length: 600 }, (_, i) => [1, 1, 2, 1, 3][i % 5]);
    const bits = [0, 1, 2, 3].map((order) => new ByteStatistics(periodic, order).bitsPerByte([periodic.slice(0, 60)]));
    expect(bits[1]).toBeLessThan(bits[0]);
    expect(bits[2]).toBeLessThan(bits[1]);
    expect(bits[3]).toBeLessThan(0.1);
    expect(new ByteStatistics(periodic, 3).bitsPerByte([[90, 91, 92, 93]])).toBeLessThan(40);
  });

  it("refuse an order that has no exact key", () => {
    expect(() => new ByteStatistics(text, 6)).toThrow("the order is 6; it must be a whole number from 0 to 5");
    expect(() => new ByteStatistics(text, 0.5)).toThrow("the order is 0.5");
  });
});

describe("mutual information", () => {
  it("is 0 where Y says nothing, log2 of the rows where it says all, whatever was counted of each", () => {
    expect(
      mutualInformation([
        [2, 6],
        [10, 30],
      ]),
    ).toBeCloseTo(0, 12);
    expect(
      mutualInformation([
        [5, 0, 0, 0],
        [0, 900, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 7],
      ]),
    ).toBeCloseTo(2, 12);
  });

  it("is what the formula gives in a case by hand", () => {
    // p(y|x): (3/4, 1/4) and (1/4, 3/4), p(y) = 1/2: both rows 3/4·log2(3/2) + 1/4·log2(1/2)
    const expected = 0.75 * Math.log2(1.5) + 0.25 * Math.log2(0.5);
    expect(
      mutualInformation([
        [3, 1],
        [1, 3],
      ]),
    ).toBeCloseTo(expected, 12);
  });

  it("refuses a row without a count", () => {
    expect(() =>
      mutualInformation([
        [1, 1],
        [0, 0],
      ]),
    ).toThrow("row 1 counts nothing");
  });
});
