/** What a precision costs a trained model: its loss on held-out text, computed with fewer bits. */
import * as tf from "@tensorflow/tfjs";
import { readJson } from "../../checkpoint/json-file";
import type { Module } from "../../model/arithmetic";
import { DeepSeekV3 } from "../../model/model";
import {
  ALL_FP8_PRECISION,
  arithmeticFor,
  BF16_PRECISION,
  V3_PRECISION,
  V3_TABLE,
  type Precision,
} from "../../model/precision";
import type { ScaleRule } from "../../numerics/scaling";
import type { RunRecord } from "../../training/record";
import { nextTokenLoss, bitsPerByte } from "../../training/next-token-loss";

/** Bits per byte of the loss on each window, of a model that computes in a given precision; float32 where left out. */
export function lossesUnder(model: DeepSeekV3, windows: number[][], precision?: Precision): number[] {
  const changed = new DeepSeekV3(model.config, model.weights, arithmeticFor(precision));
  const BATCH = 8;
  return windows.flatMap((_, first) => {
    if (first % BATCH !== 0) return [];
    const batch = windows.slice(first, first + BATCH);
    const losses = tf.tidy(() => {
      const logits = changed.forward(batch.map((row) => row.slice(0, -1))); // [B, T, V]
      const ofRow = (row: number[], b: number) =>
        nextTokenLoss(logits.slice([b, 0, 0], [1, -1, -1]), [row.slice(1)]).asScalar();
      return tf.stack(batch.map(ofRow)).dataSync<"float32">();
    });
    return Array.from(losses, bitsPerByte);
  });
}

/** What v3-mini is measured under: one module in FP8, or a whole table. */
export interface Effect {
  /** A module; or "none", "V3", "all" for the tables of BF16, of V3, and with nothing spared. */
  inFp8: Module | "none" | "V3" | "all";
  scale: Extract<ScaleRule, "float32" | "none">;
}

/** The precision of an effect. */
export function precisionOf({ inFp8, scale }: Effect): Precision {
  const whole = { none: BF16_PRECISION, V3: V3_PRECISION, all: ALL_FP8_PRECISION };
  const { table } =
    inFp8 in whole
      ? whole[inFp8 as keyof typeof whole]
      : { table: { ...BF16_PRECISION.table, [inFp8]: "FP8" as const } };
  return { table, fp8: { ...V3_PRECISION.fp8, scale } };
}

/** An effect, measured: bits per byte on each window. Value i of every effect is of the same window. */
export interface MeasuredEffect extends Effect {
  bits: number[];
}

/** The content of data/measurements/fp8-modules.json. */
export interface MeasuredEffects {
  run: RunRecord;
  effects: MeasuredEffect[];
}

/** What was measured on v3-mini beforehand, on more text than a lesson can wait for; from the project's root. */
export function recordedEffects(): MeasuredEffects {
  return readJson("data/measurements/fp8-modules.json") as unknown as MeasuredEffects;
}

/** The modules that V3 computes in FP8. */
export const V3_IN_FP8 = (Object.keys(V3_TABLE) as Module[]).filter((module) => V3_TABLE[module] === "FP8");
