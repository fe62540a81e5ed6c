/** The lesson's sentences follow their numbers: a changed number changes or withdraws them. */
import { describe, expect, it } from "vitest";
import { assumedRanges, ourAssumptions, projectModel } from "../../../lib/economics/all-in";
import { fact, value } from "../../../lib/economics/facts";
import { likeliestOf, meansOf, monteCarlo, tornado } from "../../../lib/economics/uncertainty";
import {
  besideOwnersCost,
  explainHours,
  overlapWords,
  placeAmong,
  rateRows,
  type RateRow,
} from "../../../lib/lessons/07-cost-economics/findings";
import { Random } from "../../../lib/tensor/random";

describe("where the report's price lies among offers", () => {
  it("moves with the price", () => {
    const { low, high } = fact("prices", "rent-h100", "in2024") as { low: number; high: number };
    const place = (price: number) => placeAmong(price, { low, high });
    expect(place(value("training-runs", "deepseek-v3", "price"))).toBe("below");
    expect([place(low), place(high), place(high + 0.01)]).toEqual(["among", "among", "above"]);
  });
});

describe("the rent in China", () => {
  it("is what a server's month comes to", () => {
    const china = (key: string) => value("prices", "rent-h100-china", key);
    expect(china("in2025")).toBeCloseTo(china("serverMonth") / china("yuanPerDollar") / 8 / 730, 1);
    const { high } = fact("prices", "rent-h100-china", "serverMonth");
    expect(fact("prices", "rent-h100-china", "in2025").high).toBeCloseTo(high! / china("yuanPerDollar") / 8 / 730, 2);
  });
});

describe("the claimed range against the one from outside", () => {
  it("overlaps, or not, as the numbers say", () => {
    const claimed = { low: 2, high: 5 };
    expect(overlapWords(claimed, { low: 10 / 3, high: 10 })).toBe("overlaps with it from 3.3 to 5.0");
    expect(overlapWords(claimed, { low: 6, high: 10 })).toBe("lies wholly below it");
    expect(overlapWords(claimed, { low: 1, high: 1.5 })).toBe("lies wholly above it");
    expect(overlapWords(claimed, { low: 1, high: 9 })).toBe("lies within it");
  });
});

describe("the report's price beside an owner's cost", () => {
  it("counts the purchase twice only where the price covers the wear", () => {
    expect(besideOwnersCost(2, 1.9)).toContain("would count it twice");
    expect(besideOwnersCost(1, 1.9)).toBe("0.5 times an owner's cost: it doesn't cover the wear of the machines");
    expect(besideOwnersCost(4, 1.9)).toBe("2.1 times an owner's cost: more than the machines take");
  });
});

describe("what explains the ratio of hours", () => {
  const row = (flops: number, hours: number): RateRow => ({
    counted: "?",
    v3: 0.4,
    llama: (0.4 * flops) / hours,
    flops,
    hours,
  });

  it("is arithmetic, for V3 and the 405B, by every count; the rate lies on both sides of 1", () => {
    const rows = rateRows();
    const { text, mostly } = explainHours(rows);
    expect(mostly).toBe("FLOPs");
    expect(text).toContain("hardly in how fast the GPUs computed");
    const rates = rows.map(({ v3, llama }) => llama / v3);
    expect(Math.min(...rates)).toBeCloseTo(0.91, 2);
    expect(Math.max(...rates)).toBeGreaterThan(1);
    for (const { v3, llama, flops, hours } of rows.filter(({ flops }) => flops !== null)) {
      expect(llama / v3).toBeCloseTo(flops! / hours!, 10); // the same chip, so the same peak
    }
  });

  it("is the rate where that is what differs, and nothing is said where counts disagree", () => {
    expect(explainHours([row(2, 12), row(2.1, 12)]).mostly).toBe("rate");
    const undecided = explainHours([row(2, 12), row(10, 12)]);
    expect(undecided.mostly).toBe("cannot tell");
    expect(undecided.text).toContain("depends on what is counted");
  });
});

describe("the whole project", () => {
  const ranges = assumedRanges(ourAssumptions());
  const { cost, computing } = projectModel();
  const spreadOf = (seed: number, model: (v: ReturnType<typeof meansOf<typeof ranges>>) => number) => {
    const random = new Random(seed);
    return monteCarlo({ ranges, model, draws: 20_000, uniform: () => random.uniform() });
  };
  const dollars = spreadOf(1, (v) => cost(v).dollars);

  it("costs, at the means, what the draws cost in the mean; its most likely values add up to an unlikely sum", () => {
    expect(Math.abs(cost(meansOf(ranges)).dollars / dollars.mean() - 1)).toBeLessThan(0.01);
    expect(dollars.shareUpTo(cost(likeliestOf(ranges)).dollars)).toBeLessThan(0.1);
  });

  it("has another widest bar when another range is widened", () => {
    const widest = (changed: typeof ranges) => tornado(changed, (v) => cost(v).dollars)[0].name;
    expect(widest(ranges)).toBe("other experiments");
    expect(widest({ ...ranges, data: { low: 1e6, likely: 2e6, high: 1e9, basis: "?" } })).toBe("data");
  });

  it("takes more computing the more experiments there were, and people cost no computing", () => {
    const v = meansOf(ranges);
    expect(computing({ ...v, "other experiments": 3 }) - computing({ ...v, "other experiments": 1 })).toBeCloseTo(2);
    expect(computing({ "other experiments": 0, "failed runs": 0 })).toBeCloseTo(1.19, 2);
  });
});
