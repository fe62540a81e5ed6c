/** Small layers on which answers are compared: every width differs from every other, so no mix-up stays hidden. */
import * as tf from "@tensorflow/tfjs";
import { tinyConfig, type ModelConfig } from "../../model/config";
import { initWeights, namedTensors, type MlaWeights } from "../../model/weights";
import { Random } from "../../tensor/random";

/** One layer: 3 heads of 8 + 4 channels and values of 6, a latent of 10. */
export const caseConfig = (overrides: Partial<ModelConfig> = {}): ModelConfig =>
  tinyConfig({
    vocabSize: 4,
    hiddenSize: 14,
    intermediateSize: 4,
    moeIntermediateSize: 2,
    numHiddenLayers: 1,
    numAttentionHeads: 3,
    qLoraRank: 12,
    kvLoraRank: 10,
    qkNopeHeadDim: 8,
    qkRopeHeadDim: 4,
    vHeadDim: 6,
    nRoutedExperts: 2,
    numExpertsPerTok: 1,
    nGroup: 1,
    topkGroup: 1,
    numNextnPredictLayers: 0,
    ropeScaling: null,
    ...overrides,
  });

/** Random weights of the layer's attention, large enough that scores differ. */
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
