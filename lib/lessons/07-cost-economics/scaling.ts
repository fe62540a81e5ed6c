/**
 * Scaling laws: the loss that a dense model of N parameters reaches after D tokens, and how to split a budget of
 * C = 6 · N · D FLOPs between the two (Hoffmann et al., 2022). A law for dense models: for a mixture of experts N is
 * not defined, which is why lessons state tokens per active and per total parameter and leave it at that.
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

/** As published (Hoffmann et al., 2022, equation 10). A replication found the fit inconsistent with its own data. */
export const CHINCHILLA: ScalingLaw = { E: 1.69, A: 406.4, B: 410.7, alpha: 0.34, beta: 0.28 };

/** The fit of that replication (Besiroglu et al., 2024), its constants from memory: unverified. */
export const CHINCHILLA_REFITTED: ScalingLaw = { E: 1.82, A: 482, B: 2085, alpha: 0.348, beta: 0.366 };

/** Nats per token. */
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

/** Tokens that a model of N parameters needs for a loss; Infinity if it is too small for it. */
export function tokensForLoss({ E, A, B, alpha, beta }: ScalingLaw, parameters: number, loss: number): number {
  const left = loss - E - A / parameters ** alpha;
  return left > 0 ? (B / left) ** (1 / beta) : Infinity;
}

/**
 * Tokens to be served from which on a smaller model of the same loss is cheaper in all, though it was dearer to train:
 * the extra FLOPs of training, divided by the 2 · (N - n) that every served token saves.
 *
 * @returns Infinity if the smaller model can't reach the loss; 0 if it was not even dearer
 * @throws if the smaller one is not smaller
 */
export function breakEvenTokens(law: ScalingLaw, larger: Allocation, smallerParameters: number): number {
  if (!(smallerParameters < larger.parameters)) {
    throw new Error(`breakEvenTokens: ${smallerParameters} is not smaller than ${larger.parameters} parameters`);
  }
  const tokens = tokensForLoss(law, smallerParameters, larger.loss);
  const extra = trainingCompute(smallerParameters, tokens) - trainingCompute(larger.parameters, larger.tokens);
  return Math.max(0, extra / (2 * (larger.parameters - smallerParameters)));
}
