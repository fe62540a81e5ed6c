/**
 * What a checkpoint of a config holds: the released name and shape of every tensor. This one list drives loading,
 * saving and the counting of what a file needs; the weights in memory differ from it only in layout (weights.ts).
 */
import type { ModelConfig } from "../model/config";
import { eachWeightShape, type NamedShape } from "../model/weights";

/**
 * Every tensor of a checkpoint, linear maps [out, in], each expert by itself. For the released model these are the
 * 671,026,404,352 parameters of its main part and, beside them, one correction bias a routed expert and layer.
 *
 * @param options.mtp how many multi-token prediction modules to list; the released file's further copies of embedding
 *   and head within them are not listed, since nothing needs them
 */
export function parameterShapes(config: ModelConfig, options: { mtp: number }): NamedShape[] {
  return [...eachParameterShape(config, options)];
}

/** The same one by one: whoever compares them with a file stops at the first that is not there. */
export function* eachParameterShape(
  config: ModelConfig,
  options: { mtp: number },
): Generator<NamedShape, void, undefined> {
  for (const held of eachWeightShape(config, options.mtp)) yield* eachReleasedTensor(held);
}

/**
 * The checkpoint's tensors behind one tensor in memory: as many as there are experts for a stack of experts, else one.
 *
 * @param held name and shape in memory
 */
export function releasedTensors(held: NamedShape): NamedShape[] {
  return [...eachReleasedTensor(held)];
}

function* eachReleasedTensor({ name, shape }: NamedShape): Generator<NamedShape, void, undefined> {
  if (shape.length === 3) {
    const [experts, rows, columns] = shape;
    for (let e = 0; e < experts; e++) yield { name: name.replace("*", String(e)), shape: [columns, rows] };
  } else yield { name, shape: isTransposed(name, shape) ? [...shape].reverse() : [...shape] };
}

/** Whether the checkpoint holds the tensor the other way round: all matrices but the embedding, which is a table. */
export function isTransposed(name: string, shape: number[]): boolean {
  return shape.length >= 2 && !name.endsWith("embed_tokens.weight");
}
