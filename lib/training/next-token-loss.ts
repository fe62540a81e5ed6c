/**
 * What training makes small: the cross-entropy of the next token.
 *
 * Its gradient is one line, softmax minus one-hot, so it is written out here. From single operations tfjs would make a
 * dozen steps of it, some of them with a constant of the logits' size that the CPU fills.
 */
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../tensor/differentiable";
import { crossEntropy } from "../tensor/nn";
import { valuesAtOnce } from "../tensor/rows";

/**
 * Mean over all positions of −ln softmax(logits)[target], in nats. Differentiable in the logits.
 *
 * @param logits [B, T, V]
 * @param targets token ids, [B][T] or an int32 tensor [B, T]
 * @returns a scalar; ln V for a model that knows nothing
 * @throws if there is not one target for each position, or one is outside the vocabulary (a tensor's on a GPU excepted:
 *   reading them back would stop it)
 */
export function nextTokenLoss(logits: tf.Tensor3D, targets: number[][] | tf.Tensor): tf.Scalar {
  const [B, T, V] = logits.shape;
  const lengths = (rows: number[][]) => new Set(rows.map((row) => row.length));
  const shape = targets instanceof tf.Tensor ? targets.shape : [targets.length, ...lengths(targets)];
  if (shape.join() !== [B, T].join()) {
    throw new Error(`nextTokenLoss: logits [${logits.shape}] need targets [${B}, ${T}]; got [${shape}]`);
  }
  checkTargets("nextTokenLoss", targets, V);
  return tf.tidy(() => {
    const ids: tf.Tensor1D =
      targets instanceof tf.Tensor ? targets.reshape([B * T]) : tf.tensor1d(targets.flat(), "int32");
    const rows = logits.reshape<tf.Tensor2D>([B * T, V]);
    return crossEntropy(rows, ids, () => {
      const wanted = tf.oneHot(ids, V).toFloat() as tf.Tensor2D; // [N, V]; wasm makes no floats at once
      return crossEntropyInOperations(rows, wanted);
    });
  });
}

/**
 * @param name of the caller's function, for the message
 * @throws if a target is no id of a vocabulary of V tokens; a tensor on a GPU is not looked at
 */
export function checkTargets(name: string, targets: number[][] | tf.Tensor, V: number): void {
  const isOdd = (id: number) => !Number.isInteger(id) || id < 0 || id >= V;
  const rows = targets instanceof tf.Tensor ? [Array.from(valuesAtOnce(targets) ?? [])] : targets;
  for (const row of rows) {
    const odd = row.find(isOdd);
    if (odd !== undefined) throw new Error(`${name}: ${odd} is not a target; the vocabulary has ids 0 to ${V - 1}`);
  }
}

/** Mean over rows of −Σ wanted · ln softmax(logits): both [N, V], every row of wanted one-hot. */
function crossEntropyInOperations(logits: tf.Tensor2D, wanted: tf.Tensor2D): tf.Scalar {
  const N = logits.shape[0];
  return differentiable(
    (logits: tf.Tensor2D) => {
      const shifted = logits.sub(logits.max(1, true)); // the largest is 0, so nothing overflows
      const exponentials = shifted.exp();
      const sums = exponentials.sum(1, true); // [N, 1]
      const value: tf.Scalar = sums.log().sum().sub(shifted.mul(wanted).sum()).div(N);
      return { value, saved: [exponentials.div(sums), wanted] };
    },
    (dy, [p, wanted]) => [p.sub(wanted).mul(dy.div(N))],
  )(logits);
}

/** Nats a token as bits a byte, where a token is a byte. */
export function bitsPerByte(nats: number): number {
  return nats / Math.LN2;
}
