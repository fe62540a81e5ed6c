/**
 * Scaling laws: the loss that a dense model of N parameters reaches after D tokens, and how to split a budget of C = 6
 * · N · D FLOPs between the two (Hoffmann et al., 2022). The law is for dense models. A mixture of experts has two
 * counts of parameters, so lessons state its tokens per active and per total parameter and predict no loss.
 */
import { trainingCompute } from "../../economics/flops";

/** loss(N, D) = E + A / N^alpha + B / D^beta */
export interface ScalingLaw {
  E: number;
  A: number;
  B: number;
  alpha: number;
  beta: number;
}

/** As published (Hoffmann et al., 2022, equation 10). Besiroglu et al. (2024) find it a poor fit to its own data. */
export const CHINCHILLA: ScalingLaw = { E: 1.69, A: 406.4, B: 410.7, alpha: 0.34, beta: 0.28 };

/** The loss in nats per token. */
export function scalingLoss({ E, A, B, alpha, beta }: ScalingLaw, parameters: number, tokens: number): number {
  return E + A / parameters ** alpha + B / tokens ** beta;
}

export interface Allocation {
  parameters: number;
  tokens: number;
  loss: number;
}

/** The parameters and tokens that reach the least loss with C FLOPs (Hoffmann et al., 2022, equation 4). */
export function optimalAllocation(law: ScalingLaw, flops: number): Allocation {
  const { A, B, alpha, beta } = law;
  const G = ((alpha * A) / (beta * B)) ** (1 / (alpha + beta));
  const parameters = G * (flops / 6) ** (beta / (alpha + beta));
  const tokens = flops / 6 / parameters;
  return { parameters, tokens, loss: scalingLoss(law, parameters, tokens) };
}

/** Tokens that a model of N parameters needs to reach a loss; Infinity if it is too small. */
export function tokensForLoss({ E, A, B, alpha, beta }: ScalingLaw, parameters: number, loss: number): number {
  const left = loss - E - A / parameters ** alpha;
  return left > 0 ? (B / left) ** (1 / beta) : Infinity;
}

/**
 * From how many served tokens on a smaller model of the same loss is cheaper in all, though dearer to train: the extra
 * FLOPs of training, divided by the 2 · (N − n) that each served token saves.
 *
 * @returns Infinity if the smaller model can't reach the loss; 0 if it was no dearer to train
 * @throws if the smaller model is not smaller
 */
export function breakEvenTokens(law: ScalingLaw, larger: Allocation, smallerParameters: number): number {
  if (!(smallerParameters < larger.parameters)) {
    throw new Error(`breakEvenTokens: ${smallerParameters} is not smaller than ${larger.parameters} parameters`);
  }
  const tokens = tokensForLoss(law, smallerParameters, larger.loss);
  const extra = trainingCompute(smallerParameters, tokens) - trainingCompute(larger.parameters, larger.tokens);
  return Math.max(0, extra / (2 * (larger.parameters - smallerParameters)));
}
