/** Exercise 2: a detector for a test within a training text. */
import { fromSeed, oneOf, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { NgramIndex, normalisedWords } from "./contamination";

/** A test, a training text and n → the share of the test's n-grams of words that the training text has. */
export type Overlap = (test: string, training: string, n: number) => number;

const overlapByLib: Overlap = (test, training, n) => new NgramIndex(n).add(training).overlap(test);

/** The detector with some of its parts replaced by wrong ones. */
function wrongOverlap({
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
  "Found on a forum:\n\nA TRAIN LEAVES THE STATION AT NOON (and another one follows it) an hour later!\n" +
  "Who knows the answer?";
const HALF = "We all know how a train leaves the station at noon, and then nothing more is heard of it for years.";

/** Words for texts that are drawn; no word of one list is in the other. */
const TEST_WORDS = "seven old ships left harbour before dawn with salt and grain for distant islands".split(" ");
const OTHER_WORDS = "nobody expected rain that week so every window in town stood open".split(" ");

export const overlapExercise = defineExercise<Overlap>({
  id: "08-overlap",
  reference: overlapByLib,
  cases: [
    { name: "a copy with other capitals, line breaks and punctuation", args: [QUESTION, SCRAPED, 5] },
    { name: "half of it", args: [QUESTION, HALF, 5] },
    { name: "another text", args: [QUESTION, "An hour at the station is never lost, said the other one.", 5] },
    {
      name: "n = 3 in a longer training text",
      args: ["the sun is up again", `${HALF} Later the sun is up, as ever.`, 3],
    },
    { name: "a test of fewer than n words", args: ["Too short", SCRAPED, 5] },
  ],
  draw: fromSeed((random) => {
    const n = wholeBetween(random, 2, 5);
    const words = random.shuffle(TEST_WORDS).slice(0, wholeBetween(random, n + 3, TEST_WORDS.length));
    const from = random.integer(words.length - n);
    const copied = words.slice(from, from + wholeBetween(random, n, words.length - from));
    const written = copied.map((word) => oneOf(random, [word, word.toUpperCase(), `${word},`, `(${word})`]));
    const others = random.shuffle(OTHER_WORDS);
    const text = (parts: string[]) => parts.join(oneOf(random, [" ", "\n"]));
    const training = [...others.slice(0, 5), ...written, ...others.slice(5)];
    return [`${text(words)}?`, `${text(training)}.`, n];
  }),
  misconceptions: [
    {
      name: "characters instead of words",
      answer: wrongOverlap({ units: (text) => [...normalisedWords(text).join(" ")] }),
      message:
        "You take n-grams of characters. Five characters are half a word, and nearly every text shares those. Split " +
        "into words first.",
    },
    {
      name: "no normalisation",
      answer: wrongOverlap({ units: (text) => text.split(/\s+/).filter((word) => word !== "") }),
      message:
        'You compare words as they are written: "noon," and "NOON" count as different, and a copy in capitals ' +
        "gets away. Bring both texts into one form first: `normalisedWords` does that.",
    },
    {
      name: "capitals normalised, punctuation not",
      answer: wrongOverlap({
        units: (text) =>
          text
            .toLowerCase()
            .split(/\s+/)
            .filter((word) => word !== ""),
      }),
      message:
        'Capitals are dealt with, punctuation is not: "noon," and "noon" still differ. Drop all but letters and ' +
        "digits.",
    },
    {
      name: "the share of the training text",
      answer: wrongOverlap({ of: "training" }),
      message:
        "You count which part of the training text is test. In a large training text that is always almost nothing. " +
        "Asked for is which part of the test is in the training text: divide by the number of the test's n-grams.",
    },
    {
      name: "single words",
      answer: (test, training) => overlapByLib(test, training, 1),
      message: "You look up single words. Every text shares those. An n-gram is n words that follow each other.",
    },
    {
      name: "found or not found",
      answer: (test, training, n) => Math.ceil(overlapByLib(test, training, n)),
      message:
        "You say 1 as soon as anything is found. Asked for is the share: found n-grams divided by all n-grams of the " +
        "test.",
    },
  ],
});
