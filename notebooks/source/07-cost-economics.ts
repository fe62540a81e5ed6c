// %% [markdown]
// # 07 · Cost economics
//
// ## What does such a model cost, and who can pay for it?
//
// At the end of 2024 a small table went round the world: three stages of a training run, their GPU-hours, and a sum in
// dollars far below what people thought such a model must cost (the report, table 1). A month later it moved stock
// markets. People have quarrelled about it since: is it a breakthrough, a trick of accounting, or a lie?
//
// It is none of these. It is an answer to a question, and most of the quarrel is about other questions. At the end of
// this lesson you can
//
// - rebuild the bill, from hours and from arithmetic alone;
// - say what a cost figure contains, and put an honest range where nobody has published a number;
// - compare two models on the same basis, and tell fewer FLOPs from better use of the machine;
// - say what a public budget trains;
// - read a claim about profit, and find the two numbers that people mix up.
//
// *About two hours, with five exercises. Before it: [lesson 01](01-mixture-of-experts.ipynb). Only numbers here, no
// tensors.*

// %% [markdown]
// ## What is said
//
// | id | claim, in our words |
// |---|---|
// | `cost-total` | the final run cost about 5.5 million dollars: 2.788M H800-hours at 2 dollars |
// | `cost-days` | it ran on 2,048 H800 for 60 days |
// | `cost-excludes` | staff, failed runs, data and infrastructure are not in it; all-in it is 2 to 5 times more |
// | `cost-comparable` | the figure lets you compare models like with like |
// | `cost-llama` | Llama 3 405B cost around 100 million dollars |
// | `cost-gpt4` | GPT-4 is estimated at 100 to 200 million dollars |
// | `cost-fiftieth` | so V3 cost one fiftieth of GPT-4: two orders of magnitude less |
// | `access-cscs` | CSCS has about 50 million dollars a year; a V3-scale run is 10% of it, ten runs are possible, a GPT-4-scale run takes several years |
// | `access-who` | consortia, universities, even wealthy people can now train such models |
//
// Every figure below is computed in a cell or read from `data/`, where it has a unit, a source and a confidence. Where
// sources disagree, you see all of them.

// %% jupyter={"source_hidden": true}
import { allIn, publishedAblations, visibleResearchShare } from "./lib/economics/all-in";
import { citeLink, entries, entry, fact, value } from "./lib/economics/facts";
import { attentionFlops, attentionShape, meanContext, trainingCompute } from "./lib/economics/flops";
import {
  costPerToken, dayCost, decodeStep, largestBatch, margin, markup, nodeDays, revenue, type ByKind, type DecodeUnit,
} from "./lib/economics/serving";
import { expectedTokens } from "./lib/economics/speculation";
import { bill, compareRuns, daysOn, gpuHoursFor, HOURS_PER_YEAR } from "./lib/economics/training-cost";
import {
  billExercise, breakEvenBusy, breakEvenTokens, budgetExercise, CHINCHILLA, compareExercise, flopsWithin,
  foreseenLoss, histogramChart, marginExercise, mfu, monteCarlo, optimalAllocation, ownedHour, planExercise,
  rangeChart, scalingLoss, tokensPerGpuSecond, tornado, tornadoChart, waterfallChart, type OwnedGpu, type Purse,
  type RunBudget, type RunHours, type RunPlan, type TrainedModel, type Values,
} from "./lib/lessons/07-cost-economics";
import { DEEPSEEK_V3 } from "./lib/model/config";
import {
  barChart, billions, check, checkParameters, fixed, lineChart, money, percent, planeChart, plot, result, say,
  showSource, sliderPlot, solvedOr, table, times, verdicts, whole,
} from "./lib/notebook";
import { Random } from "./lib/tensor/random";

const run = (id: string, key: string) => value("training-runs", id, key);
const v3 = (key: string) => run("deepseek-v3", key);
const day6 = (key: string) => value("serving", "day-6", key);
say`Ready: ${entries("training-runs").length} training runs, ${entries("prices").length} lists of prices and
${entries("budgets").length} budgets are at hand.`;

// %% [markdown]
// **The numbers worth changing.** Change one, then *Run → Run All Cells*. The comment says what it may be and means.

// %% tags=["parameters"]
const pricePerHour = 2.0; // 0.3..15.0 dollars: price of a GPU-hour
const accelerator = "h800"; // h800 | h100 | h200 | b200 | mi300x: the GPU of planned runs and of serving
const utilisation = 0.35; // 0.05..0.8 share: what a planned run reaches of the BF16 peak
const activeParameters = 37; // 0.1..2000.0 billion: active parameters of the planned model
const trainingTokens = 14.8; // 0.1..200.0 trillion: tokens of the planned run
const people = 150; // 1..5000 people: researchers and engineers who worked on the model
const salary = 100; // 5..1000 thousand dollars: what one of them costs a year
const years = 0.6; // 0.1..5.0 years: how long they worked on it
const budget = 50; // 0.1..5000.0 million francs: what a public centre has in a year
const electricity = 0.1; // 0.0..1.0 dollars: price of a kilowatt-hour
const decodeGpus = 144; // 32 | 72 | 144 | 320 GPUs: that decode together
const context = 4989; // 128..131072 tokens: mean length of what a decoded token looks back on
const efficiency = 0.3; // 0.05..1.0 share: what decoding reaches of bandwidth and peak
const draws = 20000; // 1000..200000 draws: of the Monte Carlo
const seed = 1; // 0..999999 number: where all random numbers start

// %%
checkParameters("07-cost-economics", {
  pricePerHour, accelerator, utilisation, activeParameters, trainingTokens, people, salary, years, budget,
  electricity, decodeGpus, context, efficiency, draws, seed,
});
const chip = (key: string) => value("accelerators", accelerator, key);

// %% [markdown]
// ## 1. Three numbers
//
// Which of these is the cost of DeepSeek-V3? Decide before you read the third column.

// %%
const three = [
  {
    found: fact("training-runs", "deepseek-v3", "cost"),
    counts: "GPU-hours of the official run, at an assumed price",
    question: "What would it take to run it once more?",
  },
  {
    found: fact("training-runs", "deepseek-company", "clusterPurchase"),
    counts: "buying the servers that the run used (at least)",
    question: "What would the machines cost you?",
  },
  {
    found: fact("training-runs", "deepseek-company", "capex"),
    counts: "all servers of the company, as an outsider estimates",
    question: "What did it take to become a company that can do this?",
  },
];
table(
  three.map(({ found, counts, question }) => ({
    amount: money(found.value),
    counts,
    "is the answer to": question,
    source: `${found.title} (${found.confidence})`,
  })),
  { caption: "Three figures in circulation" },
);
say`The largest is ${times(three[2].found.value / three[0].found.value)} the smallest, and all three can be right. This
lesson starts with the first, finds out what lies between it and the others, and leaves you to choose.`;

// %% [markdown]
// ## 2. The bill
//
// The report gives GPU-hours of three stages and one price. That is all.

// %%
const stages = [
  { name: "pre-training", gpuHours: v3("preTrainingHours") },
  { name: "context extension", gpuHours: v3("contextExtensionHours") },
  { name: "post-training", gpuHours: v3("postTrainingHours") },
];
const official = bill(stages, v3("price"));
const atYourPrice = bill(stages, pricePerHour);
table(
  [
    ...official.stages.map(({ name, gpuHours, dollars }, i) => ({
      stage: name, "GPU-hours": gpuHours, "as reported": dollars, "at your price": atYourPrice.stages[i].dollars,
    })),
    {
      stage: "sum", "GPU-hours": official.gpuHours, "as reported": official.dollars,
      "at your price": atYourPrice.dollars,
    },
  ],
  {
    caption: "The bill of DeepSeek-V3",
    columns: { "as reported": { unit: "dollars" }, "at your price": { unit: "dollars" } },
  },
);
say`The sum is the report's to the dollar: **${money(official.dollars, "dollars", 4)}**
(${citeLink(fact("training-runs", "deepseek-v3", "cost"))}). It hangs together inside, too:
${whole(v3("hoursPerTrillionTokens"))} GPU-hours for a trillion tokens, times ${fixed(v3("tokens") / 1e12, 1)}
trillion, are exactly the hours of pre-training. On ${whole(v3("gpus"))} GPUs that is
${fixed(daysOn(v3("gpus"), v3("hoursPerTrillionTokens")), 1)} days a trillion,
**${fixed(daysOn(v3("gpus"), v3("preTrainingHours")), 0)} days** of pre-training, and
${fixed(daysOn(v3("gpus"), official.gpuHours), 1)} days for all stages.`;
result("the official run", official.dollars, "dollars");

// %% [markdown]
// The hours are a measurement. The price is not: the report *assumes* it, since DeepSeek owns its GPUs. So what would
// the same hours cost at prices that somebody really asked?

// %%
const offers: [string, string, string][] = [
  ["rent-h800", "report", "H800, the report's assumption"],
  ["rent-h800", "offer", "H800, the one offer on record"],
  ["rent-h100", "in2023", "H100 in 2023"],
  ["rent-h100", "in2024", "H100 in 2024"],
  ["rent-h100", "in2025", "H100 in 2025"],
];
plot(
  rangeChart({
    title: "What would V3's GPU-hours cost at other prices?",
    x: { title: "million dollars at the median price, and at all offers (log scale)", log: true },
    labels: offers.map(([, , label]) => label),
    series: [
      {
        name: "price",
        points: offers.map(([id, key, label]) => {
          const price = fact("prices", id, key);
          const cost = (perHour: number) => (perHour * official.gpuHours) / 1e6;
          const [low, high] = [price.low ?? price.value, price.high ?? price.value];
          return { label, value: cost(price.value), low: cost(low), high: cost(high) };
        }),
      },
    ],
  }),
);
const asked = fact("prices", "rent-h100", "in2024");
const place = v3("price") < asked.low! ? "below every offer of that year" : "among the offers of that year";
say`Rented on demand in the year of the run, the same hours cost ${money(asked.low! * official.gpuHours)} to
${money(asked.high! * official.gpuHours)}. The report's price lies ${place}, and near what owning costs, as section 7
finds. (${citeLink(asked)})`;

// %% [markdown]
// ### Exercise 1 · The bill
//
// *Implement · difficulty 1 of 3 · 8 minutes · 2 points*
//
// Write the bill of a run with three stages. `run.tokens` is a count; the GPU-hours of pre-training are given for a
// trillion tokens (`run.hoursPerTrillion`), those of the other stages as they are (`run.extensionHours`,
// `run.postHours`); `run.gpus` work at the same time, and each GPU-hour costs `run.price`. Return
// `{ dollars, days }` of the whole run.

// %% nbgrader={"grade": false, "grade_id": "07-bill", "locked": false, "schema_version": 3, "solution": true, "task": false}
function billOf(run: RunHours): { dollars: number; days: number } {
  /// BEGIN SOLUTION
  const hours = (run.tokens / 1e12) * run.hoursPerTrillion + run.extensionHours + run.postHours;
  return { dollars: hours * run.price, days: hours / run.gpus / 24 };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "07-bill-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(billExercise, billOf);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// First all GPU-hours: those of pre-training follow from the tokens in trillions, the two other stages are given. Money
// and time both follow from that one number.
//
// </details>
// <details><summary>Hint 2</summary>
//
// `hours = tokens / 1e12 · hoursPerTrillion + extensionHours + postHours`. Dollars are `hours · price`; days are
// `hours / gpus / 24`.
//
// </details>

// %% [markdown]
// ## 3. The same bill, from arithmetic
//
// Can we trust the hours? A run with $N$ active parameters and $D$ tokens needs about
//
// $$C = 6\,N\,D$$
//
// FLOPs: two for the forward pass of each parameter and token, four for the gradients. Attention adds a term that grows
// with the sequence. Divide by the hours, and you know how hard the GPUs worked. That share of their peak is called
// **MFU**, model FLOPs utilisation. It is only a number when you say which FLOPs you count, and which peak you divide
// by:

// %%
const rate = tokensPerGpuSecond(v3("tokens"), v3("preTrainingHours")); // tokens per second and GPU
const attentionOf = (causal: boolean) =>
  3 * attentionFlops(attentionShape(DEEPSEEK_V3), meanContext(v3("sequence"), causal));
const counts = {
  "6N": 6 * v3("activeParameters"),
  "6N and attention, causal": 6 * v3("activeParameters") + attentionOf(true),
  "6N and attention, without mask": 6 * v3("activeParameters") + attentionOf(false),
};
const share = (flopsPerToken: number, format: string) =>
  mfu({ flopsPerToken, tokensPerSecond: rate, peak: value("accelerators", "h800", format) });
table(
  Object.entries(counts).map(([counted, flopsPerToken]) => ({
    "what is counted": counted,
    "GFLOPs a token": flopsPerToken / 1e9,
    "of the BF16 peak": `${fixed(100 * share(flopsPerToken, "peakBf16"), 1)}%`,
    "of the FP8 peak": `${fixed(100 * share(flopsPerToken, "peakFp8"), 1)}%`,
  })),
  { caption: `One run, ${whole(rate)} tokens per second and GPU, six utilisations`, digits: 1 },
);
say`All six are true. V3 computes most products in FP8, so the right-hand column is the stricter one; the authors state
theirs against BF16. A run that claimed three times these shares would be suspicious. This one is ordinary, so **the
hours are credible**.`;

// %% [markdown]
// Turned round, this gives you the price of any run before it starts: FLOPs, divided by what a GPU does in an hour,
// times the price of that hour. For the run in your parameters cell:

// %%
const planned = {
  flops: trainingCompute(activeParameters * 1e9, trainingTokens * 1e12),
  mfu: utilisation,
  peak: chip("peakBf16"),
};
const plannedHours = gpuHoursFor(planned);
const plannedCost = plannedHours * pricePerHour;
showSource("lib/economics/training-cost.ts", "gpuHoursFor");
say`${fixed(activeParameters, 1)} billion active parameters and ${fixed(trainingTokens, 1)} trillion tokens at
${percent(utilisation)} of the BF16 peak of an ${entry("accelerators", accelerator).name}:
${whole(plannedHours)} GPU-hours, **${money(plannedCost)}**.`;
result("planned run", plannedCost, "dollars");

// %% [markdown]
// ## 4. What the bill leaves out
//
// The report says so itself: the figure covers the official run only, not earlier research, nor ablations on
// architecture, algorithms and data (section 1). It doesn't mention people, data or the building either. How much is
// that? One part can be seen, since the report publishes some of its experiments, with their sizes:

// %%
const ablations = publishedAblations();
const finalFlops = trainingCompute(v3("activeParameters"), v3("tokens"));
table(
  ablations.map(({ name, active, tokens, runs }) => ({
    experiment: name,
    runs,
    "active parameters": billions(active),
    "tokens a run": `${fixed(tokens / 1e12, 2)}T`,
    "of the final run's FLOPs": percent((runs * trainingCompute(active, tokens)) / finalFlops),
  })),
  { caption: "Experiments that the report describes (tables 4 and 5, appendix B.1)" },
);
const visible = visibleResearchShare();
say`${ablations.reduce((sum, { runs }) => sum + runs, 0)} runs, together **${percent(visible)}** of the pre-training
FLOPs (fewer if tables share a run). These are the experiments that made it into a paper. Those that failed, those that
chose the learning rate and those on data are not in it.`;

// %% [markdown]
// For the rest there is no published number. There are only ranges, and we say where each is from. A few ends are
// facts. The others are **assumptions of ours**, and you should quarrel with them:

// %%
const dollarsPerHour = fact("prices", "rent-h800", "offer").value;
const staff = fact("training-runs", "deepseek-company", "researchStaff");
const around = (likely: number, factor: number) => ({ low: likely / factor, likely, high: likely * factor });
const ranges = {
  "price of a GPU-hour": {
    low: Math.min(pricePerHour, value("prices", "rent-h100", "lowest2025")),
    likely: pricePerHour,
    high: Math.max(pricePerHour, dollarsPerHour),
    basis: "lowest H100 offer of 2025; your parameter; the H800 offer",
  },
  "other experiments": { low: 0.2, likely: 1, high: 4, basis: "assumption, in official runs; beside the published" },
  "failed runs": { low: 0, likely: 0.05, high: 0.3, basis: "assumption; the report says that it never rolled back" },
  people: {
    low: Math.min(people, staff.low!) / 2, likely: people, high: Math.max(people, staff.high!),
    basis: "your parameter; counts in the press; half of them on other projects",
  },
  "cost of a person": { ...around(salary * 1e3, 2), basis: "assumption, dollars a year: half to twice your parameter" },
  years: { ...around(years, 2), basis: "your parameter; V2's report is of May 2024, V3's of December" },
  data: { low: 0.5e6, likely: 2e6, high: 10e6, basis: "assumption, dollars" },
  infrastructure: { low: 0.1, likely: 0.2, high: 0.5, basis: "assumption, share of all computing" },
};
const allInOf = (v: Values<typeof ranges>) =>
  allIn({
    official: v["price of a GPU-hour"] * official.gpuHours,
    ablations: visible,
    research: v["other experiments"],
    failed: v["failed runs"],
    people: v.people,
    salary: v["cost of a person"],
    years: v.years,
    data: v.data,
    infrastructure: v.infrastructure,
  });
type Assumed = Values<typeof ranges>;
const likely = Object.fromEntries(Object.entries(ranges).map(([name, range]) => [name, range.likely])) as Assumed;
table(
  Object.entries(ranges).map(([name, { low, likely: middle, high, basis }]) => {
    const short = (x: number) => (x >= 1e3 ? whole(x) : String(Number(x.toPrecision(3))));
    return { what: name, low: short(low), likely: short(middle), high: short(high), "where it is from": basis };
  }),
  { caption: "What we don't know, as ranges" },
);
plot(
  waterfallChart({
    title: "From the official run to the whole project: what adds up?",
    y: { title: "million dollars" },
    parts: allInOf(likely).parts.map(({ name, dollars }) => ({ name, value: dollars / 1e6 })),
    total: "all in",
  }),
);
say`At the likely values the project costs ${money(allInOf(likely).dollars)},
${times(allInOf(likely).multiple)} the official run. The second bar is the only one besides the first that stands on
published numbers.`;
result("the whole project", allInOf(likely).dollars, "dollars");

// %% [markdown]
// Now draw every assumption at random from its range, add up, and do it thousands of times (**Monte Carlo**). Then move
// one alone, from its low end to its high end, while all others stay at their likely value (a **tornado**).
//
// **Predict.** Eight assumptions, the rows of that table. Which one moves the result most? Put its name, then run the
// cell below it.

// %%
const movesMost = "people"; // your guess

// %%
const random = new Random(seed);
const spread = monteCarlo({
  ranges, model: (v) => allInOf(v).dollars / 1e6, draws, uniform: () => random.uniform(),
});
const multiples = monteCarlo({ ranges, model: (v) => allInOf(v).multiple, draws, uniform: () => random.uniform() });
plot(
  histogramChart({
    title: "What does the whole project cost, over all draws?",
    x: { title: "million dollars" },
    values: spread.values,
    bins: 50,
    range: [0, spread.quantile(0.995)],
    marks: [
      { name: "official run", x: atYourPrice.dollars / 1e6 },
      { name: "half of the draws are below", x: spread.quantile(0.5) },
    ],
  }),
);
const bars = tornado(ranges, (v) => allInOf(v).dollars / 1e6);
plot(
  tornadoChart({
    title: "Which assumption moves the result most?",
    x: { title: "cost of the whole project in million dollars" },
    base: allInOf(likely).dollars / 1e6,
    bars,
  }),
);
const within = multiples.shareUpTo(5) - multiples.shareUpTo(2);
say`You said *${movesMost}*; it is **${bars[0].name}**, then ${bars[1].name} and ${bars[2].name}. Nine draws of ten
lie between ${money(1e6 * spread.quantile(0.05))} and ${money(1e6 * spread.quantile(0.95))}, or
**${fixed(multiples.quantile(0.05), 1)} to ${fixed(multiples.quantile(0.95), 1)} times** the official run;
${percent(within)} of them lie in the claimed two to five.

The histogram looks like knowledge. It isn't: it is our assumptions, added up properly. What it does show is which
ones deserve your doubt.`;

// %% [markdown]
// Is there a look from outside? There is one, for laboratories in general:

// %%
const outside = fact("training-runs", "frontier-labs", "finalRunShare");
say`Epoch AI finds that the final run is ${percent(outside.low!)} to ${percent(outside.high!)} of what it costs to
develop a model (${citeLink(outside)}). Taken for V3, that is ${fixed(1 / outside.high!, 0)} to
${fixed(1 / outside.low!, 0)} times the official run: the claimed "two to five times" ends where this range begins. It
is a fair warning, and rather a mild one.`;

// %% [markdown]
// ## 5. Against the others
//
// Now the comparisons. A cost can be stated on at least four **bases**: hours at one price for everybody; the loss of
// value of owned hardware, with electricity; what a cloud would charge; what the owner once said. Watch how far one and
// the same model moves when only the basis changes.

// %%
const names = (id: string) => entry("training-runs", id).name;
const compared = [
  "deepseek-v3", "deepseek-r1", "llama-4-maverick", "claude-3.5-sonnet", "gemini-1.0-ultra", "gpt-4", "llama-3.1-405b",
  "gpt-4.5", "grok-3",
];
const onBasis = (key: string, factor = 1) =>
  compared.flatMap((id) => {
    const found = entry("training-runs", id).facts[key];
    const scaled = (x: number | undefined) => (x === undefined ? undefined : (x * factor) / 1e6);
    return found === undefined
      ? []
      : [{ label: names(id), value: scaled(found.value)!, low: scaled(found.low), high: scaled(found.high) }];
  });
plot(
  rangeChart({
    title: "What did training cost, and on which basis?",
    x: { title: "million dollars (log scale)", log: true },
    labels: compared.map(names),
    series: [
      { name: "GPU-hours at your price", points: onBasis("gpuHours", pricePerHour) },
      { name: "owned: loss of value and energy", points: onBasis("costAmortised") },
      { name: "rented in a cloud", points: onBasis("costCloud") },
      { name: "said by its owner", points: onBasis("costStated") },
    ],
  }),
  { height: 480 },
);
const gpt4 = entry("training-runs", "gpt-4").facts;
say`GPT-4 alone stands at ${money(gpt4.costAmortised.value)}, ${money(gpt4.costAmortised.high!)},
${money(gpt4.costCloud.value)} and "much more than" ${money(gpt4.costStated.value)}, and buying its hardware would have
been ${money(gpt4.costAcquisition.value)}. **None of these is wrong.** A ratio of two costs means something only if both
stand on one basis. (R1's point is what came on top of V3. Of Mixtral, and of most others, nothing is published.)`;

// %% [markdown]
// So is V3 one fiftieth of GPT-4, or two orders of magnitude cheaper? **Predict:** what would GPT-4 have to cost for
// that?

// %%
const fiftieth = 50 * official.dollars;
const hundredth = 100 * official.dollars;
const bases: [string, string][] = [
  ["costAmortised", "owned hardware: loss of value and energy"], ["costCloud", "rented in a cloud"],
  ["costStated", "said by its owner: more than"],
];
const gpt4Costs = bases.map(([key]) => gpt4[key]);
table(
  gpt4Costs.map((cost, i) => ({
    "GPT-4": bases[i][1],
    source: `${cost.title} (${cost.confidence})`,
    "million dollars": fixed(cost.value / 1e6, 1),
    "times V3's official run": fixed(cost.value / official.dollars, 1),
  })),
  { caption: "Every published figure, divided by V3's" },
);
const bestCase = Math.max(...gpt4Costs.map(({ value: dollars }) => dollars)) / official.dollars;
say`A fiftieth needs a GPT-4 of ${money(fiftieth)}; two orders of magnitude need ${money(hundredth)}. The published
figures give ${fixed(gpt4.costAmortised.value / official.dollars, 0)} to ${fixed(bestCase, 0)} times, the last one open
upwards. In FLOPs, the ratio is ${fixed(gpt4.flops.value / finalFlops, 1)}. One order of magnitude, and that is a
great deal.`;

// %% [markdown]
// ## 6. Why eleven times less than Llama 3.1 405B?
//
// Here both sides published GPU-hours. **Predict:** V3 took an eleventh of them. How much of that is due to better use
// of the GPUs, to FP8, DualPipe and hand-written kernels?

// %%
const trained = ["deepseek-v3", "llama-3.1-405b", "llama-3.1-70b", "llama-4-scout", "llama-4-maverick"].map((id) => ({
  name: names(id),
  flops: trainingCompute(run(id, "activeParameters"), run(id, "tokens")),
  gpuHours: run(id, id === "deepseek-v3" ? "preTrainingHours" : "gpuHours"),
}));
plot(
  planeChart({
    title: "Fewer GPU-hours: less to compute, or computed faster?",
    x: "FLOPs of the run, 6ND, in units of 10²⁴ (log scale)",
    y: "GPU-hours (log scale)",
    points: trained.map(({ name, flops, gpuHours }, i) => ({
      name, x: flops / 1e24, y: gpuHours, place: i < 2 ? "bottom right" : "top left",
    })),
    diagonal: { name: "V3's FLOPs per GPU-hour", slope: (1e24 * trained[0].gpuHours) / trained[0].flops },
    levels: [],
  }),
  { height: 480 },
);
const against405 = compareRuns(trained[1], trained[0]);
say`Along the dashed line every GPU works as hard as V3's did; above it, less hard. V3 and the 405B lie on the same
line: **${fixed(against405.hours, 1)} times the hours of pre-training, ${fixed(against405.flops, 1)} times the FLOPs,
and ${fixed(against405.rate, 2)} times the FLOPs per hour**. The saving is not in how fast the GPUs computed. It is in
how little there was to compute: ${billions(v3("activeParameters"))} active parameters in place of
${billions(run("llama-3.1-405b", "activeParameters"))}.

That is not to say that the engineering did nothing. A mixture of experts is much harder to keep busy than a dense
model; on lesser GPUs, with half the NVLink, *being on that line* is the achievement. But the eleven-fold itself is
lesson 01.`;

// %% [markdown]
// The popular account overlooks one more point on that picture: Llama 4 Maverick, also a mixture of experts, took fewer
// GPU-hours than V3.
//
// ### Exercise 2 · Where does the eleven-fold come from?
//
// *Implement · difficulty 2 of 3 · 10 minutes · 3 points*
//
// For two runs a and b, each with `active`, `total`, `tokens` and `gpuHours`, return three numbers: `flops`, the ratio
// a : b of their FLOPs; `rate`, the ratio a : b of FLOPs per GPU-hour; and `tiePrice`, the price of a GPU-hour at which
// a would have cost what b costs at `price`.

// %% nbgrader={"grade": false, "grade_id": "07-eleven", "locked": false, "schema_version": 3, "solution": true, "task": false}
function compareTwo(a: TrainedModel, b: TrainedModel, price: number) {
  /// BEGIN SOLUTION
  const flops = (a.active * a.tokens) / (b.active * b.tokens);
  const hours = a.gpuHours / b.gpuHours;
  return { flops, rate: flops / hours, tiePrice: price / hours };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "07-eleven-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(compareExercise, compareTwo);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// FLOPs of a run: 6 · active · tokens. The rate of a GPU: FLOPs / gpuHours. For the tie: what does b cost, and over how
// many hours may a spread that?
//
// </details>
// <details><summary>Hint 2</summary>
//
// flops = (a.active · a.tokens) / (b.active · b.tokens), since the six cancels. rate = flops / (a.gpuHours /
// b.gpuHours). tiePrice = price · b.gpuHours / a.gpuHours.
//
// </details>

// %%
const compare = await solvedOr(compareExercise, compareTwo);
const modelOf = (id: string): TrainedModel => ({
  active: run(id, "activeParameters"), total: value("models", id, "totalParameters"), tokens: run(id, "tokens"),
  gpuHours: run(id, "gpuHours"),
});
const tie = compare(modelOf("llama-3.1-405b"), modelOf("deepseek-v3"), pricePerHour);
say`Meta would have had to rent its GPUs at ${money(tie.tiePrice)} an hour, in place of ${money(pricePerHour)}, to train
the 405B for the price of V3. No discount closes that gap.`;

// %% [markdown]
// ## 7. Who can afford it?
//
// The account names one public centre: CSCS in Lugano, which runs the Swiss machine Alps. What does one of its years
// pay for?

// %%
const francsPerDollar = value("prices", "francs", "francsPerDollar");
const cscs = value("budgets", "cscs", "operations") + value("budgets", "cscs", "investment");
const dollars = (budget * 1e6) / francsPerDollar;
const allInMedian = 1e6 * spread.quantile(0.5);
const dear: [string, number][] = [
  ["V3, the official run", atYourPrice.dollars],
  ["V3, all in (half of our draws)", allInMedian],
  ["your planned run", plannedCost],
  ["Llama 3.1 405B, hours at your price", run("llama-3.1-405b", "gpuHours") * pricePerHour],
  ["GPT-4, owned hardware", gpt4.costAmortised.value],
  ["GPT-4, cloud", gpt4.costCloud.value],
  ["GPT-4, what was said (at least)", gpt4.costStated.value],
];
plot(
  barChart({
    title: `How many such runs does one year of ${fixed(budget, 0)} million francs pay for?`,
    x: { title: "runs a year" },
    labels: dear.map(([name]) => name),
    series: [{ name: "runs", values: dear.map(([, cost]) => dollars / cost) }],
  }),
);
say`CSCS has **${money(cscs, "francs", 2)}** a year: ${money(value("budgets", "cscs", "operations"), "francs", 2)} to
operate, ${money(value("budgets", "cscs", "investment"), "francs", 2)} to invest
(${citeLink(fact("budgets", "cscs", "operations"))}). In dollars that is ${money(cscs / francsPerDollar)}. An official
V3 run is **${percent(official.dollars / (cscs / francsPerDollar))}** of it, as claimed; ten of them are
${percent((10 * official.dollars) / (cscs / francsPerDollar))}. And GPT-4 would take
${fixed(gpt4.costAmortised.value / (cscs / francsPerDollar), 1)} to
${fixed(gpt4.costStated.value / (cscs / francsPerDollar), 1)} years by the published figures.`;

// %% [markdown]
// But this is the wrong sum, in both directions. The money is spent already: on a machine, on electricity, on staff,
// for all the sciences of a country. A centre doesn't buy GPU-hours, it **divides** them. So count in its own
// currency, days of the whole machine:

// %%
const apertus = trainingCompute(run("apertus-70b", "activeParameters"), run("apertus-70b", "tokens")); // FLOPs
const onMachine = (gpus: number, chipId: string, flops: number) =>
  daysOn(gpus, gpuHoursFor({ flops, mfu: utilisation, peak: value("accelerators", chipId, "peakBf16") }));
const spent = (id: string, currency: string) => money(value("budgets", id, "procurement"), currency);
const machines: [string, number, string, string][] = [
  ["Alps (Switzerland)", value("budgets", "alps", "accelerators"), "gh200", spent("alps", "francs")],
  ["Leonardo (Italy)", value("budgets", "leonardo", "accelerators"), "a100", spent("leonardo", "euros")],
  ["V3's own cluster", v3("gpus"), "h800", `${money(three[1].found.value)} or more`],
];
table(
  machines.map(([machine, gpus, chipId, price]) => ({
    machine,
    "bought for": price,
    accelerators: gpus,
    "V3-scale run": onMachine(gpus, chipId, finalFlops),
    "Apertus 70B": onMachine(gpus, chipId, apertus),
    "GPT-4-scale run": onMachine(gpus, chipId, gpt4.flops.value),
  })),
  { caption: `Days of the whole machine, at ${percent(utilisation)} of its BF16 peak`, digits: 0 },
);
const gpt4Days = onMachine(machines[0][1], "gh200", gpt4.flops.value);
say`All of Alps would do a V3 in ${fixed(onMachine(machines[0][1], "gh200", finalFlops), 0)} days, and a GPT-4 in
${fixed(gpt4Days, 0)}, ${percent(gpt4Days / 365)} of a year, in which ${whole(value("budgets", "cscs", "users"))}
users wait.

What was really done there is **Apertus 70B**: ${fixed(run("apertus-70b", "tokens") / 1e12, 0)} trillion tokens on
${whole(run("apertus-70b", "gpus"))} GPUs (${citeLink(fact("training-runs", "apertus-70b", "gpus"))}),
${times(apertus / finalFlops)} the FLOPs of V3, for a model with a tenth of its parameters. A public centre *can* pay
for such a run. A run is not a V3, though: the mixture of experts, its balance and its kernels are research, and
research is the part that section 4 couldn't see.

And the wealthy? DeepSeek is the proof: a hedge fund is said to have begun it with
${money(value("budgets", "high-flyer", "funding"), "dollars", 2)}
(${citeLink(fact("budgets", "high-flyer", "funding"))}).`;

// %% [markdown]
// ### Exercise 3 · What a budget trains
//
// *Implement · difficulty 2 of 3 · 10 minutes · 3 points*
//
// How many tokens can a purse train? It has `francs`, the exchange rate `francsPerDollar`, the `price` of a GPU-hour in
// dollars, the utilisation `mfu` of a `peak` in FLOP/s, and a model with so many `active` parameters.

// %% nbgrader={"grade": false, "grade_id": "07-budget", "locked": false, "schema_version": 3, "solution": true, "task": false}
function tokensFor(purse: Purse): number {
  /// BEGIN SOLUTION
  const hours = purse.francs / purse.francsPerDollar / purse.price;
  return (hours * 3600 * purse.mfu * purse.peak) / (6 * purse.active);
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "07-budget-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
await check(budgetExercise, tokensFor);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Go from left to right: francs → dollars → GPU-hours → FLOPs → tokens. Write the unit of every step beside it.
//
// </details>
// <details><summary>Hint 2</summary>
//
// `FLOPs = (francs / francsPerDollar / price) · 3600 · mfu · peak`. A token costs 6 · active of them.
//
// </details>

// %% [markdown]
// ### Rent, or own?
//
// Hardware loses value by the hour whether it works or not. So the price of an owned GPU-hour depends on one thing
// above all: the share of hours in which somebody uses it. The dashed line is the median rent of an H100 in 2025.

// %%
const bought = fact("prices", "buy-h100", "purchase");
const machineAt = (purchase: number): OwnedGpu => ({
  purchase,
  interconnectShare: value("prices", "ownership", "interconnectShare"),
  depreciation: value("prices", "ownership", "depreciation"),
  watts: 2 * value("accelerators", "h100", "power"), // our assumption: as much again for the rest of the server
  overhead: 1.3, // assumption: electricity of the building
  electricity,
  operation: 0.15, // assumption: staff, space and repairs, dollars an hour
});
const rent = value("prices", "rent-h100", "in2025");
const busyShares = Array.from({ length: 41 }, (_, i) => 0.2 + i * 0.02);
const owned = (purchase: number) => busyShares.map((busy) => ownedHour(machineAt(purchase), busy).total);
plot(
  lineChart({
    title: "From how much use on is owning cheaper than renting?",
    x: { title: "share of hours in which the GPU is used", percent: true },
    y: { title: "dollars per used GPU-hour" },
    series: [
      { name: `bought at ${whole(bought.low!)} dollars`, x: busyShares, y: owned(bought.low!) },
      { name: `at ${whole(bought.value)}`, x: busyShares, y: owned(bought.value) },
      { name: `at ${whole(bought.high!)}`, x: busyShares, y: owned(bought.high!) },
      { name: "rented", x: busyShares, y: busyShares.map(() => rent), dashed: true },
    ],
  }),
);
const fullTime = ownedHour(machineAt(bought.value), 1);
const breakEven = breakEvenBusy(machineAt(bought.value), rent);
const isOwners = Math.abs(v3("price") / fullTime.total - 1) < 0.25;
const verdictOnPrice = isOwners ? "about an owner's cost" : "not an owner's cost";
say`At the middle price ${breakEven <= 1 ? `owning wins from **${percent(breakEven)}** use on` : "owning never wins"}.
Used all the time, the hour costs ${money(fullTime.total)}, of which ${money(fullTime.hardware)} is lost value. The
report assumes ${money(v3("price"))}:
${verdictOnPrice}.
(${citeLink(bought)}; method: ${citeLink(fact("prices", "ownership", "depreciation"))})`;

// %% [markdown]
// ## 8. Serving: one day, two percentages
//
// Training is paid once. Serving is paid for every token. DeepSeek published one day of its own service, with a number
// that was quoted everywhere: a profit of 545% ([day 6 of its open infrastructure
// week](https://github.com/deepseek-ai/open-infra-index)). First, do its figures agree with each other?

// %%
const inputDays = nodeDays(day6("inputTokens"), day6("inputRate"));
const outputDays = nodeDays(day6("outputTokens"), day6("outputRate"));
const node = day6("gpusPerNode") * day6("price"); // dollars per hour
const cost = dayCost(day6("nodes") * day6("gpusPerNode"), day6("price"));
const half = (what: string, tokens: number, rate: number, nodes: number) => ({
  what, tokens: tokens / 1e9, rate, nodes, cost: 1e6 * costPerToken(node, rate),
});
table(
  [
    half("input", day6("inputTokens"), day6("inputRate"), inputDays),
    half("output", day6("outputTokens"), day6("outputRate"), outputDays),
  ],
  {
    caption: "A day of DeepSeek's service",
    columns: {
      tokens: { unit: "billion", digits: 0 },
      rate: { unit: "tokens per second and node", digits: 0 },
      nodes: { unit: "busy, mean", digits: 1 },
      cost: { unit: "dollars per million tokens", digits: 2 },
    },
  },
);
say`They do: tokens and rates ask for ${fixed(inputDays + outputDays, 1)} nodes, and ${fixed(day6("nodes"), 2)} were
reported. At ${money(day6("price"))} a GPU-hour that is ${money(cost)} a day.`;

// %% [markdown]
// Now the profit. The revenue in that statement is a thought experiment: all tokens, also those of free users, billed
// at the price of R1, the dearer model. DeepSeek says so, and that real revenue is much lower.
//
// ### Exercise 4 · Margin or mark-up?
//
// *Implement · difficulty 2 of 3 · 8 minutes · 2 points*
//
// Profit divided by **cost** is the mark-up; profit divided by **revenue** is the margin. Write both, as shares of 1.
// Tokens come in three kinds, `cacheHit`, `cacheMiss` and `output`, each with a price in dollars per million.

// %% nbgrader={"grade": false, "grade_id": "07-margin", "locked": false, "schema_version": 3, "solution": true, "task": false}
function profit(tokens: ByKind, pricesPerMillion: ByKind, cost: number): { markup: number; margin: number } {
  /// BEGIN SOLUTION
  const { cacheHit, cacheMiss, output } = pricesPerMillion;
  const revenue = (tokens.cacheHit * cacheHit + tokens.cacheMiss * cacheMiss + tokens.output * output) / 1e6;
  return { markup: (revenue - cost) / cost, margin: (revenue - cost) / revenue };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "07-margin-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
await check(marginExercise, profit);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// Revenue is a sum over three kinds of tokens, in millions, each with its price. Profit is revenue minus cost. The two
// answers differ only in what profit is divided by.
//
// </details>
// <details><summary>Hint 2</summary>
//
// `markup = (revenue - cost) / cost` and `margin = (revenue - cost) / revenue`.
//
// </details>

// %%
const sold: ByKind = {
  cacheHit: day6("cachedTokens"),
  cacheMiss: day6("inputTokens") - day6("cachedTokens"),
  output: day6("outputTokens"),
};
const pricesOf = (id: string): ByKind => ({
  cacheHit: value("prices", id, "cacheHit"),
  cacheMiss: value("prices", id, "cacheMiss"),
  output: value("prices", id, "output"),
});
const lists: [string, string][] = [
  ["R1's list price", "api-r1"], ["V3's list price", "api-v3"], ["V3's price at launch", "api-v3-launch"],
  ["from September 2025", "api-september-2025"], ["V3.2's price", "api-v3.2"],
];
table(
  lists.map(([name, id]) => {
    const earned = revenue(sold, pricesOf(id));
    return {
      "all tokens billed at": name,
      "revenue (dollars)": whole(earned),
      "mark-up on cost": percent(markup(earned, cost)),
      "margin on revenue": `${fixed(100 * margin(earned, cost), 1)}%`,
      source: fact("prices", id, "output").confidence,
    };
  }),
  { caption: "The same day at five price lists" },
);
const printed = day6("theoreticalRevenue");
say`The famous number is a **mark-up**: ${money(printed)} against ${money(cost)} is ${percent(markup(printed, cost))}
on top, the same thing as a **margin** of ${fixed(100 * margin(printed, cost), 1)}%. (With the rounded counts of
tokens that were published, our first row comes out a shade higher.) At V3's price the margin is
${percent(margin(revenue(sold, pricesOf("api-v3")), cost))}; at the price of V3's first weeks, it is
${percent(margin(revenue(sold, pricesOf("api-v3-launch")), cost))}: those tokens went at cost.`;

// %% [markdown]
// Margins depend on what people ask. Output costs about five times what input does, so move along the mix; and move the
// slider: input that was in the cache is billed far lower.

// %%
const mix = Array.from({ length: 41 }, (_, i) => i / 40); // share of output among all tokens
const hitShare = Math.round((100 * sold.cacheHit) / day6("inputTokens"));
const perMillion = (kind: ByKind, hits: number, out: number) =>
  1e6 * (out * kind.output + (1 - out) * (hits * kind.cacheHit + (1 - hits) * kind.cacheMiss));
const costOfMix = (out: number) =>
  1e6 * (out * costPerToken(node, day6("outputRate")) + (1 - out) * costPerToken(node, day6("inputRate")));
const dayMix = day6("outputTokens") / (day6("inputTokens") + day6("outputTokens"));
sliderPlot({
  title: "What does a million tokens earn and cost, as the mix changes?",
  parameter: "input found in the cache",
  unit: "%",
  values: [...new Set([0, 25, hitShare, 75, 100])].sort((a, b) => a - b),
  initial: hitShare,
  figure: (hits) =>
    lineChart({
      title: `${hits}%`,
      x: { title: "share of output among all tokens", percent: true },
      y: { title: "dollars per million tokens" },
      series: [
        ...[lists[0], lists[1], lists[4]].map(([name, id]) => ({
          name, x: mix, y: mix.map((out) => perMillion(pricesOf(id), hits / 100, out)),
        })),
        { name: "cost on that day", x: mix, y: mix.map(costOfMix), dashed: true },
        {
          name: "that day's mix", x: [dayMix, dayMix], y: [0, perMillion(pricesOf("api-r1"), hits / 100, dayMix)],
          dashed: true,
        },
      ],
    }),
});
const crossing = mix.find((out) => perMillion(pricesOf("api-v3.2"), 1, out) >= costOfMix(out)) ?? 1;
say`On that day ${percent(dayMix)} of the tokens were output and ${hitShare}% of the input was in the cache. The
dashed cost is that day's and doesn't move with the slider. Where a price runs below it, tokens are sold at a loss:
V3.2's price with all input in the cache would be, up to ${percent(crossing)} of output. (V3.2 costs less to run, its
attention being sparse.)`;

// %% [markdown]
// ## 9. What a token costs, against the crowd
//
// Lesson 01 found that a batch touches nearly all experts, so weights are read once for many tokens. The longer the
// context, the more each token reads of its own cache. Both are in this picture: the cost of a decoding step by its
// slower half, memory traffic or arithmetic. Each line ends where memory is full.

// %%
const unitOf = (gpus: number): DecodeUnit => ({
  gpus, memory: chip("memory"), bandwidth: chip("memoryBandwidth"), peak: chip("peakFp8"), bytesPerParameter: 1,
  efficiency,
});
const contexts = [...new Set([1024, context, 32768, 131072])].sort((a, b) => a - b);
const batches = (gpus: number, tokens: number) => {
  const most = largestBatch(DEEPSEEK_V3, { context: tokens, unit: unitOf(gpus) });
  return Array.from({ length: 30 }, (_, i) => Math.max(1, Math.round(most ** (i / 29))));
};
const costAt = (gpus: number, batch: number, tokens: number) => {
  const step = decodeStep(DEEPSEEK_V3, { batch, context: tokens, unit: unitOf(gpus) });
  return 1e6 * costPerToken(gpus * pricePerHour, step.tokensPerSecond);
};
sliderPlot({
  title: "What does a million output tokens cost, as more people are served at once?",
  parameter: "GPUs that decode together",
  unit: "",
  values: [32, 72, 144, 320],
  initial: decodeGpus,
  figure: (gpus) =>
    lineChart({
      title: String(gpus),
      x: { title: "sequences decoded at the same time (log scale)", log: true },
      y: { title: "dollars per million tokens (log scale)", log: true },
      series: contexts.map((tokens) => ({
        name: `${whole(tokens)} tokens of context`,
        x: batches(gpus, tokens),
        y: batches(gpus, tokens).map((batch) => costAt(gpus, batch, tokens)),
      })),
    }),
});
const most = largestBatch(DEEPSEEK_V3, { context, unit: unitOf(decodeGpus) });
const full = decodeStep(DEEPSEEK_V3, { batch: most, context, unit: unitOf(decodeGpus) });
say`One user alone on ${decodeGpus} GPUs would pay ${money(costAt(decodeGpus, 1, context))} for a million tokens. With
memory full, ${whole(most)} sequences share the same weights and a million costs
**${money(costAt(decodeGpus, most, context))}**; each reader then sees ${fixed(1 / full.seconds, 1)} tokens a second.
The step is limited by ${full.limit}. Cheap tokens need a crowd: that, more than any price list, is why serving such a
model is a business for large houses.`;

// %% [markdown]
// Is the assumed efficiency fair? DeepSeek's own day tells: from its rates we know how long a step took, and the
// roofline says how long it had to.

// %%
const perNode = day6("outputRate");
const unitGpus = day6("decodeGpus");
const sequences = ((perNode * unitGpus) / day6("gpusPerNode")) / day6("userRate");
const unitOfDay: DecodeUnit = {
  gpus: unitGpus,
  memory: value("accelerators", "h800", "memory"),
  bandwidth: value("accelerators", "h800", "memoryBandwidth"),
  peak: value("accelerators", "h800", "peakFp8"), bytesPerParameter: 1, efficiency: 1,
};
const bound = decodeStep(DEEPSEEK_V3, {
  batch: Math.round(sequences), context: day6("meanContext"), unit: unitOfDay,
});
const drafted = expectedTokens(value("serving", "speculation", "acceptance"), 1);
say`${whole(sequences)} sequences on ${unitGpus} GPUs, each at ${fixed(day6("userRate"), 0)} tokens a second. Memory
traffic alone would allow a step in ${fixed(1000 * bound.seconds, 0)} ms. It took ${fixed(1000 / day6("userRate"), 0)}
ms, or ${fixed((1000 * drafted) / day6("userRate"), 0)} ms if the service drafted a second token (lesson 05; it
doesn't say): an efficiency of **${percent((bound.seconds * day6("userRate")) / drafted)} to
${percent(bound.seconds * day6("userRate"))}**. Much of the rest is communication between GPUs, the subject of lesson
06.`;

// %% [markdown]
// ## 10. What open weights change
//
// A closed model has one seller, who may ask what the market bears. Of open weights, anybody with a few machines can
// sell the tokens. So the price is pressed towards somebody's cost:

// %%
const sellers: [string, string][] = [
  ["closed: OpenAI o1", "api-o1"],
  ["DeepSeek, R1", "api-r1"],
  ["DeepSeek, V3", "api-v3"],
  ["seven other hosts of V3", "api-hosts"],
];
const output = (id: string) => fact("prices", id, "output");
plot(
  rangeChart({
    title: "What does a million output tokens cost, and whom?",
    x: { title: "dollars per million output tokens (log scale)", log: true },
    labels: [...sellers.map(([name]) => name), "SGLang on rented H100", "DeepSeek's day"],
    series: [
      {
        name: "price",
        points: sellers.map(([label, id]) => {
          const { value: asked, low = asked, high = asked } = output(id);
          return { label, value: 1e6 * asked, low: 1e6 * low, high: 1e6 * high };
        }),
      },
      {
        name: "cost of the GPUs",
        points: [
          { label: "SGLang on rented H100", value: 1e6 * value("serving", "sglang-96-h100", "costPerOutputToken") },
          { label: "DeepSeek's day", value: 1e6 * costPerToken(node, day6("outputRate")) },
        ],
      },
    ],
  }),
);
const hosts = output("api-hosts");
say`Other hosts asked ${fixed(1e6 * hosts.low!, 2)} to ${fixed(1e6 * hosts.high!, 2)} dollars for V3's output
(${citeLink(hosts)}), about what DeepSeek asked itself; and volunteers with open software on ninety-six rented GPUs
reached ${money(1e6 * value("serving", "sglang-96-h100", "costPerOutputToken"))}
(${citeLink(fact("serving", "sglang-96-h100", "costPerOutputToken"))}). Anyone who asks much more than that invites
the next host. OpenAI's o1 cost ${times(output("api-o1").value / output("api-r1").value)} what R1 did, and o1 has one
seller. (The models differ, and hosts work with fuller or emptier machines: it is a comparison of prices, not of
value.)`;

// %% [markdown]
// ## 11. Plan a run
//
// One choice is left: how to split FLOPs between parameters and tokens. For dense models, scaling laws foresee the
// loss, the best known being Chinchilla's ([Hoffmann et al.](https://arxiv.org/abs/2203.15556), equation 10):
//
// $$L(N, D) = E + \frac{A}{N^\alpha} + \frac{B}{D^\beta}$$

// %%
const best = optimalAllocation(CHINCHILLA, finalFlops);
const sizes = Array.from({ length: 40 }, (_, i) => best.parameters * 10 ** ((i - 20) / 20));
plot(
  lineChart({
    title: "How large a dense model is best, with the FLOPs of V3's run?",
    x: { title: "parameters (log scale)", log: true },
    y: { title: "loss that the law foresees (nats a token)" },
    series: [{ name: "loss", x: sizes, y: sizes.map((N) => scalingLoss(CHINCHILLA, N, finalFlops / 6 / N)) }],
  }),
);
const smaller = best.parameters / 2;
const atHalf = scalingLoss(CHINCHILLA, smaller, finalFlops / 6 / smaller);
const paidBack = breakEvenTokens(CHINCHILLA, best, smaller); // served tokens
say`The law wants ${billions(best.parameters)} parameters and ${fixed(best.tokens / 1e12, 1)} trillion tokens, but the
valley is flat: half the size, with the same FLOPs, costs ${fixed(atHalf - best.loss, 3)} of loss. But a model is also
served. One of half that size reaches the same loss with more training, and has paid for it after
${fixed(paidBack / 1e12, 1)} trillion served tokens:
${fixed(paidBack / (day6("inputTokens") + day6("outputTokens")), 0)} days like the one
of section 8. (V3 read ${fixed(v3("tokens") / v3("activeParameters"), 0)} tokens for each active parameter. The law is
for dense models and says nothing about that.)`;

// %% [markdown]
// ### Exercise 5 · A run for a budget
//
// *Design · difficulty 3 of 3 · 20 minutes · 4 points*
//
// You have `dollars`, of which you keep the share `reserve` for what goes wrong. A GPU-hour costs `price`; you get
// `gpus` of them for `days`, and they reach the share `mfu` of their `peak`. Plan a dense model: return
// `{ parameters, tokens }` that stay within money **and** time, with a foreseen loss close to the best.
// `foreseenLoss(plan)` is there to try.

// %% nbgrader={"grade": false, "grade_id": "07-plan", "locked": false, "schema_version": 3, "solution": true, "task": false}
function plan(budget: RunBudget): RunPlan {
  /// BEGIN SOLUTION
  const hours = Math.min((budget.dollars * (1 - budget.reserve)) / budget.price, budget.gpus * budget.days * 24);
  const { parameters, tokens } = optimalAllocation(CHINCHILLA, hours * 3600 * budget.mfu * budget.peak);
  return { parameters, tokens };
  /// END SOLUTION
}

// %% nbgrader={"grade": true, "grade_id": "07-plan-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
await check(planExercise, plan);

// %% [markdown]
// <details><summary>Hint 1</summary>
//
// How many GPU-hours does the money buy, once the reserve is put aside? How many do the days hold? The smaller one
// decides how many FLOPs you have. Then split them between parameters and tokens.
//
// </details>
// <details><summary>Hint 2</summary>
//
// `FLOPs = min(dollars · (1 - reserve) / price, gpus · days · 24) · 3600 · mfu · peak`. Then 6 · parameters · tokens
// must not be more. `optimalAllocation(CHINCHILLA, FLOPs)` finds the best split; about twenty to a hundred tokens per
// parameter all come close.
//
// </details>

// %%
const planner = await solvedOr(planExercise, plan);
const purses = [0.1, 1, 10, 100].map((share) => {
  const limits: RunBudget = {
    dollars: (share * dollars) / 10, reserve: 0.25, price: pricePerHour, gpus: 10_000, days: 120, mfu: utilisation,
    peak: chip("peakBf16"),
  };
  const made = planner(limits);
  return {
    "million dollars": fixed(limits.dollars / 1e6, 1),
    "limited by": flopsWithin(limits) < flopsWithin({ ...limits, days: Infinity }) ? "time" : "money",
    parameters: billions(made.parameters),
    "tokens (trillion)": made.tokens / 1e12,
    "foreseen loss": fixed(foreseenLoss(made), 3),
  };
});
table(purses, {
  caption: "Your plan for a hundredth, a tenth, all and ten times your francs, on at most 10,000 GPUs for 120 days",
});

// %% [markdown]
// ## Recap: the claims, and what came out

// %% jupyter={"source_hidden": true}
// The claims are about V3 as it is: at the report's price, whatever the parameters above say.
const llama = entry("training-runs", "llama-3.1-405b").facts;
const cscsDollars = cscs / francsPerDollar;
verdicts([
  {
    claim: "cost-total: about 5.5 million dollars, 2.788M H800-hours at 2 dollars",
    verdict: "holds",
    sources: "the report, table 1; the price is its assumption",
    computed:
      `${money(official.dollars, "dollars", 4)}; utilisation ${percent(share(counts["6N"], "peakBf16"))} of the BF16 ` +
      "peak, which is ordinary, so the hours are credible.",
  },
  {
    claim: "cost-days: 60 days on 2,048 H800",
    verdict: "holds with a condition",
    sources: 'the report, section 1: pre-training in "less than two months"',
    computed:
      `${fixed(daysOn(v3("gpus"), v3("preTrainingHours")), 1)} days of pre-training, ` +
      `${fixed(daysOn(v3("gpus"), official.gpuHours), 1)} in all: rounded up.`,
  },
  {
    claim: "cost-excludes: all-in it is 2 to 5 times more",
    verdict: "holds with a condition",
    sources:
      `The report says that research and ablations are left out (section 1). Epoch AI: final runs are ` +
      `${percent(outside.low!)} to ${percent(outside.high!)} of development.`,
    computed:
      `That something is missing is certain: ${percent(visible)} is visible in the report. How much is assumption: ` +
      `${fixed(multiples.quantile(0.05), 1)} to ${fixed(multiples.quantile(0.95), 1)} times under ours.`,
  },
  {
    claim: "cost-comparable: compares models like with like",
    verdict: "holds with a condition",
    sources: "Epoch AI, model_costs.csv: one model on three bases",
    computed:
      `Only on one basis: GPT-4 moves by ${times(gpt4.costAcquisition.value / gpt4.costAmortised.value)} from loss of ` +
      "value to purchase.",
  },
  {
    claim: "cost-llama: Llama 3 405B around 100 million dollars",
    verdict: "holds with a condition",
    sources: "Llama 3.1 model card (GPU-hours); Epoch AI",
    computed:
      `${money(llama.gpuHours.value * v3("price"))} at V3's price, ${money(llama.costAmortised.value)} owned, ` +
      `${money(llama.costCloud.value)} in a cloud: the claim lies between, on no basis in particular.`,
  },
  {
    claim: "cost-gpt4: 100 to 200 million dollars",
    verdict: "holds with a condition",
    sources: "OpenAI's chief executive said much more than 100 million (TechSpot); estimates are lower",
    computed: `${money(gpt4.costAmortised.value)} owned, ${money(gpt4.costCloud.value)} in a cloud.`,
  },
  {
    claim: "cost-fiftieth: a fiftieth of GPT-4, two orders of magnitude",
    verdict: "contradicted",
    sources: "the same",
    computed:
      `${fixed(gpt4.costAmortised.value / official.dollars, 0)} to ${fixed(bestCase, 0)} times by published figures; ` +
      `a fiftieth needs ${money(fiftieth)}, two orders ${money(hundredth)}.`,
  },
  {
    claim: "access-cscs: a run is 10% of the year, ten are possible, GPT-4 takes several years",
    verdict: "incomplete",
    sources: "RSI: 50 million francs a year (operation and investment)",
    computed:
      `${percent(official.dollars / cscsDollars)} is right. Ten are ${percent((10 * official.dollars) / cscsDollars)} ` +
      `of the year. GPT-4: ${fixed(gpt4.costAmortised.value / cscsDollars, 1)} to ` +
      `${fixed(gpt4.costStated.value / cscsDollars, 1)} years of money, ` +
      `${fixed(gpt4Days, 0)} days of the whole machine.`,
  },
  {
    claim: "access-who: consortia, universities, wealthy people can train such models",
    verdict: "holds with a condition",
    sources: "Apertus 70B, model card",
    computed:
      `A public centre has done ${times(apertus / finalFlops)} V3's FLOPs. A run is affordable; the experiments and ` +
      `the people before it are most of the cost (half of our draws: ${money(allInMedian)}).`,
  },
]);

// %% [markdown]
// **In one sentence:** the famous figure is the honest price of repeating the last run, an eleventh of Llama 3.1 405B's
// because there was an eleventh to compute; getting there cost several times more, and nobody outside knows how many.
//
// ## Where to read on
//
// - [DeepSeek-V3 Technical Report](https://arxiv.org/abs/2412.19437), table 1 and the paragraph below it, on what it
//   leaves out;
// - [The rising costs of training frontier AI models](https://arxiv.org/abs/2405.21015): three bases, done carefully,
//   and what staff adds;
// - [DeepSeek's day 6](https://github.com/deepseek-ai/open-infra-index): the serving figures, first hand;
// - [Training Compute-Optimal Large Language Models](https://arxiv.org/abs/2203.15556), section 3: the law used in
//   section 11, and its [replication](https://arxiv.org/abs/2404.10102), which doubts its constants.
//
// **Next: [lesson 08](08-data-and-openness.ipynb)**, on what nobody outside can repeat at any price: the data.
