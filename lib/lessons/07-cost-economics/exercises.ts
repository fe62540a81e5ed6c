/**
 * The five exercises of lesson 07. Each names the wrong answers that people really give: they are computed beside the
 * right one, so that a check can say which one it sees.
 */
import { value } from "../../economics/facts";
import { trainingCompute } from "../../economics/flops";
import { margin, markup, revenue, type ByKind } from "../../economics/serving";
import { defineExercise } from "../../notebook/exercise/check";
import {
  billByLib, compareByLib, compareWith, flopsWithin, foreseenLoss, planByLib, planComplaint, planFor, profitWith,
  tokensWith, trainedModel, v3Hours, wrongBill,
  type BillRun, type CompareTwo, type PlanRun, type Profit, type Purse, type RunBudget, type TokensFor,
} from "./answers";

const small = { tokens: 2e12, hoursPerTrillion: 40e3, extensionHours: 3e3, postHours: 1e3, price: 3.5, gpus: 256 };

export const billExercise = defineExercise<BillRun>({
  id: "07-bill",
  title: "The bill",
  difficulty: 1,
  minutes: 8,
  points: 2,
  reference: billByLib,
  cases: [
    { name: "DeepSeek-V3", args: [v3Hours()] },
    { name: "a smaller run on dearer GPUs", args: [small] },
  ],
  misconceptions: [
    {
      name: "pre-training only",
      answer: wrongBill({ hours: (run) => (run.tokens / 1e12) * run.hoursPerTrillion }),
      message: "You bill pre-training alone. Context extension and post-training are stages of the same run.",
    },
    {
      name: "tokens not in trillions",
      answer: wrongBill({ hours: (r) => r.tokens * r.hoursPerTrillion + r.extensionHours + r.postHours }),
      message: "`tokens` is a count, and the hours are for a trillion of them: divide by 1e12 first.",
    },
    {
      name: "every GPU pays for all hours",
      answer: wrongBill({ dollars: (run, hours) => hours * run.price * run.gpus }),
      message: "You multiply by the number of GPUs. A GPU-hour is one GPU for one hour already.",
    },
    {
      name: "one GPU does it all",
      answer: wrongBill({ days: (_run, hours) => hours / 24 }),
      message: "These are the days of a single GPU. `gpus` of them work at the same time.",
    },
    {
      name: "hours called days",
      answer: wrongBill({ days: (run, hours) => hours / run.gpus }),
      message: "The dollars are right. Your days are hours: a day has 24 of them.",
    },
  ],
  hints: [
    "First all GPU-hours: those of pre-training follow from the tokens in trillions, the two other stages are given. " +
      "Money and time both follow from that one number.",
    "`hours = tokens / 1e12 · hoursPerTrillion + extensionHours + postHours`. Dollars are `hours · price`; days are " +
      "`hours / gpus / 24`.",
  ],
});

const v3 = trainedModel("deepseek-v3", "preTrainingHours");
const llama = trainedModel("llama-3.1-405b", "gpuHours");

export const compareExercise = defineExercise<CompareTwo>({
  id: "07-eleven",
  title: "Where does the eleven-fold come from?",
  difficulty: 2,
  minutes: 10,
  points: 3,
  reference: compareByLib,
  cases: [
    { name: "Llama 3.1 405B against DeepSeek-V3", args: [llama, v3, 2] },
    {
      name: "a mixture of experts that was trained slowly",
      args: [{ active: 2e9, total: 40e9, tokens: 3e12, gpuHours: 90e3 }, { ...v3, gpuHours: 3e6 }, 3],
    },
  ],
  misconceptions: [
    {
      name: "total parameters",
      answer: compareWith(({ total, tokens }) => trainingCompute(total, tokens)),
      message: "You count all parameters. A token is multiplied with the active ones only; the others cost no FLOPs.",
    },
    {
      name: "tokens forgotten",
      answer: compareWith(({ active }) => active),
      message: "You compare FLOPs per token. The runs also read different numbers of tokens.",
    },
    {
      name: "rate upside down",
      answer: (a, b, price) => ({ ...compareByLib(a, b, price), rate: 1 / compareByLib(a, b, price).rate }),
      message: "Your `rate` is b : a. All ratios are a : b, and a rate is FLOPs per hour, not hours per FLOP.",
    },
    {
      name: "ratio of hours as rate",
      answer: (a, b, price) => ({ ...compareByLib(a, b, price), rate: a.gpuHours / b.gpuHours }),
      message: "Your `rate` is the ratio of GPU-hours. The rate is what a GPU did in an hour: FLOPs / gpuHours.",
    },
    {
      name: "tie price upside down",
      answer: (a, b, price) => ({ ...compareByLib(a, b, price), tiePrice: (price * a.gpuHours) / b.gpuHours }),
      message: "The tie price is upside down: the run with more hours needs the lower price.",
    },
  ],
  hints: [
    "FLOPs of a run: 6 · active · tokens. The rate of a GPU: FLOPs / gpuHours. For the tie: what does b cost, and " +
      "over how many hours may a spread that?",
    "flops = (a.active · a.tokens) / (b.active · b.tokens), since the six cancels. rate = flops / (a.gpuHours / " +
      "b.gpuHours). tiePrice = price · b.gpuHours / a.gpuHours.",
  ],
});

const purse: Purse = {
  francs: 50e6,
  francsPerDollar: value("prices", "francs", "francsPerDollar"),
  price: 2,
  mfu: 0.35,
  peak: value("accelerators", "h800", "peakBf16"),
  active: v3.active,
};

export const budgetExercise = defineExercise<TokensFor>({
  id: "07-budget",
  title: "What a budget trains",
  difficulty: 2,
  minutes: 10,
  points: 3,
  reference: tokensWith(),
  cases: [
    { name: "fifty million francs and V3's active parameters", args: [purse] },
    { name: "a faculty and a small model", args: [{ ...purse, francs: 3e5, price: 3, mfu: 0.25, active: 1e9 }] },
  ],
  misconceptions: [
    {
      name: "francs the wrong way round",
      answer: tokensWith({ dollars: (p) => p.francs * p.francsPerDollar }),
      message: "You multiply by francs per dollar. A franc is worth more than a dollar here: divide.",
    },
    {
      name: "francs for dollars",
      answer: tokensWith({ dollars: (p) => p.francs }),
      message: "The price is in dollars, the purse in francs: change the money first.",
    },
    {
      name: "hours for seconds",
      answer: tokensWith({ seconds: 1 }),
      message: "Peak is per second, and you bought hours: a factor of 3,600 is missing.",
    },
    {
      name: "full peak",
      answer: tokensWith({ rate: (p) => p.peak }),
      message: "You let the GPUs work at their peak. Of that, a run reaches the share `mfu`.",
    },
    {
      name: "forward pass only",
      answer: tokensWith({ perParameter: 2 }),
      message: "Two FLOPs a parameter are the forward pass. Training also computes the gradients: six.",
    },
  ],
  hints: [
    "Go from left to right: francs → dollars → GPU-hours → FLOPs → tokens. Write the unit of every step beside it.",
    "`FLOPs = (francs / francsPerDollar / price) · 3600 · mfu · peak`. A token costs 6 · active of them.",
  ],
});

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
const profitByLib: Profit = (tokens, prices, cost) => {
  const earned = revenue(tokens, prices) / 1e6;
  return { markup: markup(earned, cost), margin: margin(earned, cost) };
};

export const marginExercise = defineExercise<Profit>({
  id: "07-margin",
  title: "Margin or mark-up?",
  difficulty: 2,
  minutes: 8,
  points: 2,
  reference: profitByLib,
  cases: [
    { name: "DeepSeek's day at V3's price", args: [sold, perMillion("api-v3"), day("cost")] },
    { name: "the same day at R1's price", args: [sold, perMillion("api-r1"), day("cost")] },
    { name: "a loss", args: [{ cacheHit: 0, cacheMiss: 8e9, output: 1e9 }, perMillion("api-v3.2"), 5000] },
  ],
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
      answer: profitWith({
        earned: (t, p) => t.cacheHit * p.cacheHit + t.cacheMiss * p.cacheMiss + t.output * p.output,
      }),
      message: "The prices are for a million tokens: divide by 1e6.",
    },
  ],
  hints: [
    "Revenue is a sum over three kinds of tokens, in millions, each with its price. Profit is revenue minus cost. " +
      "The two answers differ only in what profit is divided by.",
    "`markup = (revenue - cost) / cost` and `margin = (revenue - cost) / revenue`.",
  ],
});

const h100 = { mfu: 0.38, peak: value("accelerators", "h100", "peakBf16") };
const hoursOf = (b: RunBudget) => Math.min((b.dollars * (1 - b.reserve)) / b.price, b.gpus * b.days * 24);

export const planExercise = defineExercise<PlanRun>({
  id: "07-plan",
  title: "A run for a budget",
  difficulty: 3,
  minutes: 20,
  points: 4,
  reference: planByLib,
  cases: [
    {
      name: "ten million dollars, time enough",
      args: [{ dollars: 10e6, reserve: 0.25, price: 2.5, gpus: 4096, days: 90, ...h100 }],
    },
    {
      name: "money enough, thirty days",
      args: [{ dollars: 20e6, reserve: 0.2, price: 2, gpus: 1024, days: 30, ...h100 }],
    },
  ],
  accept: (got, best, [budget]) => {
    const complaint = planComplaint(budget, got);
    if (complaint !== null) return complaint;
    const [yours, possible] = [foreseenLoss(got), foreseenLoss(best)];
    if (yours <= possible + 0.01) return true;
    return `within the limits, with a foreseen loss of ${yours.toFixed(3)}; ${possible.toFixed(3)} is possible`;
  },
  misconceptions: [
    {
      name: "reserve forgotten",
      answer: planFor((b) => flopsWithin({ ...b, reserve: 0 })),
      message: "You spend the reserve. Keep that share for runs that fail and for experiments before this one.",
    },
    {
      name: "time forgotten",
      answer: planFor((b) => flopsWithin({ ...b, days: Infinity })),
      message: "The money would last, the days don't: `gpus` GPUs do only so much until then.",
    },
    {
      name: "full peak",
      answer: planFor((b) => flopsWithin({ ...b, mfu: 1 })),
      message: "You plan with the GPUs' peak. Of that, the run reaches the share `mfu`.",
    },
    {
      name: "forward pass only",
      answer: planFor((b) => 3 * flopsWithin(b)),
      message: "Your plan needs three times the FLOPs that you have: a training token costs 6 per parameter, not 2.",
    },
    {
      name: "hours for seconds",
      answer: planFor((b) => hoursOf(b) * b.mfu * b.peak),
      message: "Within the limits, but far too modest: peak is per second, and you have hours.",
    },
  ],
  hints: [
    "How many GPU-hours does the money buy, once the reserve is put aside? How many do the days hold? The smaller " +
      "one decides how many FLOPs you have. Then split them between parameters and tokens.",
    "`FLOPs = min(dollars · (1 - reserve) / price, gpus · days · 24) · 3600 · mfu · peak`. Then 6 · parameters · " +
      "tokens must not be more. `optimalAllocation(CHINCHILLA, FLOPs)` finds the best split; about twenty to a " +
      "hundred tokens per parameter all come close.",
  ],
});
