/** The ways of training in few bits that lesson 04 compares, live and as recorded runs. */
import { ALL_FP8_PRECISION, BF16_PRECISION, V3_PRECISION, type Precision } from "../../model/precision";
import { readJson } from "../../checkpoint/json-file";
import { V3_ACCUMULATOR } from "../../numerics/accumulator";
import type { Recipe } from "../../numerics/fp8-matmul";
import type { RunRecord } from "../../training/record";
import type { Domain } from "../../corpus/corpus";

const withRecipe = (changes: Partial<Recipe>): Precision => ({
  ...V3_PRECISION,
  fp8: { ...V3_PRECISION.fp8, ...changes },
});

export interface Variant {
  /** Its name in a legend. */
  label: string;
  /** float32 throughout where left out. */
  precision?: Precision;
}

export type VariantName =
  "fp32" | "bf16" | "fine" | "promoted" | "tensor" | "unpromoted" | "e5m2" | "everything" | "unscaled";

/**
 * "fine" sums in float32, "promoted" as V3's H800s do. A sum that is never promoted can't run over a change of scale, so
 * "unpromoted" has one scale a tensor, and is to be compared with "tensor".
 */
export const VARIANTS: Readonly<Record<VariantName, Variant>> = {
  fp32: { label: "FP32" },
  bf16: { label: "BF16", precision: BF16_PRECISION },
  fine: { label: "FP8 as V3: fine-grained E4M3", precision: V3_PRECISION },
  promoted: { label: "the same, 14-bit sums promoted every 128", precision: withRecipe({ sum: V3_ACCUMULATOR }) },
  tensor: { label: "E4M3, one scale a tensor", precision: withRecipe({ blocks: "tensor" }) },
  unpromoted: {
    label: "the same, 14-bit sums never promoted",
    precision: withRecipe({ blocks: "tensor", sum: { ...V3_ACCUMULATOR, promoteEvery: Infinity } }),
  },
  e5m2: { label: "fine-grained, E5M2 gradients", precision: withRecipe({ backward: "E5M2" }) },
  everything: { label: "fine-grained, everything in FP8", precision: ALL_FP8_PRECISION },
  unscaled: { label: "E4M3 without scales", precision: withRecipe({ scale: "none" }) },
};

/** How one variant trained. */
export interface VariantCurve {
  variant: VariantName;
  /** Of the first weights and the batches. */
  seed: number;
  /** Loss of the next token at each step, in nats. */
  loss: number[];
  /** Bits per byte on held-out text at the end, computed with the variant's own precision. */
  heldOut: Record<Domain, number>;
  /** The mean over the domains of heldOut. */
  heldOutMean: number;
  seconds: number;
}

/** Runs that differ in nothing but precision and seed: the content of data/curves/fp8*.json. */
export interface VariantRuns {
  run: RunRecord;
  curves: VariantCurve[];
}

/**
 * The recorded runs, from the project's root: "scratch" trains a small model from random weights, "continued" goes on
 * with the trained v3-mini.
 */
export function recordedVariants(kind: "scratch" | "continued"): VariantRuns {
  const file = { scratch: "fp8.json", continued: "fp8-continued.json" }[kind];
  return readJson(`data/curves/${file}`) as unknown as VariantRuns;
}
