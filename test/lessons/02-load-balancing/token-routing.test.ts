import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { DeepSeekV3 } from "../../../lib/model/model";
import { initWeights, isCorrectionBias, mapWeights } from "../../../lib/model/weights";
import { Random } from "../../../lib/tensor/random";
import { useBackend } from "../../../lib/tensor/backend";
import { BEGIN_OF_DOCUMENT, bytesOf, characters } from "../../../lib/corpus/bytes";
import { expertInformation, shuffledInformation } from "../../../lib/training/specialisation";
import { routeTokens, withoutBiases } from "../../../lib/lessons/02-load-balancing/token-routing";
import { expectNoLeak } from "../../support/close";
import { batchOf, CONFIG } from "../../training/support";

beforeAll(async () => {
  await useBackend("wasm");
});

/** Random weights, and biases that change the choice. */
function biased(): DeepSeekV3 {
  const random = new Random(8);
  const weights = mapWeights(initWeights(CONFIG, 3, { std: 0.1 }), (tensor, name) =>
    isCorrectionBias(name) ? random.normalTensor(tensor.shape, 0.5) : tensor,
  );
  return new DeepSeekV3(CONFIG, weights);
}

describe("routeTokens", () => {
  it("gives each token's experts in each sparse layer, and the one that weighs most", async () => {
    const model = biased();
    const ids = batchOf(1, { batch: 2, length: 6 });
    const gates: number[][][] = [];
    model
      .forward(ids, {
        observe: (name, value) => {
          if (name.endsWith("router_gates")) gates.push(value.arraySync() as number[][]);
        },
      })
      .dispose();
    await expectNoLeak(() => {
      const layers = routeTokens(model, ids);
      expect(layers.map(({ layer }) => layer)).toEqual([1, 2]);
      layers.forEach(({ experts, strongest }, i) =>
        gates[i].forEach((row, n) => {
          expect(experts[n]).toEqual(row.flatMap((gate, e) => (gate > 0 ? [e] : [])));
          expect(row[strongest[n]]).toBe(Math.max(...row));
        }),
      );
      expect(layers[0].experts).toHaveLength(16);
    });
    model.dispose();
  });
});

describe("withoutBiases", () => {
  it("routes by affinity alone, and leaves the model as it was", () => {
    const model = biased();
    const ids = batchOf(1, { batch: 2, length: 20 });
    const before = routeTokens(model, ids);
    const bare = withoutBiases(model);
    expect(routeTokens(bare.model, ids)).not.toEqual(before);
    expect(bare.biases).toHaveLength(3); // two layers and the prediction module's
    tf.dispose(bare.biases);
    expect(routeTokens(model, ids)).toEqual(before);
    model.dispose();
  });
});

describe("expertInformation", () => {
  const routed = Array.from({ length: 200 }, (_, i) => ({ label: i % 2, experts: [i % 2 === 0 ? 0 : 1, 2] }));

  it("counts the choices of everything with the same label", () => {
    expect(expertInformation(routed, 4)).toBeCloseTo(0.5, 9); // half of the choices say it all, the others nothing
  });

  it("is hardly anything where labels are dealt out anew", () => {
    const chance = shuffledInformation(routed, 4, { seed: 1 });
    expect(chance).toBeLessThan(0.02);
    expect(chance).toBeGreaterThan(0);
    expect(shuffledInformation(routed, 4, { seed: 1 })).toBe(chance);
  });
});

describe("characters", () => {
  it("gives each whole character and where it begins", () => {
    const ids = [0x80, ...bytesOf("aé€𝄞b"), BEGIN_OF_DOCUMENT, 0xe2, 0x82];
    expect(characters(ids)).toEqual([
      { text: "a", at: 1 },
      { text: "é", at: 2 },
      { text: "€", at: 4 },
      { text: "𝄞", at: 7 },
      { text: "b", at: 11 },
    ]);
  });
});
