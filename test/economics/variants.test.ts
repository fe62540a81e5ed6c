/** What the formulas say of each variant is what its weights are, and the budget that V3 sets is what all take. */
import { beforeAll, describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs";
import { costAtV3, variantCounts, variantOf, VARIANTS, type VariantId } from "../../lib/economics/variants";
import { DeepSeekV3 } from "../../lib/model/model";
import { initMultiHeadWeights } from "../../lib/model/multi-head";
import { initWeights, isCorrectionBias, namedTensors } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { stepsFor } from "../../lib/training/ablation-run";
import { MICRO, MINI } from "../../lib/training/presets";

const IDS = Object.keys(VARIANTS) as VariantId[];

function weightsOf(id: VariantId, base = MICRO.config) {
  const { config: change, multiHead = false } = variantOf(id) as ReturnType<typeof variantOf>;
  const config = change(base);
  return { config, weights: multiHead ? initMultiHeadWeights(config, 1) : initWeights(config, 1) };
}

beforeAll(() => useBackend("cpu"));

describe.each(IDS)("%s", (id) => {
  it("has as many parameters as are counted", () => {
    const { weights } = weightsOf(id);
    const sizes = namedTensors(weights).filter(({ name }) => !isCorrectionBias(name));
    const { parameters, mtpParameters } = variantCounts(id, MICRO.config, 64);
    expect(sizes.reduce((sum, { tensor }) => sum + tensor.size, 0)).toBe(parameters.total + mtpParameters.total);
    tf.dispose(sizes.map(({ tensor }) => tensor));
  });

  it("comes within half a step of the budget", () => {
    const shape = { batch: 48, length: 256 };
    const of = (name: string) => variantCounts(name, MINI.config, shape.length).trainingFlopsPerToken;
    const budget = 400 * shape.batch * shape.length * of("v3");
    const { flops } = stepsFor(budget, of(id), shape);
    expect(Math.abs(flops - budget)).toBeLessThanOrEqual((of(id) * shape.batch * shape.length) / 2);
  });
});

it("makes dense models of V3's active, and of its total parameters, at any size", () => {
  for (const base of [MICRO.config, MINI.config]) {
    const v3 = variantCounts("v3", base, 64).parameters;
    expect(variantCounts("dense-active", base, 64).parameters.active / v3.active).toBeCloseTo(1, 1);
    expect(variantCounts("dense-total", base, 64).parameters.total / v3.total).toBeCloseTo(1, 1);
  }
  expect(costAtV3("dense-active").flopsRatio).toBeCloseTo(1, 2);
  expect(costAtV3("dense-total").flopsRatio).toBeGreaterThan(10);
  expect(costAtV3("v3").extraDollars).toBe(0);
  expect(costAtV3("no-balancing").extraDollars).toBe(0);
  expect(costAtV3("no-mtp").extraDollars).toBeLessThan(0);
});

it("attends with plain heads to no later token", () => {
  const { config, weights } = weightsOf("multi-head");
  const model = new DeepSeekV3(config, weights);
  const first = (ids: number[]) => tf.tidy(() => model.forward([ids]).slice([0, 0, 0], [1, 3, -1]).dataSync());
  const [a, b, c] = [first([1, 2, 3, 4]), first([1, 2, 3, 9]), first([1, 7, 3, 4])];
  expect(Array.from(a)).toEqual(Array.from(b));
  expect(Array.from(a)).not.toEqual(Array.from(c));
  model.dispose();
});
