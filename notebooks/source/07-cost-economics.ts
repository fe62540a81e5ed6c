// %% [markdown]
// # 07 · Cost economics
//
// ## What does such a model cost, and who can pay for it?
//
// At the end of 2024 a report came with a small table: three stages of a training run, their GPU-hours, and a sum in
// dollars (table 1). The sum is far below what is told of other large models. People have quarrelled about it since: is it
// a breakthrough, a trick of accounting, or a lie?
//
// It is an answer to one question, and there are others that it doesn't answer. At the end of this lesson you can
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
// The claims of the popular account that this lesson takes apart stand in the table below. Every figure after that is
// computed in a cell or read from `data/`, where it has a unit, a source and a confidence. Where sources disagree, you
// see all of them.

// %% jupyter={"source_hidden": true}
import { judgeClaim } from "./lib/claims/audit";
import { claimed, readClaims, sourcesOf } from "./lib/claims/claims";
import {
  assumedRanges, projectModel, publishedAblations, visibleResearchShare, type Assumed,
} from "./lib/economics/all-in";
import { citeLink, entries, entry, fact, value } from "./lib/economics/facts";
import { attentionFlops, attentionShape, meanContext, trainingCompute } from "./lib/economics/flops";
import {
  costPerToken, dayCost, decodeStep, largestBatch, margin, markup, nodeDays, revenue, type ByKind, type DecodeUnit,
} from "./lib/economics/serving";
import { expectedTokens } from "./lib/economics/speculation";
import { bill, daysOn, gpuHoursFor } from "./lib/economics/training-cost";
import { likeliestOf, meansOf, monteCarlo, tornado } from "./lib/economics/uncertainty";
import {
  besideOwnersCost, billExercise, breakEvenBusy, budgetExercise, CHINCHILLA, CHINCHILLA_REFIT, compareExercise,
  explainHours, flopsWithin, foreseenLoss, histogramChart, marginExercise, mfu, optimalAllocation, overlapWords,
  ownedHour, placeAmong, planExercise, rangeChart, rateRows, scalingLoss, tokensPerGpuSecond, tornadoChart,
  waterfallChart, type OwnedGpu, type Purse, type RunBudget, type RunHours, type RunPlan, type TrainedModel,
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

// %% jupyter={"source_hidden": true}
const claims = readClaims().claims.filter(({ lesson }) => lesson === "07");
table(claims.map(({ id, claim }) => ({ id, claim })), { caption: "What the account says of cost and of who can pay" });

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

// %% jupyter={"source_hidden": true}
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
lesson starts with the first and asks what lies between it and the others.`;

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
result("the official run, at your price", atYourPrice.dollars, "dollars");

// %% [markdown]
// The hours are a measurement. The price is not: the report *assumes* it, since DeepSeek owns its GPUs. So what would
// the same hours cost at prices that somebody really asked?

// %% jupyter={"source_hidden": true}
const offers: [string, string, string][] = [
  ["rent-h800", "report", "H800, the report's assumption"],
  ["rent-h800", "offer", "H800, the one offer on record"],
  ["rent-h100", "in2023", "H100 in 2023"],
  ["rent-h100", "in2024", "H100 in 2024"],
  ["rent-h100", "in2025", "H100 in 2025"],
  ["rent-h100-china", "in2025", "H100 in China, 2025"],
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
const place = placeAmong(v3("price"), { low: asked.low!, high: asked.high! });
const china = fact("prices", "rent-h100-china", "in2025");
say`Rented on demand in the year of the run, the same hours cost ${money(asked.low! * official.gpuHours)} to
${money(asked.high! * official.gpuHours)} (${citeLink(asked)}). The report's price lies **${place}** those offers. In
China the rent of a server of eight H100 had come down to
${whole(value("prices", "rent-h100-china", "serverMonth"))} yuan a month by spring 2025, or about ${money(china.value)} a
GPU-hour (${citeLink(china)}). What owning costs, section 7 computes.`;

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
// Pre-training takes `(run.tokens / 1e12) * run.hoursPerTrillion` GPU-hours. Add the other two stages. A GPU-hour is one
// GPU for one hour, so the price multiplies all of them; the GPUs share them, so the time is shorter.
//
// </details>
// <details><summary>Hint 3</summary>
//
// The dollars are all these hours times `run.price`. The days are the hours divided by `run.gpus` and by 24.
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
const stated = fact("training-runs", "deepseek-v3", "mfu");
const metas = fact("training-runs", "llama-3.1-405b", "mfu");
say`All six are true. V3 computes most products in FP8, so the right-hand column is the stricter one. The authors state
${percent(stated.value)} against BF16, without the mask (${citeLink(stated)}), near the last row. Meta measured ${percent(metas.low!)} to ${percent(metas.high!)} for Llama 3.1 405B (${citeLink(metas)}). Shares
like these are ordinary, so **the hours are credible**.`;

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

// %% jupyter={"source_hidden": true}
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
// facts. The others are **assumptions of ours**, and you should quarrel with them: put a row of your own behind the dots,
// such as `data: { low: 1e6, likely: 5e6, high: 20e6, basis: "mine" }`.
//
// How does one add up ranges? Their *means* add, and those of independent ranges multiply. Their most likely values don't:
// where most ranges reach further up than down, as in the table below, the sum of most likely values lies too low.

// %%
const ranges = { ...assumedRanges({ price: pricePerHour, people, salary: salary * 1e3, years }) };
const [means, likeliest] = [meansOf(ranges), likeliestOf(ranges)];
const shortly = (x: number) => (x >= 1e3 ? whole(x) : String(Number(x.toPrecision(3))));
table(
  Object.entries(ranges).map(([name, { low, likely, high, basis }]) => ({
    what: name, low: shortly(low), "most likely": shortly(likely), high: shortly(high),
    mean: shortly(means[name as keyof Assumed]), "where it is from": basis,
  })),
  { caption: "What we don't know, as ranges" },
);
const project = projectModel();
const inTheMean = project.cost(means);
plot(
  waterfallChart({
    title: "From the official run to the whole project: what adds up?",
    y: { title: "million dollars, each part at its mean" },
    parts: inTheMean.parts.map(({ name, dollars }) => ({ name, value: dollars / 1e6 })),
    total: "all in",
  }),
);
say`At the means the project costs **${money(inTheMean.dollars)}**, with a GPU-hour at
${money(means["price of a GPU-hour"])}. With every assumption at its most likely value it would be
${money(project.cost(likeliest).dollars)}, which the next picture puts into its place. The second bar is the only one
besides the first that stands on published numbers.`;
result("the whole project, mean", inTheMean.dollars, "dollars");

// %% [markdown]
// Now draw every assumption at random from its range, add up, and do it thousands of times (**Monte Carlo**). Then move
// one alone, from its low end to its high end, while all others stay at their mean (a **tornado**).
//
// **Predict.** Eight assumptions, the rows of that table. Which one moves the result most? Put its name, then run the
// cell below it.

// %%
const movesMost = "people"; // your guess

// %%
const random = new Random(seed);
const drawAll = (model: (v: Assumed) => number) =>
  monteCarlo({ ranges, model, draws, uniform: () => random.uniform() });
const spread = drawAll((v) => project.cost(v).dollars / 1e6);
const multiples = drawAll((v) => project.cost(v).multiple);
const computing = drawAll(project.computing);
plot(
  histogramChart({
    title: "What does the whole project cost, over all draws?",
    x: { title: "million dollars" },
    values: spread.values,
    bins: 50,
    range: [0, spread.quantile(0.995)],
    marks: [
      { name: "official run", x: atYourPrice.dollars / 1e6 },
      { name: "mean", x: spread.mean() },
    ],
  }),
);
const bars = tornado(ranges, (v) => project.cost(v).dollars / 1e6);
plot(
  tornadoChart({
    title: "Which assumption moves the result most?",
    x: { title: "cost of the whole project in million dollars" },
    base: inTheMean.dollars / 1e6,
    bars,
  }),
);
const inClaim = { low: claimed("cost-all-in", "low"), high: claimed("cost-all-in", "high") };
const within = multiples.shareUpTo(inClaim.high) - multiples.shareUpTo(inClaim.low);
say`You said *${movesMost}*; it is **${bars[0].name}**, then ${bars[1].name} and ${bars[2].name}. Nine draws of ten
lie between ${money(1e6 * spread.quantile(0.05))} and ${money(1e6 * spread.quantile(0.95))}, or
**${fixed(multiples.quantile(0.05), 1)} to ${fixed(multiples.quantile(0.95), 1)} times** the official run;
${percent(within)} of them lie in the claimed ${inClaim.low} to ${inClaim.high} times. The sum of the most likely values is higher than
${percent(spread.shareUpTo(project.cost(likeliest).dollars / 1e6))} of the draws.

The histogram looks like knowledge. It is our assumptions, added up. The tornado shows which of them deserve your doubt
first.`;
result("the whole project in official runs, median", multiples.quantile(0.5));

// %% [markdown]
// Is there a look from outside? There is an estimate for three companies. It is of less than the claim, though: of
// computing alone.

// %% jupyter={"source_hidden": true}
const outside = fact("training-runs", "frontier-labs", "finalRunShare");
const fromOutside = { low: 1 / outside.high!, high: 1 / outside.low! };
say`Two authors in Epoch AI's newsletter estimate that final runs took ${percent(outside.low!)} to
${percent(outside.high!)} of what OpenAI, MiniMax and Z.ai spent on **computing for research and development**
(${citeLink(outside)}); the authors speak for themselves. For V3 that would make all computing
${fixed(fromOutside.low, 1)} to ${fixed(fromOutside.high, 1)} times the official run, without people and data. Nine of
ten of our draws have ${fixed(computing.quantile(0.05), 1)} to ${fixed(computing.quantile(0.95), 1)} times for the same
quantity. The claimed ${inClaim.low} to ${inClaim.high}, which is of all costs, ${overlapWords(inClaim, fromOutside)}. A laboratory that can
read what others have found out may need fewer experiments of its own, so nobody can carry such a share over to V3: **how
much more the whole project cost, cannot be checked from outside**.`;

// %% [markdown]
// ## 5. Against the others
//
// Now the comparisons. A cost can be stated on at least four **bases**: hours at one price for everybody; the loss of
// value of owned hardware, with electricity; what a cloud would charge; what the owner once said. Watch how far one and
// the same model moves when only the basis changes.

// %% jupyter={"source_hidden": true}
const names = (id: string) => entry("training-runs", id).name;
const compared = [
  "deepseek-v3", "deepseek-r1", "minimax-m1", "olmo-3-32b", "llama-4-maverick", "claude-3.5-sonnet",
  "gemini-1.0-ultra", "gpt-4", "llama-3.1-405b", "gpt-4.5", "grok-3",
];
const onBasis = (key: string, factor = 1) =>
  compared.flatMap((id) => {
    const found = entry("training-runs", id).facts[key];
    const scaled = (x: number | undefined) => (x === undefined ? undefined : (x * factor) / 1e6);
    return found === undefined
      ? []
      : [{ label: names(id), value: scaled(found.value)!, low: scaled(found.low), high: scaled(found.high) }];
  });
const isRental = ({ label }: { label: string }) => label === names("minimax-m1"); // the others' bills are hours × price
plot(
  rangeChart({
    title: "What did training cost, and on which basis?",
    x: { title: "million dollars (log scale)", log: true },
    labels: compared.map(names),
    series: [
      { name: "GPU-hours at your price", points: onBasis("gpuHours", pricePerHour) },
      { name: "owned: loss of value and energy", points: onBasis("costAmortised") },
      { name: "rented in a cloud", points: onBasis("costCloud") },
      { name: "said by its owner", points: [...onBasis("costStated"), ...onBasis("cost").filter(isRental)] },
    ],
  }),
  { height: 520 },
);
const gpt4 = entry("training-runs", "gpt-4").facts;
say`GPT-4 alone stands at ${money(gpt4.costAmortised.value)}, ${money(gpt4.costAmortised.high!)},
${money(gpt4.costCloud.value)} and "much more than" ${money(gpt4.costStated.value)}, and buying its hardware would have
been ${money(gpt4.costAcquisition.value)}. **They answer different questions.** A ratio of two costs means something only if both
stand on one basis. (R1's point is what came on top of V3, MiniMax-M1's is its reinforcement learning alone, and Olmo 3's
hours are an outsider's estimate. Of Mixtral, and of most others, nothing is published.)`;

// %% [markdown]
// So is V3 one fiftieth of GPT-4, or two orders of magnitude cheaper? **Predict:** what would GPT-4 have to cost for
// that?

// %% jupyter={"source_hidden": true}
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
figures give ${fixed(gpt4.costAmortised.value / official.dollars, 0)} to ${fixed(bestCase, 0)} times. The last one is a
lower bound, "much more than", so nobody can say how far above it GPT-4 lay; and it speaks of training foundation
models, not of one run. (Asked in April 2023 whether GPT-4 had cost as much as that, OpenAI's chief executive answered that it was more, as
[Wired reports](https://www.wired.com/story/openai-ceo-sam-altman-the-age-of-giant-ai-models-is-already-over/).) In FLOPs, by an estimate, the ratio is ${fixed(gpt4.flops.value / finalFlops, 1)}.`;

// %% [markdown]
// ## 6. Why eleven times less than Llama 3.1 405B?
//
// Here both sides published GPU-hours. **Predict:** V3 took an eleventh of them. How much of that is due to better use
// of the GPUs, to FP8, DualPipe and hand-written kernels?

// %% jupyter={"source_hidden": true}
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
say`Along the dashed line every GPU works as hard as V3's did; above it, less hard. The 405B lies close to it. How close
depends on what is counted:`;

// %%
const rates = rateRows();
table(
  rates.map(({ counted, v3, llama, flops, hours }) => ({
    "what is counted": counted,
    "V3, of the BF16 peak": `${fixed(100 * v3, 1)}%`,
    "405B, of the BF16 peak": `${fixed(100 * llama, 1)}%`,
    "405B : V3, FLOPs": flops === null ? "–" : fixed(flops, 1),
    "GPU-hours": hours === null ? "–" : fixed(hours, 1),
    "FLOPs per hour": fixed(llama / v3, 2),
  })),
  { caption: "Who used the GPUs better?" },
);
say`${explainHours(rates).text} V3 multiplies ${billions(v3("activeParameters"))} active parameters where the 405B
multiplies ${billions(run("llama-3.1-405b", "activeParameters"))}.

That is not to say that the engineering did nothing. A mixture of experts sends its tokens from GPU to GPU in every sparse
layer (lesson 06), and V3's GPUs have ${percent(value("accelerators", "h800", "intraNodeLink") / value("accelerators", "h100", "intraNodeLink"))} of an H100's NVLink. To lose little of each hour under these conditions took
work. But where the factor itself comes from, lesson 01 shows: few of the parameters work on a token.`;

// %% [markdown]
// One more point of that picture: Llama 4 Maverick, also a mixture of experts, took fewer GPU-hours than V3.
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
// A run's FLOPs are `6 * a.active * a.tokens`. What does an hour of one GPU do? For the tie: what does b cost, and over how
// many hours may a spread that?
//
// </details>
// <details><summary>Hint 2</summary>
//
// The six cancels in the ratio of FLOPs. The rate of a run is its FLOPs divided by its GPU-hours, `a.gpuHours`; of two rates
// you want a's divided by b's. For the tie, b costs `price * b.gpuHours`.
//
// </details>
// <details><summary>Hint 3</summary>
//
// The ratio of FLOPs is `(a.active * a.tokens) / (b.active * b.tokens)`, that of hours `a.gpuHours / b.gpuHours`. The rate is
// the first divided by the second; the tie price is `(price * b.gpuHours) / a.gpuHours`.
//
// </details>

// %%
const compare = await solvedOr(compareExercise, compareTwo);
const modelOf = (id: string): TrainedModel => ({
  active: run(id, "activeParameters"), total: value("models", id, "totalParameters"), tokens: run(id, "tokens"),
  gpuHours: run(id, "gpuHours"),
});
const tie = compare(modelOf("llama-3.1-405b"), modelOf("deepseek-v3"), pricePerHour);
const cheapest = fact("prices", "rent-h100", "lowest2025");
say`Meta would have had to rent its GPUs at ${money(tie.tiePrice)} an hour, in place of ${money(pricePerHour)}, to train
the 405B for the price of V3. At the low of 2025 an H100 was let for ${money(cheapest.value)} (${citeLink(cheapest)}).`;
result("the price at which Llama 3.1 405B ties with V3", tie.tiePrice, "dollars per GPU-hour");

// %% [markdown]
// What have others trained since, and how does its arithmetic compare?

// %% jupyter={"source_hidden": true}
table(
  ["deepseek-v3", "kimi-k2", "deepseek-v4-pro", "olmo-3-32b", "apertus-70b", "llama-3.1-405b"].map((id) => ({
    model: names(id),
    "active parameters": billions(run(id, "activeParameters")),
    "tokens (trillion)": fixed(run(id, "tokens") / 1e12, 1),
    "FLOPs by 6ND, of V3's": fixed(trainingCompute(run(id, "activeParameters"), run(id, "tokens")) / finalFlops, 2),
    source: `${fact("training-runs", id, "tokens").title} (${fact("training-runs", id, "tokens").confidence})`,
  })),
  { caption: "What a training takes: before and after V3" },
);
say`The FLOPs of the last training say little about what a laboratory spends: reinforcement learning comes on top.
MiniMax put its own at ${money(run("minimax-m1", "cost"))}, ${run("minimax-m1", "gpus")} H800 for three weeks
(${citeLink(fact("training-runs", "minimax-m1", "cost"))}), on a model that had been trained before.`;

// %% [markdown]
// ## 7. Who can afford it?
//
// The account names one public centre: CSCS in Lugano, which runs the Swiss machine Alps. What does one of its years
// pay for?

// %% jupyter={"source_hidden": true}
const francsPerDollar = value("prices", "francs", "francsPerDollar");
const cscs = value("budgets", "cscs", "operations") + value("budgets", "cscs", "investment");
const dollars = (budget * 1e6) / francsPerDollar;
const allInMedian = 1e6 * spread.quantile(0.5);
const priced: [string, number][] = [
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
    labels: priced.map(([name]) => name),
    series: [{ name: "runs", values: priced.map(([, cost]) => dollars / cost) }],
  }),
);
say`CSCS has **${money(cscs, "francs", 2)}** a year: ${money(value("budgets", "cscs", "operations"), "francs", 2)} to
operate, ${money(value("budgets", "cscs", "investment"), "francs", 2)} to invest
(${citeLink(fact("budgets", "cscs", "operations"))}). In dollars that is ${money(cscs / francsPerDollar)}. An official
V3 run is **${percent(official.dollars / (cscs / francsPerDollar))}** of it, as claimed; ten of them are
${percent((10 * official.dollars) / (cscs / francsPerDollar))}. And GPT-4 would take
${fixed(gpt4.costAmortised.value / (cscs / francsPerDollar), 1)} to
${fixed(gpt4.costStated.value / (cscs / francsPerDollar), 1)} years by the published figures, of which the last is a
lower bound.`;
result("official runs that a year's budget pays for", dollars / atYourPrice.dollars, "runs");

// %% [markdown]
// But this is the wrong sum, in both directions. The money is spent already: on a machine, on electricity, on staff,
// for all the sciences of a country. A centre doesn't buy GPU-hours, it **divides** them. So count in its own
// currency, days of the whole machine:

// %% jupyter={"source_hidden": true}
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

And the wealthy? DeepSeek was founded and paid for by a hedge fund, which had spent
${money(value("budgets", "high-flyer", "secondCluster"), "yuan", 2)} on one cluster of its own before V3's GPUs were
bought (${citeLink(fact("budgets", "high-flyer", "secondCluster"))}).`;
result("days of Alps for a V3-scale run", onMachine(machines[0][1], "gh200", finalFlops), "days");

// %% [markdown]
// ### Exercise 3 · What a budget trains
//
// *Implement · difficulty 2 of 3 · 10 minutes · 3 points*
//
// How many tokens can a `purse` train? It has `francs`, the exchange rate `francsPerDollar`, the `price` of a GPU-hour in
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
// A franc buys `1 / purse.francsPerDollar` dollars. A GPU-hour is `60 * 60` seconds, in each of which the GPU
// does `purse.mfu * purse.peak` FLOPs. And a training token costs six FLOPs for each active parameter.
//
// </details>
// <details><summary>Hint 3</summary>
//
// `purse.francs / purse.francsPerDollar / purse.price` are the hours. Multiply them by `3600 * purse.mfu * purse.peak`, and
// divide by `6 * purse.active`.
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
    title: "How busy must an owned GPU be to cost less than a rented one?",
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
say`At the middle price owning ${breakEven <= 1 ? `is cheaper above **${percent(breakEven)}** use` : "is never cheaper"}.
Used all the time, the hour costs ${money(fullTime.total)}, of which ${money(fullTime.hardware)} is lost value. The
report assumes ${money(v3("price"))}, which is ${besideOwnersCost(v3("price"), fullTime.total)}.
(${citeLink(bought)}; method: ${citeLink(fact("prices", "ownership", "depreciation"))})`;
result("use above which owning is cheaper", breakEven);

// %% [markdown]
// ## 8. Serving: one day, two percentages
//
// Training is paid once. Serving is paid for every token. DeepSeek published one day of its own service, with a number
// that was widely quoted: a profit of 545% ([day 6 of its open infrastructure
// week](https://github.com/deepseek-ai/open-infra-index)). First, do its figures agree with each other?

// %% jupyter={"source_hidden": true}
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
const agree = Math.abs((inputDays + outputDays) / day6("nodes") - 1) < 0.01;
say`${agree ? "They do" : "They don't"}: tokens and rates ask for ${fixed(inputDays + outputDays, 1)} nodes, and
${fixed(day6("nodes"), 2)} were reported. At ${money(day6("price"))} a GPU-hour that is ${money(cost)} a day.`;

// %% [markdown]
// Now the profit. The revenue in that statement is a thought experiment: all tokens, also those of free users, billed
// at the price of R1, the more expensive model. DeepSeek says so, and that real revenue is much lower.
//
// ### Exercise 4 · Margin or mark-up?
//
// *Implement · difficulty 2 of 3 · 8 minutes · 2 points*
//
// Profit divided by **cost** is the mark-up; profit divided by **revenue** is the margin. Write both, as shares of 1:
// return `{ markup, margin }`.
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
// One kind earns `(tokens.output * pricesPerMillion.output) / 1e6`; the other two likewise. Add them up to the revenue. A
// mark-up is compared with what was spent, a margin with what came in.
//
// </details>
// <details><summary>Hint 3</summary>
//
// The profit is what came in less `cost`. Divide it by `cost` for the mark-up, and by what came in for the margin.
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
${percent(margin(revenue(sold, pricesOf("api-v3")), cost))}; at the price of V3's first weeks it would have been
${percent(margin(revenue(sold, pricesOf("api-v3-launch")), cost))}
(${citeLink(fact("prices", "api-v3-launch", "output"))}).`;

// %% [markdown]
// ## 9. What a token costs, by how many are served at once
//
// Lesson 01 found that a large batch touches nearly all experts, so weights are read once for many tokens. The longer the
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
The step is limited by ${full.limit}. Cheap tokens need many users at the same time.`;
result("a million output tokens, memory full", costAt(decodeGpus, most, context), "dollars");

// %% [markdown]
// Is the assumed efficiency fair? DeepSeek's own day tells: from its rates we know how long a step took, and the
// roofline says how long it had to.

// %% jupyter={"source_hidden": true}
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
${percent(bound.seconds * day6("userRate"))}**. The roofline leaves out communication between GPUs, the subject of lesson
06; the day's figures don't say how much of the rest it is.`;

// %% [markdown]
// ## 10. What open weights change
//
// A closed model has one seller, who sets its price. Of open weights, anybody with enough machines can sell the tokens,
// so several prices for the same model can be seen, and set beside what the GPUs cost.

// %% jupyter={"source_hidden": true}
const sellers: [string, string][] = [
  ["closed: OpenAI o1", "api-o1"],
  ["DeepSeek, R1", "api-r1"],
  ["DeepSeek, V3", "api-v3"],
  ["seven other hosts of V3", "api-hosts"],
];
const output = (id: string) => fact("prices", id, "output");
plot(
  rangeChart({
    title: "What do sellers ask for a million output tokens, and what do the GPUs cost?",
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
const own = placeAmong(output("api-v3").value, { low: hosts.low!, high: hosts.high! });
say`Other hosts asked ${fixed(1e6 * hosts.low!, 2)} to ${fixed(1e6 * hosts.high!, 2)} dollars for V3's output
(${citeLink(hosts)}); DeepSeek's own price lay ${own} theirs. The GPUs cost ${money(1e6 * costPerToken(node, day6("outputRate")))}
on DeepSeek's day, and ${money(1e6 * value("serving", "sglang-96-h100", "costPerOutputToken"))} by the SGLang team's
figure for ninety-six rented H100 (${citeLink(fact("serving", "sglang-96-h100", "costPerOutputToken"))}). OpenAI's o1 cost
${times(output("api-o1").value / output("api-r1").value)} what R1 did, and o1 has one seller. The models differ, and hosts
work with fuller or emptier machines: this compares prices, and does not show why they differ.`;

// %% [markdown]
// ## 11. Plan a run
//
// One choice is left: how to split FLOPs between parameters and tokens. For dense models, a scaling law foresees the
// loss of $N$ parameters after $D$ tokens ([Hoffmann et al.](https://arxiv.org/abs/2203.15556), equation 10):
//
// $$L(N, D) = E + \frac{A}{N^\alpha} + \frac{B}{D^\beta}$$
//
// Its five constants are fitted to experiments, and the fit is disputed: a
// [replication](https://arxiv.org/abs/2404.10102) finds other ones in the same data.

// %% jupyter={"source_hidden": true}
const laws = { "as published": CHINCHILLA, "fitted anew": CHINCHILLA_REFIT };
const sizes = Array.from({ length: 40 }, (_, i) => 1e10 * 10 ** ((2 * i) / 39));
plot(
  lineChart({
    title: "How large a dense model is best, with the FLOPs of V3's run?",
    x: { title: "parameters (log scale)", log: true },
    y: { title: "loss that the law foresees (nats a token)" },
    series: Object.entries(laws).map(([name, law]) => ({
      name, x: sizes, y: sizes.map((N) => scalingLoss(law, N, finalFlops / 6 / N)),
    })),
  }),
);
const bests = Object.entries(laws).map(([name, law]) => {
  const { parameters, tokens } = optimalAllocation(law, finalFlops);
  return `${name}, ${billions(parameters)} parameters and ${fixed(tokens / 1e12, 1)} trillion tokens`;
});
say`The law wants, ${bests.join("; ")}. The two agree that the valley is flat and disagree on where its bottom is. The
exercise takes the newer fit. (V3 read ${fixed(v3("tokens") / v3("activeParameters"), 0)} tokens for each active
parameter. The law is for dense models and says nothing about that.)`;

// %% [markdown]
// ### Exercise 5 · A run for a budget
//
// *Design · difficulty 3 of 3 · 20 minutes · 4 points*
//
// You have `dollars`, of which you keep the share `reserve` for what goes wrong. A GPU-hour costs `price`; you get
// `gpus` of them for `days`, and they reach the share `mfu` of their `peak`. Plan a dense model: return
// `{ parameters, tokens }` that stay within money **and** time, with a foreseen loss close to the best.
// `foreseenLoss({ parameters: 1e9, tokens: 2e10 })` is there to try.

// %% nbgrader={"grade": false, "grade_id": "07-plan", "locked": false, "schema_version": 3, "solution": true, "task": false}
function plan(budget: RunBudget): RunPlan {
  /// BEGIN SOLUTION
  const hours = Math.min((budget.dollars * (1 - budget.reserve)) / budget.price, budget.gpus * budget.days * 24);
  const { parameters, tokens } = optimalAllocation(CHINCHILLA_REFIT, hours * 3600 * budget.mfu * budget.peak);
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
// The money buys `(budget.dollars * (1 - budget.reserve)) / budget.price` GPU-hours, the time `budget.gpus * budget.days * 24`.
// `Math.min` takes the smaller one. An hour is `60 * 60` seconds of `budget.mfu * budget.peak` FLOPs, and a run needs six for
// each parameter and token. Try `foreseenLoss({ parameters: 1e10, tokens: 2e11 })`: twenty tokens a parameter come close.
//
// </details>
// <details><summary>Hint 3</summary>
//
// `optimalAllocation(CHINCHILLA_REFIT, 1e24)` finds the best split of so many FLOPs; it returns `parameters`, `tokens` and the
// loss they lead to. Give it the FLOPs that you have.
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
  caption:
    `${planner === plan ? "Your plan" : "The library's plan (yours, once it passes)"} for a hundredth, a tenth, all and ` +
    "ten times your francs, on at most 10,000 GPUs for 120 days",
});

// %% [markdown]
// ## Recap: the claims, and what came out

// %% jupyter={"source_hidden": true}
// The verdicts are those of the audit in lesson 11, at the report's price, whatever the parameters above say.
verdicts(
  claims.map(({ id }) => {
    const { claim, verdict, evidence } = judgeClaim(id);
    return { claim: `${id}: ${claim.claim}`, verdict, sources: sourcesOf(claim), computed: evidence };
  }),
);

// %% [markdown]
// **In one sentence:** the famous figure is what repeating the last run would cost at an assumed rent, an eleventh of Llama
// 3.1 405B's at the same rent, mostly because there was an eleventh to compute; getting there cost more, and nobody outside
// knows how much.
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
