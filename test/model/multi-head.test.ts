/** Plain multi-head attention: what it computes, its cache, its gradients, and what it leaves in memory. */
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { variantCounts } from "../../lib/economics/variants";
import { decode } from "../../lib/inference/decode";
import { tinyConfig } from "../../lib/model/config";
import { KeyValueCache } from "../../lib/model/key-value-cache";
import { LatentCache } from "../../lib/model/latent-cache";
import { DeepSeekV3 } from "../../lib/model/model";
import { initMultiHeadWeights, isMultiHead, multiHead, type MultiHeadWeights } from "../../lib/model/multi-head";
import { rotaryTables, softmaxScale } from "../../lib/model/rotary";
import { disposeWeights, initWeights, namedTensors, type ModelWeights } from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";
import { rotate } from "../../lib/tensor/nn";
import { Random } from "../../lib/tensor/random";
import { Training } from "../../lib/training/run";
import { expectClose, expectNoLeak } from "../support/close";
import { batchOf, CONFIG, makeSteps, OPTIONS } from "../training/support";

const config = tinyConfig({ vocabSize: 40, ropeScaling: null, maxPositionEmbeddings: 64 });
const { hiddenSize: D, numAttentionHeads: H, qkNopeHeadDim: nope, qkRopeHeadDim: R, vHeadDim } = config;
const T = 5;
let weights: ModelWeights;
let attention: MultiHeadWeights;
let x: tf.Tensor3D;

const rotaryOf = (positions: number[]) => rotaryTables(config, [positions]);
const upTo = (length: number) => Array.from({ length }, (_, t) => t);

beforeAll(async () => {
  await useBackend("wasm");
  weights = initMultiHeadWeights(config, 4, { std: 0.2 });
  const { selfAttn } = weights.layers[0];
  if (!isMultiHead(selfAttn)) throw new Error("the block has latent attention");
  attention = selfAttn;
  x = new Random(2).normalTensor([1, T, D]) as tf.Tensor3D;
});
afterAll(() => {
  disposeWeights(weights);
  x.dispose();
});

/** Attention as it is defined, a head and a query at a time. */
function byDefinition(): number[] {
  const product = (weight: tf.Tensor2D) => tf.matMul(x.reshape<tf.Tensor2D>([T, D]), weight); // [T, H·d]
  const withPosition = (weight: tf.Tensor2D) => {
    const [content, position] = tf.split(product(weight).reshape([1, T, H, nope + R]), [nope, R], 3) as tf.Tensor4D[];
    return tf.concat([content, rotate(position, rotaryOf(upTo(T)))], 3).arraySync() as number[][][][];
  };
  const [q, k] = [attention.qProj, attention.kProj].map((weight) => withPosition(weight)[0]); // [T][H][nope + rope]
  const v = product(attention.vProj).reshape([T, H, vHeadDim]).arraySync() as number[][][];
  const heads = upTo(T).map((t) =>
    upTo(H).flatMap((h) => {
      const scores = upTo(t + 1).map(
        (s) => softmaxScale(config) * q[t][h].reduce((sum, a, i) => sum + a * k[s][h][i], 0),
      );
      const exps = scores.map((score) => Math.exp(score - Math.max(...scores)));
      const total = exps.reduce((a, b) => a + b);
      return upTo(vHeadDim).map((i) => exps.reduce((sum, e, s) => sum + (e / total) * v[s][h][i], 0));
    }),
  );
  return Array.from(tf.matMul(tf.tensor2d(heads), attention.oProj).dataSync());
}

describe("multi-head attention", () => {
  it("is what its definition says, head by head", () => {
    tf.tidy(() =>
      expectClose(multiHead(x, attention, config, { rotary: rotaryOf(upTo(T)) }).dataSync(), byDefinition()),
    );
  });

  it("gives each head a key of its own, with a position of its own", () => {
    tf.tidy(() => {
      const rotary = rotaryOf(upTo(T));
      const own = multiHead(x, attention, config, { rotary });
      const firstHeadsRotated = tf.tidy(() => {
        const keys = attention.kProj.reshape<tf.Tensor3D>([D, H, nope + R]);
        const [content, position] = tf.split(keys, [nope, R], 2) as tf.Tensor3D[];
        const shared = position.slice([0, 0, 0], [D, 1, R]).tile([1, H, 1]);
        return tf.concat([content, shared], 2).reshape<tf.Tensor2D>([D, H * (nope + R)]);
      });
      const shared = multiHead(x, { ...attention, kProj: firstHeadsRotated }, config, { rotary });
      expect(own.sub(shared).abs().max().dataSync()[0]).toBeGreaterThan(1e-3);
    });
  });

  it("computes the same token by token, with keys and values kept", async () => {
    const cache = new KeyValueCache();
    await expectNoLeak(
      () =>
        tf.tidy(() => {
          const whole = multiHead(x, attention, config, { rotary: rotaryOf(upTo(T)) });
          const pieces = [
            [0, 2],
            [2, 1],
            [3, 2],
          ].map(([begin, length]) =>
            multiHead(x.slice([0, begin, 0], [1, length, D]), attention, config, {
              rotary: rotaryOf(upTo(length).map((t) => begin + t)),
              cache: { store: cache, layer: 0 },
            }),
          );
          expectClose(tf.concat(pieces, 1), whole);
        }),
      2, // the keys and the values of the one layer
    );
    expect(cache.length).toBe(T);
    const { kvBytesPerToken } = variantCounts("multi-head", config, T);
    expect(2 * (cache.elements / T) * config.numHiddenLayers).toBe(kvBytesPerToken);
    await expectNoLeak(() => cache.dispose(), -2);
  });

  it("keeps nothing in a cache of latents, and says so; neither does decoding", async () => {
    const model = new DeepSeekV3(config, weights);
    const cache = new LatentCache();
    const before = tf.memory().numTensors;
    expect(() => model.forward([[1, 2]], { cache })).toThrow(/kept in a KeyValueCache, not in a LatentCache/);
    expect(cache.length).toBe(0);
    expect(tf.memory().numTensors).toBe(before);
    const writing = decode(model, [1, 2], { tokens: 2, temperature: 0 });
    await expect(
      (async () => {
        for await (const token of writing) void token;
      })(),
    ).rejects.toThrow(/multi-head attention/);
  });

  it("leaves no tensor behind", async () => {
    const model = new DeepSeekV3(config, weights);
    await expectNoLeak(() => model.forward([[1, 2, 3]]).dispose());
    await expectNoLeak(() => disposeWeights(initMultiHeadWeights(config, 9)));
  });
});

describe("first weights", () => {
  it("are those of latent attention of the same seed, but for attention itself", () => {
    const latent = initWeights(config, 4, { std: 0.2 });
    const of = (tree: ModelWeights) =>
      new Map(namedTensors(tree).map(({ name, tensor }) => [name, Array.from(tensor.dataSync())]));
    const [ours, theirs] = [of(weights), of(latent)];
    const others = [...theirs.keys()].filter((name) => !name.includes("self_attn"));
    expect(others.length).toBeGreaterThan(10);
    for (const name of others) expect(ours.get(name)).toEqual(theirs.get(name));
    expect([...ours.keys()].filter((name) => name.includes("layers.0.self_attn"))).toHaveLength(4);
    disposeWeights(latent);
  });

  it("differ between seeds and layers, and are the same for the same seed", () => {
    const first = (seed: number, layer = 0) => {
      const made = initMultiHeadWeights(config, seed);
      const values = Array.from((made.layers[layer].selfAttn as unknown as MultiHeadWeights).kProj.dataSync());
      disposeWeights(made);
      return values;
    };
    expect(first(1)).toEqual(first(1));
    expect(first(1)).not.toEqual(first(2));
    expect(first(1)).not.toEqual(first(1, 1));
  });
});

describe("a training", () => {
  it("begins near blind guessing, moves every weight of attention, and learns", async () => {
    const training = new Training(CONFIG, { ...OPTIONS, steps: 60 }, initMultiHeadWeights(CONFIG, 5, { std: 0.02 }));
    const attentionOf = () =>
      namedTensors(training.model.weights)
        .filter(({ name }) => name.includes("self_attn"))
        .map(({ name, tensor }) => ({ name, values: Array.from(tensor.dataSync()) }));
    const before = attentionOf();
    expect(before).toHaveLength(4 * (CONFIG.numHiddenLayers + 1)); // the module's block attends too
    const reports = await makeSteps(training, 60);
    expect(Math.abs(reports[0].main - Math.log(CONFIG.vocabSize))).toBeLessThan(0.1);
    expect(reports[59].main).toBeLessThan(reports[0].main - 0.5);
    attentionOf().forEach(({ name, values }, i) => expect(values, name).not.toEqual(before[i].values));
    training.dispose();
  });

  it("has the gradients that differences give, for each weight of attention", () => {
    const batch = batchOf(0).map((row) => row.slice(0, 6));
    const small = initMultiHeadWeights(CONFIG, 5, { std: 0.3 });
    const own = small.layers[0].selfAttn as unknown as MultiHeadWeights;
    const target = new Random(3).normalTensor([batch.length, 6, CONFIG.vocabSize], 1 / CONFIG.vocabSize);
    for (const name of Object.keys(own) as (keyof MultiHeadWeights)[]) {
      const at = own[name];
      const value = (weight: tf.Tensor): tf.Scalar => {
        const layers = [...small.layers];
        layers[0] = { ...layers[0], selfAttn: { ...own, [name]: weight } as never };
        return new DeepSeekV3(CONFIG, { ...small, layers }).forward(batch).mul(target).sum();
      };
      tf.tidy(() => {
        const direction = new Random(1).normalTensor(at.shape, 1 / Math.sqrt(at.size));
        const byGradient = tf.grad(value)(at).mul(direction).sum().dataSync()[0];
        const [above, below] = [2e-3, -2e-3].map((step) => value(at.add(direction.mul(step))).dataSync()[0]);
        expect(byGradient).not.toBe(0);
        expect(Math.abs(byGradient - (above - below) / 4e-3), name).toBeLessThan(0.02 * Math.abs(byGradient) + 1e-4);
      });
    }
    target.dispose();
    disposeWeights(small);
  });
});
