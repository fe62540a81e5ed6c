import { beforeAll, describe, expect, it } from "vitest";
import type { Artefact, Goal } from "../../../lib/claims/openness-facts";
import {
  missingExercise,
  mixtureExercise,
  overlapExercise,
  surviveExercise,
  type Missing,
  type Mix,
  type Overlap,
} from "../../../lib/lessons/08-data-and-openness";
import { useBackend } from "../../../lib/tensor/backend";
import { holdsTo, silently } from "../support";

beforeAll(async () => {
  await useBackend();
});

describe("08-overlap", () => {
  const bySearchingText: Overlap = (test, training, n) => {
    const plain = (text: string) =>
      text
        .toLowerCase()
        .replace(/[^\p{L}\p{N}]+/gu, " ")
        .trim();
    const words = plain(test).split(" ");
    const hay = ` ${plain(training)} `;
    let [found, all] = [0, 0];
    for (let end = n; end <= words.length; end++) {
      all++;
      if (hay.includes(` ${words.slice(end - n, end).join(" ")} `)) found++;
    }
    return all ? found / all : 0;
  };
  holdsTo(overlapExercise, bySearchingText);
});

describe("08-survive", () => {
  const wordByWord = (share: number, n: number) => Array.from({ length: n }).reduce<number>((p) => p - p * share, 1);
  holdsTo(surviveExercise, wordByWord);
});

describe("08-mixture", () => {
  /** Fills what is over, and gives the rest to itself. */
  const byRecursion: Mix = (wanted, sizes, tokens, most) => {
    const caps = sizes.map((size) => (most * size) / tokens);
    const fill = (open: number[], rest: number): number[] => {
      const sum = open.reduce((s, i) => s + wanted[i], 0);
      const full = open.filter((i) => (rest * wanted[i]) / sum > caps[i]);
      const shares = wanted.map(() => 0);
      if (full.length === 0) {
        for (const i of open) shares[i] = (rest * wanted[i]) / sum;
        return shares;
      }
      const given = full.reduce((s, i) => s + caps[i], 0);
      const others = fill(
        open.filter((i) => !full.includes(i)),
        rest - given,
      );
      return wanted.map((_, i) => (full.includes(i) ? caps[i] : others[i]));
    };
    return fill(
      wanted.map((_, i) => i),
      1,
    );
  };
  holdsTo(mixtureExercise, byRecursion);
});

describe("08-missing", () => {
  const withASet: Missing = (published, goal) => {
    const need = new Set<Artefact>(
      goal === "search" ? ["data"] : goal === "run" || goal === "adapt" ? ["inferenceCode", "weights"] : [],
    );
    if (goal === "adapt") need.add("freeTerms");
    if (goal === "repeat" || goal === "verify")
      ["data", "hyperparameters", "trainingCode"].forEach((a) => need.add(a as Artefact));
    if (goal === "verify") need.add("dataOrder").add("weights");
    published.forEach((artefact) => need.delete(artefact));
    return [...need].reverse();
  };
  holdsTo(missingExercise, withASet);

  it("does not mind the order, but minds one too many", async () => {
    const tooMany: Missing = (published, goal: Goal) => [...withASet(published, goal), "checkpoints"];
    expect((await silently(missingExercise, tooMany)).passed).toBe(false);
  });
});
