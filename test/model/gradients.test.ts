import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyConfig } from "../../lib/model/config";
import type { Dispatch } from "../../lib/model/experts";
import { DeepSeekV3 } from "../../lib/model/model";
import { disposeWeights, initWeights, isCorrectionBias, mapWeights, namedTensors } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { expectClose } from "../support/close";

const config = tinyConfig({
  hiddenSize: 16,
  intermediateSize: 24,
  moeIntermediateSize: 8,
  vocabSize: 24,
  numHiddenLayers: 2,
  qLoraRank: 12,
});
const random = new Random(9);
const ids = [Array.from({ length: 6 }, () => random.integer(config.vocabSize))];
const STEP = 2e-3; // small, since a step that changes an expert's selection would be a jump

/** The directional derivative of both heads' outputs along one direction a weight, by gradient and by differences. */
async function compare(dispatch: Dispatch): Promise<{ name: string; byGradient: number; byDifference: number }[]> {
  const weights = initWeights(config, 11, { std: 0.3 });
  // The correction bias has no gradient: it decides the selection only.
  const moves = (name: string) => !isCorrectionBias(name);
  const tensors = namedTensors(weights).filter(({ name }) => moves(name));
  const target = new Random(13);
  const [forMain, forMtp] = [6, 5].map((T) => target.normalTensor([1, T, config.vocabSize], 1 / config.vocabSize));
  const value = (...values: tf.Tensor[]): tf.Scalar => {
    let next = 0;
    const model = new DeepSeekV3(
      config,
      mapWeights(weights, (tensor, name) => (moves(name) ? values[next++] : tensor)),
    );
    const [main, mtp] = [model.forward(ids, { dispatch }), model.forwardMtp(ids, { dispatch })];
    return main.mul(forMain).sum().add(mtp.mul(forMtp).sum());
  };
  const all = tensors.map(({ tensor }) => tensor);
  const gradients = tf.grads(value)(all);
  const rows = tensors.map(({ name, tensor }, i) =>
    tf.tidy(() => {
      const direction = new Random(i).normalTensor(tensor.shape, 1 / Math.sqrt(tensor.size));
      const at = (step: number) =>
        value(...all.map((t, j) => (i === j ? t.add(direction.mul(step)) : t))).dataSync()[0];
      return {
        name,
        byGradient: gradients[i].mul(direction).sum().dataSync()[0],
        byDifference: (at(STEP) - at(-STEP)) / (2 * STEP),
      };
    }),
  );
  tf.dispose([gradients, forMain, forMtp]);
  disposeWeights(weights);
  return rows;
}

describe.each(["grouped", "masked"] as const)("gradients with %s experts", (dispatch) => {
  beforeAll(async () => {
    await useBackend("wasm");
  });

  it("agree with finite differences for every weight of the model and its multi-token prediction module", async () => {
    const before = tf.memory().numTensors;
    for (const { name, byGradient, byDifference } of await compare(dispatch)) {
      expect(Math.abs(byGradient), `${name} has a gradient`).toBeGreaterThan(0);
      expectClose([byGradient], [byDifference], { rtol: 2e-2, atol: 2e-3 });
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
