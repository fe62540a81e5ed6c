/** Caches of keys and values: equal results, the bytes that the formula says, no tensor left over. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { decoderShape } from "../../lib/economics/other-models";
import { expandedCacheBytes, kvCacheBytes, latentCacheBytes, type CacheKind } from "../../lib/economics/memory";
import { groupedQueryAttention, type GroupedQueryWeights } from "./grouped-query-attention";
import { LatentCache } from "../../lib/model/latent-cache";
import { DEEPSEEK_V3, tinyConfig } from "../../lib/model/config";
import { KeyValueCache } from "../../lib/model/key-value-cache";
import { mla } from "../../lib/model/mla";
import { mlaExpanded } from "../../lib/model/mla-expanded";
import { createModel } from "../../lib/model/model";
import { rotaryTables } from "../../lib/model/rotary";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { expectClose, expectNoLeak } from "../support/close";

const [B, T, D, H, d] = [2, 6, 24, 4, 8];
const config = tinyConfig({ numHiddenLayers: 1, firstKDenseReplace: 1 });
const random = new Random(5);
const rotaryAt = (width: number, from: number, count: number) =>
  rotaryTables(tinyConfig({ qkRopeHeadDim: width }), [Array.from({ length: count }, (_, t) => from + t)]);

beforeAll(async () => {
  await useBackend("wasm");
});

const KINDS: [Exclude<CacheKind, "latent">, number][] = [
  ["multi-head", H],
  ["grouped-query", 2],
  ["multi-query", 1],
];

describe.each(KINDS)("%s attention with a cache", (kind, keyValueHeads) => {
  const matrix = (rows: number, columns: number) => random.normalTensor([rows, columns], 0.4) as tf.Tensor2D;
  let weights: GroupedQueryWeights;
  let x: tf.Tensor3D;
  beforeAll(() => {
    weights = {
      qProj: matrix(D, H * d),
      kProj: matrix(D, keyValueHeads * d),
      vProj: matrix(D, keyValueHeads * d),
      oProj: matrix(H * d, D),
    };
    x = random.normalTensor([B, T, D]) as tf.Tensor3D;
  });
  const attend = (from: number, count: number, store: KeyValueCache) =>
    tf.tidy(() =>
      groupedQueryAttention(x.slice([0, from, 0], [B, count, D]), weights, {
        heads: H,
        keyValueHeads,
        rotary: rotaryAt(d, from, count),
        cache: { store, layer: 0 },
      }),
    );

  it("gives the same token by token as at once", () => {
    const whole = new KeyValueCache();
    const byToken = new KeyValueCache();
    const expected = attend(0, T, whole);
    const got = tf.concat(
      Array.from({ length: T }, (_, t) => attend(t, 1, byToken)),
      1,
    );
    expectClose(got.dataSync(), expected.dataSync());
    whole.dispose();
    byToken.dispose();
  });

  it("keeps exactly the bytes of the formula, in BF16 and FP8", () => {
    const cache = new KeyValueCache();
    attend(0, T, cache).dispose();
    const shape = { layers: 1, heads: H, kvHeads: keyValueHeads, headDim: d };
    for (const bytes of [2, 1]) expect(cache.elements * bytes).toBe(B * T * kvCacheBytes(shape, kind, bytes));
    cache.dispose();
    expect([cache.elements, cache.length]).toEqual([0, 0]);
  });

  it("leaves no tensor a token, and none at the end", async () => {
    await expectNoLeak(() => {
      const cache = new KeyValueCache();
      const counts = Array.from({ length: T }, (_, t) => {
        attend(t, 1, cache).dispose();
        return tf.memory().numTensors;
      });
      expect(new Set(counts).size).toBe(1);
      cache.dispose();
    });
  });
});

describe("multi-head latent attention with another cache", () => {
  const model = () => createModel(config, 3);
  const x = () => new Random(8).normalTensor([B, T, config.hiddenSize]) as tf.Tensor3D;
  const rotary = (from: number, count: number) =>
    rotaryTables(config, [Array.from({ length: count }, (_, t) => from + t)]);

  it("gives the same expanded, re-expanded and absorbed", () => {
    const { weights } = model();
    const input = x();
    const at = (t: number) => input.slice([0, t, 0], [B, 1, -1]);
    const expected = mla(input, weights.layers[0].selfAttn, config, { rotary: rotary(0, T), method: "naive" });
    const store = new KeyValueCache();
    const expanded = Array.from({ length: T }, (_, t) =>
      mlaExpanded(at(t), weights.layers[0].selfAttn, config, { rotary: rotary(t, 1), cache: { store, layer: 0 } }),
    );
    expectClose(tf.concat(expanded, 1).dataSync(), expected.dataSync());
    for (const method of ["naive", "absorbed"] as const) {
      const latents = new LatentCache();
      const out = Array.from({ length: T }, (_, t) =>
        mla(at(t), weights.layers[0].selfAttn, config, {
          rotary: rotary(t, 1),
          method,
          cache: { store: latents, layer: 0 },
        }),
      );
      expectClose(tf.concat(out, 1).dataSync(), expected.dataSync());
      for (const bytes of [2, 1]) expect(latents.elements * bytes).toBe(B * T * latentCacheBytes(config, bytes));
      latents.dispose();
    }
    for (const bytes of [2, 1]) expect(store.elements * bytes).toBe(B * T * expandedCacheBytes(config, bytes));
    store.dispose();
  });

  it("refuses another batch", () => {
    const store = new KeyValueCache();
    const keys = (batch: number) => tf.zeros([batch, 2, 1, 4]) as tf.Tensor4D;
    store.append(0, keys(2), keys(2));
    expect(() => store.append(0, keys(3), keys(3))).toThrow(
      "it holds a batch of 2 with 2 heads, not a batch of 3 with 2 heads; begin a new cache",
    );
    store.dispose();
  });
});

it("has the published sizes: 70,272 bytes a token, 4.66 and 7.34 times as many elsewhere (7.28 is printed)", () => {
  const v3 = latentCacheBytes(DEEPSEEK_V3);
  const times = (id: string) => kvCacheBytes(decoderShape(id), "grouped-query") / v3;
  expect(v3).toBe(70_272);
  expect(times("qwen2.5-72b").toFixed(2)).toBe("4.66");
  expect(times("llama-3.1-405b").toFixed(2)).toBe("7.34");
});
