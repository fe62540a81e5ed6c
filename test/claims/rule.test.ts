import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { about, allTurns, oneOfRange, turning, VERDICT_RULES, weigh, type Part } from "../../lib/claims/rule";
import { VERDICTS } from "../../lib/notebook/verdicts";

const from = (limit: number) => (x: number) => (x >= limit ? "holds" : "contradicted") as "holds" | "contradicted";

describe("weigh", () => {
  it.each<[Part[], boolean, string]>([
    [["right"], false, "holds"],
    [["right"], true, "incomplete"],
    [["right", "right if"], true, "holds with a condition"],
    [["right", "wrong"], false, "partly contradicted"],
    [["right if", "wrong", "open"], false, "partly contradicted"],
    [["wrong"], true, "contradicted"],
    [["wrong", "open"], false, "contradicted"],
    [["right", "open"], false, "cannot be checked"],
  ])("makes of %s a verdict", (parts, leavesOut, verdict) => {
    expect(weigh(parts, { leavesOut })).toBe(verdict);
  });

  const parts = fc.array(fc.constantFrom<Part>("right", "right if", "wrong", "open"), { minLength: 1, maxLength: 6 });

  it("never calls incomplete, or true, what has a wrong part, and never loses a right one", () => {
    fc.assert(
      fc.property(parts, fc.boolean(), (some, leavesOut) => {
        const verdict = weigh(some, { leavesOut });
        if (some.includes("wrong")) expect(verdict).toMatch(/contradicted$/);
        else expect(verdict).not.toMatch(/contradicted$/);
        if (some.includes("right")) expect(verdict).not.toBe("contradicted");
      }),
    );
  });

  it("does not look at the order of the parts", () => {
    fc.assert(fc.property(parts, (some) => weigh([...some].reverse()) === weigh(some)));
  });

  it("has a rule in words for each verdict", () => {
    expect(Object.keys(VERDICT_RULES)).toEqual(VERDICTS);
    expect(new Set(Object.values(VERDICT_RULES)).size).toBe(VERDICTS.length);
  });
});

it("one number in a range is half right, outside of it wrong, and right where the range is that number", () => {
  expect([oneOfRange(8, 6, 8), oneOfRange(2, 2, 4), oneOfRange(9, 6, 8), oneOfRange(8, 8, 8)]).toEqual([
    ["right", "wrong"],
    ["right", "wrong"],
    ["wrong"],
    ["right"],
  ]);
});

describe("allTurns", () => {
  it("finds a verdict that turns and turns back", () => {
    const between = (x: number) => (x > 2.43 && x < 4.05 ? "holds" : "incomplete") as "holds" | "incomplete";
    const turns = allTurns(between, { low: 2, high: 15 });
    expect(turns.map(({ verdict }) => verdict)).toEqual(["holds", "incomplete"]);
    expect(turns[0].at).toBeCloseTo(2.43, 9);
    expect(turns[1].at).toBeCloseTo(4.05, 9);
  });

  it("walks whole numbers, and finds nothing where nothing changes", () => {
    const odd = (x: number) => (x === 7 ? "holds" : "incomplete") as "holds" | "incomplete";
    expect(allTurns(odd, { low: 1, high: 16, whole: true }).map(({ at }) => at)).toEqual([7, 8]);
    expect(allTurns(() => "holds", { low: 1, high: 5 })).toEqual([]);
  });
});

describe("turning", () => {
  it("finds where a verdict changes, to either side", () => {
    const between = (x: number) => (x > 2 && x < 50 ? "holds" : "contradicted") as "holds" | "contradicted";
    const found = turning(between, 10, { low: 0.1, high: 1000 });
    expect(found.verdict).toBe("holds");
    expect(found.below!.at).toBeCloseTo(2, 9);
    expect(found.above!.at).toBeCloseTo(50, 9);
    expect([found.below!.verdict, found.above!.verdict]).toEqual(["contradicted", "contradicted"]);
  });

  it("finds nothing where nothing changes", () => {
    expect(turning(() => "holds", 1, { low: 0, high: 5 })).toEqual({
      now: 1,
      verdict: "holds",
      below: null,
      above: null,
    });
  });

  it("finds any limit in the range, also across zero", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -90, max: 90, noNaN: true }),
        fc.double({ min: -90, max: 90, noNaN: true }),
        (limit, now) => {
          fc.pre(Math.abs(limit - now) > 1);
          const { below, above } = turning(from(limit), now, { low: -100, high: 100 });
          const side = limit > now ? above : below;
          expect(side!.at).toBeCloseTo(limit, 6);
          expect(limit > now ? below : above).toBeNull();
        },
      ),
    );
  });

  it("walks whole numbers one by one", () => {
    const odd = (x: number) => (x === 7 ? "holds" : "incomplete") as "holds" | "incomplete";
    expect(turning(odd, 4, { low: 1, high: 16, whole: true }).above).toEqual({ at: 7, verdict: "holds" });
    expect(turning(odd, 7, { low: 1, high: 16, whole: true })).toMatchObject({
      below: { at: 6, verdict: "incomplete" },
      above: { at: 8, verdict: "incomplete" },
    });
  });

  it("moves a number outside of its range only towards it", () => {
    expect(turning(from(3), 20, { low: 1, high: 10 }).below!.at).toBeCloseTo(3, 9);
    expect(turning(from(3), 20, { low: 1, high: 10 }).above).toBeNull();
  });

  it("gives the first value at which the other verdict stands", () => {
    const found = turning(from(3), 1, { low: 0.1, high: 10 }).above!;
    expect(from(3)(found.at)).toBe(found.verdict);
  });
});

it("about is within a tenth, unless said", () => {
  expect([about(1.09, 1), about(1.11, 1), about(0.9, 1), about(1.2, 1, 0.25)]).toEqual([true, false, true, true]);
});
