/**
 * Two models to train, both with every mechanism of DeepSeek-V3: v3-mini for a GPU, and v3-micro for ten minutes of
 * one processor core. Bytes are their tokens (bytes.ts), so embedding and head are a small part of the parameters.
 */
import { tinyConfig, type ModelConfig } from "../model/config";
import { ADAMW } from "./adamw";
import { VOCAB_SIZE } from "../corpus/bytes";
import { V3_SCHEDULE } from "./training-schedule";
import type { TrainingOptions } from "./run";

export interface Preset {
  config: ModelConfig;
  training: TrainingOptions;
}

type Sized = "steps" | "batch" | "length" | "learningRate" | "schedule" | "biasSpeed";

const COMMON: Omit<TrainingOptions, Sized> = {
  seed: 1,
  initStd: 0.02, // DeepSeek-V3's 0.006 suits its width; narrow maps start larger
  balance: "bias",
  sequenceAlpha: 1e-4,
  auxiliaryAlpha: 1e-2,
  mtpLambda: [0.3, 0.1],
  adamw: ADAMW,
  clipNorm: 1,
};

/** 12 million parameters. A step of 24,576 tokens keeps a GPU as busy as Node can queue work for it. */
export const MINI: Preset = {
  config: tinyConfig({
    vocabSize: VOCAB_SIZE,
    hiddenSize: 256,
    intermediateSize: 768,
    moeIntermediateSize: 64,
    numHiddenLayers: 6,
    numAttentionHeads: 8,
    qLoraRank: 128,
    kvLoraRank: 64,
    qkNopeHeadDim: 32,
    qkRopeHeadDim: 16,
    vHeadDim: 32,
    nRoutedExperts: 32,
    maxPositionEmbeddings: 512,
    ropeScaling: null,
  }),
  training: {
    ...COMMON,
    steps: 3000,
    batch: 96,
    length: 256,
    learningRate: 2e-3,
    schedule: { ...V3_SCHEDULE, warmUpSteps: 80 },
    biasSpeed: 0.005, // a run of a few thousand steps has little time for 0.001
  },
};

/** About half a million parameters. */
export const MICRO: Preset = {
  config: tinyConfig({
    vocabSize: VOCAB_SIZE,
    hiddenSize: 96,
    intermediateSize: 256,
    maxPositionEmbeddings: 512,
    ropeScaling: null,
  }),
  training: {
    ...COMMON,
    steps: 1000,
    batch: 8,
    length: 128,
    learningRate: 3e-3,
    schedule: { ...V3_SCHEDULE, warmUpSteps: 40 },
    biasSpeed: 0.005,
  },
};

export const PRESETS = { "v3-mini": MINI, "v3-micro": MICRO } as const;
export type PresetName = keyof typeof PRESETS;
