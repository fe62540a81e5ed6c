import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Observer } from "../../lib/model/block";
import { LatentCache } from "../../lib/model/latent-cache";
import { tinyConfig } from "../../lib/model/config";
import { createModel, type DeepSeekV3 } from "../../lib/model/model";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { expectClose } from "../support/close";

const config = tinyConfig();
const random = new Random(5);
const ids = [0, 1].map(() => Array.from({ length: 12 }, () => random.integer(config.vocabSize)));

describe.each(["wasm", "cpu"] as const)("the whole model on %s", (backend) => {
  let model: DeepSeekV3;
  let before: number;

  beforeAll(async () => {
    await useBackend(backend);
  });
  beforeEach(() => {
    before = tf.memory().numTensors;
    model = createModel(config, 7);
  });
  afterEach(() => {
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("computes the same with absorbed as with naive attention", () => {
    const [naive, absorbed] = (["naive", "absorbed"] as const).map((attention) => model.forward(ids, { attention }));
    expectClose(absorbed, naive);
    tf.dispose([naive, absorbed]);
  });

  it("computes the same with and without an observer; one of the routing only is shown no probabilities", () => {
    const shown = (routingOnly: boolean) => {
      const names: string[] = [];
      const observe: Observer = (name) => names.push(name);
      observe.routingOnly = routingOnly;
      const logits = model.forward(ids, { observe });
      return { logits, names: names.filter((name) => /attn_probs|router_gates/.test(name)) };
    };
    const [plain, all, routing] = [model.forward(ids), shown(false), shown(true)];
    expect(all.names).toEqual(
      [0, 1, 2].flatMap((i) => [`layer${i}.attn_probs`, ...(i > 0 ? [`layer${i}.router_gates`] : [])]),
    );
    expect(routing.names).toEqual(["layer1.router_gates", "layer2.router_gates"]);
    expectClose(all.logits, plain);
    expectClose(routing.logits, plain, { rtol: 0, atol: 0 });
    tf.dispose([plain, all.logits, routing.logits]);
  });

  it("computes the same with masked as with grouped experts", () => {
    const [grouped, masked] = (["grouped", "masked"] as const).map((dispatch) => model.forward(ids, { dispatch }));
    expectClose(masked, grouped);
    tf.dispose([grouped, masked]);
  });

  it("gives the same logits token by token with the latent cache as in one pass, and keeps just the latents", async () => {
    const full = model.forward(ids);
    const cache = new LatentCache();
    const kept = tf.memory().numTensors;
    const pieces = [
      [0, 5],
      [5, 6],
      [6, 7],
      [7, 12],
    ].map(([from, to]) =>
      model.forward(
        ids.map((row) => row.slice(from, to)),
        { cache },
      ),
    );
    const stepped = tf.concat(pieces, 1);
    expectClose(stepped, full);
    tf.dispose([full, stepped, ...pieces]);
    const perLayer = 2; // the latent and the shared rotated key
    expect(tf.memory().numTensors).toBe(kept - 1 + perLayer * config.numHiddenLayers);
    expect(cache.length).toBe(12);
    expect(cache.elements).toBe(2 * 12 * config.numHiddenLayers * (config.kvLoraRank + config.qkRopeHeadDim));
    cache.dispose();
    expect(cache.length).toBe(0);
  });

  it("lets no token see a later one", async () => {
    const changed = ids.map((row) => [...row.slice(0, 8), ...row.slice(8).map((id) => (id + 1) % config.vocabSize)]);
    const [a, b] = [ids, changed].map((x) => model.forward(x));
    const head = (x: tf.Tensor3D) => tf.tidy(() => x.slice([0, 0, 0], [2, 8, config.vocabSize]).dataSync());
    expect(head(b)).toEqual(head(a));
    expect(b.dataSync()).not.toEqual(a.dataSync());
    tf.dispose([a, b]);
  });

  it("refuses ids outside the vocabulary, ragged batches and positions of another shape, and names them", () => {
    expect(() => model.forward([[3, 256]])).toThrow("ids: 256 is not a token id; the vocabulary has ids 0 to 255");
    expect(() => model.forward([[1.5]])).toThrow("1.5 is not a token id");
    expect(() => model.forward([[1, 2], [3]])).toThrow("sequence 1 has 1 tokens, the first has 2");
    expect(() => model.forward([])).toThrow("at least one sequence");
    expect(() => model.forward([[1, 2]], { positions: [[0]] })).toThrow("positions must be one row of 2");
  });

  it("refuses to grow a cache by another batch", () => {
    const cache = new LatentCache();
    model.forward(ids, { cache }).dispose();
    expect(() => model.forward([ids[0]], { cache })).toThrow("it holds a batch of 2, not 1");
    cache.dispose();
  });

  it("predicts the token after the next only where it has the module for it", () => {
    const logits = model.forwardMtp(ids);
    expect(logits.shape).toEqual([2, 11, config.vocabSize]);
    logits.dispose();
    const without = createModel(tinyConfig({ numNextnPredictLayers: 0 }), 7);
    expect(() => without.forwardMtp(ids)).toThrow("no multi-token prediction module");
    without.dispose();
    expect(() => model.forwardMtp([[4]])).toThrow("at least two tokens");
  });
});
