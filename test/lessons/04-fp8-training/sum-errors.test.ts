import { describe, expect, it } from "vitest";
import { intervalExercise } from "../../../lib/lessons/04-fp8-training/exercise-4-interval";
import { meanBf16Error, sumErrors } from "../../../lib/lessons/04-fp8-training/sum-errors";

describe("errors of sums by the interval between promotions", () => {
  it.each([1, 2, 3])("lead to V3's 128 if a sum may err as much as storing its result in BF16, seed %i", (seed) => {
    const errorOf = sumErrors({ length: 2048, bits: 14, seed });
    expect(intervalExercise.reference(errorOf, 2048, meanBf16Error())).toBe(128);
  });

  it("lead elsewhere with another register", () => {
    const intervalIn = (bits: number) =>
      intervalExercise.reference(sumErrors({ length: 1024, bits, seed: 1 }), 1024, meanBf16Error());
    expect(intervalIn(12)).toBeLessThan(128);
    expect(intervalIn(17)).toBeGreaterThan(128);
  });

  it("knows what rounding to BF16 costs: 2^-9 of an octave's numbers, on average over their sizes", () => {
    expect(meanBf16Error()).toBeCloseTo(2 ** -9 / (2 * Math.log(2)), 5);
  });
});
