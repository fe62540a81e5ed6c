import * as tf from "@tensorflow/tfjs";
import { describe } from "vitest";
import {
  absorbExercise,
  bytesExercise,
  commuteExercise,
  decodeExercise,
  decoupledExercise,
  valuesExercise,
  type Absorb,
  type Decode,
  type DecoupledScores,
  type MixThenExpand,
  type Movable,
  type TokenBytes,
} from "../../../lib/lessons/03-multi-head-latent-attention";
import { latent, mergeHeads, naive, queries } from "../../../lib/model/mla";
import { FLOAT32 } from "../../../lib/model/arithmetic";
import { rotaryTables, softmaxScale } from "../../../lib/model/rotary";
import { rotate } from "../../../lib/tensor/nn";
import { holdsTo } from "../support";

describe("03-absorb", () => {
  const headByHead: Absorb = (qC, wUK) =>
    tf.tidy(() => {
      const [B, H, T, nope] = qC.shape;
      const C = wUK.shape[1];
      const heads = Array.from({ length: H }, (_, h) => {
        const rows = qC.slice([0, h], [B, 1]).reshape<tf.Tensor2D>([B * T, nope]);
        return tf.matMul(rows, wUK.slice(h, 1).reshape<tf.Tensor2D>([C, nope]).transpose()).reshape([B, T, C]);
      });
      return tf.stack(heads, 1) as tf.Tensor4D;
    });
  holdsTo(absorbExercise, headByHead);
});

describe("03-values", () => {
  const headByHead: MixThenExpand = (probabilities, cKV, wUV) =>
    tf.tidy(() => {
      const H = wUV.shape[0];
      const mixtures = Array.from({ length: H }, (_, h) => {
        const [B, , T, S] = probabilities.shape;
        const own = probabilities.slice([0, h], [B, 1]).reshape<tf.Tensor3D>([B, T, S]);
        return tf.matMul(own, cKV) as tf.Tensor3D; // [B, T, C]
      });
      const heads = mixtures.map((mixture, h) => {
        const [B, T, C] = mixture.shape;
        const own = wUV.slice(h, 1).reshape<tf.Tensor2D>([C, wUV.shape[2]]);
        return tf.matMul(mixture.reshape<tf.Tensor2D>([B * T, C]), own).reshape([B, T, wUV.shape[2]]);
      });
      return { mixture: tf.stack(mixtures, 1) as tf.Tensor4D, heads: tf.stack(heads, 1) as tf.Tensor4D };
    });
  holdsTo(valuesExercise, headByHead);
});

describe("03-commute", () => {
  const listed: Movable = () => {
    const fixed = new Set(["scale", "matrix", "gain"]);
    return {
      norm: fixed.has("norm"),
      rotation: fixed.has("rotation"),
      gain: fixed.has("gain"),
      matrix: fixed.has("matrix"),
      scale: fixed.has("scale"),
    };
  };
  holdsTo(commuteExercise, listed);
});

describe("03-decoupled-key", () => {
  const concatenated: DecoupledScores = ({ qC, kC, qR, h, wKR, rotary }) =>
    tf.tidy(() => {
      const [B, H, T] = qC.shape;
      const R = wKR.shape[1];
      const key = tf.matMul(h.reshape<tf.Tensor2D>([B * T, h.shape[2]]), wKR).reshape<tf.Tensor4D>([B, T, 1, R]);
      const copies = rotate(key, rotary).tile([1, 1, H, 1]).transpose([0, 2, 1, 3]);
      const [query, keys] = [tf.concat([qC, qR], 3), tf.concat([kC, copies], 3)];
      return tf.matMul(query, keys, false, true).mul(query.shape[3] ** -0.5);
    });
  holdsTo(decoupledExercise, concatenated);
});

describe("03-cache-bytes", () => {
  const summed: TokenBytes = ({ numHiddenLayers, kvLoraRank, qkRopeHeadDim }, bytes) => {
    let all = 0;
    for (let layer = 0; layer < numHiddenLayers; layer++) all += bytes * kvLoraRank + bytes * qkRopeHeadDim;
    return all;
  };
  holdsTo(bytesExercise, summed);
});

describe("03-decode", () => {
  /** The naive way: everything that is kept is expanded again. */
  const expanding: Decode = ({ x, past, weights, config }) =>
    tf.tidy(() => {
      const rotary = rotaryTables(config, [[past.kPe.shape[1]]]);
      const { qC, qR } = queries(x, weights, config, rotary);
      const fresh = latent(x, weights, config, rotary);
      const cKV = tf.concat([past.cKV, fresh.cKV], 1);
      const kPe = tf.concat([past.kPe, fresh.kPe], 1);
      const [B, S, R] = kPe.shape;
      const copies = kPe.reshape([B, 1, S, R]).tile([1, qR.shape[1], 1, 1]);
      const heads = naive(
        qC,
        cKV,
        weights.kvBProj,
        config,
        (content) =>
          tf.softmax(
            content.add<tf.Tensor4D>(tf.matMul(qR, copies, false, true)).mul<tf.Tensor4D>(softmaxScale(config)),
          ),
        FLOAT32,
      );
      const merged = mergeHeads(heads);
      const out = tf.matMul(merged.reshape<tf.Tensor2D>([B, merged.shape[2]]), weights.oProj).reshape([B, 1, -1]);
      return { cKV, kPe, out: out as tf.Tensor3D };
    });
  holdsTo(decodeExercise, expanding);
});
