/**
 * AdamW (Loshchilov and Hutter, 2019) and the clipping of the gradient by its global norm. DeepSeek-V3 uses β₁ 0.9,
 * β₂ 0.95, weight decay 0.1 and clips at 1.0 (the report, section 4.2).
 *
 * Nothing is read back: the norm stays a tensor, and so does the factor it makes. The update of one tensor, with its
 * formula, is adamwStep in lib/tensor/optimiser-step.ts.
 */
import * as tf from "@tensorflow/tfjs";
import { roundTensor } from "../numerics/round-blocks";
import { BLOCKS } from "../numerics/scaling";
import { adamwStep, sumOfSquares } from "../tensor/optimiser-step";

/** A tensor that training moves, by its released name. */
export interface Parameter {
  name: string;
  variable: tf.Variable;
}

export interface AdamWOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** λ of θ ← θ − α·λ·θ. Matrices only: a norm's gain or a bias has no reason to be near 0. */
  weightDecay: number;
  /** How moments are kept between steps; "F32" where left out. DeepSeek-V3 keeps them in BF16 (section 3.3.3). */
  moments?: "F32" | "BF16";
}

export const ADAMW: AdamWOptions = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 };

/**
 * The norm of all gradients taken as one vector, and the factor that brings it to at most maxNorm.
 *
 * @returns norm and scale, scalars; nothing is read back
 */
export function clipByGlobalNorm(gradients: tf.Tensor[], maxNorm: number): { norm: tf.Scalar; scale: tf.Scalar } {
  return tf.tidy(() => {
    const norm = sumOfSquares(gradients).sqrt();
    return { norm, scale: tf.minimum<tf.Scalar>(1, tf.div(maxNorm, norm.add(1e-6))) };
  });
}

/** A moment rounded to BF16, in place of the given one. Reading it is cheap on wasm and cpu, a stall on a GPU. */
function roundedMoment(moment: tf.Tensor): tf.Tensor {
  const rounded = roundTensor(moment, { format: "BF16", block: BLOCKS.tensor, scale: "none" });
  moment.dispose();
  return tf.keep(rounded);
}

/** The optimiser: the moments of every parameter, and the count of steps. */
export class AdamW {
  /** Steps made, t. */
  steps = 0;
  private readonly moments: { m: tf.Tensor; v: tf.Tensor }[];

  /** Moments begin at 0. */
  constructor(
    readonly parameters: Parameter[],
    readonly options: AdamWOptions = ADAMW,
  ) {
    this.moments = parameters.map(({ variable }) => ({ m: tf.zerosLike(variable), v: tf.zerosLike(variable) }));
  }

  /**
   * Moves every parameter.
   *
   * @param gradients in the order of the parameters
   * @param clip scalar, factor on every gradient
   */
  step(gradients: tf.Tensor[], learningRate: number, clip: tf.Scalar): void {
    this.steps++;
    const { weightDecay, moments, ...options } = this.options;
    const kept = (moment: tf.Tensor) => (moments === "BF16" ? roundedMoment(moment) : tf.keep(moment));
    this.parameters.forEach(({ variable }, i) => {
      const decay = variable.rank >= 2 ? weightDecay : 0;
      const before = this.moments[i];
      const numbers = { ...options, learningRate, weightDecay: decay, step: this.steps };
      const { p, m, v } = adamwStep({ p: variable, ...before }, gradients[i], clip, numbers);
      variable.assign(p);
      tf.dispose([p, before.m, before.v]);
      this.moments[i] = { m: kept(m), v: kept(v) };
    });
  }

  /** The moments by name, as they are saved; they stay the optimiser's. */
  state(): { name: string; tensor: tf.Tensor }[] {
    return this.parameters.flatMap(({ name }, i) => [
      { name: `adamw.m.${name}`, tensor: this.moments[i].m },
      { name: `adamw.v.${name}`, tensor: this.moments[i].v },
    ]);
  }

  /**
   * Takes moments that were saved.
   *
   * @param read makes the tensor of that name and shape; it becomes the optimiser's
   * @param steps how many steps made them
   */
  restore(read: (name: string, shape: number[]) => tf.Tensor, steps: number): void {
    this.parameters.forEach(({ name, variable }, i) => {
      tf.dispose(this.moments[i]);
      this.moments[i] = { m: read(`adamw.m.${name}`, variable.shape), v: read(`adamw.v.${name}`, variable.shape) };
    });
    this.steps = steps;
  }

  /** Frees the moments; the parameters stay. */
  dispose(): void {
    tf.dispose(this.moments);
  }
}
