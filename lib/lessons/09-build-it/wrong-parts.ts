/** What a wrong part costs: mistakes that the exercises know, each in its place in a model that is otherwise right. */
import * as tf from "@tensorflow/tfjs";
import type { DeepSeekV3 } from "../../model/model";
import type { ModelParts } from "../../model/parts";
import { bitsPerByte, nextTokenLoss } from "../../training/next-token-loss";
import { PART_EXERCISES } from "./ladder";

/** The mistakes, by their names in the exercises. */
const MISTAKES: [part: keyof ModelParts, mistake: string][] = [
  ["rmsNorm", "the mean subtracted"],
  ["rotate", "halves in place of pairs"],
  ["rotate", "turned backwards"],
  ["remember", "the rotary key normalised"],
  ["naive", "scaled by the part without positions"],
  ["route", "softmax in place of sigmoid"],
  ["route", "biased scores as weights"],
  ["experts", "every chosen expert counts the same"],
  ["block", "norms exchanged"],
];

export interface WrongPart {
  part: keyof ModelParts;
  mistake: string;
  parts: Partial<ModelParts>;
}

/** @throws if an exercise knows no such mistake */
export function wrongParts(): WrongPart[] {
  return MISTAKES.map(([part, mistake]) => {
    const found = PART_EXERCISES[part].misconceptions.find(({ name }) => name === mistake);
    if (found === undefined) throw new Error(`wrongParts: the exercise of ${part} knows no "${mistake}"`);
    return { part, mistake, parts: { [part]: found.answer } };
  });
}

/**
 * Bits per byte of each window of text.
 *
 * @param windows [count][T + 1] token ids
 * @returns one number a window
 */
export function bitsOfWindows(model: DeepSeekV3, windows: number[][], parts?: Partial<ModelParts>): number[] {
  return windows.map((window) =>
    tf.tidy(() => {
      const logits = model.forward([window.slice(0, -1)], { parts });
      return bitsPerByte(nextTokenLoss(logits, [window.slice(1)]).dataSync()[0]);
    }),
  );
}
