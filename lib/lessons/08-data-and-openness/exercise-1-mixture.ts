/** Exercise 1: a mixture for a target, in which no source is read too often. */
import { firstGood, fromSeed, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import { cappedMixture } from "./mixture";

/** Wanted shares, sizes of the sources, tokens of the run, how often a source may be read → shares. */
export type Mix = (wanted: number[], sizes: number[], tokens: number, most: number) => number[];

const mixtureByLib: Mix = (wanted, sizes, tokens, most) => {
  const named = (values: number[]) => Object.fromEntries(values.map((value, i) => [`s${i}`, value]));
  const mixture = cappedMixture(named(wanted), named(sizes), tokens, most);
  return wanted.map((_, i) => mixture[`s${i}`]);
};

const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
const scaled = (values: number[]) => values.map((value) => value / total(values));

/**
 * One round of cutting sources to their cap.
 *
 * @param share what the other sources get: the sum of their shares, what is left for them and their number → a function
 *   from a source's wanted share to its new one
 */
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

export const mixtureExercise = defineExercise<Mix>({
  id: "08-mixture",
  reference: mixtureByLib,
  cases: [
    { name: "everything fits", args: [[0.5, 0.3, 0.2], [800, 500, 400], 1000, 4] },
    { name: "the books are few", args: [[0.3, 0.1, 0.6], [1000, 1000, 10], 100, 2] },
    { name: "cutting one sends another one over", args: [[0.6, 0.3, 0.1], [10, 40, 1000], 100, 1] },
    { name: "two are few", args: [[0.2, 0.4, 0.3, 0.1], [5000, 100, 60, 900], 2000, 4] },
  ],
  draw: fromSeed((random) => {
    const n = wholeBetween(random, 3, 5);
    const parts = Array.from({ length: n }, () => wholeBetween(random, 1, 20));
    const wanted = parts.map((part) => part / total(parts));
    const [tokens, most] = [100 * wholeBetween(random, 1, 90), wholeBetween(random, 1, 4)];
    const sizes = firstGood(
      () => wanted.map((share) => Math.ceil(((share * tokens) / most) * 4 ** (3 * random.uniform() - 1))),
      (all) => most * total(all) > 1.2 * tokens, // enough text for the run
    );
    return [wanted, sizes, tokens, most];
  }),
  misconceptions: [
    {
      name: "as much as there is",
      answer: (wanted, sizes) => scaled(sizes),
      message:
        "You draw each source as often as there is text of it. That is one mixture, but not the wanted one: begin " +
        "with `wanted`.",
    },
    {
      name: "the cap forgotten",
      answer: (wanted) => scaled(wanted),
      message:
        "No source is cut: small ones are read more often than `most` times. A source can have at most most · size / " +
        "tokens of the run.",
    },
    {
      name: "what was cut off is lost",
      answer: cutOnce(() => (value) => value),
      message: "The shares no longer sum to 1: what is cut off from a small source has to come from the others.",
    },
    {
      name: "all scaled up again",
      answer: (wanted, sizes, tokens, most) => scaled(cutOnce(() => (value) => value)(wanted, sizes, tokens, most)),
      message:
        "You scale all shares up, also those that you have just cut: they are over their cap again. Only the others " +
        "may grow.",
    },
    {
      name: "shared out equally",
      answer: cutOnce((freeShare, left, free) => (value) => value + (left - freeShare) / free),
      message:
        "You give each of the others the same amount. They are to keep their proportions: scale them by one factor.",
    },
    {
      name: "one round only",
      answer: cutOnce((freeShare, left) => (value) => (value * left) / freeShare),
      message:
        "Right, if one round is enough. But a source that grows can go over its own cap: cut again, until nobody is " +
        "over.",
    },
  ],
});
