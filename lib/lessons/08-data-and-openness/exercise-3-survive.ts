/** Exercise 3: the share of n-grams that survives an edit. */
import { fromSeed, numberBetween, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { survivingNgrams } from "./contamination";

/** The share of words that were changed and n → the expected share of n-grams that are as before. */
type Survive = (share: number, n: number) => number;

export const surviveExercise = defineExercise<Survive>({
  id: "08-survive",
  reference: survivingNgrams,
  cases: [
    { name: "one word in ten, n = 13", args: [0.1, 13] },
    { name: "one word in two, n = 3", args: [0.5, 3] },
    { name: "nothing changed", args: [0, 8] },
    { name: "single words", args: [0.25, 1] },
  ],
  draw: fromSeed((random) => [numberBetween(random, 0.02, 0.5), wholeBetween(random, 2, 13)]),
  misconceptions: [
    {
      name: "changes add up",
      answer: (share, n) => 1 - share * n,
      message:
        "You subtract n times the share. That becomes negative for large n. Each of the n words must be unchanged: " +
        "chances multiply.",
    },
    {
      name: "n forgotten",
      answer: (share) => 1 - share,
      message: "This is the share of unchanged words. An n-gram survives only if all of its n words do.",
    },
    {
      name: "the share of those that are hit",
      answer: (share, n) => 1 - (1 - share) ** n,
      message: "This is the share of n-grams in which something was changed. Asked for are the others.",
    },
    {
      name: "all words changed",
      answer: (share, n) => share ** n,
      message: "This is the chance that all n words were changed. An n-gram survives if none was.",
    },
  ],
});
