import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { openEngine } from "../../lib/inference/choose-engine";
import { chooseExperts } from "../../lib/inference/wasm-engine/parts";
import { tinyConfig, type ModelConfig } from "../../lib/model/config";
import { loadModel } from "../../lib/checkpoint/checkpoint";
import { createModel, DeepSeekV3 } from "../../lib/model/model";
import { selectExperts } from "../../lib/model/router";
import { initWeights } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { expectClose, expectNoLeak } from "../support/close";

const TOLERANCE = { rtol: 1e-4, atol: 1e-4 };

/** With weights large enough that attention and router have something to say. */
function model(overrides: Partial<ModelConfig> = {}): DeepSeekV3 {
  const config = tinyConfig(overrides);
  return new DeepSeekV3(config, initWeights(config, 3, { std: 0.1 }));
}
const random = new Random(5);
const ids = Array.from({ length: 40 }, () => random.integer(256));

/** What the whole model says of all ids at once, and the module of all but the last: [T][V] each. */
function atOnce(model: DeepSeekV3): { logits: number[][]; drafts: number[][] } {
  return tf.tidy(() => {
    const [logits] = model.forward([ids]).arraySync();
    const [drafts] = model.forwardMtp([ids]).arraySync();
    return { logits, drafts };
  });
}

const CONFIGURATIONS: [string, Partial<ModelConfig>][] = [
  ["with every mechanism", {}],
  ["without compressed queries", { qLoraRank: null }],
  ["with a head that is the embedding", { tieWordEmbeddings: true }],
  ["without shared experts, gates not normalised", { nSharedExperts: 0, normTopkProb: false }],
  ["with an odd latent, without YaRN", { kvLoraRank: 13, ropeScaling: null }],
  ["with one expert a group", { nGroup: 16, topkGroup: 8 }],
];

describe.each([
  ["wasm", "wasm"],
  ["wasm", "tensor"],
  ["cpu", "tensor"],
] as const)("on %s, the %s engine", (backend, engine) => {
  beforeAll(async () => {
    await useBackend(backend);
  });

  it.each(CONFIGURATIONS)("says what the model says of the whole text, %s", async (_, overrides) => {
    const tiny = model(overrides);
    const { logits, drafts } = atOnce(tiny);
    const opened = openEngine(tiny, { engine, drafts: true });
    const fed = await opened.feed(ids.slice(0, 8));
    expectClose(await opened.draft(ids.slice(1, 9)), drafts[7], TOLERANCE);
    for (let t = 8; t < ids.length; t++) fed.push(...(await opened.feed([ids[t]])));
    fed.forEach((row, t) => expectClose(row, logits[t], TOLERANCE));
    expectClose(await opened.draft([...ids.slice(9), 0]), last(tiny), TOLERANCE); // 32 states at once
    opened.dispose();
    tiny.dispose();
  });

  /** The module's last prediction when token 0 follows all ids. */
  function last(tiny: DeepSeekV3): Float32Array {
    return tf.tidy(() => {
      const all = tiny.forwardMtp([[...ids, 0]]);
      return all.slice([0, ids.length - 1, 0], [1, 1, -1]).dataSync() as Float32Array;
    });
  }

  it("says the same of tokens that come together and one by one", async () => {
    const tiny = model();
    const [together, single] = [0, 1].map(() => openEngine(tiny, { engine, drafts: true }));
    const all: Float32Array[] = [];
    const one: Float32Array[] = [];
    for (const [from, to] of [
      [0, 9],
      [9, 11],
      [11, 14],
      [14, 18],
    ]) {
      all.push(...(await together.feed(ids.slice(from, to))));
      for (const id of ids.slice(from, to)) one.push(...(await single.feed([id])));
    }
    if (engine === "wasm") expect(all).toEqual(one);
    else all.forEach((row, t) => expectClose(row, one[t], TOLERANCE));
    const [drafted, alone] = [await together.draft(ids.slice(1, 19)), await single.draft(ids.slice(1, 19))];
    expectClose(drafted, alone, TOLERANCE);
    together.dispose();
    single.dispose();
    tiny.dispose();
  });

  it("forgets what is truncated", async () => {
    const tiny = model();
    const { logits, drafts } = atOnce(tiny);
    const opened = openEngine(tiny, { engine, drafts: true });
    await opened.feed(ids.slice(0, 10));
    await opened.draft(ids.slice(1, 11));
    await opened.feed([ids[10], 7]); // the 7 is wrong
    opened.truncate(11);
    expect(opened.length).toBe(11);
    expectClose(await opened.draft([ids[11]]), drafts[10], TOLERANCE);
    const [row] = await opened.feed([ids[11]]);
    expectClose(row, logits[11], TOLERANCE);
    opened.truncate(0);
    expect(opened.length).toBe(0);
    const [first] = await opened.feed([ids[0]]);
    expectClose(first, logits[0], TOLERANCE);
    expect(() => opened.truncate(2)).toThrow(/cannot keep the first 2/);
    opened.dispose();
    tiny.dispose();
  });

  it("holds as many tensors after 50 tokens as after one, and frees all of them", async () => {
    const tiny = model();
    await expectNoLeak(async () => {
      const opened = openEngine(tiny, { engine, drafts: true });
      await opened.feed([1, 2]);
      await opened.draft([2, 3]);
      await expectNoLeak(async () => {
        for (let i = 0; i < 50; i++) {
          await opened.feed([3, 4]);
          opened.truncate(opened.length - 1);
          await opened.draft([5]);
        }
      });
      opened.dispose();
    });
    tiny.dispose();
  });

  it("refuses ids that the model does not know, and drafts it was not opened for", async () => {
    const tiny = model();
    const opened = openEngine(tiny, { engine });
    await expect(opened.feed([256])).rejects.toThrow("256 is not a token id");
    await expect(opened.feed([])).rejects.toThrow("at least one token");
    await opened.feed([1]);
    await expect(opened.draft([2])).rejects.toThrow("opened without drafts");
    opened.dispose();
    const drafting = openEngine(tiny, { engine, drafts: true });
    await drafting.feed([1, 2]);
    await expect(drafting.draft([2])).rejects.toThrow("2 states wait");
    drafting.dispose();
    tiny.dispose();
  });
});

it("says the same as the model of the trained v3-mini", async () => {
  await useBackend("wasm");
  const mini = loadModel("data/checkpoints/v3-mini");
  const { logits } = atOnce(mini);
  const opened = openEngine(mini, { engine: "wasm" });
  const fed = await opened.feed(ids);
  fed.forEach((row, t) => expectClose(row, logits[t], TOLERANCE));
  opened.dispose();
  mini.dispose();
});

it("opens no drafts of a model without a module, and no wasm engine off wasm", async () => {
  await useBackend("cpu");
  const tiny = createModel(tinyConfig({ numNextnPredictLayers: 0 }), 1);
  expect(() => openEngine(tiny, { drafts: true })).toThrow("no multi-token prediction module");
  expect(() => openEngine(tiny, { engine: "wasm" })).toThrow("the backend is cpu, not wasm");
  tiny.dispose();
});

describe("the router of the wasm engine", () => {
  it.each([
    ["groups of four, scores also negative", { nRoutedExperts: 16, nGroup: 4, topkGroup: 2, numExpertsPerTok: 4 }],
    ["no groups", { nRoutedExperts: 8, nGroup: 1, topkGroup: 1, numExpertsPerTok: 3 }],
    ["all experts", { nRoutedExperts: 4, nGroup: 2, topkGroup: 2, numExpertsPerTok: 4 }],
  ])("chooses as the model's router: %s", async (_, shape) => {
    await useBackend("cpu");
    const routing = { ...shape, normTopkProb: true, routedScalingFactor: 2.5 };
    const E = shape.nRoutedExperts;
    for (let trial = 0; trial < 20; trial++) {
      const affinity = Float32Array.from({ length: E }, () => Math.round(random.uniform() * 8) / 8); // with ties
      const bias = Float32Array.from({ length: E }, () => random.uniform() - 0.8);
      const gates = tf.tidy(() =>
        selectExperts(tf.tensor2d(affinity, [1, E]), tf.tensor1d(bias), routing).gates.dataSync(),
      );
      const got = new Float32Array(E);
      for (const { expert, gate } of chooseExperts(affinity, bias, routing)) got[expert] = gate;
      expectClose(got, gates);
    }
  });
});
