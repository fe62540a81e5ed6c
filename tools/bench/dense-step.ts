/**
 * One training step of a dense transformer of 4.5 million parameters: 4 layers, width 256, 8 heads, gated feed-forward
 * 1024, vocabulary 512, a batch of 16 × 128 tokens, Adam. Every product of such a step has a transpose or a batch in
 * it, which is where tfjs's own wasm kernel is slow.
 */
import * as tf from "@tensorflow/tfjs";
import { project } from "../../lib/model/arithmetic";
import { mergeHeads, splitHeads } from "../../lib/model/mla";
import { mlp } from "../../lib/model/mlp";
import { causalSoftmax, rmsNorm } from "../../lib/tensor/nn";
import { Random } from "../../lib/tensor/random";
import { takeRows } from "../../lib/tensor/rows";

const [LAYERS, D, H, I, V, B, T] = [4, 256, 8, 1024, 512, 16, 128];

/** A step that can be taken again and again: forward, backward, update; returns the loss before it. */
export function denseStep(): () => number {
  const random = new Random(1);
  const matrix = (rows: number, columns: number) =>
    tf.variable(random.normalTensor([rows, columns], 0.02)) as tf.Variable<tf.Rank.R2>;
  const gain = () => tf.variable(tf.ones<tf.Rank.R1>([D]));
  const layers = Array.from({ length: LAYERS }, () => ({
    attentionNorm: gain(),
    q: matrix(D, D),
    k: matrix(D, D),
    v: matrix(D, D),
    o: matrix(D, D),
    mlpNorm: gain(),
    mlp: { gateProj: matrix(D, I), upProj: matrix(D, I), downProj: matrix(I, D) },
  }));
  const [embedding, head] = [matrix(V, D), matrix(D, V)];
  const ids = Array.from({ length: B * T }, () => random.integer(V));
  const targets = tf.oneHot(tf.tensor1d([...ids.slice(1), ids[0]], "int32"), V);
  const tokens = tf.tensor1d(ids, "int32");
  const adam = tf.train.adam(1e-3);

  const loss = () =>
    tf.tidy(() => {
      let h = takeRows(embedding, tokens).reshape<tf.Tensor3D>([B, T, D]);
      for (const layer of layers) {
        const x = rmsNorm(h, layer.attentionNorm, 1e-6);
        const [q, k, v] = [layer.q, layer.k, layer.v].map((w) => splitHeads(project(x, w), H));
        const scores = tf.matMul(q, k, false, true).mul<tf.Tensor4D>((D / H) ** -0.5);
        h = h.add(project(mergeHeads(tf.matMul(causalSoftmax(scores), v)), layer.o));
        const rows = rmsNorm(h, layer.mlpNorm, 1e-6).reshape<tf.Tensor2D>([B * T, D]);
        h = h.add(mlp(rows, layer.mlp).reshape([B, T, D]));
      }
      const logits = tf.matMul(h.reshape<tf.Tensor2D>([B * T, D]), head);
      return tf.losses.softmaxCrossEntropy(targets, logits) as tf.Scalar;
    });
  return () => {
    const value = adam.minimize(loss, true) as tf.Scalar;
    const [number] = value.dataSync();
    value.dispose();
    return number;
  };
}
