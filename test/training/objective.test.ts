import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { createModel, DeepSeekV3 } from "../../lib/model/model";
import { disposeWeights, initWeights, isCorrectionBias, mapWeights, namedTensors } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { nextTokenLoss } from "../../lib/training/next-token-loss";
import { routersOf, trainingLosses, type Balance } from "../../lib/training/objective";
import { expectClose, expectNoLeak } from "../support/close";
import { batchOf, CONFIG } from "./support";

beforeAll(async () => {
  await useBackend("wasm");
});

const tokens = batchOf(0, { batch: 2, length: 8 });
const window = (from: number, to: number) => tokens.map((row) => row.slice(from, to));
// Weights so large that each part has a say, and its gradient is no rounding error.
const options = (balance: Balance) => ({ balance, sequenceAlpha: 2, auxiliaryAlpha: 2, mtpLambda: 0.5 });
const valueOf = (scalar: tf.Tensor) => scalar.dataSync()[0];

describe("trainingLosses", () => {
  it("finds in one pass what the two heads find in two", () => {
    const model = createModel(CONFIG, 3);
    const { total, main, mtp } = trainingLosses(model, tokens, options("none"));
    expectClose(main, nextTokenLoss(model.forward(window(0, 8)), window(1, 9)));
    expectClose(mtp, nextTokenLoss(model.forwardMtp(window(0, 9)), window(2, 10)));
    expectClose(total, [valueOf(main) + 0.5 * valueOf(mtp)]);
    model.dispose();
  });

  it("names a token outside the vocabulary where it is a target only, and leaves nothing behind", async () => {
    const model = createModel(CONFIG, 3);
    await expectNoLeak(() => {
      for (const place of [8, 9]) {
        const odd = tokens.map((row) => row.map((id, t) => (t === place ? CONFIG.vocabSize : id)));
        expect(() => trainingLosses(model, odd, options("none"))).toThrow(
          `trainingLosses: ${CONFIG.vocabSize} is not a target`,
        );
      }
    });
    model.dispose();
  });

  it("is the main loss alone for a model without a prediction module", () => {
    const model = createModel({ ...CONFIG, numNextnPredictLayers: 0 }, 3);
    const { total, main, mtp, loads } = trainingLosses(model, tokens, options("none"));
    expectClose(total, main);
    expect(valueOf(mtp)).toBe(0);
    expect(loads.shape).toEqual([2, CONFIG.nRoutedExperts]);
    model.dispose();
  });

  it("counts the loads of the sparse layers and then of the module, in the order of routersOf", async () => {
    const model = createModel(CONFIG, 3);
    const { nRoutedExperts: E, numExpertsPerTok: K } = CONFIG;
    expect(routersOf(model.weights).map(({ name }) => name)).toEqual(["layer 1", "layer 2", "MTP"]);
    await expectNoLeak(() => {
      const losses = trainingLosses(model, tokens, options("bias"));
      const indices: Int32Array[] = [];
      const forward = model.forwardTraining(window(0, 9), {
        observe: (name, value) => void (name.endsWith("router_indices") && indices.push(value.dataSync<"int32">())),
      });
      const countOf = (chosen: Int32Array, expert: number) => chosen.filter((index) => index === expert).length;
      const counted = indices.map((chosen) => Array.from({ length: E }, (_, expert) => countOf(chosen, expert)));
      expect(losses.loads.arraySync()).toEqual(counted);
      counted.forEach((row) => expect(row.reduce((a, b) => a + b)).toBe(2 * 8 * K));
      tf.dispose([losses, Object.values(forward)]);
    });
    model.dispose();
  });

  it("adds a loss for balance only where it is asked for", () => {
    const model = createModel(CONFIG, 3);
    const [none, bias, auxiliary] = (["none", "bias", "auxiliary"] as const).map((balance) =>
      valueOf(trainingLosses(model, tokens, options(balance)).total),
    );
    // Each router adds α · Σ f·P. The mean of f·E/E is 1 in balance, so three routers at α = 2 add about 6.
    for (const loss of [bias, auxiliary]) expect(Math.abs(loss - none - 6)).toBeLessThan(1.5);
    expect(bias).not.toBe(auxiliary);
    model.dispose();
  });

  it("says so where there is nothing to route", () => {
    const dense = { ...CONFIG, firstKDenseReplace: CONFIG.numHiddenLayers, numNextnPredictLayers: 0 };
    const model = createModel(dense, 3);
    expect(() => trainingLosses(model, tokens, options("bias"))).toThrow("no sparse layer");
    model.dispose();
  });
});

describe.each(["bias", "auxiliary", "none"] as const)(
  "the gradient of the training loss with balance %s",
  (balance) => {
    it("agrees with finite differences for every weight", async () => {
      const STEP = 2e-3; // small, since a step that changes an expert's selection would be a jump
      await expectNoLeak(() => {
        const weights = initWeights(CONFIG, 11, { std: 0.3 });
        const moves = (name: string) => !isCorrectionBias(name);
        const tensors = namedTensors(weights).filter(({ name }) => moves(name));
        const all = tensors.map(({ tensor }) => tensor);
        const value = (...values: tf.Tensor[]): tf.Scalar => {
          let next = 0;
          const placed = mapWeights(weights, (tensor, name) => (moves(name) ? values[next++] : tensor));
          return trainingLosses(new DeepSeekV3(CONFIG, placed), tokens, options(balance)).total;
        };
        const gradients = tf.grads(value)(all);
        tensors.forEach(({ name, tensor }, i) =>
          tf.tidy(() => {
            const direction = new Random(i).normalTensor(tensor.shape, 1 / Math.sqrt(tensor.size));
            const moved = (step: number) => all.map((t, j) => (i === j ? t.add(direction.mul(step)) : t));
            const at = (step: number) => valueOf(value(...moved(step)));
            const byGradient = valueOf(gradients[i].mul(direction).sum());
            expect(Math.abs(byGradient), `${name} has a gradient`).toBeGreaterThan(0);
            expectClose([byGradient], [(at(STEP) - at(-STEP)) / (2 * STEP)], { rtol: 3e-2, atol: 2e-3 });
          }),
        );
        tf.dispose(gradients);
        disposeWeights(weights);
      });
    });
  },
);
