import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { about, turning } from "../../lib/claims/rule";

const from = (limit: number) => (x: number) => (x >= limit ? "holds" : "contradicted") as "holds" | "contradicted";

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
