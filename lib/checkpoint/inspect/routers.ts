/** What the routers of a trained model are like: how far balancing had to push each expert, and how long its vector is. */
import type { TensorFiles } from "../safetensors-read";
import { isBias } from "./components";
import { summarise, type Summary } from "./statistics";

export interface ExpertBias {
  expert: number;
  bias: number;
}

export interface RouterFacts {
  layer: number;
  experts: number;
  /** Of the correction biases, which add to scores from 0 to 1 when experts are chosen. */
  bias: Summary & { spread: number };
  /** Those with the largest biases, whom the router would choose too seldom, the largest first. */
  favoured: ExpertBias[];
  /** Those with the smallest, the smallest first. */
  held: ExpertBias[];
  /** Of the experts' vectors in the router, their length; null where they are not read. */
  norm: Pick<Summary, "min" | "max" | "mean" | "deviation"> | null;
}

const NAMED = 3;

/** Names of the routers' tensors, layer by layer. */
export function routerTensors(tensors: TensorFiles): { layer: number; bias: string; weight: string }[] {
  return tensors.names
    .filter((name) => isBias(name))
    .map((bias) => {
      const layer = Number(/\.layers\.(\d+)\./.exec(bias)?.[1] ?? -1);
      return { layer, bias, weight: bias.replace(/e_score_correction_bias$/, "weight") };
    })
    .sort((a, b) => a.layer - b.layer);
}

/**
 * Facts of each router.
 *
 * @param norms whether the routers' matrices are read, which are a thousand times as large as their biases
 * @param routers which of them
 * @throws as TensorFiles.read
 */
export function routerFacts(
  tensors: TensorFiles,
  { norms, routers = routerTensors(tensors) }: { norms: boolean; routers?: ReturnType<typeof routerTensors> },
): RouterFacts[] {
  return routers.map(({ layer, bias, weight }) => {
    const { values } = tensors.read(bias);
    const order = Array.from(values, (bias, expert) => ({ expert, bias })).sort((a, b) => b.bias - a.bias);
    const summary = summarise(() => [values]);
    return {
      layer,
      experts: values.length,
      bias: { ...summary, spread: summary.max - summary.min },
      favoured: order.slice(0, NAMED),
      held: order.slice(-NAMED).reverse(),
      norm: norms && tensors.has(weight) ? normsOf(tensors, weight) : null,
    };
  });
}

/** Lengths of a matrix's rows. */
function normsOf(tensors: TensorFiles, name: string): RouterFacts["norm"] {
  const { shape, values } = tensors.read(name);
  const [rows, columns] = shape;
  const lengths = Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = row * columns; i < (row + 1) * columns; i++) sum += values[i] ** 2;
    return Math.sqrt(sum);
  });
  const { min, max, mean, deviation } = summarise(() => [lengths]);
  return { min, max, mean, deviation };
}
