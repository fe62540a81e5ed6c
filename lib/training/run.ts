/**
 * A training run: its options, its whole state (weights as variables, the optimiser's moments, the step) and how it
 * makes a step. One step is forward, backward, clipping, AdamW and the bias update, all of it queued on the backend
 * without reading anything back, since on a GPU every read waits for all that was queued. Numbers are read when a
 * report is asked for.
 */
import * as tf from "@tensorflow/tfjs";
import type { Domain } from "../corpus/corpus";
import type { ModelConfig } from "../model/config";
import type { DeepSeekV3 } from "../model/model";
import type { Precision } from "../model/precision";
import { buildWeights, initWeights, namedTensors, type ModelWeights, type NamedTensor } from "../model/weights";
import { AdamW, clipByGlobalNorm, type AdamWOptions, type Parameter } from "./adamw";
import { maxVio, updateBias } from "./balance";
import { routersOf, type Balance, type ObjectiveOptions } from "./objective";
import { biasSpeedAt, learningRateAt, mtpLambdaAt, type Place, type Schedule } from "./training-schedule";
import { stepGradients, trainableModel, type StepGradients, type TrainableModel } from "./step-gradients";

export interface TrainingOptions {
  /** Steps of the whole run. */
  steps: number;
  /** B, sequences a step. */
  batch: number;
  /** T, tokens of a sequence. */
  length: number;
  /** Seed of the first weights and of the drawing of batches. */
  seed: number;
  /** Standard deviation of the first weights. */
  initStd: number;
  /** The learning rate's peak. */
  learningRate: number;
  schedule: Schedule;
  balance: Balance;
  /** γ, how far a bias moves in a step; for balance "bias". */
  biasSpeed: number;
  /** α of the sequence-wise balance loss; for balance "bias". */
  sequenceAlpha: number;
  /** α of the classic auxiliary loss; for balance "auxiliary". */
  auxiliaryAlpha: number;
  /** λ of the multi-token prediction loss, first and then. */
  mtpLambda: [number, number];
  adamw: AdamWOptions;
  /** The gradient's norm is brought down to this. */
  clipNorm: number;
  /** How the model multiplies, in training and when it is evaluated; float32 where left out. */
  precision?: Precision;
  /** Hash of the corpus (its manifest has it), so that a saved run goes on with no other. */
  corpus?: string;
  /** How often each kind of text is drawn; the corpus's DEFAULT_MIXTURE where left out. */
  mixture?: Record<Domain, number>;
}

/** How a run stands. */
export interface TrainingReport {
  /** Steps made. */
  step: number;
  /** Tokens seen. */
  tokens: number;
  /** Loss of the next token in nats, mean since the report before. */
  main: number;
  /** Loss of the token after it; null without a prediction module. */
  mtp: number | null;
  /** The last step's learning rate, and the norm of its gradient before clipping. */
  learningRate: number;
  gradientNorm: number;
  /** Tokens of each expert in the last step, a row for each router (routersOf). */
  loads: number[][];
  /** MaxVio of each of these rows (balance.ts). */
  maxVio: number[];
}

/** A run's whole state. */
export class Training {
  /** Steps made. */
  step = 0;
  private readonly trainable: TrainableModel;
  private readonly optimiser: AdamW;
  private readonly biases: tf.Variable[];
  private sums: tf.Tensor = tf.zeros([2]); // of both losses since the last report
  private summed = 0; // steps in these sums
  private last?: { norm: tf.Scalar; loads: tf.Tensor2D };

  /** @param weights become the training's, unlike config and options, which are only read */
  constructor(
    readonly config: ModelConfig,
    readonly options: TrainingOptions,
    weights: ModelWeights = initWeights(config, options.seed, { std: options.initStd }),
  ) {
    this.trainable = trainableModel(config, weights, options.precision);
    this.optimiser = new AdamW(this.trainable.parameters, options.adamw);
    const routers = routersOf(this.model.weights);
    this.biases = routers.map(({ router }) => router.eScoreCorrectionBias as tf.Tensor as tf.Variable);
  }

  get model(): DeepSeekV3 {
    return this.trainable.model;
  }

  /** What AdamW moves. */
  get parameters(): Parameter[] {
    return this.trainable.parameters;
  }

  /** Tokens seen. */
  get tokens(): number {
    return this.step * this.options.batch * this.options.length;
  }

  /** Where the next step lies in the run. */
  private get place(): Place {
    return { step: this.step, steps: this.options.steps };
  }

  /**
   * One step on a batch. Nothing is read back.
   *
   * @param tokens [B][T + 2]
   * @throws if the model has no sparse layer
   */
  makeStep(tokens: number[][]): void {
    tf.tidy(() => this.apply(this.gradients(tokens)));
  }

  /** What the next step minimises. */
  get objective(): ObjectiveOptions {
    const { balance, sequenceAlpha, auxiliaryAlpha, schedule, mtpLambda } = this.options;
    return { balance, sequenceAlpha, auxiliaryAlpha, mtpLambda: mtpLambdaAt(schedule, mtpLambda, this.place) };
  }

  /** What some of the next step's sequences give; `share` as in stepGradients. The caller's to free. */
  gradients(tokens: number[][], share = 1): StepGradients {
    return stepGradients(this.trainable, tokens, this.objective, share);
  }

  /** Makes the next step with gradients that are at hand; they stay the caller's. */
  apply({ main, mtp, loads, gradients }: StepGradients): void {
    const { options, place } = this;
    const { schedule } = options;
    const previous = [this.sums, ...Object.values(this.last ?? {})];
    tf.tidy(() => {
      const { norm, scale } = clipByGlobalNorm(gradients, options.clipNorm);
      this.optimiser.step(gradients, options.learningRate * learningRateAt(schedule, place), scale);
      if (options.balance === "bias") updateBias(this.biases, loads, biasSpeedAt(schedule, options.biasSpeed, place));
      this.sums = tf.keep(this.sums.add(tf.stack([main, mtp])));
      this.last = { norm: tf.keep(norm), loads: tf.keep(loads.clone()) };
    });
    tf.dispose(previous);
    this.step++;
    this.summed++;
  }

  /**
   * Reads how the run stands and begins a new mean.
   *
   * @throws if no step was made since the last report
   */
  async report(): Promise<TrainingReport> {
    const { last, summed } = this;
    if (last === undefined || summed === 0) throw new Error("report: there was no step since the last report");
    const [rows, E] = last.loads.shape;
    const all = tf.tidy(() => tf.concat([this.sums, last.norm.reshape([1]), last.loads.reshape([rows * E])]));
    const [main, mtp, gradientNorm, ...counts] = await all.data(); // the one read
    tf.dispose([all, this.sums]);
    [this.sums, this.summed] = [tf.zeros([2]), 0];
    const loads = Array.from({ length: rows }, (_, row) => counts.slice(row * E, (row + 1) * E));
    const { options } = this;
    return {
      step: this.step,
      tokens: this.tokens,
      main: main / summed,
      mtp: this.model.weights.mtp.length === 0 ? null : mtp / summed,
      learningRate: options.learningRate * learningRateAt(options.schedule, { ...this.place, step: this.step - 1 }),
      gradientNorm,
      loads,
      maxVio: loads.map(maxVio),
    };
  }

  /** All that a run needs to go on, beside config and options. The tensors stay the training's. */
  state(): { step: number; summed: number; tensors: NamedTensor[] } {
    const weights = namedTensors(this.model.weights).map(({ name, tensor }) => ({ name: `weights.${name}`, tensor }));
    const tensors = [...weights, ...this.optimiser.state(), { name: "sums", tensor: this.sums }];
    return { step: this.step, summed: this.summed, tensors };
  }

  /**
   * A run as it was when its state was taken.
   *
   * @param read makes the saved tensor of that name and shape
   */
  static restore(
    config: ModelConfig,
    options: TrainingOptions,
    { step, summed }: { step: number; summed: number },
    read: (name: string, shape: number[]) => tf.Tensor,
  ): Training {
    const weights = buildWeights(config, config.numNextnPredictLayers, (name, shape) => read(`weights.${name}`, shape));
    const training = new Training(config, options, weights);
    training.optimiser.restore(read, step);
    training.sums.dispose();
    training.sums = read("sums", [2]);
    [training.step, training.summed] = [step, summed];
    return training;
  }

  /** Frees weights, moments and all else. */
  dispose(): void {
    tf.dispose([this.sums, ...Object.values(this.last ?? {})]);
    this.optimiser.dispose();
    this.model.dispose();
  }
}
