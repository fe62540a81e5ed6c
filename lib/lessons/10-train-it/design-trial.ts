/**
 * One small model in several designs, each trained for the same short time with several seeds: what the design exercises
 * are judged by. A training in the check itself would be one seed, and take too long; these were recorded beforehand
 * (`npm run designs`), so that an answer is judged the same way everywhere.
 */
import { readJson } from "../../checkpoint/json-file";
import { VOCAB_SIZE } from "../../corpus/bytes";
import { DOMAINS, type Corpus, type Streams } from "../../corpus/corpus";
import { latentCacheBytes } from "../../economics/memory";
import { activeParameters, totalParameters } from "../../economics/parameters";
import { type ModelConfig, tinyConfig } from "../../model/config";
import { mean } from "../../statistics/interval";
import { evaluate, evaluationWindows } from "../../training/evaluate";
import { train } from "../../training/loop";
import { MICRO } from "../../training/presets";
import type { RunRecord } from "../../training/record";
import { Training } from "../../training/run";

/** What may differ between designs: of the one sparse layer, and of the attention of both. */
export interface Design {
  /** Routed experts. */
  experts: number;
  /** Of these, active for a token. */
  active: number;
  /** Width of an expert. */
  width: number;
  /** Channels of the latent, `kvLoraRank`. */
  latent: number;
  /** Channels of the key with a position, `qkRopeHeadDim`. */
  rope: number;
  /** Heads. */
  heads: number;
}

/** The design that the exercises start from. */
export const BASE_DESIGN: Design = { experts: 16, active: 8, width: 32, latent: 32, rope: 16, heads: 4 };

const of = (change: Partial<Design>): Design => ({ ...BASE_DESIGN, ...change });

/** The designs that were trained. */
export const DESIGNS: readonly Design[] = [
  BASE_DESIGN,
  of({ active: 4 }),
  of({ active: 2 }),
  of({ experts: 32, active: 4 }),
  of({ experts: 32, active: 2 }),
  of({ experts: 64, active: 4 }),
  of({ width: 16 }),
  of({ experts: 32, width: 16 }),
  of({ experts: 64, width: 16 }),
  of({ latent: 16, rope: 8 }),
  of({ latent: 8, rope: 16 }),
  of({ latent: 20, rope: 4 }),
  of({ latent: 22, rope: 2 }),
  of({ latent: 4, rope: 4 }),
  of({ heads: 2 }),
];

/** Steps of a trial, sequences of a step, and tokens of each. */
export const DESIGN_RUN = { steps: 200, batch: 16, length: 32 } as const;

/** A V3 of a dense layer and a sparse one. */
export function designConfig({ experts, active, width, latent, rope, heads }: Design): ModelConfig {
  return tinyConfig({
    vocabSize: VOCAB_SIZE,
    numHiddenLayers: 2,
    nRoutedExperts: experts,
    numExpertsPerTok: active,
    moeIntermediateSize: width,
    kvLoraRank: latent,
    qkRopeHeadDim: rope,
    numAttentionHeads: heads,
    nGroup: 1,
    topkGroup: 1,
    numNextnPredictLayers: 0,
    ropeScaling: null,
    maxPositionEmbeddings: 256,
  });
}

/** What a design costs, counted: parameters that work on a token (with the head), all of them, and bytes of cache a token. */
export function designCosts(design: Design): { active: number; total: number; cacheBytes: number } {
  const config = designConfig(design);
  return {
    active: activeParameters(config, { head: true, embedding: false }),
    total: totalParameters(config),
    cacheBytes: latentCacheBytes(config),
  };
}

/** Why a design cannot be, in words; null if it can. */
export function designComplaint(design: Design): string | null {
  try {
    designConfig(design);
    return null;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replace(/^config: /, "");
  }
}

/** Whether two designs are the same. */
export function sameDesign(a: Design, b: Design): boolean {
  return (Object.keys(BASE_DESIGN) as (keyof Design)[]).every((key) => a[key] === b[key]);
}

/**
 * Trains a design and measures it on held-out text, the same text for every design and seed.
 *
 * @param each is called after every step, and may wait
 * @returns bits per byte, mean of the four kinds of text
 */
export async function tryDesign(
  design: Design,
  seed: number,
  corpus: Pick<Corpus, "train" | "heldOut">,
  { steps = DESIGN_RUN.steps, each }: { steps?: number; each?: (step: number) => void | Promise<void> } = {},
): Promise<number> {
  const { batch, length } = DESIGN_RUN;
  const schedule = { ...MICRO.training.schedule, warmUpSteps: 10 };
  const options = { ...MICRO.training, steps, batch, length, seed, schedule, biasSpeed: 0.02 };
  const training = new Training(designConfig(design), options);
  try {
    for await (const { step } of train(training, corpus.train, { reportEvery: steps })) await each?.(step);
    return await heldOutBits(training, corpus.heldOut);
  } finally {
    training.dispose();
  }
}

async function heldOutBits({ model }: Training, heldOut: Streams): Promise<number> {
  const windows = evaluationWindows(heldOut, { length: DESIGN_RUN.length, count: 64, seed: 1 });
  const found = await evaluate(model, windows, { batch: 64 });
  return mean(DOMAINS.map((domain) => found[domain].bitsPerByte));
}

/** The content of data/curves/designs.json. */
export interface RecordedDesigns {
  run: RunRecord;
  trials: { design: Design; seed: number; bitsPerByte: number }[];
}

export const RECORDED_DESIGNS = "data/curves/designs.json";

/** The recorded trainings, from the project's root. */
export function recordedDesigns(file = RECORDED_DESIGNS): RecordedDesigns {
  return readJson(file) as unknown as RecordedDesigns;
}

/** The losses of a design in the order of the seeds, null if it was not trained: value i of two designs had the same seed. */
export function designLosses({ trials }: Pick<RecordedDesigns, "trials">, design: Design): number[] | null {
  const own = trials.filter((trial) => sameDesign(trial.design, design)).sort((a, b) => a.seed - b.seed);
  return own.length === 0 ? null : own.map(({ bitsPerByte }) => bitsPerByte);
}
