import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { collectRouting } from "../../lib/model/collect-routing";
import { tinyConfig } from "../../lib/model/config";
import { createModel } from "../../lib/model/model";
import { isMoe } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { expectNoLeak } from "../support/close";

beforeAll(async () => {
  await useBackend("wasm");
});

describe("collectRouting", () => {
  it("gives the routing of each sparse block in order, the prediction module's last", async () => {
    const model = createModel(tinyConfig(), 3);
    const { nRoutedExperts: E, numExpertsPerTok: K } = model.config;
    const ids = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ];
    await expectNoLeak(() => {
      const { result, routing } = collectRouting((observe) => model.forwardTraining(ids, { observe }));
      expect(routing.map(({ block }) => block)).toEqual(["layer1", "layer2", "mtp0"]);
      for (const { affinity, expertIndices, gates, mask } of routing) {
        expect([affinity.shape, gates.shape, mask.shape]).toEqual([
          [6, E],
          [6, E],
          [6, E],
        ]);
        expect(expertIndices.shape).toEqual([6, K]);
        const [chosen, weights] = [mask.arraySync(), gates.arraySync()];
        expertIndices.arraySync().forEach((experts, n) => {
          expect(chosen[n].flatMap((one, e) => (one === 1 ? [e] : []))).toEqual(experts);
          expect(weights[n].flatMap((gate, e) => (gate > 0 ? [e] : []))).toEqual(experts);
        });
      }
      tf.dispose([Object.values(result), routing]);
    });
    model.dispose();
  });

  it("lets gradients flow from the routing into the router", () => {
    const model = createModel(tinyConfig(), 3);
    const router = model.weights.layers.map(({ mlp }) => mlp).find(isMoe)!.gate.weight;
    const [gradient] = tf.engine().gradients(
      () => {
        const { routing } = collectRouting((observe) => model.hiddenStates([[1, 2, 3]], { observe }));
        const sum = routing[0].affinity.sum<tf.Scalar>();
        tf.dispose(routing);
        return sum;
      },
      [router],
      undefined,
      true,
    ).grads;
    expect(gradient.shape).toEqual(router.shape);
    expect(gradient.abs().sum().dataSync()[0]).toBeGreaterThan(0);
    model.dispose();
  });

  it("frees what it has seen when the pass fails", async () => {
    const model = createModel(tinyConfig(), 3);
    await expectNoLeak(() => {
      const fails = () =>
        collectRouting((observe) => {
          model.forward([[1, 2]], { observe }).dispose();
          throw new Error("the pass has failed");
        });
      expect(fails).toThrow("the pass has failed");
    });
    model.dispose();
  });

  it("gives nothing for a model without sparse blocks", () => {
    const model = createModel(tinyConfig({ firstKDenseReplace: 3, numNextnPredictLayers: 0 }), 3);
    const { result, routing } = collectRouting((observe) => model.forward([[1, 2]], { observe }));
    expect(routing).toEqual([]);
    result.dispose();
    model.dispose();
  });
});
