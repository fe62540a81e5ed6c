import { expect, it } from "vitest";
import { workShares } from "../../../lib/lessons/04-fp8-training/work-shares";
import { DEEPSEEK_V3 } from "../../../lib/model/config";

it("gives shares that sum to 1, and most of DeepSeek-V3's arithmetic to the modules in FP8", () => {
  const shares = workShares(DEEPSEEK_V3, 4096);
  expect(Object.values(shares).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  const fp8 = shares.attention + shares.denseMlp + shares.sharedExperts + shares.routedExperts;
  expect(fp8).toBeGreaterThan(0.8);
  expect(shares.router).toBeLessThan(0.01);
  expect([shares.embedding, shares.norms]).toEqual([0, 0]);
});
