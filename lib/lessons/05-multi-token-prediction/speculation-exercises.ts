/** The three exercises of lesson 05 about drafts: when to keep one, what they bring, and how many to make. */
import { expectedTokens } from "../../economics/speculation";
import { defineExercise } from "../../notebook/exercise/check";
import {
  deepest,
  flopsPerToken,
  normalised,
  sum,
  verifyByLib,
  wrongVerify,
  type Depth,
  type VerifyDraft,
} from "./answers";

const P = [0.1, 0.6, 0.3];
const Q = [0.5, 0.25, 0.25];

export const verifyExercise = defineExercise<VerifyDraft>({
  id: "05-verify",
  title: "Keep it or replace it",
  difficulty: 2,
  minutes: 15,
  points: 3,
  reference: verifyByLib,
  cases: [
    { name: "a draft that the main model likes less", args: [P, Q, 0] },
    { name: "a draft that it likes more", args: [P, Q, 1] },
    { name: "a draft that it rules out", args: [[0, 0.75, 0.25, 0], [0.5, 0.125, 0.25, 0.125], 3] },
    { name: "temperature 0, another token", args: [[0, 1, 0], [0, 0, 1], 2] },
  ],
  misconceptions: [
    {
      name: "kept with probability p",
      answer: wrongVerify({ accept: (p) => p }),
      message:
        "You keep the draft with the main model's probability p. It was already drawn with probability q, so it would " +
        "come out with q · p. Divide by q: keep it with p / q, at most 1.",
    },
    {
      name: "kept with q / p",
      answer: wrongVerify({ accept: (p, q) => Math.min(1, q / p) }),
      message: "Turned round: a draft that the main model finds more likely than the module did is always kept.",
    },
    {
      name: "a chance of more than 1",
      answer: wrongVerify({ accept: (p, q) => p / q }),
      message: "A probability is at most 1: where p is larger than q, the draft is always kept.",
    },
    {
      name: "replaced from p",
      answer: wrongVerify({ replacement: (p) => p }),
      message:
        "You replace a rejected draft from p. Tokens that the module likes too much have had their chance already, so " +
        "they would come out too often. Draw from what p has over q: max(0, p − q), made to sum to 1.",
    },
    {
      name: "replaced from p without the draft",
      answer: wrongVerify({
        replacement: (p, _q, draft) => {
          const others = p.map((value, v) => (v === draft ? 0 : value));
          return sum(others) === 0 ? p : normalised(others);
        },
      }),
      message:
        "You only take the rejected draft out of p. That is right at temperature 0 and wrong everywhere else: what is " +
        "owed to each token is max(0, p − q).",
    },
    {
      name: "the absolute difference",
      answer: wrongVerify({ replacement: (p, q) => normalised(p.map((value, v) => Math.abs(value - q[v]))) }),
      message: "You take |p − q|. Where q is larger, nothing is owed: max(0, p − q).",
    },
    {
      name: "not made to sum to 1",
      answer: wrongVerify({ replacement: (p, q) => p.map((value, v) => Math.max(0, value - q[v])) }),
      message: "max(0, p − q) is right, but a distribution sums to 1: divide by its sum.",
    },
  ],
  hints: [
    "Token v comes out in two ways: drafted and kept, which happens with q[v] · accept(v); or another draft was " +
      "rejected and v replaced it. Both together must be p[v]. How much do kept drafts give at most?",
    "Kept drafts give min(p, q). What is missing is p − min(p, q) = max(0, p − q). accept = min(1, p[draft] / " +
      "q[draft]); the replacement is max(0, p − q), divided by its sum.",
  ],
});

export const expectedExercise = defineExercise<(acceptance: number, drafts: number) => number>({
  id: "05-expected",
  title: "Tokens a step",
  difficulty: 1,
  minutes: 8,
  points: 2,
  reference: expectedTokens,
  cases: [
    { name: "one draft, 0.8", args: [0.8, 1] },
    { name: "three drafts, 0.5", args: [0.5, 3] },
    { name: "no draft", args: [0.7, 0] },
    { name: "two drafts, always accepted", args: [1, 2] },
    { name: "four drafts, never accepted", args: [0, 4] },
  ],
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
  hints: [
    "One token is certain. The first draft adds another with chance a. When does the second draft add one?",
    "1 + a + a² + … + a to the power k. In a loop, or as (1 − a^(k+1)) / (1 − a), which needs care at a = 1.",
  ],
});

export const depthExercise = defineExercise<Depth>({
  id: "05-depth",
  title: "How many drafts under a budget?",
  difficulty: 3,
  minutes: 15,
  points: 4,
  reference: deepest(flopsPerToken),
  cases: [
    { name: "a good draft", args: [{ acceptance: 0.9, draftCost: 0.1, budget: 1.5, most: 8 }] },
    { name: "a middling draft", args: [{ acceptance: 0.7, draftCost: 0.1, budget: 2, most: 8 }] },
    { name: "a dear draft", args: [{ acceptance: 0.8, draftCost: 0.5, budget: 1.6, most: 8 }] },
    { name: "no room for drafts", args: [{ acceptance: 0.6, draftCost: 0.1, budget: 1.1, most: 8 }] },
    { name: "room for all", args: [{ acceptance: 0.95, draftCost: 0.02, budget: 3, most: 4 }] },
  ],
  misconceptions: [
    {
      name: "budget of a step",
      answer: deepest((task, k) => k + 1 + k * task.draftCost),
      message: "You hold a step to the budget. It is what a written token may cost: divide by the tokens of a step.",
    },
    {
      name: "verifying thought to be free",
      answer: deepest((task, k) => 1 + (k * task.draftCost) / expectedTokens(task.acceptance, k)),
      message:
        "You count the verification once for each written token. The main model also computes the drafts that are " +
        "rejected: k + 1 tokens in every step.",
    },
    {
      name: "drafts thought to be free",
      answer: deepest((task, k) => flopsPerToken({ ...task, draftCost: 0 }, k)),
      message: "The drafting itself is missing: k drafts, each at draftCost.",
    },
    {
      name: "each draft counted by itself",
      answer: deepest((task, k) => (k + 1 + k * task.draftCost) / (1 + k * task.acceptance)),
      message: "Your step has 1 + k · a tokens. A draft counts only if all before it were accepted: use tokensPerStep.",
    },
    {
      name: "stopped one short",
      answer: (task) => Math.max(0, deepest(flopsPerToken)(task) - 1),
      message: "One more draft would still be within the budget.",
    },
  ],
  score: {
    name: "tokens a step",
    unit: "",
    of: (k, [{ acceptance }]) => expectedTokens(acceptance, k),
    v3: expectedTokens(0.875, 1), // data/serving.json: speculation.acceptance
  },
  hints: [
    "What does a step with k drafts compute? The main model goes over k + 1 tokens, the module over k. How many of " +
      "them stay in the text?",
    "cost(k) = (k + 1 + k · draftCost) / tokensPerStep(acceptance, k). It only grows with k: go up from 0 to `most` " +
      "and keep the last k within the budget.",
  ],
});
