/** Exercise 4: profit in relation to cost, and in relation to revenue. */
import { value } from "../../economics/facts";
import { margin, markup, revenue, type ByKind } from "../../economics/serving";
import { fromSeed, numberBetween, oneOf, shortened, wholeBetween } from "../at-random";
import type { Random } from "../../tensor/random";
import { defineExercise } from "../../notebook/exercise/check";

/** Tokens by kind, dollars for a million of each, dollars spent → both as shares of 1. */
export type Profit = (tokens: ByKind, pricesPerMillion: ByKind, cost: number) => { markup: number; margin: number };

/** Profit, right where nothing is given, or with one part replaced by a wrong one. */
function profitWith({
  earned = (tokens: ByKind, prices: ByKind) => revenue(tokens, prices) / 1e6,
  result = (earned: number, cost: number) => ({ markup: markup(earned, cost), margin: margin(earned, cost) }),
} = {}): Profit {
  return (tokens, prices, cost) => result(earned(tokens, prices), cost);
}

const day = (key: string) => value("serving", "day-6", key);
const sold: ByKind = {
  cacheHit: day("cachedTokens"),
  cacheMiss: day("inputTokens") - day("cachedTokens"),
  output: day("outputTokens"),
};
const perMillion = (id: string): ByKind => {
  const of = (key: string) => 1e6 * value("prices", id, key);
  return { cacheHit: of("cacheHit"), cacheMiss: of("cacheMiss"), output: of("output") };
};

const millions = (random: Random) => 1e6 * wholeBetween(random, 100, 900_000);

export const marginExercise = defineExercise<Profit>({
  id: "07-margin",
  reference: profitWith(),
  cases: [
    { name: "DeepSeek's day at V3's price", args: [sold, perMillion("api-v3"), day("cost")] },
    { name: "the same day at R1's price", args: [sold, perMillion("api-r1"), day("cost")] },
    { name: "a loss", args: [{ cacheHit: 0, cacheMiss: 8e9, output: 1e9 }, perMillion("api-v3.2"), 5000] },
  ],
  draw: fromSeed((random) => {
    const tokens = { cacheHit: millions(random), cacheMiss: millions(random), output: millions(random) };
    const cacheMiss = numberBetween(random, 0.1, 2);
    const prices = {
      cacheHit: shortened(cacheMiss * numberBetween(random, 0.1, 0.5)),
      cacheMiss,
      output: shortened(cacheMiss * numberBetween(random, 1.5, 6)),
    };
    const spent = numberBetween(random, 0.2, 0.8) * oneOf(random, [1, 2.5]); // a profit or a loss, and not nearly none
    return [tokens, prices, shortened((revenue(tokens, prices) / 1e6) * spent)];
  }),
  misconceptions: [
    {
      name: "mark-up called margin",
      answer: profitWith({ result: (r, c) => ({ markup: (r - c) / c, margin: (r - c) / c }) }),
      message: "Your margin is the mark-up. A margin is profit divided by revenue, so it never passes 100%.",
    },
    {
      name: "the two exchanged",
      answer: profitWith({ result: (r, c) => ({ markup: (r - c) / r, margin: (r - c) / c }) }),
      message: "You have them the wrong way round: mark-up is profit by cost, margin is profit by revenue.",
    },
    {
      name: "revenue by cost",
      answer: profitWith({ result: (r, c) => ({ markup: r / c, margin: (r - c) / r }) }),
      message: "Your mark-up is revenue by cost. What it cost has to be taken off first: profit by cost.",
    },
    {
      name: "hits at the price of misses",
      answer: profitWith({
        earned: (t, p) => ((t.cacheHit + t.cacheMiss) * p.cacheMiss + t.output * p.output) / 1e6,
      }),
      message: "You bill all input at the price of a miss. More than half of it was in the cache, at a lower price.",
    },
    {
      name: "prices per token",
      answer: profitWith({ earned: revenue }),
      message: "The prices are for a million tokens: divide by 1e6.",
    },
  ],
});
