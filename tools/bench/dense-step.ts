/**
 * One training step of a dense transformer of 4.5 million parameters: 4 layers, width 256, 8 heads, gated feed-forward
 * 1024, vocabulary 512, a batch of 16 × 128 tokens, Adam. Nothing in it is DeepSeek's: what is measured is how fast the
 * course's operations make a step, where every product has a transpose or a batch in it.
 */
import { once } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { Worker } from "node:worker_threads";
import * as tf from "@tensorflow/tfjs";
import { project } from "../../lib/model/arithmetic";
import { mergeHeads, splitHeads } from "../../lib/model/mla";
import { mlp } from "../../lib/model/mlp";
import { crossEntropy } from "../../lib/tensor/cross-entropy";
import { causalAttention, causalSoftmax, embeddingRows, rmsNorm } from "../../lib/tensor/nn";
import { Random } from "../../lib/tensor/random";
import { AdamW, type Parameter } from "../../lib/training/adamw";
import { SharedTensors } from "../../lib/training/shared-tensors";

const [LAYERS, D, H, I, V, B, T] = [4, 256, 8, 1024, 512, 16, 128];
const LEARNING_RATE = 1e-3;

/** Its first weights are those of a seed, so that threads which make one each begin with the same. */
export class DenseTransformer {
  readonly parameters: Parameter[] = [];
  private readonly random = new Random(1);
  private readonly layers = Array.from({ length: LAYERS }, () => ({
    attentionNorm: this.gain(),
    q: this.matrix(D, D),
    kv: this.matrix(D, 2 * D), // of each head its keys and its values, side by side
    o: this.matrix(D, D),
    mlpNorm: this.gain(),
    mlp: { gateProj: this.matrix(D, I), upProj: this.matrix(D, I), downProj: this.matrix(I, D) },
  }));
  private readonly embedding = this.matrix(V, D);
  private readonly head = this.matrix(D, V);
  private readonly ids = Array.from({ length: B * T }, () => this.random.integer(V));

  /**
   * The loss of some of the batch's B sequences, times their share of it, and the gradients of that.
   *
   * @param first of these sequences
   * @param count how many
   */
  gradients(first: number, count: number): { loss: tf.Scalar; gradients: tf.Tensor[] } {
    return tf.tidy(() => {
      const variables = this.parameters.map(({ variable }) => variable);
      const { value, grads } = tf.variableGrads(() => this.loss(first, count).mul(count / B), variables);
      return { loss: value, gradients: variables.map(({ name }) => grads[name]) };
    });
  }

  private loss(first: number, count: number): tf.Scalar {
    const [begin, end] = [first * T, (first + count) * T];
    const following = [...this.ids.slice(1), this.ids[0]];
    const tokens = tf.tensor1d(this.ids.slice(begin, end), "int32");
    const targets = tf.tensor1d(following.slice(begin, end), "int32");
    let h = embeddingRows(this.embedding, tokens).reshape<tf.Tensor3D>([count, T, D]);
    for (const layer of this.layers) {
      const x = rmsNorm(h, layer.attentionNorm, 1e-6);
      h = h.add(project(attention(project(x, layer.q), project(x, layer.kv)), layer.o));
      const rows = rmsNorm(h, layer.mlpNorm, 1e-6).reshape<tf.Tensor2D>([count * T, D]);
      h = h.add(mlp(rows, layer.mlp).reshape([count, T, D]));
    }
    return crossEntropy(tf.matMul(h.reshape<tf.Tensor2D>([count * T, D]), this.head), targets);
  }

  private matrix(rows: number, columns: number): tf.Tensor2D {
    return this.parameter(this.random.normalTensor([rows, columns], 0.02)) as tf.Tensor2D;
  }

  private gain(): tf.Tensor1D {
    return this.parameter(tf.ones([D])) as tf.Tensor1D;
  }

  private parameter(start: tf.Tensor): tf.Variable {
    const variable = tf.variable(start);
    start.dispose();
    this.parameters.push({ name: String(this.parameters.length), variable });
    return variable;
  }
}

/** Causal attention of several heads without positions. q [B, T, D], kv [B, T, 2·D] → [B, T, D] */
function attention(q: tf.Tensor3D, kv: tf.Tensor3D): tf.Tensor3D {
  const width = D / H;
  const queries = splitHeads(q, H); // [B, H, T, D / H]
  const [batch, , length] = queries.shape;
  const none = { qR: tf.zeros<tf.Rank.R4>([batch, H, length, 0]), kR: tf.zeros<tf.Rank.R3>([batch, length, 0]) };
  const scale = width ** -0.5;
  return causalAttention({ qC: queries, qR: none.qR }, { kv: () => kv, kR: none.kR }, scale, () => {
    const [keys, values] = tf.split(splitHeads(kv, H), 2, 3) as tf.Tensor4D[];
    const probabilities = causalSoftmax(tf.matMul(queries, keys, false, true), null, scale);
    return mergeHeads(tf.matMul(probabilities, values));
  });
}

/** What a thread of the step begins with (dense-thread.ts). */
export interface DenseShare {
  /** The first of its sequences, and how many they are. */
  first: number;
  count: number;
  /** Written before each request. */
  weights: SharedArrayBuffer;
  /** Written by the thread. */
  gradients: SharedArrayBuffer;
}

/** A step that can be taken again and again: forward, backward, update; it gives the loss before it. */
export interface DenseStep {
  make(): Promise<number>;
  stop(): Promise<void>;
}

/**
 * The threads have the model each, and share the batch's sequences as lib/training/replicas.ts does it.
 *
 * @param threads in all, the calling one included; they divide the batch
 */
export async function denseStep(threads: number): Promise<DenseStep> {
  const model = new DenseTransformer();
  const { parameters } = model;
  const adam = new AdamW(parameters, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 });
  const variables = parameters.map(({ variable }) => variable);
  const weights = new SharedTensors(variables);
  const count = B / threads;
  const others = Array.from({ length: threads - 1 }, (_, i) => {
    const gradients = new SharedTensors(variables);
    const share = { first: (i + 1) * count, count };
    const workerData: DenseShare = { ...share, weights: weights.buffer, gradients: gradients.buffer };
    const worker = new Worker(path.join(__dirname, "dense-thread.ts"), {
      workerData,
      execArgv: ["--require", createRequire(__filename).resolve("tsx/cjs")],
    });
    return { worker, gradients };
  });
  await Promise.all(others.map(({ worker }) => once(worker, "message")));

  return {
    async make() {
      weights.write(variables);
      const answers = others.map(async ({ worker }) => {
        const answer = once(worker, "message") as Promise<number[]>; // rejects if the thread fails
        worker.postMessage(null);
        return (await answer)[0];
      });
      const own = model.gradients(0, count);
      const losses = await Promise.all(answers);
      const loss = losses.reduce((sum, other) => sum + other, own.loss.dataSync()[0]);
      tf.tidy(() => {
        const gradients = others.reduce((sum, other) => other.gradients.addedTo(sum), own.gradients);
        adam.step(gradients, LEARNING_RATE, tf.scalar(1));
      });
      tf.dispose([own.loss, own.gradients]);
      return loss;
    },
    async stop() {
      await Promise.all(others.map(({ worker }) => worker.terminate()));
    },
  };
}
