/**
 * The three exercises of lesson 10: from numbers to a verdict, where a verdict turns, and a claim from elsewhere with its
 * own rule.
 */
import { complaintAbout, type BroughtClaim } from "./brought-claim";
import { value } from "../../economics/facts";
import { defineExercise } from "../../notebook/exercise/check";
import { money, times } from "../../notebook/format";
import type { Verdict } from "../../notebook/verdicts";

export interface Span {
  low: number;
  high: number;
}

// ---- from numbers to a verdict

/** What a claim states and what sources find, null if they find nothing → the verdict. */
export type Decide = (stated: Span, found: Span | null) => Verdict;

export const decide: Decide = (stated, found) => {
  if (found === null) return "cannot be checked";
  if (found.high < stated.low || found.low > stated.high) return "contradicted";
  return found.low >= stated.low && found.high <= stated.high ? "holds" : "holds with a condition";
};

const middle = ({ low, high }: Span) => (low + high) / 2;
const inside = (x: number, { low, high }: Span) => x >= low && x <= high;

export const decideExercise = defineExercise<Decide>({
  id: "10-decide",
  title: "From numbers to a verdict",
  difficulty: 1,
  minutes: 8,
  points: 2,
  reference: decide,
  cases: [
    { name: "GPT-4: stated 100 to 200, found 41 to 100", args: [{ low: 100, high: 200 }, { low: 40.7, high: 100 }] },
    { name: "days: stated 54 to 66, found 54.2 to 56.7", args: [{ low: 54, high: 66 }, { low: 54.2, high: 56.7 }] },
    { name: "a fiftieth: stated 45 to 55, found 7 to 18", args: [{ low: 45, high: 55 }, { low: 7, high: 18 }] },
    { name: "nobody has measured it", args: [{ low: 1, high: 2 }, null] },
    { name: "found is wider than stated, on both sides", args: [{ low: 2, high: 5 }, { low: 1.2, high: 10 }] },
    { name: "a little of it is above", args: [{ low: 2, high: 5 }, { low: 2.5, high: 6 }] },
    { name: "one number, stated and found", args: [{ low: 8, high: 8 }, { low: 8, high: 8 }] },
    { name: "above all of it", args: [{ low: 6, high: 8 }, { low: 9, high: 9 }] },
  ],
  misconceptions: [
    {
      name: "the middle decides",
      answer: (stated, found) =>
        found === null ? "cannot be checked" : inside(middle(found), stated) ? "holds" : "contradicted",
      message:
        "You look at the middle of what was found and forget how wide it is. Sources that disagree don't agree in their middle: " +
        "compare both ends.",
    },
    {
      name: "no evidence is counter-evidence",
      answer: (stated, found) => (found === null ? "contradicted" : decide(stated, found)),
      message: "You call a claim contradicted when nobody has measured it. Nothing found is not something else found.",
    },
    {
      name: "any overlap is agreement",
      answer: (stated, found) =>
        found === null ? "cannot be checked" : found.high < stated.low || found.low > stated.high ? "contradicted" : "holds",
      message:
        "You say \"holds\" as soon as the two ranges touch. Where only a part of what was found agrees, the claim holds under the " +
        "condition that this part is right.",
    },
    {
      name: "any doubt is contradiction",
      answer: (stated, found) => {
        const verdict = decide(stated, found);
        return verdict === "holds with a condition" ? "contradicted" : verdict;
      },
      message: "You call contradicted what is only partly outside. As long as some source agrees, it holds with a condition.",
    },
    {
      name: "the claim inside the findings",
      answer: (stated, found) =>
        found === null
          ? "cannot be checked"
          : found.high < stated.low || found.low > stated.high
            ? "contradicted"
            : stated.low >= found.low && stated.high <= found.high
              ? "holds"
              : "holds with a condition",
      message:
        "You ask whether the claim lies within the findings; then the vaguest findings confirm everything. Ask whether all of what " +
        "was found lies within the claim.",
    },
  ],
  hints: [
    "Four cases, in this order: nothing found; no overlap at all; all of what was found lies within what is stated; the rest.",
    "No overlap: found.high < stated.low or found.low > stated.high. All within: found.low >= stated.low and found.high <= " +
      "stated.high.",
  ],
});

// ---- where a verdict turns

/** Whether a claim holds at a value; two values at which it differs → the value at which it turns. */
export type Turn = (holds: (x: number) => boolean, low: number, high: number) => number;

export const turn: Turn = (holds, low, high) => {
  const atLow = holds(low);
  let [a, b] = [low, high];
  for (let i = 0; i < 100; i++) {
    const m = (a + b) / 2;
    if (holds(m) === atLow) a = m;
    else b = m;
  }
  return b;
};

const grid: Turn = (holds, low, high) => {
  for (let i = 1; i <= 100; i++) {
    const x = low + ((high - low) * i) / 100;
    if (holds(x) !== holds(low)) return x;
  }
  return high;
};

export const turnExercise = defineExercise<Turn>({
  id: "10-turn",
  title: "Where does it turn?",
  difficulty: 2,
  minutes: 12,
  points: 3,
  tolerance: 1e-6,
  reference: turn,
  cases: [
    {
      name: "the price of an hour at which 405B costs a hundred million",
      args: [(price: number) => price * 30.84e6 >= 100e6, 0.5, 15],
    },
    { name: "the price from which V3 costs more than six million", args: [(price: number) => price * 2.788e6 <= 6e6, 0.5, 15] },
    { name: "a limit close to the low end", args: [(x: number) => x > 1.0001, 1, 1000] },
    { name: "a curve", args: [(x: number) => Math.exp(-x) < 0.2, 0, 50] },
  ],
  misconceptions: [
    {
      name: "half-way",
      answer: (_, low, high) => (low + high) / 2,
      message: "You return the middle of the range. Ask `holds` there, keep the half in which the answer changes, and go on.",
    },
    {
      name: "a grid of a hundred steps",
      answer: grid,
      message:
        "You try a hundred values and return the first one that differs: the turn lies somewhere before it. Halving the interval " +
        "gets as close as you like, in fewer calls.",
    },
    {
      name: "it always begins as false",
      answer: (holds, low, high) => {
        let [a, b] = [low, high];
        for (let i = 0; i < 100; i++) {
          const m = (a + b) / 2;
          if (holds(m)) b = m;
          else a = m;
        }
        return b;
      },
      message:
        "Right where the claim begins to hold, wrong where it ceases to: there you walk to the wrong end. Compare with `holds(low)`, " +
        "not with false.",
    },
    {
      name: "one halving too few",
      answer: (holds, low, high) => {
        const m = (low + high) / 2;
        return holds(m) === holds(low) ? (m + high) / 2 : (low + m) / 2;
      },
      message: "You halve once or twice. Repeat it, fifty times or more: each time the interval is half as wide.",
    },
  ],
  hints: [
    "Keep two values, a and b, of which you know that the answer differs between them: at first low and high. Ask in the middle. " +
      "Which half has the change in it?",
    "const first = holds(low); repeat 100 times: m = (a + b) / 2; if holds(m) === first then a = m, else b = m. Return b.",
  ],
});

// ---- a claim from elsewhere

/** Makes a claim with its rule. */
export type Bring = () => BroughtClaim;

/** The reference: what R1 is said to have cost. */
export const r1Claim: Bring = () => ({
  id: "r1-cost",
  claim: "DeepSeek-R1 was trained for 294,000 dollars.",
  source: { title: "The Register on the supplement of the Nature paper", url: "https://ainews247.org/story/13497" },
  facts: {
    hours: value("training-runs", "deepseek-r1", "gpuHours"),
    price: value("training-runs", "deepseek-v3", "price"),
    stated: value("training-runs", "deepseek-r1", "cost"),
    before: value("training-runs", "deepseek-v3", "cost"),
  },
  judge: (f) => {
    const own = f.hours * f.price;
    const right = Math.abs(own / f.stated - 1) < 0.1;
    return {
      verdict: !right ? "contradicted" : f.before > 0.1 * own ? "incomplete" : "holds",
      evidence:
        `Its own hours cost ${money(own)}, as stated ${money(f.stated)}. But it starts from V3, whose ${money(f.before)} are ` +
        `${times(f.before / own)} that.`,
    };
  },
  turns: { key: "price", name: "price of a GPU-hour", unit: "dollars", low: 0.3, high: 15 },
});

export const bringExercise = defineExercise<Bring>({
  id: "10-bring",
  title: "Bring a claim",
  difficulty: 3,
  minutes: 25,
  points: 4,
  reference: r1Claim,
  cases: [{ name: "your claim", args: [] }],
  accept: (got) => complaintAbout(got as BroughtClaim) ?? true,
  misconceptions: [],
  hints: [
    "Take a number from an article about some model. What is it made of? Those are your facts. Which of them is uncertain? That is " +
      "what `turns` names, with the range in which you would believe it.",
    "{ id, claim, source: { title, url }, facts: { hours, price, stated }, judge: (f) => ({ verdict: Math.abs(f.hours * f.price / " +
      "f.stated - 1) < 0.1 ? \"holds\" : \"contradicted\", evidence: `${f.hours * f.price} dollars` }), turns: { key: \"price\", name: " +
      "\"price of an hour\", unit: \"dollars\", low: 0.5, high: 10 } }",
  ],
});
