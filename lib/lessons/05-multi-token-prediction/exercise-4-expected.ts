/** Exercise 4: how many tokens a step with drafts writes on average. */
import { expectedTokens } from "../../economics/speculation";
import { fromSeed, numberBetween, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

export const expectedExercise = defineExercise<(acceptance: number, drafts: number) => number>({
  id: "05-expected",
  reference: expectedTokens,
  cases: [
    { name: "one draft, 0.8", args: [0.8, 1] },
    { name: "three drafts, 0.5", args: [0.5, 3] },
    { name: "no draft", args: [0.7, 0] },
    { name: "two drafts, always accepted", args: [1, 2] },
    { name: "four drafts, never accepted", args: [0, 4] },
  ],
  draw: fromSeed((random) => [numberBetween(random, 0.05, 0.98), wholeBetween(random, 1, 9)]),
  misconceptions: [
    {
      name: "each draft counted by itself",
      answer: (a, k) => 1 + k * a,
      message:
        "You give each draft the chance a. A draft counts only if all before it were accepted too: the second has " +
        "a · a.",
    },
    {
      name: "all or nothing",
      answer: (a, k) => 1 + k * a ** k,
      message: "You count drafts only if all of them are accepted. Those before the first rejected one are kept.",
    },
    {
      name: "the model's own token forgotten",
      answer: (a, k) => expectedTokens(a, k) - 1,
      message: "These are the accepted drafts. The step also writes a token of the main model's own, whatever happens.",
    },
    {
      name: "one draft short",
      answer: (a, k) => (k === 0 ? 0 : expectedTokens(a, k - 1)),
      message: "One term is missing: with k drafts the sum goes up to a to the power k.",
    },
    {
      name: "drafts without end",
      answer: (a) => 1 / (1 - a),
      message: "This is the limit for endlessly many drafts. Here there are k of them.",
    },
  ],
});
