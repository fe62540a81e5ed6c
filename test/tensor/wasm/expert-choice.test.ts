/** The choice of experts in one kernel on wasm, held to the operations of model/router.ts, to the last bit. */
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { routeAffinities, selectExperts, type Routing, type RoutingConfig } from "../../../lib/model/router";
import { useBackend } from "../../../lib/tensor/backend";
import { Random } from "../../../lib/tensor/random";
import { expectNoLeak } from "../../support/close";
import { expectMemoryStays } from "../support";

beforeAll(async () => {
  await useBackend("wasm");
});

interface Case extends RoutingConfig {
  N: number;
  seed: number;
  /** Steps between 0 and 1 that affinities take: few of them make ties. */
  steps: number;
  /** Experts whose bias is −∞. */
  unused: number;
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    N: fc.integer({ min: 1, max: 20 }),
    nGroup: fc.integer({ min: 1, max: 5 }),
    size: fc.integer({ min: 1, max: 9 }),
    kept: fc.integer({ min: 1, max: 5 }),
    active: fc.integer({ min: 1, max: 8 }),
    normTopkProb: fc.boolean(),
    routedScalingFactor: fc.constantFrom(1, 2.5),
    steps: fc.constantFrom(2, 10, 2 ** 24),
    unused: fc.nat(4),
    seed: fc.nat(1000),
  })
  .map(({ nGroup, size, kept, active, ...rest }) => ({
    ...rest,
    nGroup,
    nRoutedExperts: nGroup * size,
    topkGroup: Math.min(kept, nGroup),
    numExpertsPerTok: Math.min(active, nGroup * size),
  }));

function operands({ N, nRoutedExperts: E, seed, steps, unused }: Case): [tf.Tensor2D, tf.Tensor1D] {
  const random = new Random(seed);
  const affinity = Array.from({ length: N * E }, () => random.integer(steps) / steps);
  const bias = Array.from({ length: E }, (_, e) => (e < unused ? -Infinity : random.integer(steps) / steps - 0.5));
  return [tf.tensor2d(affinity, [N, E]), tf.tensor1d(bias)];
}

/** The numbers of everything that a routing says, and the gradient of the gates for one from above. */
function allOf(compute: typeof selectExperts, drawn: Case): Record<string, number[]> {
  return tf.tidy(() => {
    const [affinity, bias] = operands(drawn);
    const routing = compute(affinity, bias, drawn);
    const above = new Random(drawn.seed + 1).normalTensor(affinity.shape) as tf.Tensor2D;
    const gradient = tf.grad((s) => compute(s as tf.Tensor2D, bias, drawn).gates)(affinity, above);
    const numbers = Object.entries({ ...routing, gradient }).map(([name, x]) => [
      name,
      Array.from(x.dataSync(), (value) => value + 0), // of −0, 0
    ]);
    return Object.fromEntries(numbers) as Record<string, number[]>;
  });
}

describe("the choice of experts on wasm", () => {
  it("is that of the operations in every step, with ties and experts out of use", () => {
    fc.assert(
      fc.property(cases, (drawn) => {
        expect(allOf(routeAffinities, drawn)).toEqual(allOf(selectExperts, drawn));
      }),
      { numRuns: 300 },
    );
  });

  it("takes experts of dropped groups where those that stay are too few, those out of use last", () => {
    const shape = { N: 3, nRoutedExperts: 12, nGroup: 4, topkGroup: 1, numExpertsPerTok: 8 };
    const drawn = { ...shape, normTopkProb: true, routedScalingFactor: 1, steps: 2 ** 24, unused: 2, seed: 1 };
    const { expertIndices, ...rest } = allOf(routeAffinities, drawn);
    expect({ expertIndices, ...rest }).toEqual(allOf(selectExperts, drawn));
    expect(expertIndices).not.toContain(0);
  });

  it("has the types of the operations, keeps no tensor, and takes no memory", async () => {
    const drawn = fc.sample(cases, 1)[0];
    const [affinity, bias] = operands(drawn);
    const types = (routing: Routing) => Object.entries(routing).map(([name, x]) => [name, x.dtype, x.shape]);
    const [ours, steps] = [routeAffinities, selectExperts].map((compute) => compute(affinity, bias, drawn));
    expect(types(ours).sort()).toEqual(types(steps).sort());
    await expectNoLeak(() => {
      const { affinity: given, ...made } = routeAffinities(affinity, bias, drawn);
      expect(given).toBe(affinity);
      tf.dispose(made);
    });
    expectMemoryStays(() => tf.tidy(() => void routeAffinities(affinity, bias, drawn)));
    tf.dispose([ours, steps, affinity, bias]);
  });

  it("lets no gradient through the selection", () => {
    const drawn = { ...fc.sample(cases, 1)[0], normTopkProb: false };
    const [affinity, bias] = operands(drawn);
    const ones = tf.tidy(() => tf.grad((s) => routeAffinities(s as tf.Tensor2D, bias, drawn).gates)(affinity));
    const chosen = tf.tidy(() => routeAffinities(affinity, bias, drawn).mask.mul(drawn.routedScalingFactor));
    expect(ones.arraySync()).toEqual(chosen.arraySync());
  });
});
