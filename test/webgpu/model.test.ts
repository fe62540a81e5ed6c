/** The whole model on webgpu: against the reference's golden values, and its experts and gradients against cpu. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { routedExperts } from "../../lib/model/experts";
import { routeAffinities } from "../../lib/model/router";
import { Random } from "../../lib/tensor/random";
import { expectClose } from "../support/close";
import { openGolden } from "../support/golden";
import { onBoth, useWebgpu } from "./adapter";

describe("the model on webgpu", () => {
  beforeAll(useWebgpu);

  it.each([
    { name: "golden-a-group", dispatch: "grouped" },
    { name: "golden-a-group", dispatch: "masked" },
    { name: "golden-d-mtp", dispatch: "grouped" },
  ] as const)("agrees with the reference: $name, $dispatch", async ({ name, dispatch }) => {
    await tf.setBackend("webgpu");
    const before = tf.memory().numTensors;
    const { model, ids, value } = openGolden(name);
    const logits = model.forward(ids, { dispatch });
    expectClose(await logits.data(), value("logits").values, { rtol: 1e-5, atol: 1e-5 });
    logits.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [100, 24, 20, 8, 2],
    [7, 5, 3, 4, 1],
  ])(
    "computes routed experts and their gradients: %i tokens, width %i, experts of %i, %i of them, %i active",
    async (N, D, I, E, K) => {
      const config = {
        nRoutedExperts: E,
        numExpertsPerTok: K,
        nGroup: 1,
        topkGroup: 1,
        normTopkProb: true,
        routedScalingFactor: 2.5,
      };
      const bias = Array.from({ length: E }, (_, e) => (e === 1 ? -10 : 0)); // expert 1 gets no token
      const { gpu, cpu } = await onBoth(() => {
        const random = new Random(3);
        const inputs = [random.normalTensor([N, D]), tf.sigmoid(random.normalTensor([N, E]))];
        const weights = [
          [E, D, I],
          [E, D, I],
          [E, I, D],
        ].map((shape) => random.normalTensor(shape, 0.3));
        const layer = (
          x: tf.Tensor,
          affinity: tf.Tensor,
          gateProj: tf.Tensor,
          upProj: tf.Tensor,
          downProj: tf.Tensor,
        ) =>
          routedExperts(
            x as tf.Tensor2D,
            routeAffinities(affinity as tf.Tensor2D, tf.tensor1d(bias), config),
            { gateProj, upProj, downProj } as never,
            tf.getBackend() === "webgpu" ? "grouped" : "masked",
          );
        const all = [...inputs, ...weights] as Parameters<typeof layer>;
        return [layer(...all), ...(tf.grads(layer as never)(all, random.normalTensor([N, D])) as tf.Tensor[])];
      });
      expect(gpu.length).toBe(6);
      gpu.forEach((values, i) => expectClose(values, cpu[i], { rtol: 1e-4, atol: 1e-4 }));
    },
  );
});
