/** The model against values of two reference implementations (see test/fixtures/README.md), to 1e-5. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { LatentCache } from "../../lib/model/latent-cache";
import type { ForwardOptions } from "../../lib/model/model";
import { inverseFrequencies } from "../../lib/model/rotary";
import { useBackend } from "../../lib/tensor/backend";
import { expectClose } from "../support/close";
import { openGolden, type Golden } from "../support/golden";

const TOLERANCE = { rtol: 1e-5, atol: 1e-5 };

/** Everything that the observer is shown, by name. */
function forwardObserved(
  { model, ids }: Golden,
  options: ForwardOptions,
): { logits: ArrayLike<number>; seen: Map<string, ArrayLike<number>> } {
  const seen = new Map<string, ArrayLike<number>>();
  const logits = model.forward(ids, { ...options, observe: (name, value) => seen.set(name, value.dataSync()) });
  const values = logits.dataSync();
  logits.dispose();
  return { logits: values, seen };
}

function expectGolden(golden: Golden, actual: ArrayLike<number>, name: string): void {
  expectClose(actual, golden.value(name).values, TOLERANCE);
}

/** The K gates of the chosen experts, token by token, out of [N, E]. */
function chosenGates(gates: ArrayLike<number>, indices: ArrayLike<number>, K: number, E: number): number[] {
  return Array.from(indices, (expert, i) => gates[Math.floor(i / K) * E + expert]);
}

describe.each(["wasm", "cpu"] as const)("golden values on %s", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  describe.each(["golden-a-group", "golden-d-mtp"])("%s", (name) => {
    it.each([
      { attention: "naive", dispatch: "grouped" },
      { attention: "naive", dispatch: "masked" },
      { attention: "absorbed", dispatch: "grouped" },
    ] as const)("holds for %o: logits, hidden states, attention, caches, router", (options) => {
      const before = tf.memory().numTensors;
      const golden = openGolden(name);
      const { numHiddenLayers, firstKDenseReplace, numExpertsPerTok: K, nRoutedExperts: E } = golden.model.config;
      const { logits, seen } = forwardObserved(golden, options);
      expectGolden(golden, logits, "logits");
      expectGolden(golden, seen.get("final_norm")!, "final_norm");
      for (let layer = 0; layer < numHiddenLayers; layer++) {
        const at = (what: string) => seen.get(`layer${layer}.${what}`)!;
        expectGolden(golden, at("attn_out"), `layer${layer}.attn_out`);
        if (layer === 0) expectGolden(golden, at("attn_probs"), "layer0.attn_probs");
        expectGolden(golden, at("cache_ckv"), `layer${layer}.cache_ckv`);
        expectGolden(golden, at("cache_kpe"), `layer${layer}.cache_kpe_ds`);
        expectGolden(golden, at("hidden_out"), `layer${layer}.hidden_out`);
        if (layer < firstKDenseReplace) continue;
        const indices = at("router_indices");
        expect(Array.from(indices)).toEqual(Array.from(golden.value(`layer${layer}.topk_idx`).values));
        expectGolden(golden, chosenGates(at("router_gates"), indices, K, E), `layer${layer}.topk_weight`);
      }
      golden.model.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    it("holds token by token with the latent cache", () => {
      const golden = openGolden(name);
      const { model, ids } = golden;
      const cache = new LatentCache();
      const steps = ids[0].map((_, t) =>
        model.forward(
          ids.map((row) => [row[t]]),
          { cache },
        ),
      );
      expectGolden(
        golden,
        tf.tidy(() => tf.concat(steps, 1).dataSync()),
        "logits",
      );
      cache.dispose();
      tf.dispose(steps);
      model.dispose();
    });

    it("has the reference's rotary frequencies to the bit", () => {
      const golden = openGolden(name);
      expect(inverseFrequencies(golden.model.config)).toEqual(golden.value("rope_inv_freq").values);
      golden.model.dispose();
    });
  });

  it("holds for the multi-token prediction module of golden-d-mtp", () => {
    const golden = openGolden("golden-d-mtp");
    const logits = golden.model.forwardMtp(golden.ids);
    expectGolden(golden, logits.dataSync(), "mtp.logits");
    logits.dispose();
    golden.model.dispose();
  });
});
