/** What may be said of measured times: each other way against absorbing, in pairs of one round. */
import type { DecodeMode } from "../../economics/flops";
import { compare } from "../../statistics/comparison";
import type { DecodeTimes } from "./cache-times";

export const MODE_NAMES: Record<DecodeMode, string> = {
  expanded: "keys and values kept",
  "expanded again": "latents kept, expanded again",
  absorbed: "latents kept, absorbed",
};

const SAID: Record<DecodeMode, string> = {
  expanded: "with everything kept",
  "expanded again": "with expanding again",
  absorbed: "with absorbing",
};

/** Two sentences, for instance "The time for a token is lower with absorbing than with everything kept, by …". */
export function describeTimes(times: DecodeTimes): string {
  return (["expanded", "expanded again"] as const)
    .map((mode) => {
      const sample = (mode: DecodeMode) => ({ name: SAID[mode], values: times[mode] });
      const wording = { quantity: "the time for a token", unit: "ms", of: "rounds", digits: 2, paired: true };
      return compare(sample("absorbed"), sample(mode), wording).text;
    })
    .join(" ");
}

/** The value in the middle; of an even number, the upper of the two. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
