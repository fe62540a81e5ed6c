/**
 * The lesson's two experiments on what a model reads: two mixtures of the same texts, and a test that leaked into one of
 * them. The lesson trains with one seed; `npm run text-trials` does the same with several, and records what came out, so
 * that a difference can be told from the luck of a seed.
 */
import { type Corpus, DOMAINS, drawBatch, heldOutWindows, type Domain, type Streams } from "../../corpus/corpus";
import { textOf, VOCAB_SIZE } from "../../corpus/bytes";
import { readFresh } from "../../economics/json-file";
import { type ModelConfig, tinyConfig } from "../../model/config";
import { Random } from "../../tensor/random";
import { evaluate, evaluateWindows, type EvaluationWindows, evaluationWindows } from "../../training/evaluate";
import { MICRO } from "../../training/presets";
import { Training } from "../../training/run";
import { coveringWindows, editWords, leakInto, normalisedWords } from "./contamination";
import type { Mixture } from "./mixture";

/** V3's architecture with two layers. */
export const TRIAL_CONFIG: ModelConfig = tinyConfig({
  vocabSize: VOCAB_SIZE,
  numHiddenLayers: 2,
  numNextnPredictLayers: 0,
  ropeScaling: null,
  maxPositionEmbeddings: 512,
});

export const TRIAL_BATCH = 6; // windows a step
export const TRIAL_LENGTH = 48; // tokens of a window from which the model predicts

/** What a trial does: the lesson's parameters, without the detector's. */
export interface TrialSettings {
  proseInA: number;
  proseInB: number;
  steps: number;
  examBytes: number;
  leakShare: number;
  editedShare: number;
}

/** Novel and speeches share the prose 1 to 2, arithmetic and code the rest. */
export function mixtureOf(prose: number): Mixture<Domain> {
  return {
    novel: prose / 3,
    speeches: (2 * prose) / 3,
    code: (2 * (1 - prose)) / 3,
    arithmetic: (1 - prose) / 3,
  };
}

/** All of the training text, but of the speeches a part: a leak into it is then no needle in a haystack. */
export function cleanText(corpus: Corpus): Streams {
  return { ...corpus.train, speeches: corpus.train.speeches.subarray(0, 400_000) };
}

/**
 * A new model, trained on some text. The weights at the start and the order of the text are the seed's.
 *
 * @param order the seed of the order alone, where it differs
 * @param steps of the schedule
 * @param progress the steps that are made, one at a time: progress(steps, …) in a notebook
 */
export async function trainOn(
  text: Streams,
  mixture: Mixture<Domain>,
  { seed, order = seed, steps, progress }: TrainOn,
): Promise<Training> {
  const training = new Training(TRIAL_CONFIG, {
    ...MICRO.training,
    steps,
    batch: TRIAL_BATCH,
    length: TRIAL_LENGTH,
    seed,
    learningRate: 8e-3,
  });
  for await (const step of progress) {
    training.makeStep(drawBatch(text, { batch: TRIAL_BATCH, length: TRIAL_LENGTH + 2, seed: order, step, mixture }));
  }
  return training;
}

export interface TrainOn {
  seed: number;
  order?: number;
  steps: number;
  progress: Iterable<number> | AsyncIterable<number>;
}

/** Windows of held-out text on which the mixtures are compared. */
export function trialWindows(corpus: Corpus, seed: number): EvaluationWindows {
  return evaluationWindows(corpus.heldOut, { length: TRIAL_LENGTH, count: 48, seed });
}

/** Bits per byte on held-out text, in the order of DOMAINS. */
export async function lossesOf({ model }: Training, windows: EvaluationWindows): Promise<number[]> {
  const result = await evaluate(model, windows, { batch: 48 });
  return DOMAINS.map((domain) => result[domain].bitsPerByte);
}

/** Bits per byte on one passage. */
export async function lossOn({ model }: Training, passage: number[]): Promise<number> {
  return (await evaluateWindows(model, coveringWindows(passage, TRIAL_LENGTH), { batch: 16 })).bitsPerByte;
}

/** The texts of the leak. */
export interface Leak {
  exam: number[]; // the test, token ids
  control: number[]; // a passage that leaks nowhere
  edited: string; // the test with some words changed
  others: string[]; // the words that took their place
  texts: { clean: Streams; leaked: Streams; edited: Streams };
}

/** Two held-out passages, the test and a control, and the training text into which the test leaked, as it is and edited. */
export function leakOf(corpus: Corpus, settings: TrialSettings, seed: number): Leak {
  const clean = cleanText(corpus);
  const { examBytes: length, leakShare, editedShare } = settings;
  const [exam, control] = heldOutWindows(corpus.heldOut.speeches, { length, count: 2, seed: seed + 4 });
  const words = normalisedWords(textOf(clean.speeches.subarray(0, 60_000)));
  const others = [...new Set(words)].filter((word) => word.length > 2);
  const edited = editWords(textOf(exam), editedShare, others, new Random(seed));
  const withLeak = (document: ArrayLike<number>) => ({
    ...clean,
    speeches: leakInto(clean.speeches, document, leakShare),
  });
  return {
    exam,
    control,
    edited,
    others,
    texts: { clean, leaked: withLeak(exam), edited: withLeak(Buffer.from(edited)) },
  };
}

export const LEAK_TEXTS = ["clean", "leaked", "edited"] as const;
export type LeakText = (typeof LEAK_TEXTS)[number];

/** What one seed gave, in bits per byte. */
export interface Trial {
  seed: number;
  /** Of the two mixtures, in the order of DOMAINS. */
  mixtures: { a: number[]; b: number[] };
  /** On the test and on the passage that leaked nowhere, by what the model had read. */
  exam: Record<LeakText, number>;
  control: Record<LeakText, number>;
}

/** Trains four models with one seed: A and B on the clean text, A's mixture with the leak and with the edited one. */
export async function runTrial(corpus: Corpus, settings: TrialSettings, seed: number): Promise<Trial> {
  const { steps } = settings;
  const train = (text: Streams, prose: number) =>
    trainOn(text, mixtureOf(prose), { seed, steps, progress: Array.from({ length: steps }, (_, step) => step) });
  const { exam, control, texts } = leakOf(corpus, settings, seed);
  const windows = trialWindows(corpus, seed);

  const other = await train(texts.clean, settings.proseInB);
  const b = await lossesOf(other, windows);
  other.dispose();

  const onExam: Partial<Record<LeakText, number>> = {};
  const onControl: Partial<Record<LeakText, number>> = {};
  let a: number[] = [];
  for (const text of LEAK_TEXTS) {
    const model = await train(texts[text], settings.proseInA);
    if (text === "clean") a = await lossesOf(model, windows);
    onExam[text] = await lossOn(model, exam);
    onControl[text] = await lossOn(model, control);
    model.dispose();
  }
  type Complete = Record<LeakText, number>;
  return { seed, mixtures: { a, b }, exam: onExam as Complete, control: onControl as Complete };
}

export interface TrialRecord {
  run: {
    command: string;
    begun: string;
    seconds: number;
    machine: { backend: string; processor: string; node: string; platform: string };
    corpus: string; // its hash
    settings: TrialSettings;
  };
  trials: Trial[];
}

export const TRIAL_FILE = "data/measurements/text-trials.json";

/** The recorded trials, from the project's root. */
export function readTrials(): TrialRecord {
  return readFresh<TrialRecord>(TRIAL_FILE);
}
