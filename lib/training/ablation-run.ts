/**
 * One training of the ablation: a variant of DeepSeek-V3 under a budget of FLOPs, and what is recorded of it. Variants
 * need different FLOPs for a token, so that equal FLOPs are reached by different numbers of steps; batch, sequence and
 * learning rate are one for all.
 */
import * as tf from "@tensorflow/tfjs";
import { writeConfig } from "../checkpoint/config-json";
import { DOMAINS, type Streams } from "../corpus/corpus";
import type { ModelConfig } from "../model/config";
import { initMultiHeadWeights } from "../model/multi-head";
import { BF16_PRECISION, V3_PRECISION } from "../model/precision";
import { mean } from "../statistics/interval";
import { evaluate, type EvaluationWindows } from "./evaluate";
import { train, type TrainingStep } from "./loop";
import { routersOf } from "./objective";
import { addEvaluation, addReport, type Curves, type RecordedRun, type RunRecord } from "./record";
import { Training, type TrainingOptions } from "./run";

/** What a run took, by formulas and by measure. */
export interface RunCosts {
  parameters: { total: number; active: number };
  mtpParameters: { total: number; active: number };
  trainingFlopsPerToken: number;
  forwardFlopsPerToken: number;
  kvBytesPerToken: number;
  /** Tokens of the whole run, and its FLOPs: tokens · trainingFlopsPerToken. */
  tokens: number;
  flops: number;
  /** The most bytes that tfjs held in tensors during a step: weights, moments, activations. */
  peakTensorBytes: number;
}

/** The content of an ablation's file. */
export interface AblationRun extends RecordedRun {
  run: RunRecord & { commit: string };
  variant: string;
  title: string;
  change: string;
  seed: number;
  /** FLOPs that the run was to take; its steps come nearest to them. */
  budgetFlops: number;
  costs: RunCosts;
  heldOut: HeldOut;
}

/** On what a run was evaluated: so many windows of each kind of text, drawn with that seed. */
export interface HeldOut {
  windows: number;
  length: number;
  seed: number;
}

/** What a variant changes in how it is trained; what its configuration changes is in economics/variants.ts. */
const TRAINED: Record<string, Partial<TrainingOptions>> = {
  "dense-active": { balance: "none" }, // there is nothing to balance
  "dense-total": { balance: "none" },
  "no-balancing": { balance: "none" },
  "auxiliary-loss": { balance: "auxiliary" },
  fp8: { precision: V3_PRECISION },
  bf16: { precision: BF16_PRECISION },
};

/** The options of a variant's run. */
export function variantOptions(variant: string, options: TrainingOptions): TrainingOptions {
  const changed = { ...options, ...TRAINED[variant] };
  return changed.precision === undefined ? changed : { ...changed, adamw: { ...changed.adamw, moments: "BF16" } };
}

/** Whether the variant rounds activations, which only wasm and cpu can do within a step. */
export function needsReading(variant: string): boolean {
  return TRAINED[variant]?.precision !== undefined;
}

/** The steps whose FLOPs come nearest to a budget, and their FLOPs. @throws if not even half a step fits */
export function stepsFor(
  budgetFlops: number,
  flopsPerToken: number,
  { batch, length }: Pick<TrainingOptions, "batch" | "length">,
): { steps: number; tokens: number; flops: number } {
  const ofStep = flopsPerToken * batch * length;
  const steps = Math.round(budgetFlops / ofStep);
  if (steps < 1) {
    throw new Error(`stepsFor: a step takes ${ofStep} FLOPs, the whole budget is ${budgetFlops}: give more steps`);
  }
  const tokens = steps * batch * length;
  return { steps, tokens, flops: tokens * flopsPerToken };
}

/** A run to be made. */
export interface AblationPlan {
  variant: string;
  title: string;
  change: string;
  config: ModelConfig;
  multiHead: boolean;
  /** With the variant's changes, the seed and the steps. */
  options: TrainingOptions;
  budgetFlops: number;
  costs: Omit<RunCosts, "peakTensorBytes">;
  heldOut: HeldOut;
  /** All of the run's record but config, options and the seconds. */
  made: Omit<AblationRun["run"], "config" | "options" | "trainingSeconds">;
}

export interface AblationLook {
  windows: EvaluationWindows;
  /** Evaluations over the run, the last of them at its end. */
  evaluations: number;
  /** Reports that are kept. */
  reports: number;
  /** Is told of each step, and may throw to stop. */
  onStep?: (step: TrainingStep & { steps: number }) => void;
}

/** Trains a variant to its budget. @throws if the loss becomes NaN or infinite */
export async function runAblation(plan: AblationPlan, streams: Streams, look: AblationLook): Promise<AblationRun> {
  const { config, options, multiHead, costs, made, ...named } = plan;
  const { seed, initStd, steps, batch } = options;
  const training = multiHead
    ? new Training(config, options, initMultiHeadWeights(config, seed, { std: initStd }))
    : new Training(config, options);
  try {
    const curves: Curves = {
      routers: routersOf(training.model.weights).map(({ name }) => name),
      reports: [],
      evaluations: [],
      loads: null,
    };
    const due = new Set(
      Array.from({ length: look.evaluations }, (_, i) => Math.round(((i + 1) * steps) / look.evaluations)),
    );
    const measured = new MeasuredStep(training);
    let trainingSeconds = 0;
    let counted = 0; // tokens whose time is in it
    const reportEvery = Math.max(1, Math.round(steps / look.reports));
    for await (const at of train(training, streams, { reportEvery, by: measured })) {
      if (at.report !== undefined) {
        addReport(curves, at.report);
        trainingSeconds += (training.tokens - counted) / at.report.tokensPerSecond;
        counted = training.tokens;
        holdFinite(plan, at.step, at.report.main);
      }
      look.onStep?.({ ...at, steps });
      if (due.has(at.step)) {
        const evaluation = await evaluate(training.model, look.windows, { batch });
        holdFinite(plan, at.step, mean(DOMAINS.map((domain) => evaluation[domain].bitsPerByte)));
        addEvaluation(curves, at.step, training.tokens, evaluation);
      }
    }
    const run = { ...made, trainingSeconds, config: writeConfig(config, "float32"), options: { ...options } };
    return { run, ...named, seed, costs: { ...costs, peakTensorBytes: measured.peak }, ...curves };
  } finally {
    training.dispose();
  }
}

function holdFinite({ variant, options: { seed } }: AblationPlan, step: number, loss: number): void {
  if (Number.isFinite(loss)) return;
  throw new Error(`${variant}, seed ${seed}: the loss is ${loss} at step ${step}; try a lower --lr`);
}

/** Makes a training's steps, and measures the tensors of the second: the first one also makes moments and programs. */
class MeasuredStep {
  peak = 0;

  constructor(private readonly training: Training) {}

  async makeStep(tokens: number[][]): Promise<void> {
    const { step, options } = this.training;
    if (step !== Math.min(1, options.steps - 1)) return this.training.makeStep(tokens);
    const { peakBytes } = await tf.profile(() => {
      this.training.makeStep(tokens);
      return [];
    });
    this.peak = peakBytes;
  }
}
