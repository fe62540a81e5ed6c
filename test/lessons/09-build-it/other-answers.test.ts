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

  // Both lines of the formula, from every second channel.
  rotate: (x, { cos, sin }) =>
    tf.tidy(() => {
      const every2nd = (t: tf.Tensor4D, from: number) =>
        t.stridedSlice([0, 0, 0, from], [...t.shape], [1, 1, 1, 2]) as tf.Tensor4D;
      const [a, b] = [every2nd(x, 0), every2nd(x, 1)];
      const [c, s] = [every2nd(cos, 0), every2nd(sin, 0)];
      const turned = tf.stack([a.mul(c).sub(b.mul(s)), b.mul(c).add(a.mul(s))], 4);
      return turned.reshape<tf.Tensor4D>(x.shape);
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

  // From the tokens to their experts; rows are picked by comparing numbers.
  experts: (x, { expertIndices, gates }, { gateProj, upProj, downProj }) =>
    tf.tidy(() => {
      const [N] = x.shape;
      const tokens = new Map<number, number[]>();
      expertIndices.arraySync().forEach((row, n) => {
        for (const e of row) tokens.set(e, [...(tokens.get(e) ?? []), n]);
      });
      let sum = tf.zerosLike(x);
      for (const [e, rows] of tokens) {
        const picked = tf.tensor2d(rows, [rows.length, 1]).equal(tf.range(0, N).expandDims(0));
        const pick = picked.toFloat() as tf.Tensor2D; // [M, N]; tf.oneHot has no single column, and decoding has one token
        const mine = tf.matMul(pick, x);
        const [gate, up, down] = [gateProj, upProj, downProj].map((w) => tf.gather(w, e) as unknown as tf.Tensor2D);
        const g = tf.matMul(mine, gate);
        const inner = g.mul(g.sigmoid()).mul<tf.Tensor2D>(tf.matMul(mine, up));
        const weight = tf.matMul(pick, gates.slice([0, e], [N, 1]));
        sum = sum.add(tf.matMul(pick, tf.matMul(inner, down).mul<tf.Tensor2D>(weight), true, false));
      }
      return sum;
    }),

  // The two branches as a list.
  block: (h, { inputLayernorm, postAttentionLayernorm }, { norm, attention, feedForward }) =>
    tf.tidy(() => {
      let stream = h;
      const branches = [
        [inputLayernorm, attention],
        [postAttentionLayernorm, feedForward],
      ] as const;
      for (const [gain, network] of branches) stream = tf.add(stream, network(norm(stream, gain)));
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

  // A list of tokens from the likeliest on; one stays if those before it have not reached the share.
  distribution: (logits, { temperature, topK, topP }) => {
    const order = Array.from(logits, (logit, id) => ({ id, logit, p: 0 })).sort((a, b) => b.logit - a.logit);
    const top = order[0].logit;
    for (const token of order) token.p = temperature > 0 ? Math.exp((token.logit - top) / temperature) : 0;
    if (temperature === 0) order[0].p = 1;
    const kept = order.slice(0, topK ?? order.length);
    const total = () => kept.reduce((sum, { p }) => sum + p, 0);
    const wanted = (topP ?? 1) * total();
    let before = 0;
    for (const token of kept) {
      const { p } = token;
      if (topP !== undefined && before >= wanted) token.p = 0;
      before += p;
    }
    const sum = total();
    const result = new Array<number>(logits.length).fill(0);
    for (const { id, p } of kept) result[id] = p / sum;
    return result;
  },
};

// The logarithm of the sum, less the logit of the token that came.
const loss: Loss = (logits, ids) =>
  tf.tidy(() => {
    const [B, T, V] = logits.shape;
    const places = ids.flatMap((row, b) => row.slice(1).map((id, t) => [b, t, id]));
    const came = tf.gatherND(logits, tf.tensor2d(places, [B * (T - 1), 3], "int32"));
    const all = logits.slice([0, 0, 0], [B, T - 1, V]).logSumExp(2);
    return all.mean().sub<tf.Scalar>(came.mean());
  });

// In plain numbers.
const moveBias: MoveBias = (bias, counts, gamma) =>
  tf.tidy(() => {
    const n = counts.arraySync();
    const mean = n.reduce((a, b) => a + b) / n.length;
    return tf.tensor1d(bias.arraySync().map((b, e) => (n[e] > mean ? b - gamma : n[e] < mean ? b + gamma : b)));
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
