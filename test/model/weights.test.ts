import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import { tinyConfig } from "../../lib/model/config";
import {
  buildWeights,
  disposeWeights,
  initWeights,
  isMoe,
  mapWeights,
  namedTensors,
  weightShapes,
} from "../../lib/model/weights";
import { useBackend } from "../../lib/tensor/backend";

const config = tinyConfig();

beforeAll(async () => {
  await useBackend("cpu");
});

describe("initWeights", () => {
  it("gives each weight the shape that its interface states", () => {
    const weights = initWeights(config, 1);
    const [dense, sparse] = weights.layers;
    expect(weights.embedTokens.shape).toEqual([256, 64]);
    expect(weights.lmHead!.shape).toEqual([64, 256]);
    expect(dense.selfAttn.qAProj!.shape).toEqual([64, 32]);
    expect(dense.selfAttn.qBProj!.shape).toEqual([32, 4 * (16 + 8)]);
    expect(dense.selfAttn.kvAProjWithMqa.shape).toEqual([64, 16 + 8]);
    expect(dense.selfAttn.kvBProj.shape).toEqual([16, 4 * (16 + 16)]);
    expect(dense.selfAttn.oProj.shape).toEqual([4 * 16, 64]);
    expect(isMoe(dense.mlp)).toBe(false);
    if (!isMoe(sparse.mlp)) throw new Error("the second layer must be a mixture of experts");
    expect(sparse.mlp.gate.weight.shape).toEqual([64, 16]);
    expect(sparse.mlp.experts.gateProj.shape).toEqual([16, 64, 32]);
    expect(sparse.mlp.experts.downProj.shape).toEqual([16, 32, 64]);
    expect(weights.mtp[0].ehProj.shape).toEqual([128, 64]);
    disposeWeights(weights);
  });

  it("has qProj instead of the query's latent, no head and no shared experts where the config has none", () => {
    const weights = initWeights(tinyConfig({ qLoraRank: null, tieWordEmbeddings: true, nSharedExperts: 0 }), 1);
    const [, { selfAttn, mlp }] = weights.layers;
    expect(selfAttn.qProj!.shape).toEqual([64, 96]);
    expect([selfAttn.qAProj, selfAttn.qALayernorm, selfAttn.qBProj, weights.lmHead]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect("sharedExperts" in mlp).toBe(false);
    disposeWeights(weights);
  });

  it("draws matrices with the deviation asked for, and starts norms at 1 and biases at 0", () => {
    const weights = initWeights(config, 3, { std: 0.5 });
    for (const { name, tensor } of namedTensors(weights)) {
      const values = Array.from(tensor.dataSync());
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
      const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
      const [expectedMean, expectedDeviation] = name.endsWith("bias")
        ? [0, 0]
        : name.includes("norm")
          ? [1, 0]
          : [0, 0.5];
      expect(Math.abs(mean - expectedMean), name).toBeLessThan(0.1);
      expect(Math.abs(deviation - expectedDeviation), name).toBeLessThan(0.05);
    }
    disposeWeights(weights);
  });

  it("gives the same weights for the same seed and others for another", () => {
    const values = (seed: number) =>
      tf.tidy(() => namedTensors(initWeights(config, seed)).map(({ tensor }) => [...tensor.dataSync()]));
    const [first, again, other] = [values(1), values(1), values(2)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });
});

describe("the walk over all weights", () => {
  it("names each tensor as the released checkpoint does", () => {
    const weights = initWeights(config, 1);
    const nameOf = new Map(namedTensors(weights).map(({ name, tensor }) => [tensor, name]));
    const [dense, sparse] = weights.layers;
    if (isMoe(dense.mlp) || !isMoe(sparse.mlp)) throw new Error("the first layer must be dense, the second not");
    const [module] = weights.mtp;
    expect(
      [
        weights.embedTokens,
        dense.inputLayernorm,
        dense.selfAttn.qALayernorm!,
        dense.selfAttn.kvAProjWithMqa,
        dense.mlp.downProj,
        sparse.postAttentionLayernorm,
        sparse.mlp.gate.weight,
        sparse.mlp.gate.eScoreCorrectionBias,
        sparse.mlp.experts.upProj,
        sparse.mlp.sharedExperts!.gateProj,
        weights.norm,
        weights.lmHead!,
        module.enorm,
        module.ehProj,
        module.sharedHeadNorm,
        module.block.selfAttn.oProj,
      ].map((tensor) => nameOf.get(tensor)),
    ).toEqual([
      "model.embed_tokens.weight",
      "model.layers.0.input_layernorm.weight",
      "model.layers.0.self_attn.q_a_layernorm.weight",
      "model.layers.0.self_attn.kv_a_proj_with_mqa.weight",
      "model.layers.0.mlp.down_proj.weight",
      "model.layers.1.post_attention_layernorm.weight",
      "model.layers.1.mlp.gate.weight",
      "model.layers.1.mlp.gate.e_score_correction_bias",
      "model.layers.1.mlp.experts.*.up_proj.weight",
      "model.layers.1.mlp.shared_experts.gate_proj.weight",
      "model.norm.weight",
      "lm_head.weight",
      "model.layers.3.enorm.weight",
      "model.layers.3.eh_proj.weight",
      "model.layers.3.shared_head.norm.weight",
      "model.layers.3.self_attn.o_proj.weight",
    ]);
    disposeWeights(weights);
  });

  it("meets the tensors of weightShapes, in the same order and with the same shapes", () => {
    const weights = initWeights(config, 1);
    expect(namedTensors(weights).map(({ name, tensor }) => ({ name, shape: tensor.shape }))).toEqual(
      weightShapes(config, 1),
    );
    disposeWeights(weights);
  });

  it("maps every tensor to another in the same place", () => {
    const weights = initWeights(config, 1);
    const negative = mapWeights(weights, (tensor) => tensor.neg());
    const mapped = namedTensors(negative);
    for (const [i, { name, tensor }] of namedTensors(weights).entries()) {
      expect(mapped[i].name).toBe(name);
      expect([...mapped[i].tensor.dataSync()]).toEqual([...tensor.dataSync()].map((x) => -x));
    }
    [weights, negative].forEach(disposeWeights);
  });

  it("frees every tensor", () => {
    const before = tf.memory().numTensors;
    const weights = initWeights(config, 1);
    expect(tf.memory().numTensors).toBe(before + weightShapes(config, 1).length);
    disposeWeights(weights);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("frees what it has made when making one fails", () => {
    const before = tf.memory().numTensors;
    const make = (name: string, shape: number[]) => {
      if (name === "model.layers.2.mlp.gate.weight") throw new Error("no more");
      return tf.zeros(shape);
    };
    expect(() => buildWeights(config, 1, make)).toThrow("no more");
    expect(tf.memory().numTensors).toBe(before);
  });
});
