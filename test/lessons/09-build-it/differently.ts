/** Right answers, each written in another way than lib and the lesson's solutions write it. */
import * as tf from "@tensorflow/tfjs";
import type { DecodingParts } from "../../../lib/inference/decode";
import type { Loss, MoveBias } from "../../../lib/lessons/09-build-it";
import { softmaxScale } from "../../../lib/model/rotary";

/** x [..., D] · w [D, E] by one product over all rows. */
function times(x: tf.Tensor, w: tf.Tensor2D): tf.Tensor {
  const D = x.shape[x.rank - 1];
  return tf.dot(x.reshape([-1, D]), w).reshape([...x.shape.slice(0, -1), w.shape[1]]);
}

/** The mask as a matrix of 0 and −1e9: query t is key S − T + t. */
function future(T: number, S: number): tf.Tensor2D {
  const queries = tf.range(S - T, S).expandDims(1);
  return tf.range(0, S).expandDims(0).greater(queries).toFloat().mul(-1e9);
}

export const DIFFERENTLY: DecodingParts = {
  rmsNorm: (x, weight, epsilon) =>
    tf.tidy(() => {
      const D = x.shape[x.rank - 1];
      const rows = x.reshape<tf.Tensor2D>([-1, D]);
      const size = tf.sum(tf.square(rows), 1, true).div(D).add(epsilon).sqrt();
      return weight.mul(rows.div(size)).reshape(x.shape) as unknown as typeof x;
    }),

  rotate: (x, { cos, sin }) =>
    tf.tidy(() => {
      // (a, b) → (−b, a), channel by channel
      const columns = tf.split(x, x.shape[3], 3);
      const partner = columns.map((_, j) => (j % 2 === 0 ? columns[j + 1].neg() : columns[j - 1]));
      return tf.add(tf.mul(x, cos), tf.mul(tf.concat(partner, 3), sin)) as tf.Tensor4D;
    }),

  remember: (x, past, weights, { config, rotary, rmsNorm, rotate }) =>
    tf.tidy(() => {
      const [B, T] = x.shape;
      const all = times(x, weights.kvAProjWithMqa);
      const c = all.slice([0, 0, 0], [B, T, config.kvLoraRank]);
      const k = all.slice([0, 0, config.kvLoraRank]).expandDims<tf.Tensor4D>(2);
      const fresh = [rmsNorm(c, weights.kvALayernorm, 1e-6), rotate(k, rotary).squeeze([2])];
      const [cKV, kPe] = past === null ? fresh : [past.cKV.concat(fresh[0], 1), past.kPe.concat(fresh[1], 1)];
      return { cKV, kPe } as { cKV: tf.Tensor3D; kPe: tf.Tensor3D };
    }),

  // Head by head.
  naive: ({ qC, qR }, { cKV, kPe }, { kvBProj, oProj }, config) =>
    tf.tidy(() => {
      const { numAttentionHeads: H, qkNopeHeadDim: nope, vHeadDim: v } = config;
      const [B, , T] = qC.shape;
      const S = cKV.shape[1];
      const expanded = times(cKV, kvBProj); // [B, S, H·(nope + v)]
      const heads = Array.from({ length: H }, (_, h) => {
        const own = expanded.slice([0, 0, h * (nope + v)], [B, S, nope + v]);
        const key = tf.concat([own.slice([0, 0, 0], [B, S, nope]), kPe], 2);
        const query = tf.concat([qC, qR], 3).slice([0, h], [B, 1]).squeeze([1]);
        const scores = tf.matMul(query, key, false, true).mul(softmaxScale(config)).add(future(T, S));
        return tf.matMul(tf.softmax(scores), own.slice([0, 0, nope]));
      });
      return times(tf.concat(heads, 2), oProj) as tf.Tensor3D;
    }),

  // Head by head.
  absorbed: ({ qC, qR }, { cKV, kPe }, { kvBProj, oProj }, config) =>
    tf.tidy(() => {
      const { numAttentionHeads: H, qkNopeHeadDim: nope, vHeadDim: v, kvLoraRank: C } = config;
      const [B, , T] = qC.shape;
      const S = cKV.shape[1];
      const heads = Array.from({ length: H }, (_, h) => {
        const head = (x: tf.Tensor4D) => x.slice([0, h], [B, 1]).squeeze([1]);
        const wUK = kvBProj.slice([0, h * (nope + v)], [C, nope]);
        const wUV = kvBProj.slice([0, h * (nope + v) + nope], [C, v]);
        const query = times(head(qC), wUK.transpose<tf.Tensor2D>());
        const scores = tf.matMul(query, cKV, false, true).add(tf.matMul(head(qR), kPe, false, true));
        const p = tf.softmax(scores.mul(softmaxScale(config)).add(future(T, S)));
        return times(tf.matMul(p, cKV), wUV);
      });
      return times(tf.concat(heads, 2), oProj) as tf.Tensor3D;
    }),

  // In plain numbers, token by token.
  route: (x, gate, config) =>
    tf.tidy(() => {
      const {
        nRoutedExperts: E,
        numExpertsPerTok: K,
        nGroup: G,
        topkGroup,
        normTopkProb,
        routedScalingFactor,
      } = config;
      const affinity = tf.sigmoid(tf.matMul(x, gate.weight)) as tf.Tensor2D;
      const bias = gate.eScoreCorrectionBias.dataSync();
      const size = E / G;
      const best = (values: number[], k: number) =>
        [...values.keys()].sort((a, b) => values[b] - values[a] || a - b).slice(0, k);
      const rows = affinity.arraySync().map((s) => {
        const z = s.map((value, e) => value + bias[e]);
        const groups = Array.from({ length: G }, (_, g) => z.slice(g * size, (g + 1) * size));
        const scores = groups.map((group) => best(group, 2).reduce((sum, i) => sum + group[i], 0));
        const kept = new Set(best(scores, topkGroup));
        const chosen = best(
          z.map((value, e) => (kept.has(Math.floor(e / size)) ? value : -Infinity)),
          K,
        );
        const sum = normTopkProb ? chosen.reduce((all, e) => all + s[e], 0) : 1;
        return s.map((value, e) => (chosen.includes(e) ? [1, (value / sum) * routedScalingFactor] : [0, 0]));
      });
      const part = (i: number) => tf.tensor2d(rows.map((row) => row.map((pair) => pair[i])));
      return { affinity, mask: part(0), gates: part(1) };
    }),

  // One token and one expert at a time.
  experts: (x, { expertIndices, gates }, { gateProj, upProj, downProj }) =>
    tf.tidy(() => {
      const indices = expertIndices.arraySync();
      const rows = indices.map((chosen, n) => {
        const row = x.slice([n], [1]);
        const outputs = chosen.map((e) => {
          const own = (w: tf.Tensor3D) => w.slice([e], [1]).squeeze<tf.Tensor2D>([0]);
          const gate = tf.matMul(row, own(gateProj));
          const inner = tf
            .sigmoid(gate)
            .mul(gate)
            .mul<tf.Tensor2D>(tf.matMul(row, own(upProj)));
          return tf.matMul(inner, own(downProj)).mul(gates.slice([n, e], [1, 1]));
        });
        return tf.addN(outputs);
      });
      return tf.concat(rows, 0) as tf.Tensor2D;
    }),

  block: (h, { inputLayernorm, postAttentionLayernorm }, { norm, attention, feedForward }) =>
    tf.tidy(() => {
      const branches: [(x: tf.Tensor3D) => tf.Tensor3D, tf.Tensor1D][] = [
        [attention, inputLayernorm],
        [feedForward, postAttentionLayernorm],
      ];
      return branches.reduce((stream, [branch, weight]) => tf.add(branch(norm(stream, weight)), stream), h);
    }),

  // Two products in place of one over both halves.
  mtp: (hidden, nextEmbedding, { enorm, hnorm, ehProj, sharedHeadNorm }, { norm, block }) =>
    tf.tidy(() => {
      const [top, bottom] = tf.split(ehProj, 2) as tf.Tensor2D[];
      const joined = times(norm(nextEmbedding, enorm), top).add(times(norm(hidden, hnorm), bottom));
      return norm(block(joined as tf.Tensor3D), sharedHeadNorm);
    }),

  distribution: (logits, { temperature, topK = Infinity, topP = 1 }) => {
    const V = logits.length;
    const order = Array.from({ length: V }, (_, v) => v).sort((a, b) => logits[b] - logits[a] || a - b);
    const result = new Array<number>(V).fill(0);
    if (temperature === 0) {
      result[order[0]] = 1;
      return result;
    }
    const weights = order.slice(0, topK).map((v) => Math.exp((logits[v] - logits[order[0]]) / temperature));
    const total = weights.reduce((a, b) => a + b);
    let before = 0;
    const kept = weights.filter((weight) => {
      const stays = before < topP * total || before === 0;
      before += weight;
      return stays;
    });
    const sum = kept.reduce((a, b) => a + b);
    kept.forEach((weight, i) => (result[order[i]] = weight / sum));
    return result;
  },
};

/** By plain numbers. */
export const lossDifferently: Loss = (logits, ids) =>
  tf.tidy(() => {
    const all = logits.arraySync();
    const losses = ids.flatMap((row, b) =>
      row.slice(1).map((target, t) => {
        const place = all[b][t];
        const most = Math.max(...place);
        return Math.log(place.reduce((sum, logit) => sum + Math.exp(logit - most), 0)) + most - place[target];
      }),
    );
    return tf.scalar(losses.reduce((a, b) => a + b) / losses.length);
  });

export const moveBiasDifferently: MoveBias = (bias, counts, gamma) =>
  tf.tidy(() => {
    const loads = Array.from(counts.dataSync());
    const mean = loads.reduce((a, b) => a + b) / loads.length;
    return bias.add(tf.tensor1d(loads.map((load) => (load === mean ? 0 : load > mean ? -gamma : gamma))));
  });
