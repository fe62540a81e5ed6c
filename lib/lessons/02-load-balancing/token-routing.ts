/** Where a model's routers send the tokens of a text. */
import * as tf from "@tensorflow/tfjs";
import { DeepSeekV3 } from "../../model/model";
import { isMoe, mapWeights } from "../../model/weights";

/** The routing of a batch in one layer. Tokens are counted through, row after row. */
export interface LayerRouting {
  /** As the model counts its layers. */
  layer: number;
  /** The K experts of each token, in ascending order: [N][K]. */
  experts: number[][];
  /** Of these, the one with the largest weight: [N]. */
  strongest: number[];
}

/**
 * The routing of each sparse layer of the main model.
 *
 * @param ids [B][T] token ids
 */
export function routeTokens(model: DeepSeekV3, ids: number[][]): LayerRouting[] {
  const seen = new Map<string, number[][]>();
  const observe = (name: string, value: tf.Tensor) => {
    if (/\.router_(indices|gates)$/.test(name)) seen.set(name, value.arraySync() as number[][]);
  };
  model.hiddenStates(ids, { observe }).dispose();
  return model.weights.layers.flatMap(({ mlp }, layer) => {
    if (!isMoe(mlp)) return [];
    const experts = seen.get(`layer${layer}.router_indices`)!;
    const gates = seen.get(`layer${layer}.router_gates`)!;
    const strongest = experts.map((of, n) => of.reduce((best, e) => (gates[n][e] > gates[n][best] ? e : best)));
    return [{ layer, experts, strongest }];
  });
}

/**
 * The same model with all correction biases 0. It shares the other weights with the given one: of the two, dispose the
 * given one, and of this one only what `biases` holds.
 */
export function withoutBiases(model: DeepSeekV3): { model: DeepSeekV3; biases: tf.Tensor[] } {
  const biases: tf.Tensor[] = [];
  const weights = mapWeights(model.weights, (tensor, name) => {
    if (!name.endsWith("e_score_correction_bias")) return tensor;
    biases.push(tf.zerosLike(tensor));
    return biases[biases.length - 1];
  });
  return { model: new DeepSeekV3(model.config, weights), biases };
}
