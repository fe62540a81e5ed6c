import { readFileSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { loadModel } from "../../lib/checkpoint/checkpoint";
import { useBackend } from "../../lib/tensor/backend";
import { expectClose } from "../support/close";

/** What test/fixtures/generate/generate.py writes beside each small model. */
interface Expected {
  ids: number[][];
  positions: number[][] | null;
  logits: number[][][];
  router: { layer: number; experts: number[][][]; weights: number[][][] }[];
}

const FIXTURES = {
  "direct-queries": "queries without a latent",
  "one-group": "one group of experts",
  "two-shared-experts": "two shared experts",
  "far-positions": "YaRN at positions beyond 100,000, another row of them for each sequence",
  "rope-parameters": "the newer form of the rotary settings, with two different mscales",
  bfloat16: "weights stored as bfloat16",
  "unnormalised-gates": "gates that are neither divided by their sum nor scaled",
  "tied-embeddings": "a head that is the embedding",
  "other-epsilon": "another epsilon in the norms of the residual stream",
  sharded: "several files and their index",
};

describe.each(["wasm", "cpu"] as const)("on %s, logits and routing equal the reference's for", (backend) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  describe.each(Object.entries(FIXTURES))("%s: %s", (name) => {
    const folder = path.join(__dirname, "..", "fixtures", name);
    const expected = JSON.parse(readFileSync(path.join(folder, "expected.json"), "utf8")) as Expected;
    const positions = expected.positions ?? undefined;

    it.each(["naive", "absorbed"] as const)("with %s attention", (attention) => {
      const before = tf.memory().numTensors;
      const model = loadModel(folder);
      const chosen = new Map<string, tf.Tensor>();
      const observe = (key: string, value: tf.Tensor) => {
        if (/router_(indices|gates)$/.test(key)) chosen.set(key, tf.keep(value.clone()));
      };
      const logits = model.forward(expected.ids, { positions, attention, observe });
      expectClose(logits, expected.logits.flat(2));
      expect(chosen.size).toBe(2 * expected.router.length);
      for (const { layer, experts, weights } of expected.router) {
        const indices = chosen.get(`layer${layer}.router_indices`)!;
        expect([...indices.dataSync()]).toEqual(experts.flat(2));
        const gates = chosen.get(`layer${layer}.router_gates`)!;
        const [N, E] = gates.shape;
        const dense = new Float32Array(N * E); // the expected weight at each chosen expert, 0 elsewhere
        experts.flat().forEach((row, n) => row.forEach((e, k) => (dense[n * E + e] = weights.flat()[n][k])));
        expectClose(gates, dense);
      }
      tf.dispose([logits, ...chosen.values()]);
      model.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});
