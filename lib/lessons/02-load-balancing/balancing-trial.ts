/**
 * One small model trained under each way of balancing, with several seeds, and what came of it on held-out text. The
 * lesson trains it once before the reader's eyes; one training says little, so several were recorded beforehand
 * (`npm run balancing`), and what the lesson concludes stands on those.
 */
import { readJson } from "../../checkpoint/json-file";
import { VOCAB_SIZE } from "../../corpus/bytes";
import { DOMAINS, drawBatch, type Corpus, type Streams } from "../../corpus/corpus";
import { type ModelConfig, tinyConfig } from "../../model/config";
import { compare, type Comparison } from "../../statistics/comparison";
import { mean } from "../../statistics/interval";
import { maxVio } from "../../training/balance";
import { evaluate, evaluationWindows } from "../../training/evaluate";
import { MICRO } from "../../training/presets";
import type { RunRecord } from "../../training/record";
import { Training, type TrainingOptions, type TrainingReport } from "../../training/run";
import { mutualInformation } from "../../training/specialisation";
import { routeTokens } from "./token-routing";

/** Sequences a step, and tokens of each. */
export const TRIAL_BATCH = 16;
export const TRIAL_LENGTH = 32;

export interface TrialShape {
  /** Routed experts of its one sparse layer, and how many a token takes. */
  experts: number;
  active: number;
  steps: number;
  /** γ of the bias; α of a balance loss. */
  gamma: number;
  alpha: number;
}

/** What the lesson's parameters are as it comes, and what was recorded. */
export const TRIAL: TrialShape = { experts: 16, active: 2, steps: 150, gamma: 0.02, alpha: 0.01 };

/** The ways of balancing, each by itself: the bias without V3's faint loss beside it. */
export const TRIAL_METHODS = {
  none: () => ({ balance: "none" }),
  auxiliary: () => ({ balance: "auxiliary" }),
  sequence: ({ alpha }) => ({ balance: "bias", biasSpeed: 0, sequenceAlpha: alpha }),
  bias: () => ({ balance: "bias", sequenceAlpha: 0 }),
} as const satisfies Record<string, (shape: TrialShape) => Partial<TrainingOptions>>;
export type TrialMethod = keyof typeof TRIAL_METHODS;

/** A V3 with a dense layer and a sparse one. */
export function trialConfig({ experts, active }: TrialShape): ModelConfig {
  return tinyConfig({
    vocabSize: VOCAB_SIZE,
    numHiddenLayers: 2,
    nRoutedExperts: experts,
    numExpertsPerTok: active,
    nGroup: 1,
    topkGroup: 1,
    numNextnPredictLayers: 0,
    ropeScaling: null,
    maxPositionEmbeddings: 256,
  });
}

/** A training of that shape that has not begun: weights and batches are the seed's. */
export function trialTraining(shape: TrialShape, method: TrialMethod, seed: number): Training {
  return new Training(trialConfig(shape), {
    ...MICRO.training,
    steps: shape.steps,
    batch: TRIAL_BATCH,
    length: TRIAL_LENGTH,
    seed,
    schedule: { ...MICRO.training.schedule, warmUpSteps: 10 },
    biasSpeed: shape.gamma,
    auxiliaryAlpha: shape.alpha,
    ...TRIAL_METHODS[method](shape),
  });
}

/** The batch of the next step: [B][T + 2]. */
function trialBatch({ options, step }: Training, corpus: Pick<Corpus, "train">): number[][] {
  return drawBatch(corpus.train, { batch: TRIAL_BATCH, length: TRIAL_LENGTH + 2, seed: options.seed, step });
}

/** Makes the next step, on the batch that belongs to it. */
export async function trialStep(training: Training, corpus: Pick<Corpus, "train">): Promise<TrainingReport> {
  training.makeStep(trialBatch(training, corpus));
  return training.report();
}

/** Tokens of each expert in the first batch, with the weights as they were drawn: [E]. */
export function loadsBeforeTraining(shape: TrialShape, seed: number, corpus: Pick<Corpus, "train">): number[] {
  const training = trialTraining(shape, "none", seed);
  const ids = trialBatch(training, corpus).map((row) => row.slice(0, TRIAL_LENGTH));
  const [{ experts }] = routeTokens(training.model, ids);
  training.dispose();
  const loads = new Array<number>(shape.experts).fill(0);
  for (const e of experts.flat()) loads[e]++;
  return loads;
}

/** What a trained model does with held-out text. */
export interface TrialResult {
  /** Mean of the four kinds of text. */
  bitsPerByte: number;
  /** MaxVio over all kinds together, and the mean of it within each. */
  mixedMaxVio: number;
  oneKindMaxVio: number;
  /** Bits that an expert gives away about the kind of text, of 2. */
  information: number;
}

/** Measures a trained model on held-out text, the same for all seeds. */
export async function trialResult({ model }: Training, heldOut: Streams): Promise<TrialResult> {
  // The same windows for every seed: what differs between runs is the training.
  const windows = evaluationWindows(heldOut, { length: TRIAL_LENGTH, count: 64, seed: 1 });
  const found = await evaluate(model, windows, { batch: 64 });
  const byKind = DOMAINS.map((domain) => found[domain].loads[0]);
  return {
    bitsPerByte: mean(DOMAINS.map((domain) => found[domain].bitsPerByte)),
    mixedMaxVio: maxVio(byKind[0].map((_, e) => byKind.reduce((sum, loads) => sum + loads[e], 0))),
    oneKindMaxVio: mean(byKind.map((loads) => maxVio(loads))),
    information: mutualInformation(byKind),
  };
}

/** The content of data/curves/balancing.json. */
export interface RecordedTrials {
  run: RunRecord;
  trials: ({ method: TrialMethod; seed: number } & TrialResult)[];
}

export const RECORDED_TRIALS = "data/curves/balancing.json";

/** The recorded trainings, from the project's root. */
export function recordedTrials(file = RECORDED_TRIALS): RecordedTrials {
  return readJson(file) as unknown as RecordedTrials;
}

/** One number of all seeds of a method, in the order of the seeds: value i of two methods had the same seed. */
export function trialValues({ trials }: RecordedTrials, method: TrialMethod, key: keyof TrialResult): number[] {
  return trials
    .filter((trial) => trial.method === method)
    .sort((a, b) => a.seed - b.seed)
    .map((trial) => trial[key]);
}

/** How a sentence calls each way of balancing. */
export const TRIAL_NAMES: Record<TrialMethod, string> = {
  none: "without balancing",
  auxiliary: "with a loss over the batch",
  sequence: "with a loss within each sequence",
  bias: "with the bias",
};

const QUANTITIES: Record<keyof TrialResult, { quantity: string; unit?: string }> = {
  bitsPerByte: { quantity: "the loss on held-out text", unit: "bits per byte" },
  mixedMaxVio: { quantity: "MaxVio on mixed text" },
  oneKindMaxVio: { quantity: "MaxVio on text of one kind" },
  information: { quantity: "what an expert gives away of the kind of text", unit: "bits" },
};

/** What the recorded trainings say of two methods, seed by seed; that they cannot tell, where they can't. */
export function compareTrials(
  recorded: RecordedTrials,
  a: TrialMethod,
  b: TrialMethod,
  key: keyof TrialResult,
): Comparison {
  const sample = (method: TrialMethod) => ({ name: TRIAL_NAMES[method], values: trialValues(recorded, method, key) });
  return compare(sample(a), sample(b), { ...QUANTITIES[key], of: "seeds", paired: true });
}
