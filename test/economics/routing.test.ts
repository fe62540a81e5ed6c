import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  busiestShare,
  combinations,
  expertCoverage,
  log10,
  meanOverlap,
  parametersRead,
  reachableCombinations,
  simulateCoverage,
} from "../../lib/economics/routing";
import { activeParameters, totalParameters } from "../../lib/economics/parameters";
import { DEEPSEEK_V3 } from "../../lib/model/config";
import { Random } from "../../lib/tensor/random";

describe("combinations", () => {
  it("gives the published counts of expert sets", () => {
    expect(combinations(8, 2)).toBe(28n);
    expect(combinations(16, 2)).toBe(120n); // DeepSeekMoE, section 3.1
    expect(combinations(64, 8)).toBe(4_426_165_368n); // the same
    expect(combinations(256, 8)).toBe(409_663_695_276_000n);
  });

  it("obeys Pascal's rule and symmetry", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(300), (n, k) => {
        if (k > 0) expect(combinations(n, k)).toBe(combinations(n - 1, k - 1) + combinations(n - 1, k));
        if (k <= n) expect(combinations(n, k)).toBe(combinations(n, n - k));
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("is 0 for more than there are, and refuses what is no count", () => {
    expect(combinations(3, 4)).toBe(0n);
    expect(() => combinations(2.5, 1)).toThrow("n = 2.5");
    expect(() => combinations(3, -1)).toThrow("k = -1");
  });
});

it("takes logarithms of numbers beyond the range of a double", () => {
  expect(log10(1000n)).toBeCloseTo(3, 12);
  expect(log10(10n ** 500n)).toBeCloseTo(500, 9);
});

describe("reachableCombinations", () => {
  it("is every combination when no group is left out", () => {
    expect(reachableCombinations({ experts: 256, active: 8, groups: 8, kept: 8 })).toBe(combinations(256, 8));
  });

  it("agrees with counting by hand on six experts in three groups", () => {
    // Pairs within one group: 3. Pairs over two groups: the other 12 of 15.
    expect(reachableCombinations({ experts: 6, active: 2, groups: 3, kept: 1 })).toBe(3n);
    expect(reachableCombinations({ experts: 6, active: 2, groups: 3, kept: 2 })).toBe(15n);
    // Triples within two groups: 3 pairs of groups with 4 choose 3 each.
    expect(reachableCombinations({ experts: 6, active: 3, groups: 3, kept: 2 })).toBe(12n);
  });
});

describe("expertCoverage", () => {
  it("gives the figures of DeepSeek-V3 for batches of 1, 8, 32 and 128 tokens", () => {
    const percent = [1, 8, 32, 128].map((batch) => Math.round(100 * expertCoverage(256, 8, batch)));
    expect(percent).toEqual([3, 22, 64, 98]);
  });

  it("gives Mixtral's 5.5 of 8 experts for four tokens and 7.2 for eight", () => {
    expect(8 * expertCoverage(8, 2, 4)).toBeCloseTo(5.5, 1);
    expect(8 * expertCoverage(8, 2, 8)).toBeCloseTo(7.2, 1);
  });

  it("grows with the batch and stays between the share of one token and 1", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 512 }),
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 999 }),
        (E, k, B) => {
          const K = Math.min(k, E);
          const coverage = expertCoverage(E, K, B);
          expect(coverage).toBeGreaterThanOrEqual(K / E - 1e-12);
          expect(coverage).toBeLessThanOrEqual(1);
          expect(expertCoverage(E, K, B + 1)).toBeGreaterThanOrEqual(coverage);
        },
      ),
      { seed: 2 },
    );
  });

  it("refuses more active experts than there are", () => {
    expect(() => expertCoverage(8, 9, 1)).toThrow("9 active experts of 8");
  });
});

describe("simulateCoverage", () => {
  const draw = (batch: number, skew: number) => {
    const random = new Random(5);
    return simulateCoverage({ experts: 64, active: 4, batch, trials: 60, skew, uniform: () => random.uniform() });
  };

  it("agrees with the formula for equally popular experts", () => {
    for (const batch of [1, 8, 32]) expect(draw(batch, 0).mean).toBeCloseTo(expertCoverage(64, 4, batch), 1);
  });

  it("touches exactly K experts with one token", () => {
    const { low, mean, high } = draw(1, 0);
    expect([low, mean, high]).toEqual([4 / 64, 4 / 64, 4 / 64]);
  });

  it("touches fewer experts when some are more popular than others", () => {
    expect(draw(32, 1.5).mean).toBeLessThan(draw(32, 0).mean - 0.2);
  });
});

describe("parametersRead", () => {
  it("is what one token uses at batch 1, and nearly everything for a large batch", () => {
    expect(parametersRead(DEEPSEEK_V3, 1)).toBeCloseTo(
      activeParameters(DEEPSEEK_V3, { head: true, embedding: false }),
      -1,
    );
    const embedding = DEEPSEEK_V3.vocabSize * DEEPSEEK_V3.hiddenSize;
    expect(parametersRead(DEEPSEEK_V3, 1e5)).toBeCloseTo(totalParameters(DEEPSEEK_V3) - embedding, -1);
  });
});

describe("what tokens have in common", () => {
  const chosen = [
    [0, 1],
    [1, 2],
    [0, 1],
    [3, 4],
  ];

  it("averages the shared experts over the pairs that fit", () => {
    expect(meanOverlap(chosen, (a, b) => a + b === 2)).toBe(1); // tokens 0 and 2
    expect(meanOverlap(chosen, (a, b) => a + b === 1)).toBe(0.5); // tokens 0 and 1
    expect(meanOverlap(chosen, (a, b) => a === 3 || b === 3)).toBe(0);
  });

  it("finds the busiest expert", () => {
    expect(busiestShare(chosen)).toBe(0.75);
  });
});
