/** Acceptance of drafts at temperature 0 and at temperature 1, compared along the same texts, and why they differ. */
import type { Agreement } from "../../inference/acceptance";
import { compare, type Comparison } from "../../statistics/comparison";
import { mean } from "../../statistics/interval";

/** Acceptance of drafts in one text, at temperature 0 and at temperature 1. */
export function acceptanceOf(text: readonly Agreement[]): { greedy: number; sampled: number } {
  return { greedy: mean(text.map(({ equal }) => Number(equal))), sampled: mean(text.map(({ overlap }) => overlap)) };
}

/** Says whether more drafts are accepted at temperature 1 than at temperature 0, along the same texts. */
export function acceptanceByTemperature(texts: readonly (readonly Agreement[])[], of: string): Comparison {
  const rates = texts.map(acceptanceOf);
  return compare(
    { name: "at temperature 1", values: rates.map(({ sampled }) => 100 * sampled) },
    { name: "at temperature 0", values: rates.map(({ greedy }) => 100 * greedy) },
    { quantity: "acceptance", unit: "points", of, digits: 1, paired: true },
  );
}

/** The mean overlap where both find the same token most likely, and where they don't; NaN where there is no such place. */
export function overlapByEqual(positions: readonly Agreement[]): { equal: number; different: number } {
  const over = (equal: boolean) => mean(positions.filter((at) => at.equal === equal).map(({ overlap }) => overlap));
  return { equal: over(true), different: over(false) };
}
