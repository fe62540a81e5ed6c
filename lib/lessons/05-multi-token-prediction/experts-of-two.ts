/** What a step over two tokens has to read beyond a step over one: the experts that only the second token chooses. */
import * as tf from "@tensorflow/tfjs";
import { activeParameters, layerParameters } from "../../economics/parameters";
import { collectRouting } from "../../model/collect-routing";
import type { ModelConfig } from "../../model/config";
import type { DeepSeekV3 } from "../../model/model";

/**
 * Different experts that two neighbouring tokens of a text choose, of those that one token chooses: 1 if both always
 * choose the same, 2 if never one is shared. The mean over all such pairs and all routers of the main model.
 *
 * @param ids two tokens at least, of one text
 */
export function expertsOfTwo(model: DeepSeekV3, ids: number[]): number {
  const { result, routing } = collectRouting((observe) => model.hiddenStates([ids], { observe }));
  const pairs = routing.flatMap(({ expertIndices }) => {
    const chosen = expertIndices.arraySync();
    return chosen.slice(1).map((experts, i) => new Set([...experts, ...chosen[i]]).size / experts.length);
  });
  tf.dispose([result, routing.map(({ block: _, ...tensors }) => tensors)]);
  return pairs.reduce((sum, ratio) => sum + ratio, 0) / pairs.length;
}

/** Weights that a step over two tokens reads, of those that a step over one reads. @param ofTwo as from expertsOfTwo */
export function readingOfTwo(config: ModelConfig, ofTwo: number): number {
  const { numHiddenLayers, firstKDenseReplace, numExpertsPerTok } = config;
  const routed = (numHiddenLayers - firstKDenseReplace) * numExpertsPerTok * layerParameters(config).expert;
  return 1 + ((ofTwo - 1) * routed) / activeParameters(config, { head: true, embedding: false });
}
