import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { decode, decoding } from "../../lib/inference/decode";
import { openEngine } from "../../lib/inference/choose-engine";
import { decodeSpeculatively, residual, verify, writeSpeculatively } from "../../lib/inference/speculative";
import { loadModel } from "../../lib/checkpoint/checkpoint";
import { createModel, type DeepSeekV3 } from "../../lib/model/model";
import { tinyConfig } from "../../lib/model/config";
import { useBackend } from "../../lib/tensor/backend";
import { Random } from "../../lib/tensor/random";
import { bytesOf } from "../../lib/corpus/bytes";
import { expectClose, expectNoLeak } from "../support/close";
import { firstOf, idsOf, lively, tokensOf } from "./support";

beforeAll(async () => {
  await useBackend("wasm");
});

const p = [0.1, 0.6, 0.3];
const q = [0.5, 0.25, 0.25];

/** Σ (seen − expected)² / expected; beyond the limit, chance alone does that once in a thousand times. */
function chiSquare(counts: number[], probabilities: number[]): { statistic: number; limit: number } {
  const draws = counts.reduce((a, b) => a + b);
  const cells = probabilities.map((probability, i) => ({ seen: counts[i], expected: draws * probability }));
  const statistic = cells.reduce((sum, { seen, expected }) => sum + (seen - expected) ** 2 / expected, 0);
  const degrees = cells.length - 1;
  // Wilson and Hilferty: (χ² / n)^(1/3) is nearly normal, with mean 1 − 2/(9n) and variance 2/(9n); 3.09 is its 99.9%.
  const limit = degrees * (1 - 2 / (9 * degrees) + 3.09 * Math.sqrt(2 / (9 * degrees))) ** 3;
  return { statistic, limit };
}

describe("verifying one draft", () => {
  it("replaces a rejected one from what p has over q", () => {
    expectClose(residual(p, q), [0, 0.35 / 0.4, 0.05 / 0.4]);
    expectClose(residual(p, p), p);
  });

  it("accepts with probability min(1, p / q)", () => {
    const random = new Random(1);
    const share = (draft: number) =>
      Array.from({ length: 20_000 }, () => verify(p, q, draft, random)).filter(({ accepted }) => accepted).length /
      20_000;
    expect(Math.abs(share(0) - 0.2)).toBeLessThan(0.012);
    expect([share(1), share(2)]).toEqual([1, 1]);
  });

  it("at temperature 0 accepts exactly what the main model says", () => {
    const random = new Random(1);
    expect(verify([0, 1, 0], [0, 1, 0], 1, random)).toEqual({ accepted: true, id: 1 });
    expect(verify([0, 1, 0], [0, 0, 1], 2, random)).toEqual({ accepted: false, id: 1 });
  });

  it("gives p over 20,000 draws; keeping a draft with probability p would be found out", () => {
    const random = new Random(2);
    const index = (weights: number[]) => {
      let left = random.uniform();
      return weights.findIndex((weight) => (left -= weight) < 0);
    };
    const count = (once: () => number) => {
      const counts = [0, 0, 0];
      for (let i = 0; i < 20_000; i++) counts[once()]++;
      return chiSquare(counts, p);
    };
    const right = count(() => verify(p, q, index(q), random).id);
    expect(right.statistic).toBeLessThan(right.limit);
    const wrong = count(() => {
      const draft = index(q);
      return random.uniform() < p[draft] ? draft : index([...residual(p, q)]);
    });
    expect(wrong.statistic).toBeGreaterThan(wrong.limit);
  });
});

/** The exact probabilities of all texts of three tokens after a prompt: [V³]. */
function threeTokens(model: DeepSeekV3, prompt: number[]): number[] {
  const V = model.config.vocabSize;
  const pairs = Array.from({ length: V * V }, (_, i) => [Math.floor(i / V), i % V]);
  return tf.tidy(() => {
    const logits = model.forward(pairs.map((pair) => [...prompt, ...pair]));
    const all = tf.softmax(logits).arraySync() as number[][][];
    const at = prompt.length - 1;
    return pairs.flatMap(([a, b], row) => all[row][at + 2].map((c) => all[row][at][a] * all[row][at + 1][b] * c));
  });
}

describe("writing with drafts", () => {
  const minutes = 4 * 60_000;
  it(
    "cannot be told from the main model by chi-square, over 20,000 texts of three tokens",
    { timeout: minutes },
    async () => {
      const model = lively({
        vocabSize: 4,
        hiddenSize: 16,
        intermediateSize: 16,
        moeIntermediateSize: 8,
        numHiddenLayers: 1,
        numAttentionHeads: 2,
        nRoutedExperts: 4,
        nGroup: 2,
        topkGroup: 1,
        numExpertsPerTok: 1,
        nSharedExperts: 0,
      });
      const engine = openEngine(model, { drafts: true });
      const counts = new Array<number>(64).fill(0);
      const positions = { accepted: 0, drafted: 0 };
      for (let seed = 0; seed < 20_000; seed++) {
        engine.truncate(0);
        const options = { temperature: 1, tokens: 3, seed };
        const writing = decoding((stats) => writeSpeculatively(engine, [2], options, stats));
        const [a, b, c] = await idsOf(writing);
        counts[16 * a + 4 * b + c]++;
        positions.accepted += writing.stats.accepted;
        positions.drafted += writing.stats.drafted;
      }
      const { statistic, limit } = chiSquare(counts, threeTokens(model, [2]));
      expect(statistic).toBeLessThan(limit);
      // Both ways were gone: drafts were kept, and drafts were replaced.
      expect(positions.accepted / positions.drafted).toBeGreaterThan(0.2);
      expect(positions.accepted / positions.drafted).toBeLessThan(0.95);
      engine.dispose();
      model.dispose();
    },
  );

  it.each(["wasm", "tensor"] as const)(
    "is at temperature 0 what plain decoding is, with the %s engine",
    async (engine) => {
      const model = lively();
      for (let i = 0; i < 4; i++) {
        const options = { temperature: 0, tokens: 60 + i, engine };
        const prompt = [i, 40 + i, 80];
        expect(await idsOf(decodeSpeculatively(model, prompt, options))).toEqual(
          await idsOf(decode(model, prompt, options)),
        );
      }
      model.dispose();
    },
  );

  it("is so for the trained model, whose drafts are mostly right", { timeout: minutes }, async () => {
    const mini = loadModel("data/checkpoints/v3-mini");
    for (const text of ["The whale ", "function add(a, b) {\n", "12 + 7 = "]) {
      const options = { temperature: 0, tokens: 100 };
      const speculative = decodeSpeculatively(mini, [256, ...bytesOf(text)], options);
      expect(await idsOf(speculative)).toEqual(await idsOf(decode(mini, [256, ...bytesOf(text)], options)));
      const { tokens, steps, drafted, accepted } = speculative.stats;
      expect(accepted / drafted).toBeGreaterThan(0.5);
      expect(tokens).toBeGreaterThanOrEqual(steps + accepted); // the first token comes from the prompt's pass
      expect(tokens).toBeLessThanOrEqual(steps + accepted + 1);
    }
    mini.dispose();
  });

  it("tells of each draft what became of it", async () => {
    const model = lively();
    const tokens = await tokensOf(decodeSpeculatively(model, [1, 2, 3], { temperature: 1.5, topK: 4, tokens: 120 }));
    const drafts = tokens.flatMap(({ id, draft }) => (draft === undefined ? [] : [{ given: id, ...draft }]));
    expect(drafts.length).toBeGreaterThan(50);
    for (const { given, id, accepted, drafted, verified } of drafts) {
      expect(given === id).toBe(accepted); // a replaced draft never comes back: its residual is 0
      expect(drafted).toBeGreaterThan(0);
      if (verified >= drafted) expect(accepted).toBe(true);
      if (verified === 0) expect(accepted).toBe(false);
    }
    model.dispose();
  });

  it("stops where plain decoding stops, and leaves no tensor behind", async () => {
    const model = lively();
    await expectNoLeak(async () => {
      const free = await idsOf(decode(model, [5], { temperature: 0, tokens: 40 }));
      for (const place of [0, 1, 2, 3, 4, 5, 6, 7]) {
        const options = { temperature: 0, tokens: 40, stop: free[place] };
        expect(await idsOf(decodeSpeculatively(model, [5], options))).toEqual(free.slice(0, free.indexOf(free[place])));
      }
      for (const tokens of [1, 2, 3, 4, 5]) {
        expect(await idsOf(decodeSpeculatively(model, [5], { temperature: 0, tokens }))).toEqual(free.slice(0, tokens));
      }
      await firstOf(decodeSpeculatively(model, [5], { temperature: 0, tokens: 40 }));
    });
    model.dispose();
  });

  it("needs a module", () => {
    const model = createModel(tinyConfig({ numNextnPredictLayers: 0 }), 1);
    expect(() => decodeSpeculatively(model, [1], { temperature: 0, tokens: 5 })).toThrow(
      "no multi-token prediction module",
    );
    model.dispose();
  });
});
