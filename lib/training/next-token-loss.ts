/** What training makes small: the cross-entropy of the next token. */
import * as tf from "@tensorflow/tfjs";
import { crossEntropy } from "../tensor/cross-entropy";
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
    const ids = targets instanceof tf.Tensor ? targets.toInt() : tf.tensor1d(targets.flat(), "int32");
    return crossEntropy(logits.reshape<tf.Tensor2D>([B * T, V]), ids.reshape<tf.Tensor1D>([B * T]));
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

/** Nats a token as bits a byte, where a token is a byte. */
export function bitsPerByte(nats: number): number {
  return nats / Math.LN2;
}
