/** What a precision costs a trained model: its loss on held-out text, computed with fewer bits. */
import * as tf from "@tensorflow/tfjs";
import { DeepSeekV3 } from "../../model/model";
import { arithmeticFor, type Precision } from "../../model/precision";
import { nextTokenLoss, bitsPerByte } from "../../training/next-token-loss";

/**
 * Mean bits per byte of a model that computes in a given precision. Reads back once.
 *
 * @param windows [count][T + 1] token ids; each token but the first of a window is predicted
 * @param precision float32 where left out
 */
export function lossUnder(model: DeepSeekV3, windows: number[][], precision?: Precision): number {
  const changed = new DeepSeekV3(model.config, model.weights, arithmeticFor(precision));
  return tf.tidy(() => {
    const logits = changed.forward(windows.map((row) => row.slice(0, -1)));
    return bitsPerByte(
      nextTokenLoss(
        logits,
        windows.map((row) => row.slice(1)),
      ).dataSync()[0],
    );
  });
}
