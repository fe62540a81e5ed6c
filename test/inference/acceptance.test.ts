import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { draftAcceptance } from "../../lib/inference/acceptance";
import { argMax, distribution } from "../../lib/inference/sampling";
import { createModel } from "../../lib/model/model";
import { tinyConfig } from "../../lib/model/config";
import { useBackend } from "../../lib/tensor/backend";
import { expectNoLeak } from "../support/close";
import { lively } from "./support";

beforeAll(async () => {
  await useBackend("wasm");
});

const windows = [
  [3, 1, 4, 1, 5, 9, 2, 6],
  [5, 3, 5, 8, 9, 7, 9, 3],
  [2, 7, 1, 8, 2, 8, 1, 8],
];

describe("acceptance along given text", () => {
  it("compares the module's guess with the main model's, place by place", async () => {
    const model = lively({ vocabSize: 12 });
    let [equal, overlap, places] = [0, 0, 0];
    for (const window of windows) {
      const { main, draft } = tf.tidy(() => ({
        main: model.forward([window]).arraySync()[0],
        draft: model.forwardMtp([window]).arraySync()[0],
      }));
      // The module at i and the main model at i + 1 both predict token i + 2; the last window token is only a target.
      for (let i = 0; i + 2 < window.length; i++) {
        const [p, q] = [main[i + 1], draft[i]].map((logits) => distribution(logits, { temperature: 1 }));
        if (argMax(p) === argMax(q)) equal++;
        overlap += p.reduce((sum, value, v) => sum + Math.min(value, q[v]), 0);
        places++;
      }
    }
    await expectNoLeak(async () => {
      const measured = await draftAcceptance(model, windows, { batch: 2 });
      expect(measured.positions).toBe(places);
      expect(measured.greedy).toBeCloseTo(equal / places, 5);
      expect(measured.sampled).toBeCloseTo(overlap / places, 4);
    });
    model.dispose();
  });

  it("needs windows of three tokens, and a module", async () => {
    const model = lively();
    await expect(draftAcceptance(model, [[1, 2]], { batch: 1 })).rejects.toThrow("three tokens or more");
    await expect(draftAcceptance(model, [], { batch: 1 })).rejects.toThrow("three tokens or more");
    model.dispose();
    const without = createModel(tinyConfig({ numNextnPredictLayers: 0 }), 1);
    await expectNoLeak(async () => {
      await expect(draftAcceptance(without, windows, { batch: 1 })).rejects.toThrow("no multi-token prediction module");
    });
    without.dispose();
  });
});
