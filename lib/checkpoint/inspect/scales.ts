/** The scales of a checkpoint in FP8, taken together by what they scale. */
import type { TensorFiles } from "../safetensors-read";
import { componentOf, type Component } from "./components";
import { summarise, type Summary } from "./statistics";

export interface ScaleFacts extends Summary {
  component: Component;
  /** How many scales lie between 2^power and twice that, from the smallest power on. */
  powers: { power: number; count: number }[];
  /** How many are powers of two, as from DeepSeek-V3.1 on. */
  powersOfTwo: number;
}

/** Names of all scales. */
export function scaleTensors(tensors: TensorFiles): string[] {
  return tensors.names.filter((name) => componentOf(name, Infinity) === "block scales");
}

/**
 * Facts of the scales of each component.
 *
 * @param layers of the main model
 * @param names of the scales that are meant
 * @throws as TensorFiles.read
 */
export function scaleFacts(tensors: TensorFiles, layers: number, names = scaleTensors(tensors)): ScaleFacts[] {
  const values = new Map<Component, (Float32Array | Int32Array)[]>();
  for (const name of names) {
    const component = componentOf(name.replace(/_scale_inv$/, ""), layers);
    const parts = values.get(component) ?? [];
    parts.push(tensors.read(name).values);
    values.set(component, parts);
  }
  return [...values].map(([component, parts]) => {
    const powers = new Map<number, number>();
    let powersOfTwo = 0;
    for (const part of parts) {
      for (let i = 0; i < part.length; i++) {
        const log = Math.log2(part[i]);
        if (!Number.isFinite(log)) continue;
        if (Number.isInteger(log)) powersOfTwo++;
        powers.set(Math.floor(log), (powers.get(Math.floor(log)) ?? 0) + 1);
      }
    }
    const inOrder = [...powers].sort(([a], [b]) => a - b).map(([power, count]) => ({ power, count }));
    return { component, ...summarise(() => parts), powers: inOrder, powersOfTwo };
  });
}
