import { describe, expect, it } from "vitest";
import {
  checkRanges,
  drawTriangular,
  likeliestOf,
  meansOf,
  monteCarlo,
  Spread,
  tornado,
} from "../../lib/economics/uncertainty";
import { Random } from "../../lib/tensor/random";

const ranges = {
  price: { low: 1, likely: 2, high: 4, basis: "offers" },
  hours: { low: 90, likely: 100, high: 105, basis: "the log" },
};
const cost = ({ price, hours }: { price: number; hours: number }) => price * hours;
const draws = (seed: number, n = 20_000) => {
  const random = new Random(seed);
  return monteCarlo({ ranges, model: cost, draws: n, uniform: () => random.uniform() });
};

describe("monteCarlo", () => {
  it("gives the same results for the same seed, others for another", () => {
    expect(draws(1, 50).values).toEqual(draws(1, 50).values);
    expect(draws(2, 50).values).not.toEqual(draws(1, 50).values);
  });

  it("has the mean of a product of triangular ranges, and stays within their ends", () => {
    const spread = draws(3);
    const mean = ({ low, likely, high }: typeof ranges.price) => (low + likely + high) / 3;
    expect(Math.abs(spread.mean() / (mean(ranges.price) * mean(ranges.hours)) - 1)).toBeLessThan(0.01);
    expect(spread.values[0]).toBeGreaterThanOrEqual(90);
    expect(spread.values[spread.values.length - 1]).toBeLessThanOrEqual(420);
  });

  it("draws a range of no width as its value, and both ends of others", () => {
    expect(drawTriangular({ low: 3, likely: 3, high: 3, basis: "fixed" }, 0.7)).toBe(3);
    expect(drawTriangular(ranges.price, 0)).toBe(1);
    expect(drawTriangular(ranges.price, 1)).toBe(4);
    // A third of the area lies below the most likely value: (2 - 1) / (4 - 1).
    expect(drawTriangular(ranges.price, 1 / 3)).toBeCloseTo(2, 12);
  });

  it("names a range that is out of order or has no basis", () => {
    expect(() => checkRanges({ x: { low: 2, likely: 1, high: 3, basis: "?" } })).toThrow(
      'range "x" must have low ≤ likely',
    );
    expect(() => checkRanges({ x: { low: 1, likely: 1, high: 3, basis: " " } })).toThrow('range "x" must say in basis');
  });
});

describe("Spread", () => {
  it("has quantiles and shares", () => {
    const spread = new Spread([4, 1, 3, 2]);
    expect([0, 0.5, 1].map((q) => spread.quantile(q))).toEqual([1, 2.5, 4]);
    expect(spread.shareUpTo(2)).toBe(0.5);
    expect(spread.mean()).toBe(2.5);
  });
});

describe("tornado", () => {
  it("moves one range at a time and puts the one that matters most first", () => {
    const bars = tornado(ranges, cost);
    expect(bars.map(({ name }) => name)).toEqual(["price", "hours"]);
    const [price, hours] = [(1 + 2 + 4) / 3, (90 + 100 + 105) / 3];
    expect(bars.map(({ atLow, atHigh }) => [atLow, atHigh])).toEqual([
      [hours, 4 * hours],
      [90 * price, 105 * price],
    ]);
  });
});

describe("the mean and the most likely value", () => {
  it("of a product of skewed ranges: the means multiply to the mean of the draws, the likeliest values lie below", () => {
    const spread = draws(4);
    expect(Math.abs(spread.mean() / cost(meansOf(ranges)) - 1)).toBeLessThan(0.01);
    expect(cost(likeliestOf(ranges))).toBeLessThan(spread.mean());
    expect(spread.shareUpTo(cost(likeliestOf(ranges)))).toBeLessThan(0.5);
  });
});
