/**
 * The multi-token prediction loss (the report, section 2.2): what the prediction modules add to the loss of the next
 * token. The module at depth k predicts the token k places beyond the next; DeepSeek-V3 has one module, k = 1.
 */
import * as tf from "@tensorflow/tfjs";
import { nextTokenLoss } from "./next-token-loss";

/**
 * L_k of equation 24: the mean cross-entropy of the module at depth k, in nats. The equation divides the T − k terms that
 * a sequence has by T; training here draws the tokens beyond as well, so that there are T terms.
 *
 * @param logits [B, T, V], the module's, at the first T tokens
 * @param tokens [B][T + 1 + k]
 * @param depth k, from 1 on
 * @returns a scalar, differentiable in the logits
 * @throws if there are not as many tokens
 */
export function depthLoss(logits: tf.Tensor3D, tokens: number[][], depth: number): tf.Scalar {
  return nextTokenLoss(
    logits,
    tokens.map((row) => row.slice(1 + depth)),
  );
}

/**
 * Equation 25: λ · mean of L_k over the modules.
 *
 * @param losses L_k, one a module
 * @param lambda λ; DeepSeek-V3: 0.3 for the first 10T tokens, then 0.1 (section 4.2)
 */
export function mtpLoss(losses: tf.Scalar[], lambda: number): tf.Scalar {
  return tf.tidy(() => losses.reduce((sum, loss) => sum.add(loss)).mul<tf.Scalar>(lambda / losses.length));
}
