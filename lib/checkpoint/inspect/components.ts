/** What a checkpoint's tensors belong to, told from their released names; counted from headers alone. */
import { scaleShape } from "../fp8-weights";
import type { TensorFiles } from "../safetensors-read";

export const COMPONENTS = [
  "embedding",
  "attention",
  "dense feed-forward",
  "router",
  "routed experts",
  "shared experts",
  "norms",
  "head",
  "multi-token prediction",
  "correction biases",
  "block scales",
  "indexer",
  "other",
] as const;

export type Component = (typeof COMPONENTS)[number];

/** Whether a name is that of a router's correction bias; isCorrectionBias of lib/model says it where tfjs is loaded anyway. */
export function isBias(name: string): boolean {
  return name.endsWith(".e_score_correction_bias");
}

/** The first that fits. */
const NAMES: [RegExp, Component][] = [
  [/^model\.embed_tokens\.weight$/, "embedding"],
  [/^lm_head\.weight$/, "head"],
  [/^model\.norm\.weight$/, "norms"],
  [/^model\.layers\.\d+\.self_attn\.(q|q_a|q_b|kv_a|kv_b|o)_(proj|proj_with_mqa|layernorm)\.weight$/, "attention"],
  [/^model\.layers\.\d+\.mlp\.experts\.\d+\.(gate|up|down)_proj\.weight$/, "routed experts"],
  [/^model\.layers\.\d+\.mlp\.shared_experts\.(gate|up|down)_proj\.weight$/, "shared experts"],
  [/^model\.layers\.\d+\.mlp\.gate\.weight$/, "router"],
  [/^model\.layers\.\d+\.mlp\.(gate|up|down)_proj\.weight$/, "dense feed-forward"],
  [/^model\.layers\.\d+\.(input|post_attention)_layernorm\.weight$/, "norms"],
];

/**
 * @param name as released
 * @param layers of the main model: those after them are multi-token prediction modules
 */
export function componentOf(name: string, layers: number): Component {
  if (name.endsWith(".weight_scale_inv")) return "block scales";
  if (isBias(name)) return "correction biases";
  if (/^model\.layers\.\d+\.self_attn\.indexer\./.test(name)) return "indexer";
  if (Number(/^model\.layers\.(\d+)\./.exec(name)?.[1] ?? -1) >= layers) return "multi-token prediction";
  return NAMES.find(([pattern]) => pattern.test(name))?.[1] ?? "other";
}

/** Numbers of all tensors, by component; only those that there are. */
export function countComponents(tensors: TensorFiles, layers: number): Map<Component, number> {
  const counts = new Map<Component, number>(COMPONENTS.map((component) => [component, 0]));
  for (const name of tensors.names) {
    const component = componentOf(name, layers);
    counts.set(component, counts.get(component)! + countOf(tensors, name));
  }
  return new Map([...counts].filter(([, count]) => count > 0));
}

/** Numbers of one tensor. */
export function countOf(tensors: TensorFiles, name: string): number {
  return tensors.place(name).info.shape.reduce((product, length) => product * length, 1);
}

export interface FormatCount {
  dtype: string;
  tensors: number;
  numbers: number;
  bytes: number;
}

/** Tensors by format, the one with most bytes first. */
export function countFormats(tensors: TensorFiles): FormatCount[] {
  const found = new Map<string, FormatCount>();
  for (const name of tensors.names) {
    const { dtype, begin, end } = tensors.place(name).info;
    const count = found.get(dtype) ?? { dtype, tensors: 0, numbers: 0, bytes: 0 };
    count.tensors++;
    count.numbers += countOf(tensors, name);
    count.bytes += end - begin;
    found.set(dtype, count);
  }
  return [...found.values()].sort((a, b) => b.bytes - a.bytes);
}

/** So many scales as the matrices in FP8 should have, one for each block of 128 × 128. */
export function scalesNeeded(tensors: TensorFiles): number {
  const infos = tensors.names.map((name) => tensors.place(name).info);
  const codes = infos.filter(({ dtype, shape }) => dtype === "F8_E4M3" && shape.length === 2);
  return codes.reduce((sum, { shape }) => sum + scaleShape(shape).reduce((a, b) => a * b, 1), 0);
}

export interface NamePattern {
  /** A name with * for its numbers. */
  pattern: string;
  dtype: string;
  /** Of the first. */
  shape: number[];
  tensors: number;
  numbers: number;
}

/**
 * Tensors that are named alike, the most numbers first: what can be told of any architecture.
 *
 * @param layers of the main model, if only those shall be told whose component is not known
 */
export function countPatterns(tensors: TensorFiles, layers?: number): NamePattern[] {
  const found = new Map<string, NamePattern>();
  for (const name of tensors.names) {
    if (layers !== undefined && componentOf(name, layers) !== "other") continue;
    const { dtype, shape } = tensors.place(name).info;
    const pattern = name.replace(/(^|\.)\d+(?=\.|$)/g, "$1*");
    const count = found.get(pattern) ?? { pattern, dtype, shape, tensors: 0, numbers: 0 };
    count.tensors++;
    count.numbers += countOf(tensors, name);
    found.set(pattern, count);
  }
  return [...found.values()].sort((a, b) => b.numbers - a.numbers);
}
