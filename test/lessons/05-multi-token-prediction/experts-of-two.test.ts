import { expect, it } from "vitest";
import { expertsOfTwo, readingOfTwo } from "../../../lib/lessons/05-multi-token-prediction/experts-of-two";
import { DEEPSEEK_V3 } from "../../../lib/model/config";
import { useBackend } from "../../../lib/tensor/backend";
import { lively } from "../../inference/support";
import { expectNoLeak } from "../../support/close";

it("counts the experts that two neighbouring tokens choose, and leaves nothing behind", async () => {
  await useBackend("wasm");
  const model = lively();
  const { numExpertsPerTok, nRoutedExperts } = model.config;
  await expectNoLeak(async () => {
    const ofTwo = expertsOfTwo(model, [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(ofTwo).toBeGreaterThan(1);
    expect(ofTwo).toBeLessThanOrEqual(Math.min(2, nRoutedExperts / numExpertsPerTok));
  });
  model.dispose();
});

it("adds the second token's experts to what a token of V3 reads", () => {
  const experts = 58 * 8 * 3 * 7168 * 2048; // sparse layers, chosen experts, three matrices each
  expect(readingOfTwo(DEEPSEEK_V3, 1)).toBe(1);
  expect(readingOfTwo(DEEPSEEK_V3, 2)).toBeCloseTo(1 + experts / 36.626e9, 4);
});
