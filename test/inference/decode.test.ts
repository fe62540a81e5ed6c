import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeBatch } from "../../lib/inference/batch";
import { decode } from "../../lib/inference/decode";
import { argMax, distribution } from "../../lib/inference/sampling";
import { DeepSeekV3 } from "../../lib/model/model";
import {
  mapWeights,
  type BlockWeights,
  type MlpWeights,
  type ModelWeights,
  type MoeWeights,
} from "../../lib/model/weights";
import { decodeSpeculatively } from "../../lib/inference/speculative";
import { useBackend } from "../../lib/tensor/backend";
import { expectNoLeak } from "../support/close";
import { eachOf, firstOf, idsOf, lively, tokensOf } from "./support";

const GREEDY = { temperature: 0 };
const prompt = [10, 20, 30];

beforeAll(async () => {
  await useBackend("wasm");
});

/** Weights whose blocks may be looked into without asking whether they are sparse. */
type AnyWeights = Omit<ModelWeights, "layers"> & {
  layers: (Omit<BlockWeights, "mlp"> & { mlp: MlpWeights & Partial<MoeWeights> })[];
};

/** The same model with a tensor full of NaN. */
function withNaN(model: DeepSeekV3, pick: (weights: AnyWeights) => tf.Tensor): DeepSeekV3 {
  const odd = pick(model.weights as AnyWeights);
  const weights = mapWeights(model.weights, (tensor) => {
    if (tensor !== odd) return tensor;
    return tf.tidy(() => tf.tensor(Float32Array.from(tensor.dataSync()).fill(NaN), tensor.shape));
  });
  odd.dispose();
  return new DeepSeekV3(model.config, weights);
}

/** Without any cache: the whole text through the model for every token. */
function recomputed(model: DeepSeekV3, prompt: number[], tokens: number): number[] {
  const ids = [...prompt];
  for (let i = 0; i < tokens; i++) {
    ids.push(
      argMax(
        tf.tidy(() =>
          model
            .forward([ids])
            .slice([0, ids.length - 1, 0], [1, 1, -1])
            .dataSync(),
        ),
      ),
    );
  }
  return ids.slice(prompt.length);
}

describe.each(["wasm", "tensor"] as const)("decoding with the %s engine", (engine) => {
  it("writes greedily what recomputing everything for each token writes", async () => {
    const model = lively();
    expect(await idsOf(decode(model, prompt, { ...GREEDY, tokens: 30, engine }))).toEqual(
      recomputed(model, prompt, 30),
    );
    model.dispose();
  });

  it("gives the same text for the same seed, another for another, and the probability of each token", async () => {
    const model = lively();
    const options = { temperature: 1, topK: 20, tokens: 25, engine };
    const [first, again, other] = [
      await tokensOf(decode(model, prompt, { ...options, seed: 1 })),
      await tokensOf(decode(model, prompt, { ...options, seed: 1 })),
      await tokensOf(decode(model, prompt, { ...options, seed: 2 })),
    ];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    const logits = tf.tidy(() => model.forward([[...prompt, first[0].id]]).arraySync()[0]);
    expect(first[0].probability).toBeCloseTo(distribution(logits[2], options)[first[0].id], 4);
    expect(first[1].probability).toBeCloseTo(distribution(logits[3], options)[first[1].id], 4);
    model.dispose();
  });

  it.each<[string, (weights: AnyWeights) => tf.Tensor]>([
    ["embedding", ({ embedTokens }) => embedTokens],
    ["attention", ({ layers }) => layers[1].selfAttn.kvBProj],
    ["a latent's norm", ({ layers }) => layers[0].selfAttn.kvALayernorm],
    ["a dense network", ({ layers }) => layers[0].mlp.downProj],
    ["a router", ({ layers }) => layers[2].mlp.gate!.weight],
    ["experts", ({ layers }) => layers[2].mlp.experts!.gateProj],
    ["the last norm", ({ norm }) => norm],
    ["the head", ({ lmHead }) => lmHead!],
  ])("says at which step a model with NaN in %s computes NaN", async (_, pick) => {
    const model = withNaN(lively(), pick);
    await expectNoLeak(async () => {
      for (const temperature of [0, 1]) {
        await expect(idsOf(decode(model, prompt, { temperature, tokens: 5, engine }))).rejects.toThrow(
          /^step 1: the model computes a logit that is NaN, of token id \d+; are its weights finite\?$/,
        );
      }
    });
    model.dispose();
  });

  it("says so of a drafting module, and of several texts", async () => {
    const model = withNaN(lively(), ({ mtp }) => mtp[0].ehProj);
    await expectNoLeak(async () => {
      await expect(idsOf(decodeSpeculatively(model, prompt, { ...GREEDY, tokens: 5, engine }))).rejects.toThrow(
        /^step 2: the multi-token prediction module computes a logit that is NaN/,
      );
    });
    model.dispose();
    const other = withNaN(lively(), ({ norm }) => norm);
    await expect(decodeBatch(other, [prompt, [1]], { ...GREEDY, tokens: 5 })).rejects.toThrow(
      /^text 1, step 1: the model computes a logit that is NaN/,
    );
    other.dispose();
  });

  it("leaves no tensor behind: at the end, when left early, and when aborted", async () => {
    const model = lively();
    await expectNoLeak(async () => {
      await idsOf(decode(model, prompt, { ...GREEDY, tokens: 10, engine }));
      let held = 0;
      await eachOf(decode(model, prompt, { ...GREEDY, tokens: 60, engine }), () => {
        if (held === 0) held = tf.memory().numTensors;
        expect(tf.memory().numTensors).toBe(held);
      });
      await firstOf(decode(model, prompt, { ...GREEDY, tokens: 10, engine }));
      const controller = new AbortController();
      const writing = decode(model, prompt, { ...GREEDY, tokens: 10, engine, signal: controller.signal });
      await expect(eachOf(writing, () => controller.abort())).rejects.toThrow(/abort/);
      expect(writing.stats.tokens).toBe(1);
    });
    model.dispose();
  });
});

it("stops at the token that ends a text, and does not give it out", async () => {
  const model = lively();
  const ids = await idsOf(decode(model, prompt, { ...GREEDY, tokens: 20 }));
  const stop = ids[7];
  expect(await idsOf(decode(model, prompt, { ...GREEDY, tokens: 20, stop }))).toEqual(ids.slice(0, ids.indexOf(stop)));
  model.dispose();
});

it("counts tokens, steps and time anew for each loop", async () => {
  const model = lively();
  const writing = decode(model, prompt, { ...GREEDY, tokens: 12 });
  for (let round = 0; round < 2; round++) {
    await idsOf(writing);
    expect(writing.stats).toMatchObject({ tokens: 12, steps: 11, drafted: 0, accepted: 0 });
    expect(writing.stats.seconds).toBeGreaterThan(0);
  }
  model.dispose();
});

it("lets timers and signals in while it writes", async () => {
  const model = lively();
  const controller = new AbortController();
  let ticks = 0;
  const timer = setInterval(() => ++ticks === 3 && controller.abort(), 10); // where it lets none in, it writes to its end
  const writing = decode(model, prompt, { ...GREEDY, tokens: 500, engine: "tensor", signal: controller.signal });
  await expect(idsOf(writing)).rejects.toThrow(/abort/);
  clearInterval(timer);
  expect(ticks).toBeGreaterThanOrEqual(3);
  expect(writing.stats.tokens).toBeLessThan(500);
  model.dispose();
});

it.each([
  ["no prompt", [], { temperature: 0, tokens: 5 }, "the prompt is empty"],
  ["no tokens", [1], { temperature: 0, tokens: 0 }, "tokens is 0"],
  ["more than the model has positions", [1, 2], { temperature: 0, tokens: 511 }, "511 tokens are too many, 510 fit"],
  ["a seed that is none", [1], { temperature: 0, tokens: 5, seed: 0.5 }, "seed is 0.5"],
  ["a temperature below 0", [1], { temperature: -1, tokens: 5 }, "temperature is -1"],
])("refuses %s", (_, prompt, options, message) => {
  const model = lively();
  expect(() => decode(model, prompt, options)).toThrow(message);
  model.dispose();
});

describe("several texts at once", () => {
  const prompts = [[1, 2, 3, 4, 5], [9], [50, 60, 70], [1, 2, 3, 4, 6]];

  it("are greedily what each is by itself, with prompts of any length", async () => {
    const model = lively();
    const alone = await Promise.all(prompts.map((p) => idsOf(decode(model, p, { ...GREEDY, tokens: 15 }))));
    await expectNoLeak(async () => {
      expect(await decodeBatch(model, prompts, { ...GREEDY, tokens: 15 })).toEqual(alone);
    });
    model.dispose();
  });

  it("are drawn as each would be alone, from seeds that count on", async () => {
    const model = lively();
    const options = { temperature: 1, topP: 0.9, tokens: 12 };
    const alone = await Promise.all(prompts.map((p, b) => idsOf(decode(model, p, { ...options, seed: 7 + b }))));
    expect(await decodeBatch(model, prompts, { ...options, seed: 7 })).toEqual(alone);
    model.dispose();
  });

  it("end by themselves", async () => {
    const model = lively();
    const free = await decodeBatch(model, prompts, { ...GREEDY, tokens: 15 });
    const stop = free[1][4];
    const cut = (ids: number[]) => (ids.includes(stop) ? ids.slice(0, ids.indexOf(stop)) : ids);
    expect(await decodeBatch(model, prompts, { ...GREEDY, tokens: 15, stop })).toEqual(free.map(cut));
    model.dispose();
  });
});
