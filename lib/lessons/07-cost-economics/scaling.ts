/**
 * Scaling laws: the loss that a dense model of N parameters reaches after D tokens, and how to split a budget of C = 6
 * · N · D FLOPs between the two (Hoffmann et al., 2022). The law is for dense models. A mixture of experts has two
 * counts of parameters, so lessons state its tokens per active and per total parameter and predict no loss.
 */
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

/**
 * The same law fitted anew to the same experiments (Besiroglu et al., 2024). It agrees with the other two ways in which
 * Hoffmann et al. found about twenty tokens a parameter; the published constants don't.
 */
export const CHINCHILLA_REFIT: ScalingLaw = { E: 1.8172, A: 482.01, B: 2085.43, alpha: 0.3478, beta: 0.3658 };

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
