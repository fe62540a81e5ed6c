import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cappedMixture, epochs } from "../../../lib/lessons/08-data-and-openness/mixture";

describe("epochs", () => {
  it("says how often each source comes around", () => {
    expect(epochs({ web: 0.9, books: 0.1 }, { web: 900, books: 25 }, 1000)).toEqual({ web: 1, books: 4 });
  });
});

describe("cappedMixture", () => {
  it("leaves alone what fits", () => {
    expect(cappedMixture({ a: 0.5, b: 0.5 }, { a: 100, b: 100 }, 100, 4)).toEqual({ a: 0.5, b: 0.5 });
  });

  it("cuts a small source to what it can give, and shares the rest in proportion", () => {
    // books: 10 tokens, at most twice: 20 of 100. The other two keep 3 to 1.
    const mixture = cappedMixture({ web: 0.3, code: 0.1, books: 0.6 }, { web: 1000, code: 1000, books: 10 }, 100, 2);
    expect(mixture.books).toBeCloseTo(0.2, 12);
    expect(mixture.web).toBeCloseTo(0.6, 12);
    expect(mixture.code).toBeCloseTo(0.2, 12);
  });

  it("goes on until nobody is over: what is shared out may send another one over", () => {
    const mixture = cappedMixture({ a: 0.6, b: 0.3, c: 0.1 }, { a: 10, b: 40, c: 1000 }, 100, 1);
    expect(mixture.a).toBeCloseTo(0.1, 12);
    expect(mixture.b).toBeCloseTo(0.4, 12); // 0.3/0.4 of the 0.9 left would be 0.675
    expect(mixture.c).toBeCloseTo(0.5, 12);
  });

  it("refuses what all sources together cannot give", () => {
    expect(() => cappedMixture({ a: 1, b: 1 }, { a: 10, b: 10 }, 100, 4)).toThrow(/4 times all of the text is less/);
  });

  it("always sums to one, never goes over, and keeps the order of those that are free", () => {
    const part = fc.record({
      wanted: fc.double({ min: 0.01, max: 1, noNaN: true }),
      size: fc.integer({ min: 1, max: 500 }),
    });
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 2, maxLength: 6 }),
        fc.double({ min: 1, max: 5, noNaN: true }),
        (parts, most) => {
          const by = (key: "wanted" | "size") => Object.fromEntries(parts.map((p, i) => [`s${i}`, p[key]]));
          const tokens = 0.9 * most * parts.reduce((sum, { size }) => sum + size, 0);
          const mixture = cappedMixture(by("wanted"), by("size"), tokens, most);
          expect(Object.values(mixture).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
          const read = Object.values(epochs(mixture, by("size"), tokens));
          read.forEach((times) => expect(times).toBeLessThanOrEqual(most * (1 + 1e-9)));
          const factors = parts
            .map(({ wanted }, i) => mixture[`s${i}`] / wanted)
            .filter((_, i) => read[i] < most * (1 - 1e-9));
          factors.forEach((factor) => expect(factor).toBeCloseTo(factors[0], 9));
        },
      ),
    );
  });
});
