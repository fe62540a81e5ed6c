/** Exercise 2: the value at which a verdict turns. */
import { turning } from "../../claims/rule";
import { fromSeed, numberBetween, oneOf, wholeBetween } from "../at-random";
import { defineExercise } from "../../notebook/exercise/check";

/** Whether a claim holds at a value; two values at which it differs → the value at which it turns. */
export type FindTurn = (holds: (x: number) => boolean, low: number, high: number) => number;

const turnByLib: FindTurn = (holds, low, high) => {
  const verdictAt = (x: number) => (holds(x) ? "holds" : "contradicted");
  return turning(verdictAt, low, { low, high }).above?.at ?? high;
};

const grid: FindTurn = (holds, low, high) => {
  for (let i = 1; i <= 100; i++) {
    const x = low + ((high - low) * i) / 100;
    if (holds(x) !== holds(low)) return x;
  }
  return high;
};

export const turnExercise = defineExercise<FindTurn>({
  id: "11-turn",
  tolerance: 1e-6,
  reference: turnByLib,
  cases: [
    {
      name: "the price of an hour at which 405B costs a hundred million",
      args: [(price: number) => price * 30.84e6 >= 100e6, 0.5, 15],
    },
    {
      name: "the price from which V3 costs more than six million",
      args: [(price: number) => price * 2.788e6 <= 6e6, 0.5, 15],
    },
    { name: "a limit close to the low end", args: [(x: number) => x > 1.0001, 1, 1000] },
    { name: "a curve", args: [(x: number) => Math.exp(-x) < 0.2, 0, 50] },
  ],
  draw: fromSeed((random) => {
    const low = numberBetween(random, 0.5, 20);
    const high = low + wholeBetween(random, 2, 500);
    const at = low + (high - low) * numberBetween(random, 0.03, 0.97);
    return [oneOf(random, [(x: number) => x >= at, (x: number) => x < at]), low, high];
  }),
  misconceptions: [
    {
      name: "half-way",
      answer: (_, low, high) => (low + high) / 2,
      message:
        "You return the middle of the range. Ask `holds` there, keep the half in which the answer changes, and go on.",
    },
    {
      name: "a grid of a hundred steps",
      answer: grid,
      message:
        "You try a hundred values and return the first one that differs: the turn lies somewhere before it. Halving " +
        "the interval gets as close as you like, in fewer calls.",
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
        "Right where the claim begins to hold, wrong where it ceases to: there you walk to the wrong end. Compare " +
        "with `holds(low)`, not with false.",
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
});
