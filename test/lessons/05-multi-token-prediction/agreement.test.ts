import { expect, it } from "vitest";
import { type Agreement, agreements, draftAcceptance } from "../../../lib/inference/acceptance";
import {
  acceptanceByTemperature,
  acceptanceOf,
  overlapByEqual,
} from "../../../lib/lessons/05-multi-token-prediction/agreement";
import { useBackend } from "../../../lib/tensor/backend";
import { Random } from "../../../lib/tensor/random";
import { lively } from "../../inference/support";
import { expectNoLeak } from "../../support/close";

it("is measured at each position, and its mean is the acceptance of drafts", async () => {
  await useBackend("wasm");
  const model = lively();
  const random = new Random(5);
  const windows = [0, 1, 2].map(() => Array.from({ length: 9 }, () => random.integer(model.config.vocabSize)));
  await expectNoLeak(async () => {
    const texts = await agreements(model, windows);
    expect(texts.map((text) => text.length)).toEqual([7, 7, 7]);
    const { greedy, sampled } = await draftAcceptance(model, windows, { batch: 2 });
    const rates = acceptanceOf(texts.flat());
    expect(rates.greedy).toBeCloseTo(greedy, 6);
    expect(rates.sampled).toBeCloseTo(sampled, 5);
  });
  model.dispose();
});

it("refuses a model without a module", async () => {
  await useBackend("wasm");
  const model = lively({ numNextnPredictLayers: 0 });
  await expect(agreements(model, [[1, 2, 3, 4]])).rejects.toThrow(/no multi-token prediction module/);
  model.dispose();
});

/** Texts of ten positions; text b has `same[b]` positions of equal first choice. */
const texts = (same: number[], overlap: (equal: boolean) => number): Agreement[][] =>
  same.map((count) => Array.from({ length: 10 }, (_, t) => ({ equal: t < count, overlap: overlap(t < count) })));

it("ranks the temperatures only where the interval allows it, and follows the data", () => {
  const close = texts([5, 6, 5, 6], () => 0.9); // undecided models: little is lost, much is gained
  const sure = texts([9, 10, 9, 10], (equal) => (equal ? 0.8 : 0)); // sure ones: only losses
  const mixed = [...texts([5], () => 0.9), ...texts([10], () => 0.6)];
  expect(acceptanceByTemperature(close, "texts").order).toBe("higher");
  expect(acceptanceByTemperature(close, "texts").text).toContain("4 pairs of texts");
  expect(acceptanceByTemperature(sure, "texts").order).toBe("lower");
  expect(acceptanceByTemperature(mixed, "texts").text).toMatch(/^Cannot tell/);
});

it("splits the gain of temperature 1 into what agreeing places lose and others win", () => {
  const positions = texts([7], (equal) => (equal ? 0.8 : 0.5)).flat();
  const { greedy, sampled } = acceptanceOf(positions);
  const over = overlapByEqual(positions);
  expect(over.equal).toBeCloseTo(0.8, 12);
  expect(over.different).toBeCloseTo(0.5, 12);
  expect((1 - greedy) * over.different - greedy * (1 - over.equal)).toBeCloseTo(sampled - greedy, 12);
});
