/** Exercise 3: when a draft is kept, and what replaces it otherwise. */
import { residual } from "../../inference/speculative";
import { firstGood, fromSeed, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

interface Verification {
  /** Probability that the draft is accepted. */
  accept: number;
  /** The distribution from which a rejected draft is replaced [V]. */
  replacement: number[];
}
/** The main model's distribution p [V], the module's q [V], and the token drawn from q. */
export type VerifyDraft = (p: number[], q: number[], draft: number) => Verification;

const normalised = (values: number[]) => {
  const total = values.reduce((sum, value) => sum + value, 0);
  return values.map((value) => value / total);
};

/** The verification, right where nothing is given, or with one of its parts replaced by a wrong one. */
const verifyWith =
  ({
    accept = (p: number, q: number) => Math.min(1, p / q),
    replacement = (p: number[], q: number[], _draft: number): number[] => Array.from(residual(p, q)),
  } = {}): VerifyDraft =>
  (p, q, draft) => ({ accept: accept(p[draft], q[draft]), replacement: replacement(p, q, draft) });

const P = [0.1, 0.6, 0.3];
const Q = [0.5, 0.25, 0.25];

export const verifyExercise = defineExercise<VerifyDraft>({
  id: "05-verify",
  reference: verifyWith(),
  cases: [
    { name: "a draft that the main model likes less", args: [P, Q, 0] },
    { name: "a draft that it likes more", args: [P, Q, 1] },
    { name: "a draft that it rules out", args: [[0, 0.75, 0.25, 0], [0.5, 0.125, 0.25, 0.125], 3] },
    { name: "temperature 0, another token", args: [[0, 1, 0], [0, 0, 1], 2] },
  ],
  draw: fromSeed((random) => {
    const V = wholeBetween(random, 3, 6);
    const probabilities = () => normalised(Array.from({ length: V }, () => wholeBetween(random, 1, 40)));
    const [p, q] = firstGood(
      () => [probabilities(), probabilities()],
      ([some, others]) => some.every((value, v) => Math.abs(value / others[v] - 1) > 0.01),
    );
    return [p, q, random.integer(V)];
  }),
  misconceptions: [
    {
      name: "kept with probability p",
      answer: verifyWith({ accept: (p) => p }),
      message:
        "You keep the draft with the main model's probability p. It was already drawn with probability q, so it " +
        "would come out with q · p. Divide by q: keep it with p / q, at most 1.",
    },
    {
      name: "kept with q / p",
      answer: verifyWith({ accept: (p, q) => Math.min(1, q / p) }),
      message: "Turned round: a draft that the main model finds more likely than the module did is always kept.",
    },
    {
      name: "a chance of more than 1",
      answer: verifyWith({ accept: (p, q) => p / q }),
      message: "A probability is at most 1: where p is larger than q, the draft is always kept.",
    },
    {
      name: "replaced from p",
      answer: verifyWith({ replacement: (p) => p }),
      message:
        "You replace a rejected draft from p. Tokens that the module likes too much have had their chance already, " +
        "so they would come out too often. Draw from what p has over q: max(0, p − q), made to sum to 1.",
    },
    {
      name: "replaced from p without the draft",
      answer: verifyWith({
        replacement: (p, _q, draft) => {
          const others = p.map((value, v) => (v === draft ? 0 : value));
          return others.every((value) => value === 0) ? p : normalised(others);
        },
      }),
      message:
        "You only take the rejected draft out of p. That is right at temperature 0 and wrong everywhere else: what " +
        "is owed to each token is max(0, p − q).",
    },
    {
      name: "the absolute difference",
      answer: verifyWith({ replacement: (p, q) => normalised(p.map((value, v) => Math.abs(value - q[v]))) }),
      message: "You take |p − q|. Where q is larger, nothing is owed: max(0, p − q).",
    },
    {
      name: "not made to sum to 1",
      answer: verifyWith({ replacement: (p, q) => p.map((value, v) => Math.max(0, value - q[v])) }),
      message: "max(0, p − q) is right, but a distribution sums to 1: divide by its sum.",
    },
  ],
});
