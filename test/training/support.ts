/** A run so small that a step takes some milliseconds, with every mechanism on. */
import { tinyConfig } from "../../lib/model/config";
import { ADAMW } from "../../lib/training/adamw";
import { DOMAINS, type Streams } from "../../lib/corpus/corpus";
import { V3_SCHEDULE } from "../../lib/training/training-schedule";
import { Training, type TrainingOptions, type TrainingReport } from "../../lib/training/run";
import { Random } from "../../lib/tensor/random";

export const CONFIG = tinyConfig({
  vocabSize: 24,
  hiddenSize: 16,
  intermediateSize: 24,
  moeIntermediateSize: 8,
  qLoraRank: 12,
  ropeScaling: null,
});

export const OPTIONS: TrainingOptions = {
  steps: 8,
  batch: 2,
  length: 12,
  seed: 5,
  initStd: 0.1,
  learningRate: 0.01,
  schedule: { ...V3_SCHEDULE, warmUpSteps: 2 },
  balance: "bias",
  biasSpeed: 0.01,
  sequenceAlpha: 1e-4,
  auxiliaryAlpha: 0.01,
  mtpLambda: [0.3, 0.1],
  adamw: ADAMW,
  clipNorm: 1,
};

/** The batch of a step, [B][T + 2]: each token is the one before plus 1 or 5, so there is something to learn. */
export function batchOf(step: number, { batch, length }: { batch: number; length: number } = OPTIONS): number[][] {
  const random = new Random(1000 + step);
  return Array.from({ length: batch }, () => {
    const row = [random.integer(CONFIG.vocabSize)];
    while (row.length < length + 2) {
      row.push((row[row.length - 1] + (random.uniform() < 0.8 ? 1 : 5)) % CONFIG.vocabSize);
    }
    return row;
  });
}

/** Makes so many steps and reports after each. */
export async function makeSteps(training: Training, count: number): Promise<TrainingReport[]> {
  const reports: TrainingReport[] = [];
  for (let i = 0; i < count; i++) {
    training.makeStep(batchOf(training.step, training.options));
    reports.push(await training.report());
  }
  return reports;
}

/** Streams of tokens of the model's vocabulary for each domain, made as the batches are. */
export function streams(seed = 1, length = 600): Streams {
  const stream = (at: number) => Uint16Array.from(batchOf(seed + at, { batch: 1, length: length - 2 })[0]);
  return Object.fromEntries(DOMAINS.map((domain, at) => [domain, stream(at)])) as Streams;
}
