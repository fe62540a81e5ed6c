/**
 * The four exercises of lesson 08: an overlap detector, what survives an edit, a mixture for a target, and what would have
 * to be published. Each names the wrong answers that people really give.
 */
import { ARTEFACTS, missingFor, NEEDS, type Artefact, type Goal } from "../../claims/openness-facts";
import { defineExercise } from "../../notebook/exercise/check";
import { NgramIndex, normalisedWords, survivingNgrams } from "./contamination";
import { cappedMixture } from "./mixture";

// ---- the overlap detector

/** A test, a training text and n → the share of the test's n-grams of words that the training text has. */
export type Overlap = (test: string, training: string, n: number) => number;

/** The detector with some of its parts replaced by wrong ones. */
export function overlapWith({
  units = normalisedWords,
  of = "test",
}: {
  units?: (text: string) => string[];
  of?: "test" | "training";
}): Overlap {
  return (test, training, n) => {
    const grams = (text: string) => {
      const all = units(text);
      return Array.from({ length: Math.max(0, all.length - n + 1) }, (_, i) => all.slice(i, i + n).join(" "));
    };
    const [counted, other] = of === "test" ? [grams(test), grams(training)] : [grams(training), grams(test)];
    const known = new Set(other);
    return counted.length === 0 ? 0 : counted.filter((gram) => known.has(gram)).length / counted.length;
  };
}

const QUESTION = "A train leaves the station at noon, and another one follows it an hour later.";
const SCRAPED =
  "Found on a forum:\n\nA TRAIN LEAVES THE STATION AT NOON (and another one follows it) an hour later!\nWho knows the answer?";
const HALF = "We all know how a train leaves the station at noon, and then nothing more is heard of it for years.";

export const overlapExercise = defineExercise<Overlap>({
  id: "08-overlap",
  title: "The overlap detector",
  difficulty: 2,
  minutes: 15,
  points: 3,
  reference: (test, training, n) => new NgramIndex(n).add(training).overlap(test),
  cases: [
    { name: "a copy with other capitals, line breaks and punctuation", args: [QUESTION, SCRAPED, 5] },
    { name: "half of it", args: [QUESTION, HALF, 5] },
    { name: "another text", args: [QUESTION, "An hour at the station is never lost, said the other one.", 5] },
    { name: "n = 3 in a longer training text", args: ["the sun is up again", `${HALF} Later the sun is up, as ever.`, 3] },
    { name: "a test of fewer than n words", args: ["Too short", SCRAPED, 5] },
  ],
  misconceptions: [
    {
      name: "characters instead of words",
      answer: overlapWith({ units: (text) => [...normalisedWords(text).join(" ")] }),
      message:
        "You take n-grams of characters. Five characters are half a word, and nearly every text shares those. Split " +
        "into words first.",
    },
    {
      name: "no normalisation",
      answer: overlapWith({ units: (text) => text.split(/\s+/).filter((word) => word !== "") }),
      message:
        "You compare words as they are written: \"noon,\" and \"NOON\" count as different, and a copy in capitals gets " +
        "away. Bring both texts into one form first: `normalisedWords` does that.",
    },
    {
      name: "capitals normalised, punctuation not",
      answer: overlapWith({ units: (text) => text.toLowerCase().split(/\s+/).filter((word) => word !== "") }),
      message: "Capitals are dealt with, punctuation is not: \"noon,\" and \"noon\" still differ. Drop all but letters and digits.",
    },
    {
      name: "the share of the training text",
      answer: overlapWith({ of: "training" }),
      message:
        "You count which part of the training text is test. In a large training text that is always almost nothing. " +
        "Asked for is which part of the test is in the training text: divide by the number of the test's n-grams.",
    },
    {
      name: "single words",
      answer: (test, training) => overlapWith({})(test, training, 1),
      message: "You look up single words. Every text shares those. An n-gram is n words that follow each other.",
    },
    {
      name: "found or not found",
      answer: (test, training, n) => Math.ceil(overlapWith({})(test, training, n)),
      message: "You say 1 as soon as anything is found. Asked for is the share: found n-grams divided by all n-grams of the test.",
    },
  ],
  hints: [
    "Three steps: both texts as lists of normalised words; all runs of n words of the training text into a Set (join the " +
      "words with a space); then count which runs of the test are in it.",
    "A list of m words has m − n + 1 runs: words.slice(i, i + n).join(\" \") for i from 0 on. Where there is none, the " +
      "answer is 0.",
  ],
});

// ---- what survives an edit

/** The share of words that were changed and n → the expected share of n-grams that are as before. */
export type Survive = (share: number, n: number) => number;

export const surviveExercise = defineExercise<Survive>({
  id: "08-survive",
  title: "What survives an edit",
  difficulty: 1,
  minutes: 6,
  points: 2,
  reference: survivingNgrams,
  cases: [
    { name: "one word in ten, n = 13", args: [0.1, 13] },
    { name: "one word in two, n = 3", args: [0.5, 3] },
    { name: "nothing changed", args: [0, 8] },
    { name: "single words", args: [0.25, 1] },
  ],
  misconceptions: [
    {
      name: "changes add up",
      answer: (share, n) => 1 - share * n,
      message: "You subtract n times the share. That becomes negative for large n. Each of the n words must be unchanged: chances multiply.",
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
  hints: [
    "Look at one n-gram. It survives if its first word is unchanged, and its second, and so on.",
    "A word is unchanged with the chance 1 − share. The words are independent, so the chances of n words multiply.",
  ],
});

// ---- a mixture for a target

/** Wanted shares, sizes of the sources, tokens of the run, how often a source may be read → shares. */
export type Mix = (wanted: number[], sizes: number[], tokens: number, most: number) => number[];

const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
const scaled = (values: number[]) => values.map((value) => value / total(values));

/** One round of cutting; what was cut off goes to those that are not over. */
function cutOnce(share: (freeShare: number, left: number, free: number) => (wanted: number) => number): Mix {
  return (wanted, sizes, tokens, most) => {
    const shares = scaled(wanted);
    const caps = sizes.map((size) => (most * size) / tokens);
    const over = shares.map((value, i) => value > caps[i]);
    const left = 1 - total(caps.filter((_, i) => over[i]));
    const free = shares.filter((_, i) => !over[i]);
    const give = share(total(free), left, free.length);
    return shares.map((value, i) => (over[i] ? caps[i] : give(value)));
  };
}

export const mixtureByLib: Mix = (wanted, sizes, tokens, most) => {
  const named = (values: number[]) => Object.fromEntries(values.map((value, i) => [`s${i}`, value]));
  const mixture = cappedMixture(named(wanted), named(sizes), tokens, most);
  return wanted.map((_, i) => mixture[`s${i}`]);
};

export const mixtureExercise = defineExercise<Mix>({
  id: "08-mixture",
  title: "A mixture for a target",
  difficulty: 3,
  minutes: 20,
  points: 4,
  reference: mixtureByLib,
  cases: [
    { name: "everything fits", args: [[0.5, 0.3, 0.2], [800, 500, 400], 1000, 4] },
    { name: "the books are few", args: [[0.3, 0.1, 0.6], [1000, 1000, 10], 100, 2] },
    { name: "cutting one sends another one over", args: [[0.6, 0.3, 0.1], [10, 40, 1000], 100, 1] },
    { name: "two are few", args: [[0.2, 0.4, 0.3, 0.1], [5000, 100, 60, 900], 2000, 4] },
  ],
  misconceptions: [
    {
      name: "as much as there is",
      answer: (wanted, sizes) => scaled(sizes),
      message: "You draw each source as often as there is text of it. That is one mixture, but not the wanted one: begin with `wanted`.",
    },
    {
      name: "the cap forgotten",
      answer: (wanted) => scaled(wanted),
      message: "No source is cut: small ones are read more often than `most` times. A source can have at most most · size / tokens of the run.",
    },
    {
      name: "what was cut off is lost",
      answer: cutOnce(() => (value) => value),
      message: "The shares no longer sum to 1: what is cut off from a small source has to come from the others.",
    },
    {
      name: "all scaled up again",
      answer: (wanted, sizes, tokens, most) => scaled(cutOnce(() => (value) => value)(wanted, sizes, tokens, most)),
      message: "You scale all shares up, also those that you have just cut: they are over their cap again. Only the others may grow.",
    },
    {
      name: "shared out equally",
      answer: cutOnce((freeShare, left, free) => (value) => value + (left - freeShare) / free),
      message: "You give each of the others the same amount. They are to keep their proportions: scale them by one factor.",
    },
    {
      name: "one round only",
      answer: cutOnce((freeShare, left) => (value) => (value * left) / freeShare),
      message:
        "Right, if one round is enough. But a source that grows can go over its own cap: cut again, until nobody is over.",
    },
  ],
  hints: [
    "A source's cap is most · size / tokens. Keep a list of those that are cut. All others share 1 minus the caps of the cut " +
      "ones, in their wanted proportions. Does that send another one over its cap? Cut it too, and begin again.",
    "In each round: left = 1 − sum of caps of the cut ones; factor = left / sum of wanted of the others; a source that is not " +
      "cut gets factor · wanted. Repeat while any of them is above its cap.",
  ],
});

// ---- what would have to be published

/** What is published and what somebody wants to do → what is missing for it, in any order. */
export type Missing = (published: Artefact[], goal: Goal) => Artefact[];

const needing = (needs: Partial<Record<Goal, Artefact[]>>): Missing => {
  const all = { ...NEEDS, ...needs };
  return (published, goal) => all[goal].filter((artefact) => !published.includes(artefact));
};
const OPEN_WEIGHTS: Artefact[] = ["weights", "inferenceCode", "hyperparameters"];
const DESCRIBED: Artefact[] = [...OPEN_WEIGHTS, "freeTerms", "trainingCode", "dataDescribed", "checkpoints"];

export const missingExercise = defineExercise<Missing>({
  id: "08-missing",
  title: "What would have to be published",
  difficulty: 2,
  minutes: 10,
  points: 3,
  reference: (published, goal) => missingFor(goal, published),
  cases: [
    { name: "open weights, to verify them", args: [OPEN_WEIGHTS, "verify"] },
    { name: "open weights, to train again", args: [OPEN_WEIGHTS, "repeat"] },
    { name: "open weights, to change them and pass them on", args: [OPEN_WEIGHTS, "adapt"] },
    { name: "open weights, to run them", args: [OPEN_WEIGHTS, "run"] },
    { name: "all but the text itself, to look for a test in it", args: [DESCRIBED, "search"] },
    { name: "all but the text itself, to verify the weights", args: [DESCRIBED, "verify"] },
    { name: "everything, to verify the weights", args: [[...ARTEFACTS], "verify"] },
    { name: "nothing, to run it", args: [[], "run"] },
  ],
  compare: (a, b) => [...a].sort().join() === [...b].sort().join(),
  misconceptions: [
    {
      name: "weights verify themselves",
      answer: needing({ verify: ["weights", "inferenceCode"] }),
      message:
        "You take the weights for their own proof. One can run them and see that they are good, but not where they came " +
        "from: section 3 has two recipes that no description tells apart.",
    },
    {
      name: "a description is enough",
      answer: needing({
        search: ["dataDescribed"],
        repeat: ["trainingCode", "hyperparameters", "dataDescribed"],
        verify: ["weights", "trainingCode", "hyperparameters", "dataDescribed"],
      }),
      message:
        "You take a description of the data for the data. From a description somebody can build a similar model; nobody can " +
        "find a sentence in it, or train the same model.",
    },
    {
      name: "the order forgotten",
      answer: needing({ verify: ["weights", "trainingCode", "hyperparameters", "data"] }),
      message:
        "Nearly: with the same text in another order come other weights, as section 3 shows. To compare weights, the order " +
        "of the data has to be known too.",
    },
    {
      name: "the terms forgotten",
      answer: needing({ adapt: ["weights", "inferenceCode"] }),
      message: "To pass a changed model on, one also needs to be allowed to: the terms under which the weights stand.",
    },
    {
      name: "needed, published or not",
      answer: (_, goal) => [...NEEDS[goal]],
      message: "You list all that is needed. Asked for is what is still missing: leave out what is published.",
    },
    {
      name: "what there is",
      answer: (published, goal) => NEEDS[goal].filter((artefact) => published.includes(artefact)),
      message: "You list what there is. Asked for is what is missing.",
    },
  ],
  hints: [
    "Write down for each goal what it takes: a Record from goal to a list of artefacts. Then leave out what is published.",
    "run: weights and code to run. adapt: these and free terms. search: the data. repeat: training code, hyperparameters, " +
      "data. verify: these three, the order of the data, and the weights to compare with. Then needs.filter((a) => " +
      "!published.includes(a)).",
  ],
});
