import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compare, compareShareWithChance, compareWithChance } from "../../lib/statistics/comparison";
import { difference, meanGap, meanInterval, shareInterval, studentT } from "../../lib/statistics/interval";
import { largest, plus, sum } from "../../lib/statistics/lists";
import { Random } from "../../lib/tensor/random";

function normals(count: number, seed: number): number[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => random.normal());
}

describe("intervals", () => {
  test("Student's t meets the printed values, and its expansion goes on where the table ends", () => {
    expect(studentT(2)).toBe(4.303);
    expect(studentT(40)).toBeCloseTo(2.021, 2);
    expect(studentT(120)).toBeCloseTo(1.98, 2);
    expect(studentT(31)).toBeLessThan(studentT(30));
  });

  test("values lie apart by the mean over all pairs, and one value has no other", () => {
    expect(meanGap([1, 3, 7])).toBe((2 + 6 + 4) / 3);
    expect(meanGap([5, 5])).toBe(0);
    expect(meanGap([5])).toBeNaN();
  });

  test("the largest of a list are given by their places, the lower place first where they are equal", () => {
    expect(largest([0.2, 0.9, 0.9, 0.5], 2)).toEqual([1, 2]);
    expect(largest([3, 3, 3], 2)).toEqual([0, 1]);
    expect([sum([]), sum([1, 2.5])]).toEqual([0, 3.5]);
    expect(plus([1, 2], [10, 20])).toEqual([11, 22]);
  });

  test("a mean's interval holds the true mean in 95% of samples of 3, 5 and 40", () => {
    for (const size of [3, 5, 40]) {
      let held = 0;
      for (let seed = 0; seed < 2000; seed += 1) {
        const { low, high } = meanInterval(normals(size, seed * 64 + size));
        if (low <= 0 && 0 <= high) held += 1;
      }
      expect(held / 2000, `samples of ${size}`).toBeGreaterThan(0.935);
      expect(held / 2000, `samples of ${size}`).toBeLessThan(0.965);
    }
  });

  test("a worked example: 1, 2, 3 has mean 2 ± 4.303/√3", () => {
    const { estimate, low, high } = meanInterval([1, 2, 3]);
    expect(estimate).toBe(2);
    expect(high - low).toBeCloseTo((2 * 4.303) / Math.sqrt(3), 6);
  });

  test("Wilson's interval of 8 of 10, from his formula", () => {
    const { estimate, low, high } = shareInterval(8, 10);
    expect([estimate, low, high].map((value) => value.toFixed(3))).toEqual(["0.800", "0.490", "0.943"]);
    expect(shareInterval(0, 5).low).toBeCloseTo(0, 12);
  });

  test("refuse what has no interval", () => {
    expect(() => meanInterval([])).toThrow("at least one value");
    expect(() => meanInterval([1, NaN])).toThrow("value 1 is NaN");
    expect(() => difference([1, 2], [1], true)).toThrow("2 values can't be paired with 1");
    expect(() => shareInterval(3, 2)).toThrow("3 of 2 is not a share");
  });

  test("one value has no spread, so its interval is everything", () => {
    expect(meanInterval([3])).toEqual({ estimate: 3, low: -Infinity, high: Infinity, count: 1 });
    expect(difference([1], [9, 9.1], false).high).toBe(Infinity);
  });
});

describe("a comparison", () => {
  const loss = { quantity: "loss", unit: "nats", of: "seeds", digits: 2, paired: false };

  test("ranks a difference that its interval separates from zero", () => {
    const said = compare(
      { name: "with it", values: [1.0, 1.01, 0.99] },
      { name: "without", values: [1.5, 1.51, 1.52] },
      loss,
    );
    expect(said.order).toBe("lower");
    expect(said.text).toBe(
      "Loss is lower with it than without, by 0.51 nats (95% interval 0.49 to 0.53), 3 seeds each.",
    );
  });

  test("refuses to rank a planted difference of zero, in 95% of draws", () => {
    let ranked = 0;
    for (let seed = 0; seed < 1000; seed += 1) {
      const values = normals(10, seed);
      const said = compare({ name: "a", values: values.slice(0, 5) }, { name: "b", values: values.slice(5) }, loss);
      if (said.order !== "cannot tell") ranked += 1;
      else expect(said.text).toMatch(/^Cannot tell whether loss is lower or higher a than b: the difference is /);
    }
    expect(ranked / 1000).toBeLessThan(0.065);
  });

  test("never ranks on one seed", () => {
    const said = compare({ name: "a", values: [1] }, { name: "b", values: [100] }, loss);
    expect(said.order).toBe("cannot tell");
    expect(said.text).toContain("(one value: no interval)");
  });

  test("pairs find a small constant difference under a large spread that both share", () => {
    const seeds = [3, 9, 1, 7];
    const a = { name: "a", values: seeds.map((value, i) => value + 0.1 + 0.001 * i) };
    const b = { name: "b", values: seeds };
    expect(compare(a, b, { ...loss, paired: false }).order).toBe("cannot tell");
    expect(compare(a, b, { ...loss, paired: true }).order).toBe("higher");
  });

  test("changing sides changes the order, whatever the values", () => {
    const values = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 2, maxLength: 6 });
    const opposite = { lower: "higher", higher: "lower", "cannot tell": "cannot tell" };
    fc.assert(
      fc.property(values, values, (first, second) => {
        const [a, b] = [
          { name: "a", values: first },
          { name: "b", values: second },
        ];
        expect(compare(a, b, loss).order).toBe(opposite[compare(b, a, loss).order]);
      }),
    );
  });
});

describe("a comparison with chance", () => {
  test("says which side of it a mean lies on, or that it can't tell", () => {
    const wording = { quantity: "attention to the first letter", unit: "%", of: "texts", digits: 1 };
    expect(compareWithChance({ name: "of head 3", values: [8.0, 8.2, 7.9] }, 9.3, wording).text).toBe(
      "Attention to the first letter of head 3 is lower than chance (9.3%): 8.0% (95% interval 7.7 to 8.4), 3 texts.",
    );
    expect(compareWithChance({ name: "of head 3", values: [8, 11, 9] }, 9.3, wording).order).toBe("cannot tell");
  });

  test("knows shares of trials", () => {
    const wording = { quantity: "the share of accepted drafts", of: "drafts" };
    const said = compareShareWithChance({ name: "at temperature 0", successes: 83, trials: 100 }, 0.5, wording);
    expect(said.order).toBe("higher");
    expect(said.text).toBe(
      "The share of accepted drafts at temperature 0 is higher than chance (50.0%): 83.0% (95% interval 74.5 to 89.1), 100 drafts.",
    );
    expect(compareShareWithChance({ name: "x", successes: 6, trials: 10 }, 0.5, wording).order).toBe("cannot tell");
  });
});
