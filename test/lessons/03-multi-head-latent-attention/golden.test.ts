/** The exercises' own answers against the reference implementation's values (test/fixtures/README.md), to 1e-5. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import {
  absorbExercise,
  decodeExercise,
  decoupledExercise,
  valuesExercise,
} from "../../../lib/lessons/03-multi-head-latent-attention";
import { project } from "../../../lib/model/arithmetic";
import { againstShared, mergeHeads, queries, splitHeads, upMatrices } from "../../../lib/model/mla";
import { rotaryTables, softmaxScale } from "../../../lib/model/rotary";
import { useBackend } from "../../../lib/tensor/backend";
import { causalSoftmax, embeddingRows, rmsNorm } from "../../../lib/tensor/nn";
import { expectClose } from "../../support/close";
import { openGolden, type Golden } from "../../support/golden";

/** What enters the first layer's attention, and that layer's own parts. */
function firstLayer({ model, ids, value }: Golden) {
  const { config, weights } = model;
  const layer = weights.layers[0];
  const [B, T] = [ids.length, ids[0].length];
  const rows = embeddingRows(weights.embedTokens, tf.tensor1d(ids.flat(), "int32"));
  const x = rmsNorm(rows, layer.inputLayernorm, config.rmsNormEps).reshape<tf.Tensor3D>([B, T, config.hiddenSize]);
  const rotary = rotaryTables(config, [Array.from({ length: T }, (_, t) => t)]);
  const golden = (name: string, shape: number[]) => tf.tensor(Array.from(value(`layer0.${name}`).values), shape);
  const cKV = golden("cache_ckv", [B, T, config.kvLoraRank]) as tf.Tensor3D;
  const kPe = golden("cache_kpe_ds", [B, T, config.qkRopeHeadDim]) as tf.Tensor3D;
  const probabilities = golden("attn_probs", [B, config.numAttentionHeads, T, T]) as tf.Tensor4D;
  return {
    config,
    attention: layer.selfAttn,
    x,
    rotary,
    cKV,
    kPe,
    probabilities,
    out: value("layer0.attn_out").values,
  };
}

describe.each(["cpu", "wasm"] as const)("on %s", (backend) => {
  beforeAll(() => useBackend(backend));

  it("03-absorb: absorbed queries on the reference's latents give the reference's probabilities", () => {
    const golden = openGolden("golden-a-group");
    const { config, attention, x, rotary, cKV, kPe, probabilities } = firstLayer(golden);
    const { qC, qR } = queries(x, attention, config, rotary);
    const { wUK } = upMatrices(attention.kvBProj, config);
    const content = againstShared(absorbExercise.reference(qC, wUK), cKV);
    expectClose(causalSoftmax(content, againstShared(qR, kPe), softmaxScale(config)), probabilities);
    golden.model.dispose();
  });

  it("03-values: the reference's probabilities and latents give the reference's output", () => {
    const golden = openGolden("golden-a-group");
    const { config, attention, cKV, probabilities, out } = firstLayer(golden);
    const { wUV } = upMatrices(attention.kvBProj, config);
    const { heads } = valuesExercise.reference(probabilities, cKV, wUV);
    expectClose(project(mergeHeads(heads), attention.oProj), out);
    golden.model.dispose();
  });

  it("03-decoupled-key: its scores give the reference's probabilities", () => {
    const golden = openGolden("golden-a-group");
    const { config, attention, x, rotary, cKV, probabilities } = firstLayer(golden);
    const { numAttentionHeads: H, kvLoraRank: C, qkNopeHeadDim: nope, qkRopeHeadDim: R, vHeadDim: v } = config;
    const { qC, qR } = queries(x, attention, config, rotary);
    const [kC] = tf.split(splitHeads(project(cKV, attention.kvBProj), H), [nope, v], 3) as tf.Tensor4D[];
    const wKR = attention.kvAProjWithMqa.slice([0, C], [config.hiddenSize, R]);
    const scores = decoupledExercise.reference({ qC, kC, qR, h: x, wKR, rotary });
    expectClose(causalSoftmax(scores), probabilities);
    golden.model.dispose();
  });

  it("03-decode: token by token it gives the reference's output and cache", () => {
    const golden = openGolden("golden-a-group");
    const { config, attention, x, cKV, kPe, out } = firstLayer(golden);
    const [B, T, D] = x.shape;
    let past = {
      cKV: tf.zeros([B, 0, config.kvLoraRank]) as tf.Tensor3D,
      kPe: tf.zeros([B, 0, config.qkRopeHeadDim]) as tf.Tensor3D,
    };
    const outs: tf.Tensor3D[] = [];
    for (let t = 0; t < T; t++) {
      const step = decodeExercise.reference({ x: x.slice([0, t], [B, 1]), past, weights: attention, config });
      outs.push(step.out);
      past = step;
    }
    expectClose(tf.concat(outs, 1), out);
    expectClose(past.cKV, cKV);
    expectClose(past.kPe, kPe);
    expect(outs[0].shape).toEqual([B, 1, D]);
    golden.model.dispose();
  });
});
