import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { biasSpeedAt, learningRateAt, mtpLambdaAt, V3_SCHEDULE } from "../../lib/training/training-schedule";

// One step a billion tokens, so that a step's number says how far DeepSeek-V3's 14.8T tokens are.
const steps = 14_800;
const schedule = { ...V3_SCHEDULE, warmUpSteps: 100 };
const rate = (step: number) => 2.2e-4 * learningRateAt(schedule, { step, steps });

describe("the learning rate", () => {
  it("has the values of the report's section 4.2 at its corners", () => {
    expect(rate(0)).toBeCloseTo(2.2e-6, 12);
    expect(rate(99)).toBeCloseTo(2.2e-4, 12);
    expect(rate(9_999)).toBeCloseTo(2.2e-4, 12);
    expect(rate(12_150)).toBeCloseTo((2.2e-4 + 2.2e-5) / 2, 12); // half way down the cosine
    expect(rate(14_300)).toBeCloseTo(2.2e-5, 12);
    expect(rate(14_632)).toBeCloseTo(2.2e-5, 12);
    expect(rate(14_633)).toBeCloseTo(7.3e-6, 12);
    expect(rate(14_799)).toBeCloseTo(7.3e-6, 12);
  });

  it("never rises after the warm-up, and warms up for a tenth of a short run at most", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 0, max: 500 }), (steps, warmUpSteps) => {
        const own = { ...schedule, warmUpSteps };
        const rates = Array.from({ length: steps }, (_, step) => learningRateAt(own, { step, steps }));
        const top = rates.indexOf(Math.max(...rates));
        expect(top).toBeLessThanOrEqual(Math.ceil(steps / 10));
        expect(rates.slice(top).find((value, i, after) => i > 0 && value > after[i - 1])).toBeUndefined();
        expect(Math.min(...rates)).toBeGreaterThan(0);
      }),
    );
  });
});

describe("what else changes over a run", () => {
  it("is the bias update speed, 0 for the last 500B tokens", () => {
    const speed = (step: number) => biasSpeedAt(schedule, 0.001, { step, steps });
    expect([speed(0), speed(14_299), speed(14_300), speed(14_799)]).toEqual([0.001, 0.001, 0, 0]);
  });

  it("is the weight of the multi-token prediction loss, lower after 10T tokens", () => {
    const lambda = (step: number) => mtpLambdaAt(schedule, [0.3, 0.1], { step, steps });
    expect([lambda(0), lambda(9_999), lambda(10_000), lambda(14_799)]).toEqual([0.3, 0.3, 0.1, 0.1]);
  });
});
