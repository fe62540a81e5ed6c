/** Small random layers beside the golden ones: every width differs from every other, so no mix-up stays hidden. */
import * as tf from "@tensorflow/tfjs";
import { tinyConfig, type ModelConfig } from "../../model/config";
import { initWeights, namedTensors, type MlaWeights } from "../../model/weights";
import { Random } from "../../tensor/random";

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

/** Random weights of a layer's attention, large enough that scores differ. */
export function caseWeights(config: ModelConfig, seed: number): MlaWeights {
  const weights = initWeights(config, seed, { std: 0.4 });
  const others = namedTensors(weights).filter(({ name }) => !name.includes("self_attn"));
  tf.dispose(others.map(({ tensor }) => tensor));
  return weights.layers[0].selfAttn;
}

/** Makes random tensors, the same for the same seed. */
export function caseTensors(seed: number) {
  const random = new Random(seed);
  return <T extends tf.Tensor>(...shape: number[]) => random.normalTensor(shape) as T;
}

/** Answers of people with wrong ideas tidy up, too. */
export const tidily =
  <A extends unknown[], R extends tf.TensorContainer>(answer: (...args: A) => R) =>
  (...args: A): R =>
    tf.tidy(() => answer(...args));
