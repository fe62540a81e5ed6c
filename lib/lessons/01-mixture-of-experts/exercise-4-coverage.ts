/** The share of a layer's experts that a batch touches. */
import { expertCoverage } from "../../economics/routing";
import { fromSeed, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

/** E routed experts, K active per token, B tokens → the expected share of the experts that are touched. */
export type Cover = (E: number, K: number, B: number) => number;

export const coverageExercise = defineExercise<Cover>({
  id: "01-coverage",
  reference: expertCoverage,
  cases: [
    { name: "V3, one token", args: [256, 8, 1] },
    { name: "V3, 32 tokens", args: [256, 8, 32] },
    { name: "Mixtral, four tokens", args: [8, 2, 4] },
    { name: "160 experts, 6 active, 100 tokens", args: [160, 6, 100] },
  ],
  draw: fromSeed((random) => {
    const K = wholeBetween(random, 1, 8);
    const E = K * wholeBetween(random, 3, 40);
    return [E, K, wholeBetween(random, 1, Math.ceil((3 * E) / K))];
  }),
  misconceptions: [
    {
      name: "tokens never share an expert",
      answer: (E, K, B) => Math.min(1, (K * B) / E),
      message: "You add up the tokens' experts as if no two tokens ever chose the same one.",
    },
    {
      name: "the tokens' experts added up",
      answer: (E, K, B) => (K * B) / E,
      message:
        "You add up the tokens' experts as if no two tokens ever chose the same one. With many tokens, that is more " +
        "than all there are.",
    },
    {
      name: "one expert a token",
      answer: (E, _K, B) => 1 - (1 - 1 / E) ** B,
      message:
        "You let each token choose one expert: the chance that it leaves a given one out is 1 − K/E, not 1 − 1/E.",
    },
    {
      name: "a token may choose an expert twice",
      answer: (E, K, B) => 1 - (1 - 1 / E) ** (K * B),
      message:
        "Very close: you treat a token's K choices as independent draws. They are K different experts, so a token " +
        "leaves a given one out with chance 1 − K/E exactly.",
    },
    {
      name: "the share that is left out",
      answer: (E, K, B) => (1 - K / E) ** B,
      message: "This is the share that no token chose. The question is the rest.",
    },
    {
      name: "the number of experts",
      answer: (E, K, B) => E * expertCoverage(E, K, B),
      message: "This is how many experts are touched. The question is their share: divide by E.",
    },
    {
      name: "per cent",
      answer: (E, K, B) => 100 * expertCoverage(E, K, B),
      message: "You return per cent. A share is a number between 0 and 1.",
    },
  ],
});
