/** Exercise 4: how rarely a sum may be promoted to float32 before its error is too large. */
import { fromSeed, numberBetween, oneOf, shortened, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

/** The error by interval, the length of the sum and the error allowed → the largest interval within it. */
export type ChooseInterval = (errorOf: (interval: number) => number, K: number, tolerance: number) => number;

/** 32, 64, 128 … up to K: an instruction adds 32 products. */
const intervals = (K: number) => Array.from({ length: Math.floor(Math.log2(K / 32)) + 1 }, (_, i) => 32 * 2 ** i);

const largestInterval: ChooseInterval = (errorOf, K, tolerance) =>
  Math.max(...intervals(K).filter((interval) => errorOf(interval) <= tolerance));

/** An error that grows with the interval, as that of a sum in a short register does. */
const growing = (slope: number) => (interval: number) => slope * interval ** 1.1;

export const intervalExercise = defineExercise<ChooseInterval>({
  id: "04-interval",
  reference: largestInterval,
  cases: [
    { name: "a sum of 4,096", args: [growing(5e-6), 4096, 2e-3] },
    { name: "a short sum, never promoted before its end", args: [growing(1e-7), 512, 1e-2] },
    { name: "a tolerance that just fits", args: [(interval) => interval / 1e6, 4096, 128e-6] },
    { name: "a strict tolerance", args: [growing(5e-6), 8192, 3e-4] },
  ],
  draw: fromSeed((random) => {
    const [scale, power] = [numberBetween(random, 1e-7, 1e-5), numberBetween(random, 0.9, 1.3)];
    const errorOf = (interval: number) => scale * interval ** power;
    const K = 2 ** wholeBetween(random, 9, 14);
    // Between the errors of two candidates that follow each other.
    return [errorOf, K, shortened(errorOf(oneOf(random, intervals(K))) * numberBetween(random, 1.2, 1.6))];
  }),
  misconceptions: [
    {
      name: "always the smallest",
      answer: () => 32,
      message:
        "32 is the most exact, and the dearest: each promotion costs additions outside of the tensor core. How " +
        "rarely is enough?",
    },
    {
      name: "one step too far",
      answer: (errorOf, K, tolerance) => Math.min(K, 2 * largestInterval(errorOf, K, tolerance)),
      message: "Your interval's error is above the tolerance: take the largest one that is still within it.",
    },
    {
      name: "one step too careful",
      answer: (errorOf, K, tolerance) => {
        const fit = intervals(K).filter((interval) => errorOf(interval) < tolerance);
        return fit[Math.max(0, fit.length - (errorOf(fit[fit.length - 1] * 2) === tolerance ? 1 : 2))];
      },
      message:
        "Twice your interval would still be within the tolerance (which may be reached, not only missed), at half " +
        "the promotions.",
    },
    {
      name: "the number of promotions",
      answer: (errorOf, K, tolerance) => K / largestInterval(errorOf, K, tolerance),
      message: "You return how often the sum is promoted. The question is after how many elements.",
    },
  ],
});
