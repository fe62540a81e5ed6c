/**
 * All that one training step minimises, from one pass through the model: next-token loss, multi-token prediction loss
 * and, by choice, a loss for balance. The loads of the experts fall out of the same pass. Everything is a tensor;
 * nothing is read back.
 */
import * as tf from "@tensorflow/tfjs";
import { collectRouting } from "../model/collect-routing";
import type { DeepSeekV3 } from "../model/model";
import { isMoe, type ModelWeights, type RouterWeights } from "../model/weights";
import { stopGradient } from "../tensor/differentiable";
import { topKMask } from "../tensor/top-k";
import { expertLoads, joinLayers, sequenceBalanceLoss, switchAuxiliaryLoss, type JoinedRouting } from "./balance";
import { depthLoss, mtpLoss } from "./mtp-loss";
import { checkTargets, nextTokenLoss } from "./next-token-loss";

/**
 * How balance is sought: "bias" as DeepSeek-V3, by correction biases and a faint sequence-wise loss; "auxiliary" by the
 * classic loss over the batch; "none" not at all.
 */
export type Balance = "bias" | "auxiliary" | "none";

export interface ObjectiveOptions {
  balance: Balance;
  /** α of the sequence-wise loss; DeepSeek-V3: 0.0001. */
  sequenceAlpha: number;
  /** α of the classic auxiliary loss; Switch: 0.01. */
  auxiliaryAlpha: number;
  /** λ of the multi-token prediction loss, at this step. */
  mtpLambda: number;
}

export interface TrainingLosses extends tf.NamedTensorMap {
  /** What the gradient is taken of. */
  total: tf.Scalar;
  /** The loss of the next token, in nats. */
  main: tf.Scalar;
  /** The loss of the token after it, in nats; 0 for a model without the module. */
  mtp: tf.Scalar;
  /** Tokens of each expert: a row for each sparse layer in order, then one for the module's. [S, E] */
  loads: tf.Tensor2D;
}

/**
 * The losses of a batch.
 *
 * @param tokens [B][T + 2]: states are computed at the first T tokens, the last two of a row are only targets
 * @throws if the model has no sparse layer, or a token is outside the vocabulary
 */
export function trainingLosses(model: DeepSeekV3, tokens: number[][], options: ObjectiveOptions): TrainingLosses {
  const T = tokens[0].length - 2;
  checkTargets("trainingLosses", tokens, model.config.vocabSize);
  const window = (from: number, to: number) => tokens.map((row) => row.slice(from, to));
  return tf.tidy(() => {
    const { result, routing } = collectRouting((observe) => model.forwardTraining(window(0, T + 1), { observe }));
    const { logits, mtpLogits } = result;
    const main = nextTokenLoss(logits, window(1, T + 1));
    const mtp = mtpLogits === undefined ? tf.scalar(0) : depthLoss(mtpLogits, tokens, 1);
    const routed = joinLayers(routing);
    const predicted = mtpLogits === undefined ? main : main.add<tf.Scalar>(mtpLoss([mtp], options.mtpLambda));
    const balance = balanceOf(model, routed, { ...options, sequences: tokens.length });
    return {
      total: balance === undefined ? predicted : predicted.add(balance),
      main,
      mtp,
      loads: expertLoads(routed.mask, routed.layers),
    };
  });
}

function balanceOf(
  model: DeepSeekV3,
  { affinity, mask, layers }: JoinedRouting,
  { balance, sequenceAlpha, auxiliaryAlpha, sequences }: ObjectiveOptions & { sequences: number },
): tf.Scalar | undefined {
  const active = model.config.numExpertsPerTok;
  switch (balance) {
    case "bias": {
      const chosen = stopGradient(topKMask(affinity, active)); // equation 18
      return sequenceBalanceLoss(affinity, chosen, { active, alpha: sequenceAlpha, layers, sequences });
    }
    case "auxiliary":
      return switchAuxiliaryLoss(affinity, mask, { active, alpha: auxiliaryAlpha, layers });
    case "none":
      return undefined;
  }
}

/** The routers of the sparse layers and of the prediction module, in the order of TrainingLosses.loads. */
export function routersOf({ layers, mtp }: ModelWeights): { name: string; router: RouterWeights }[] {
  const blocks = [
    ...layers.map((block, i) => ({ name: `layer ${i}`, mlp: block.mlp })),
    ...mtp.map(({ block }) => ({ name: "MTP", mlp: block.mlp })),
  ];
  return blocks.flatMap(({ name, mlp }) => (isMoe(mlp) ? [{ name, router: mlp.gate }] : []));
}
