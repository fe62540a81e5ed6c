/** Exercise 1: from the numbers that a claim states and those that sources find to a verdict. */
import { ascending, fromSeed, oneOf, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";
import type { Verdict } from "../../notebook/verdicts";

export interface Span {
  low: number;
  high: number;
}

/** What a claim states and what sources find, null if they find nothing → the verdict. */
export type Decide = (stated: Span, found: Span | null) => Verdict;

const inside = (x: number, { low, high }: Span) => x >= low && x <= high;
const within = (a: Span, b: Span) => inside(a.low, b) && inside(a.high, b);
const apart = (a: Span, b: Span) => a.high < b.low || a.low > b.high;
const middle = ({ low, high }: Span) => (low + high) / 2;

/** The verdict, where something was found, by a given rule. */
const decideBy =
  (rule: (stated: Span, found: Span) => Verdict): Decide =>
  (stated, found) =>
    found === null ? "cannot be checked" : rule(stated, found);

const decide = decideBy((stated, found) => {
  if (apart(stated, found)) return "contradicted";
  return within(found, stated) ? "holds" : "holds with a condition";
});

export const decideExercise = defineExercise<Decide>({
  id: "11-decide",
  reference: decide,
  cases: [
    {
      name: "cost-gpt4: stated 100 to 200, found 41 to 100",
      args: [
        { low: 100, high: 200 },
        { low: 40.7, high: 100 },
      ],
    },
    {
      name: "all of it within",
      args: [
        { low: 54, high: 66 },
        { low: 54.2, high: 56.7 },
      ],
    },
    {
      name: "cost-fiftieth: stated 45 to 55, found 7 to 36",
      args: [
        { low: 45, high: 55 },
        { low: 7.3, high: 35.9 },
      ],
    },
    { name: "cost-all-in: stated 2 to 5, nobody has published it", args: [{ low: 2, high: 5 }, null] },
    {
      name: "found is wider than stated, on both sides",
      args: [
        { low: 2, high: 5 },
        { low: 1.2, high: 10 },
      ],
    },
    {
      name: "a little of it is above",
      args: [
        { low: 2, high: 5 },
        { low: 2.5, high: 6 },
      ],
    },
    {
      name: "one number, stated and found",
      args: [
        { low: 8, high: 8 },
        { low: 8, high: 8 },
      ],
    },
    {
      name: "above all of it",
      args: [
        { low: 6, high: 8 },
        { low: 9, high: 9 },
      ],
    },
  ],
  draw: fromSeed((random) => {
    const [a, b, c, d] = ascending(random, 4, 0, 10 ** wholeBetween(random, 0, 3));
    const span = (low: number, high: number): Span => ({ low, high });
    return oneOf<[Span, Span | null]>(random, [
      [span(a, d), span(b, c)], // all of it within, as often as
      [span(a, d), span(b, c)],
      [span(a, b), span(c, d)], // nothing of it, above or below,
      [span(c, d), span(a, b)],
      [span(a, c), span(b, d)], // and a part of it; nothing found is rarer
      [span(b, d), span(a, c)],
      [span(b, c), span(a, d)],
      [span(a, d), null],
    ]);
  }),
  misconceptions: [
    {
      name: "the middle decides",
      answer: decideBy((stated, found) => (inside(middle(found), stated) ? "holds" : "contradicted")),
      message:
        "You look at the middle of what was found and forget how wide it is. Sources that disagree don't agree in " +
        "their middle: compare both ends.",
    },
    {
      name: "no evidence is counter-evidence",
      answer: (stated, found) => (found === null ? "contradicted" : decide(stated, found)),
      message: "You call a claim contradicted when nobody has measured it. Nothing found is not something else found.",
    },
    {
      name: "any overlap is agreement",
      answer: decideBy((stated, found) => (apart(stated, found) ? "contradicted" : "holds")),
      message:
        'You say "holds" as soon as the two ranges touch. Where only a part of what was found agrees, the claim ' +
        "holds under the condition that this part is right.",
    },
    {
      name: "any doubt is contradiction",
      answer: (stated, found) => {
        const verdict = decide(stated, found);
        return verdict === "holds with a condition" ? "contradicted" : verdict;
      },
      message:
        "You call contradicted what is only partly outside. As long as some source agrees, it holds with a condition.",
    },
    {
      name: "the claim inside the findings",
      answer: decideBy((stated, found) => {
        if (apart(stated, found)) return "contradicted";
        return within(stated, found) ? "holds" : "holds with a condition";
      }),
      message:
        "You ask whether the claim lies within the findings; then the vaguest findings confirm everything. Ask " +
        "whether all of what was found lies within the claim.",
    },
  ],
});
