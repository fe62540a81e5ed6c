/** Each exercise answered a third time, from its text alone: other operations, another order, none of lib's helpers. */
import * as tf from "@tensorflow/tfjs";
import { beforeAll, expect, it } from "vitest";
import type { DecodingParts } from "../../../lib/inference/decode";
import {
  biasExercise,
  logitDifferences,
  lossExercise,
  ownParts,
  PART_EXERCISES,
  PART_NAMES,
  type Loss,
  type MoveBias,
} from "../../../lib/lessons/09-build-it";
import { project } from "../../../lib/model/arithmetic";
import { upMatrices } from "../../../lib/model/mla";
import { softmaxScale } from "../../../lib/model/rotary";
import { useBackend } from "../../../lib/tensor/backend";
import { openGolden } from "../../support/golden";
import { silently } from "../support";

beforeAll(() => useBackend("wasm"));

/** The softmax of the scores [B, H, T, S], of which a lower triangle's last T rows are seen. */
function probabilitiesOf(scores: tf.Tensor, T: number, S: number): tf.Tensor {
  const seen = tf.linalg.bandPart(tf.ones([S, S]), -1, 0).slice([S - T, 0], [T, S]);
  return tf.softmax(tf.where(seen.cast("bool"), scores, tf.scalar(-1e9)));
}

const parts: DecodingParts = {
  // By the length of each vector: its square over the width is the mean square.
  rmsNorm: (x, weight, epsilon) =>
    tf.tidy(() => {
      const width = x.shape[x.shape.length - 1];
      const length = tf.norm(x, "euclidean", -1, true);
      return tf.mul(x, tf.div(weight, tf.sqrt(tf.add(tf.div(tf.square(length), width), epsilon)))) as typeof x;
    }),

  // Every channel's partner by its number, and the signs as a row.
  rotate: (x, { cos, sin }) =>
    tf.tidy(() => {
      const numbers = Array.from({ length: x.shape[3] }, (_, j) => j);
      const partners = tf.gather(
        x,
        numbers.map((j) => (j % 2 === 0 ? j + 1 : j - 1)),
        3,
      );
      const signs = tf.tensor1d(numbers.map((j) => (j % 2 === 0 ? -1 : 1)));
      return tf.addN([tf.mul(x, cos), tf.mul(tf.mul(partners, signs), sin)]) as tf.Tensor4D;
    }),

  // The matrix is cut, not the product.
  remember: (x, past, { kvAProjWithMqa, kvALayernorm }, { config, rotary, rmsNorm, rotate }) =>
    tf.tidy(() => {
      const C = config.kvLoraRank;
      const [toLatent, toKey] = [kvAProjWithMqa.slice([0, 0], [-1, C]), kvAProjWithMqa.slice([0, C], [-1, -1])];
      const kPe = rotate(project(x, toKey).expandDims(2), rotary).squeeze<tf.Tensor3D>([2]);
      const cKV = rmsNorm(project(x, toLatent), kvALayernorm, 1e-6);
      const grown = (before: tf.Tensor3D | undefined, now: tf.Tensor3D) =>
        before === undefined ? now : tf.concat3d([before, now], 1);
      return { cKV: grown(past?.cKV, cKV), kPe: grown(past?.kPe, kPe) };
    }),

  // Sums over named axes.
  naive: ({ qC, qR }, { cKV, kPe }, { kvBProj, oProj }, config) =>
    tf.tidy(() => {
      const { numAttentionHeads: H, qkNopeHeadDim: d, vHeadDim: v } = config;
      const [[B, , T], S] = [qC.shape, cKV.shape[1]];
      const all = project(cKV, kvBProj).reshape([B, S, H, d + v]);
      const [keys, values] = [all.slice([0, 0, 0, 0], [B, S, H, d]), all.slice([0, 0, 0, d], [B, S, H, v])];
      const content = tf.einsum("bhtd,bshd->bhts", qC, keys);
      const scores = tf.add(content, tf.einsum("bhtr,bsr->bhts", qR, kPe)).mul(softmaxScale(config));
      const mixed = tf.einsum("bhts,bshv->bthv", probabilitiesOf(scores, T, S), values);
      return project(mixed.reshape<tf.Tensor3D>([B, T, H * v]), oProj);
    }),

  // The scale goes to the queries; the values' matrix meets the output's before either meets a token.
  absorbed: ({ qC, qR }, { cKV, kPe }, { kvBProj, oProj }, config) =>
    tf.tidy(() => {
      const { numAttentionHeads: H, vHeadDim: v } = config;
      const [T, S] = [qC.shape[2], cKV.shape[1]];
      const { wUK, wUV } = upMatrices(kvBProj, config);
      const scale = softmaxScale(config);
      const query = tf.einsum("bhtd,hcd->bhtc", qC.mul(scale), wUK);
      const content = tf.einsum("bhtc,bsc->bhts", query, cKV);
      const scores = tf.add(content, tf.einsum("bhtr,bsr->bhts", qR.mul(scale), kPe));
      const mixture = tf.einsum("bhts,bsc->bhtc", probabilitiesOf(scores, T, S), cKV);
      const out = tf.einsum("hcv,hvo->hco", wUV, oProj.reshape([H, v, -1]));
      return tf.einsum("bhtc,hco->bto", mixture, out) as tf.Tensor3D;
    }),

  // By thresholds: who is at least as large as the k-th largest is in.
  route: (x, gate, config) =>
    tf.tidy(() => {
      const { nRoutedExperts: E, nGroup: G, topkGroup, numExpertsPerTok: K } = config;
      const atLeast = (z: tf.Tensor, k: number) => z.greaterEqual(tf.topk(z, k).values.min(-1, true));
      const affinity = tf.sigmoid(tf.dot(x, gate.weight)) as tf.Tensor2D;
      const z = tf.add(affinity, gate.eScoreCorrectionBias).reshape([-1, G, E / G]);
      const groups = atLeast(tf.topk(z, 2).values.sum(2), topkGroup).expandDims(2); // [N, G, 1]
      const left = tf.where(groups.tile([1, 1, E / G]), z, tf.fill(z.shape, -Infinity)).reshape([-1, E]);
      const mask = atLeast(left, K).toFloat() as tf.Tensor2D;
      const weights = tf.mul(affinity, mask);
      const divisor = config.normTopkProb ? tf.sum(weights, 1, true) : tf.scalar(1);
      return { affinity, mask, gates: weights.mul(config.routedScalingFactor).div<tf.Tensor2D>(divisor) };
    }),

  // Rows come to an expert, and go back, by products with rows of 0 and 1.
  experts: (x, { expertIndices, gates }, { gateProj, upProj, downProj }) =>
    tf.tidy(() => {
      const [[N, E], chosen] = [gates.shape, expertIndices.arraySync()];
      let sum = tf.zerosLike(x);
      for (let e = 0; e < E; e++) {
        const tokens = chosen.map((row, n) => (row.includes(e) ? n : -1)).filter((n) => n >= 0);
        if (tokens.length === 0) continue;
        const pick = tf.gather(tf.eye(N), tokens); // [M, N]; tf.oneHot has no single column, and decoding has one token
        const rows = tf.matMul(pick, x);
        const by = (w: tf.Tensor3D) => tf.gather(w, e) as unknown as tf.Tensor2D;
        const g = tf.matMul(rows, by(gateProj));
        const inner = g.div(tf.add(1, tf.exp(tf.neg(g)))).mul(tf.matMul(rows, by(upProj)));
        const weights = tf.matMul(pick, gates).slice([0, e], [-1, 1]);
        sum = sum.add(tf.matMul(pick, tf.mul(tf.matMul(inner, by(downProj)), weights), true));
      }
      return sum;
    }),

  block: (h, norms, { norm, attention, feedForward }) =>
    tf.tidy(() => {
      let stream = h;
      stream = tf.add(attention(norm(stream, norms.inputLayernorm)), stream);
      stream = tf.add(feedForward(norm(stream, norms.postAttentionLayernorm)), stream);
      return stream;
    }),

  // The upper half of the matrix is the embedding's, the lower one the state's.
  mtp: (hidden, nextEmbedding, { enorm, hnorm, ehProj, sharedHeadNorm }, { norm, project, block }) =>
    tf.tidy(() => {
      const D = hidden.shape[2];
      const [upper, lower] = [ehProj.slice([0, 0], [D, -1]), ehProj.slice([D, 0], [D, -1])];
      const joined = project(norm(hidden, hnorm), lower).add(project(norm(nextEmbedding, enorm), upper));
      return norm(block(joined as tf.Tensor3D), sharedHeadNorm);
    }),

  // By tensors, and with a list of what is still in.
  distribution: (logits, { temperature, topK, topP }) =>
    tf.tidy(() => {
      const all = tf.tensor1d(Array.from(logits));
      if (temperature === 0) return Array.from(tf.oneHot(all.argMax() as tf.Tensor, logits.length).dataSync());
      const p = Array.from(tf.softmax(all.div<tf.Tensor1D>(temperature)).dataSync());
      const { indices } = tf.topk(tf.tensor1d(p), Math.min(topK ?? p.length, p.length));
      const candidates = Array.from(indices.dataSync());
      const share = candidates.reduce((sum, v) => sum + p[v], 0) * (topP ?? 1);
      let reached = 0;
      const stays = candidates.filter((v, i) => {
        if (i > 0 && reached >= share) return false;
        reached += p[v];
        return true;
      });
      return p.map((value, v) => (stays.includes(v) ? value / reached : 0));
    }),
};

const loss: Loss = (logits, ids) =>
  tf.tidy(() => {
    const V = logits.shape[2];
    const rows = tf.concat(
      (tf.unstack(logits) as tf.Tensor2D[]).map((text) => text.slice([0, 0], [text.shape[0] - 1, V])),
    );
    const targets = ids.flatMap(([, ...next]) => next);
    return tf.losses.softmaxCrossEntropy(tf.oneHot(tf.tensor1d(targets, "int32"), V), rows) as tf.Scalar;
  });

const moveBias: MoveBias = (bias, counts, gamma) =>
  tf.tidy(() => {
    const mean = tf.mean(counts);
    const direction = tf.sub(tf.less(counts, mean).toFloat(), tf.greater(counts, mean).toFloat());
    return tf.add(tf.mul(direction, gamma), bias);
  });

it.each(PART_NAMES)("%s passes", async (name) => {
  expect(await silently(PART_EXERCISES[name], parts[name])).toEqual({ passed: true, status: "passed", message: "" });
});

it("the loss and the bias pass", async () => {
  expect(await silently(lossExercise, loss)).toMatchObject({ status: "passed" });
  expect(await silently(biasExercise, moveBias)).toMatchObject({ status: "passed" });
});

it("together they give lib's logits within 1e-5", async () => {
  const own = await ownParts(parts);
  expect(own.own).toEqual(PART_NAMES);
  const { model, ids } = openGolden("golden-d-mtp");
  for (const { pass, largest } of logitDifferences(model, ids, own.parts)) expect(largest, pass).toBeLessThan(1e-5);
  model.dispose();
});
