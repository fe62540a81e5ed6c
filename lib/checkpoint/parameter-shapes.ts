/**
 * What a checkpoint of a config holds: the released name and shape of every tensor. This one list drives loading,
 * saving and the counting of what a file needs; the weights in memory differ from it only in layout (weights.ts).
 */
import type { ModelConfig } from "../model/config";
import { weightShapes, type NamedShape } from "../model/weights";

/**
 * Every tensor of a checkpoint, linear maps [out, in], each expert by itself. For the released model these are the
 * 671,026,404,352 parameters of its main part and, beside them, one correction bias a routed expert and layer.
 *
 * @param options.mtp how many multi-token prediction modules to list; the released file's further copies of embedding
 *   and head within them are not listed, since nothing needs them
 */
export function parameterShapes(config: ModelConfig, options: { mtp: number }): NamedShape[] {
  return weightShapes(config, options.mtp).flatMap(releasedTensors);
}

/**
 * The checkpoint's tensors behind one tensor in memory: as many as there are experts for a stack of experts, else one.
 *
 * @param held name and shape in memory
 */
export function releasedTensors({ name, shape }: NamedShape): NamedShape[] {
  if (shape.length === 3) {
    const [experts, ...matrix] = shape;
    const transposed = matrix.reverse();
    return Array.from({ length: experts }, (_, e) => ({ name: name.replace("*", String(e)), shape: [...transposed] }));
  }
  return [{ name, shape: isTransposed(name, shape) ? [...shape].reverse() : [...shape] }];
}

/** Whether the checkpoint holds the tensor the other way round: all matrices but the embedding, which is a table. */
export function isTransposed(name: string, shape: number[]): boolean {
  return shape.length >= 2 && !name.endsWith("embed_tokens.weight");
}
