/** Small random layers beside the golden ones: every width differs from every other, so no mix-up stays hidden. */
import * as tf from "@tensorflow/tfjs";
import { tinyConfig, type ModelConfig } from "../../model/config";

/** Two heads of 6 + 4 channels and values of 5, a latent of 7; three groups of two experts. */
export const caseConfig = (overrides: Partial<ModelConfig> = {}): ModelConfig =>
  tinyConfig({
    vocabSize: 4,
    hiddenSize: 12,
    intermediateSize: 4,
    moeIntermediateSize: 3,
    numHiddenLayers: 1,
    firstKDenseReplace: 1,
    numAttentionHeads: 2,
    qLoraRank: 9,
    kvLoraRank: 7,
    qkNopeHeadDim: 6,
    qkRopeHeadDim: 4,
    vHeadDim: 5,
    nRoutedExperts: 6,
    numExpertsPerTok: 2,
    nGroup: 3,
    topkGroup: 2,
    numNextnPredictLayers: 0,
    ropeScaling: null,
    ...overrides,
  });

export { caseTensors, caseWeights } from "../03-multi-head-latent-attention/shared";

/** Answers of people with wrong ideas tidy up, too. */
export const tidily =
  <A extends unknown[], R extends tf.TensorContainer>(answer: (...args: A) => R) =>
  (...args: A): R =>
    tf.tidy(() => answer(...args));
