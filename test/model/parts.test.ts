/** Other functions in the place of lib's own: the same ones change nothing, wrong ones do, and nothing is left behind. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { openEngine } from "../../lib/inference/choose-engine";
import { decodeBatch } from "../../lib/inference/batch";
import { decode, type DecodingParts } from "../../lib/inference/decode";
import { distribution } from "../../lib/inference/sampling";
import { decodeSpeculatively } from "../../lib/inference/speculative";
import { LatentCache } from "../../lib/model/latent-cache";
import { DeepSeekV3 } from "../../lib/model/model";
import { LIB_PARTS, type ModelParts } from "../../lib/model/parts";
import { arithmeticFor, BF16_PRECISION } from "../../lib/model/precision";
import { useBackend } from "../../lib/tensor/backend";
import { idsOf, lively } from "../inference/support";
import { expectNoLeak } from "../support/close";
import { openGolden } from "../support/golden";

beforeAll(() => useBackend("wasm"));

/** Logits of one pass, of the same tokens one by one, and of the prediction module where there is one. */
function allLogits(model: DeepSeekV3, ids: number[][], parts?: Partial<ModelParts>): Record<string, Float32Array> {
  const read = (logits: tf.Tensor) => {
    const values = logits.dataSync() as Float32Array;
    logits.dispose();
    return values;
  };
  const cache = new LatentCache();
  const first = read(
    model.forward(
      ids.map((row) => row.slice(0, 3)),
      { cache, parts },
    ),
  );
  const steps = ids[0].slice(3).map((_, i) =>
    read(
      model.forward(
        ids.map((row) => [row[3 + i]]),
        { cache, parts },
      ),
    ),
  );
  cache.dispose();
  return {
    whole: read(model.forward(ids, { parts })),
    stepwise: Float32Array.from([first, ...steps].flatMap((values) => [...values])),
    ...(model.weights.mtp.length === 0 ? {} : { mtp: read(model.forwardMtp(ids, { parts })) }),
  };
}

/** For each part one that is wrong, and one of the passes that it then falsifies. */
const WRONG: { [Part in keyof ModelParts]: [ModelParts[Part], pass: "whole" | "stepwise" | "mtp"] } = {
  rmsNorm: [(x, weight, epsilon) => LIB_PARTS.rmsNorm(x, weight, epsilon).mul(1.01), "whole"],
  rotate: [(x) => x.clone(), "whole"],
  remember: [
    (x, past, weights, steps) => LIB_PARTS.remember(x, past, weights, { ...steps, rotate: (key) => key.clone() }),
    "stepwise",
  ],
  naive: [(query, ...rest) => LIB_PARTS.naive({ ...query, qR: tf.zerosLike(query.qR) }, ...rest), "whole"],
  absorbed: [(query, ...rest) => LIB_PARTS.absorbed({ ...query, qR: tf.zerosLike(query.qR) }, ...rest), "stepwise"],
  route: [
    (x, gate, config) => {
      const { affinity, mask, gates } = LIB_PARTS.route(x, gate, config);
      return { affinity, mask, gates: gates.div(2) };
    },
    "whole",
  ],
  experts: [(x, routing, experts) => LIB_PARTS.experts(x, routing, experts).neg(), "whole"],
  block: [(h, weights, steps) => h.add(steps.attention(steps.norm(h, weights.inputLayernorm))), "whole"],
  mtp: [(hidden, embedding, weights, steps) => LIB_PARTS.mtp(embedding, hidden, weights, steps), "mtp"],
};
const names = Object.keys(LIB_PARTS) as (keyof ModelParts)[];

describe.each(["golden-a-group", "golden-d-mtp"])("%s", (name) => {
  it("with lib's own functions given, computes the same to the bit, and leaves nothing behind", async () => {
    const { model, ids } = openGolden(name);
    const expected = allLogits(model, ids);
    await expectNoLeak(() => expect(allLogits(model, ids, LIB_PARTS)).toEqual(expected));
    for (const part of names) expect(allLogits(model, ids, { [part]: LIB_PARTS[part] })).toEqual(expected);
    model.dispose();
  });
});

it.each(names)("a wrong %s changes the logits", (name) => {
  const { model, ids } = openGolden("golden-d-mtp");
  const [part, pass] = WRONG[name];
  const [right, wrong] = [allLogits(model, ids), allLogits(model, ids, { [name]: part })];
  const most = Math.max(...right[pass].map((value, i) => Math.abs(value - wrong[pass][i])));
  expect(most).toBeGreaterThan(1e-3);
  model.dispose();
});

describe("decoding", () => {
  const options = { temperature: 0, tokens: 30 };

  it("with lib's own functions given, writes the same, with and without drafts, and leaves nothing behind", async () => {
    const model = lively();
    const parts: DecodingParts = { ...LIB_PARTS, distribution };
    const expected = await idsOf(decode(model, [5, 9], { ...options, engine: "tensor" }));
    await expectNoLeak(async () => {
      expect(await idsOf(decode(model, [5, 9], { ...options, parts }))).toEqual(expected);
      expect(await idsOf(decodeSpeculatively(model, [5, 9], { ...options, parts }))).toEqual(expected);
      expect(await decodeBatch(model, [[5, 9]], { ...options, parts })).toEqual([expected]);
    });
    model.dispose();
  });

  it("is written by the functions that are given", async () => {
    const model = lively();
    const calls = { absorbed: 0, mtp: 0, distribution: 0 };
    const parts: Partial<DecodingParts> = {
      absorbed: (...args) => (calls.absorbed++, LIB_PARTS.absorbed(...args)),
      mtp: (...args) => (calls.mtp++, LIB_PARTS.mtp(...args)),
      distribution: (...args) => (calls.distribution++, distribution(...args)),
    };
    await idsOf(decodeSpeculatively(model, [5, 9], { ...options, parts }));
    expect(Math.min(...Object.values(calls))).toBeGreaterThan(10);
    const last = { distribution: (logits: ArrayLike<number>) => Array.from(logits, (_, v) => Number(v === 7)) };
    expect(await idsOf(decode(model, [5], { ...options, tokens: 3, parts: last }))).toEqual([7, 7, 7]);
    model.dispose();
  });

  it("needs the tensor engine for it, and says so", () => {
    const model = lively();
    expect(() => openEngine(model, { engine: "wasm", parts: {} })).toThrow("use the tensor engine");
    const engine = openEngine(model, { parts: {} });
    expect(engine.constructor.name).toBe("TensorEngine");
    engine.dispose();
    model.dispose();
  });
});

it("a model with a precision of its own takes no other parts", () => {
  const { config, weights } = lively();
  const model = new DeepSeekV3(config, weights, arithmeticFor(BF16_PRECISION));
  expect(() => model.forward([[1, 2]], { parts: LIB_PARTS })).toThrow("compute in float32");
  model.dispose();
});
