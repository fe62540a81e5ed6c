/** Where a model's routers send the tokens of a text. */
import * as tf from "@tensorflow/tfjs";
import { collectRouting } from "../../model/collect-routing";
import { DeepSeekV3 } from "../../model/model";
import { isCorrectionBias, mapWeights } from "../../model/weights";

/** The routing of a batch in one layer. Tokens are counted through, row after row. */
export interface LayerRouting {
  /** As the model counts its layers. */
  layer: number;
  /** The K experts of each token, in ascending order: [N][K]. */
  experts: number[][];
  /** The one of them with the largest weight: [N]. */
  strongest: number[];
}

/**
 * The routing of each sparse layer of the main model.
 *
 * @param ids [B][T] token ids
 */
export function routeTokens(model: DeepSeekV3, ids: number[][]): LayerRouting[] {
  const { result, routing } = collectRouting((observe) => model.hiddenStates(ids, { observe }));
  const layers = routing.map(({ block, ...tensors }) => {
    const [experts, gates] = [tensors.expertIndices.arraySync(), tensors.gates.arraySync()];
    const strongest = experts.map((of, n) => of.reduce((best, e) => (gates[n][e] > gates[n][best] ? e : best)));
    return { layer: Number(block.replace("layer", "")), experts, strongest };
  });
  tf.dispose([result, routing]);
  return layers;
}

/**
 * The same model with all correction biases 0. It shares the other weights with the given one: of the two, dispose the
 * given one, and of this one only what `biases` holds.
 */
export function withoutBiases(model: DeepSeekV3): { model: DeepSeekV3; biases: tf.Tensor[] } {
  const biases: tf.Tensor[] = [];
  const weights = mapWeights(model.weights, (tensor, name) => {
    if (!isCorrectionBias(name)) return tensor;
    biases.push(tf.zerosLike(tensor));
    return biases[biases.length - 1];
  });
  return { model: new DeepSeekV3(model.config, weights), biases };
}
