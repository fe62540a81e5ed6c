/**
 * Selective precision as a table (the report, section 3.3.1): which modules of a model compute in FP8, in BF16, or in
 * float32. DeepSeek-V3 takes FP8 for the linear maps, where nearly all of the work is, and keeps the rest high: it is
 * small, or sensitive, or both.
 *
 * Weights, their gradients and what the products give back stay float32 in any case. Reading activations to round them
 * is cheap on wasm and cpu; on a GPU each module waits for it.
 */
import type * as tf from "@tensorflow/tfjs";
import { BF16_RECIPE, quantisedGroupedMatMul, quantisedMatMul, V3_RECIPE, type Recipe } from "../numerics/fp8-matmul";
import { roundStraightThrough } from "../numerics/round-blocks";
import { BLOCKS } from "../numerics/scaling";
import { FLOAT32, MODULES, type Arithmetic, type Module } from "./arithmetic";

export type Level = "FP8" | "BF16" | "FP32";
export type PrecisionTable = Record<Module, Level>;

export interface Precision {
  table: PrecisionTable;
  /** What "FP8" means. */
  fp8: Recipe;
}

const high = (level: Level) => Object.fromEntries(MODULES.map((module) => [module, level])) as PrecisionTable;

/** DeepSeek-V3's table. The released file holds the prediction module's projection in BF16; training may have differed. */
export const V3_TABLE: PrecisionTable = {
  ...high("BF16"),
  attention: "FP8",
  denseMlp: "FP8",
  sharedExperts: "FP8",
  routedExperts: "FP8",
};

export const V3_PRECISION: Precision = { table: V3_TABLE, fp8: V3_RECIPE };
/** Mixed precision as it was usual before: every product takes BF16. */
export const BF16_PRECISION: Precision = { table: high("BF16"), fp8: V3_RECIPE };
/** Nothing is spared: what enters router, head, norms and attention operator is FP8 too. */
export const ALL_FP8_PRECISION: Precision = { table: high("FP8"), fp8: V3_RECIPE };

/**
 * The arithmetic of a model under a precision; float32 where it is left out.
 *
 * @throws if the table lacks a module or has an unknown one, or a level is unknown
 */
export function arithmeticFor(precision?: Precision): Arithmetic {
  if (precision === undefined) return FLOAT32;
  const { table, fp8 } = precision;
  checkTable(table);
  const recipeOf = (module: Module) => ({ FP8: fp8, BF16: BF16_RECIPE, FP32: null })[table[module]];
  return {
    linear: (module) => {
      const recipe = recipeOf(module);
      return recipe === null ? FLOAT32.linear(module) : (x, w) => quantisedMatMul(x, w, recipe);
    },
    grouped: (x, w, counts, module) => {
      const recipe = recipeOf(module);
      return recipe === null ? FLOAT32.grouped(x, w, counts, module) : quantisedGroupedMatMul(x, w, counts, recipe);
    },
    input: <T extends tf.Tensor>(x: T, module: Module) => {
      const recipe = recipeOf(module);
      if (recipe === null) return x;
      const { forward: format, blocks, scale } = recipe;
      return roundStraightThrough(x, { format, scale, block: blocks === "fine" ? BLOCKS.tile : BLOCKS.tensor });
    },
    plain: (...modules) => modules.every((module) => recipeOf(module) === null),
  };
}

function checkTable(table: PrecisionTable): void {
  const keys = Object.keys(table);
  const odd =
    keys.find((key) => !(MODULES as readonly string[]).includes(key)) ??
    MODULES.find((module) => !keys.includes(module));
  if (odd !== undefined)
    throw new Error(`precision: the table needs each of ${MODULES.join(", ")}, and no other; see ${odd}`);
  const wrong = MODULES.find((module) => !["FP8", "BF16", "FP32"].includes(table[module]));
  if (wrong !== undefined) {
    throw new Error(`precision: ${wrong} is ${JSON.stringify(table[wrong])}; it can be "FP8", "BF16" or "FP32"`);
  }
}
