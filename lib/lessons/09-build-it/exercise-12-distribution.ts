/** From logits to the probabilities with which the next token is drawn. */
import { distribution, type SamplingOptions } from "../../inference/sampling";
import { farApart, firstGood, fromSeed, numberBetween, wholeBetween } from "../at-random";
import { defineExercise, type Case } from "../../notebook/exercise/check";
import { goldenSampling } from "./golden";

/** Logits [V] and how to draw → probabilities [V]. */
export type Distribution = (logits: ArrayLike<number>, options: SamplingOptions) => ArrayLike<number>;

/** What can go wrong, each as the right answer has it unless said otherwise. */
interface Habits {
  sharpen: (logits: number[], temperature: number) => number[];
  exponentials: (logits: number[]) => number[];
  /** Of the tokens from the likeliest on, how many stay: p of what top-k has left. */
  kept: (ranked: number[], p: number) => number;
  finish: (cut: number[], staying: number[]) => number[];
  /** The first k of the ranked tokens. */
  first: (ranked: number[], k: number | undefined, order: number[]) => number[];
  ranking: (probabilities: number[], logits: number[]) => number[];
  greedy: (logits: number[]) => number[];
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
const normalised = (values: number[]) => values.map((value) => value / sum(values));
const highest = (logits: number[]) => logits.indexOf(Math.max(...logits));
const oneAt = (place: number, V: number) => Array.from({ length: V }, (_, v) => Number(v === place));

const RIGHT: Habits = {
  sharpen: (logits, temperature) => logits.map((logit) => logit / temperature),
  exponentials: (logits) => logits.map((logit) => Math.exp(logit - Math.max(...logits))),
  kept: (ranked, p) => {
    let [count, reached] = [0, 0];
    while (count < ranked.length && (count === 0 || reached < p * sum(ranked))) reached += ranked[count++];
    return count;
  },
  finish: (cut) => normalised(cut),
  first: (ranked, k) => ranked.slice(0, k),
  ranking: (probabilities) => probabilities,
  greedy: (logits) => oneAt(highest(logits), logits.length),
};

const distributionWith =
  (habits: Partial<Habits>): Distribution =>
  (values, { temperature, topK, topP }) => {
    const { sharpen, exponentials, kept, first, finish, ranking, greedy } = { ...RIGHT, ...habits };
    const logits = Array.from(values);
    if (temperature === 0) return greedy(logits);
    const probabilities = normalised(exponentials(sharpen(logits, temperature)));
    if (topK === undefined && topP === undefined) return probabilities;
    const order = ranking(probabilities, logits);
    const ranked = Array.from(order.keys()).sort((a, b) => order[b] - order[a] || a - b);
    const candidates = first(ranked, topK, order);
    const shares = candidates.map((v) => order[v]);
    const staying = candidates.slice(0, topP === undefined ? undefined : kept(shares, topP));
    const cut = probabilities.map((value, v) => (staying.includes(v) ? value : 0));
    return finish(cut, staying);
  };

/** The last logits of the reference's first or second text, and what it draws with. */
const golden = (text: number, options: SamplingOptions): Case<Distribution> => ({
  name: `the reference's logits, ${Object.entries(options)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ")}`,
  args: () => [goldenSampling(text, options).logits, options],
  expected: () => goldenSampling(text, options).probabilities,
});

/** ln of probabilities: at temperature 1 these come out. */
const LOGITS = [0.5, 0.25, 0.15, 0.1].map(Math.log);

/** Whether a little more or less of top-p keeps the same tokens. */
function isClear(logits: number[], options: SamplingOptions): boolean {
  const { topP } = options;
  if (topP === undefined) return true;
  const [fewer, more] = [0.999, 1.001].map((factor) => distribution(logits, { ...options, topP: factor * topP }));
  return Array.from(fewer).every((value, v) => value > 0 === more[v] > 0);
}

export const distributionExercise = defineExercise<Distribution>({
  id: "09-distribution",
  reference: (logits, options) => distribution(logits, options),
  cases: [
    {
      name: "temperature 1",
      args: [LOGITS, { temperature: 1 }],
      expected: () => [0.5, 0.25, 0.15, 0.1],
    },
    {
      name: "temperature 1, top-p 0.6",
      args: [LOGITS, { temperature: 1, topP: 0.6 }],
      expected: () => [2 / 3, 1 / 3, 0, 0],
    },
    { name: "temperature 2, top-p 0.75", args: [LOGITS, { temperature: 2, topP: 0.75 }] },
    { name: "temperature 0.5, the likeliest two", args: [[1, 3, 2, 2.5], { temperature: 0.5, topK: 2 }] },
    { name: "top-k and top-p", args: [LOGITS, { temperature: 1, topK: 3, topP: 0.8 }] },
    { name: "temperature 0", args: [[1, 4, 4, 2], { temperature: 0 }], expected: () => [0, 1, 0, 0] },
    { name: "a tie at the last place of top-k", args: [[2, 3, 2, 1], { temperature: 1, topK: 2 }] },
    { name: "logits of hundreds", args: [[800, 801, 799], { temperature: 1 }] },
    golden(0, { temperature: 0.7 }),
    golden(0, { temperature: 1, topK: 5 }),
    golden(1, { temperature: 1, topP: 0.5 }),
    golden(1, { temperature: 1.3, topK: 40, topP: 0.8 }),
  ],
  draw: fromSeed((random) => {
    const logits = farApart(random, wholeBetween(random, 5, 9), -2, 3);
    const temperature = random.uniform() < 0.1 ? 0 : numberBetween(random, 0.4, 1.6);
    const cuts = (): SamplingOptions => ({
      temperature,
      ...(random.uniform() < 0.6 ? { topK: wholeBetween(random, 2, logits.length - 1) } : {}),
      ...(random.uniform() < 0.6 ? { topP: numberBetween(random, 0.3, 0.95) } : {}),
    });
    return [logits, firstGood(cuts, (options) => isClear(logits, options))];
  }),
  misconceptions: [
    {
      name: "multiplied by the temperature",
      answer: distributionWith({ sharpen: (logits, temperature) => logits.map((logit) => logit * temperature) }),
      message: "You multiply by the temperature. Dividing makes it right: a high temperature brings logits together.",
    },
    {
      name: "the temperature forgotten",
      answer: distributionWith({ sharpen: (logits) => logits }),
      message: "The temperature is missing: the logits are divided by it.",
    },
    {
      name: "temperature 0 divides by 0",
      answer: distributionWith({ greedy: (logits) => logits.map(() => NaN) }),
      message: "At temperature 0 you divide by 0. The most likely token is taken there: its probability is 1.",
    },
    {
      name: "all of the most likely at temperature 0",
      answer: distributionWith({
        greedy: (logits) => normalised(logits.map((logit) => Number(logit === Math.max(...logits)))),
      }),
      message: "At temperature 0 you share between equal logits. One token is taken, the first of the most likely.",
    },
    {
      name: "the cut before the temperature",
      answer: distributionWith({ ranking: (_, logits) => normalised(RIGHT.exponentials(logits)) }),
      message: "You cut by the probabilities at temperature 1. The temperature comes first, then top-k, then top-p.",
    },
    {
      name: "the token that reaches p left out",
      answer: distributionWith({ kept: (ranked, p) => Math.max(1, RIGHT.kept(ranked, p) - 1) }),
      message:
        "You leave out the token with which `topP` is reached. As many stay as it takes to reach it, that one included.",
    },
    {
      name: "p of all tokens, not of those left",
      answer: distributionWith({
        kept: (ranked, p) => {
          let [count, reached] = [0, 0];
          while (count < ranked.length && (count === 0 || reached < p)) reached += ranked[count++];
          return count;
        },
      }),
      message: "`topP` counts among the tokens that top-k has left, not among all: of their sum.",
    },
    {
      name: "not made to sum to 1",
      answer: distributionWith({ finish: (cut) => cut }),
      message: "What is left has to sum to 1 again: divide by its sum.",
    },
    {
      name: "exponentials that overflow",
      answer: distributionWith({ exponentials: (logits) => logits.map(Math.exp) }),
      message:
        "For logits in the hundreds your exponentials overflow. Subtract the largest logit first: the shares stay.",
    },
    {
      name: "the last of equal ones at temperature 0",
      answer: distributionWith({
        greedy: (logits) => oneAt(logits.lastIndexOf(Math.max(...logits)), logits.length),
      }),
      message: "Of equal logits you take the last one at temperature 0. It is the first.",
    },
    {
      name: "all that tie with the last of top-k",
      answer: distributionWith({
        first: (ranked, k, order) =>
          k === undefined ? ranked : ranked.filter((v) => order[v] >= order[ranked[Math.min(k, ranked.length) - 1]]),
      }),
      message:
        "You keep all tokens that are as likely as the last one of top-k. `topK` is how many stay: of equal ones the first.",
    },
    {
      name: "in the order of their probabilities",
      answer: distributionWith({
        finish: (cut, staying) => {
          const shares = normalised(cut);
          return shares.map((_, place) => (place < staying.length ? shares[staying[place]] : 0));
        },
      }),
      message:
        "Your probabilities are right and sorted. They belong at the places of their tokens, as the logits stand.",
    },
    {
      name: "top-k forgotten",
      answer: distributionWith({ first: (ranked) => ranked }),
      message: "`topK` is not used. Where it is given, only so many of the most likely tokens stay.",
    },
    {
      name: "top-p forgotten",
      answer: distributionWith({ kept: (ranked) => ranked.length }),
      message: "`topP` is not used. Where it is given, it cuts among the tokens that top-k has left.",
    },
  ],
});
