/** Claims about cost, and about who could pay it: decided by hours, prices and budgets (lesson 07). */
import { assumedRanges, ourAssumptions, projectModel, visibleResearchShare, type Assumed } from "../economics/all-in";
import { entries, fact, value } from "../economics/facts";
import { trainingCompute } from "../economics/flops";
import { compareRuns, daysOn } from "../economics/training-cost";
import { likeliestOf, meansOf } from "../economics/uncertainty";
import { fixed, money, percent, times } from "../notebook/format";
import { claimed, claimFact, findClaim } from "./claims";
import { about, ruleSet, weigh } from "./rule";

const v3 = (key: string) => value("training-runs", "deepseek-v3", key);
const run = (id: string, key: string) => fact("training-runs", id, key);

/** What the claims on cost are judged by; each of these numbers can be changed to see a verdict turn. */
function costFacts() {
  const gpt4 = run("gpt-4", "costAmortised");
  const llama = run("llama-3.1-405b", "costAmortised");
  const francsPerDollar = value("prices", "francs", "francsPerDollar");
  return {
    /** Dollars per GPU-hour. */
    price: v3("price"),
    preTrainingHours: v3("preTrainingHours"),
    gpuHours: v3("gpuHours"),
    gpus: v3("gpus"),
    visibleResearch: visibleResearchShare(),
    /** Assumptions, as in lesson 07: people on the model, dollars a year for each, years; other experiments in runs. */
    people: ourAssumptions().people,
    salary: ourAssumptions().salary,
    years: ourAssumptions().years,
    otherExperiments: likeliestOf(assumedRanges(ourAssumptions()))["other experiments"],
    llamaHours: run("llama-3.1-405b", "gpuHours").value,
    llamaOwned: llama.value,
    llamaCloud: run("llama-3.1-405b", "costCloud").value,
    gpt4Owned: gpt4.value,
    gpt4Cloud: run("gpt-4", "costCloud").value,
    gpt4Stated: run("gpt-4", "costStated").value,
    /** The highest figure that anybody names: the article's own. Altman's "much more than" is a bound from below. */
    gpt4Highest: claimed("cost-gpt4", "high"),
    gpt4Published: claimFact("cost-undisclosed", "published"),
    llamaActive: run("llama-3.1-405b", "activeParameters").value,
    llamaFlops: run("llama-3.1-405b", "flops").value,
    v3Active: v3("activeParameters"),
    v3Flops: trainingCompute(v3("activeParameters"), v3("tokens")),
    /** Dollars a year. */
    cscs: (value("budgets", "cscs", "operations") + value("budgets", "cscs", "investment")) / francsPerDollar,
    apertusFlops: trainingCompute(run("apertus-70b", "activeParameters").value, run("apertus-70b", "tokens").value),
    /** Dollars for one GPU of the cluster. */
    gpuPrice: value("prices", "buy-h800", "purchase"),
    /** Other makers' models whose GPU-hours are published. */
    hoursPublished: entries("training-runs").filter(
      ({ id, facts }) => facts.gpuHours !== undefined && !id.startsWith("deepseek"),
    ).length,
    /** Dollars of the dearest machine that a public body has bought, in its currency taken for dollars. */
    dearestPublic: Math.max(
      ...entries("budgets").flatMap(({ facts }) => (facts.procurement === undefined ? [] : [facts.procurement.value])),
    ),
    ...community(),
  };
}

/** Of the techniques that V3 builds on: how many there are, published within the two years before it, by DeepSeek itself. */
function community() {
  const months = Object.entries(findClaim("cost-community").facts!).map(([key, fact]) => ({ key, months: fact.value }));
  return {
    techniques: months.length,
    recent: months.filter((one) => one.months <= 24).length,
    ownTechniques: months.filter(({ key }) => key.startsWith("own")).length,
  };
}
type CostFacts = ReturnType<typeof costFacts>;

/** The runs of which anybody says that they cost so much, in a cloud, on owned hardware or in their owner's words. */
const runsAbove = (amount: number) =>
  entries("training-runs")
    .filter(({ facts }) =>
      ["costCloud", "costAmortised", "costStated"].some(
        (key) => facts[key] !== undefined && facts[key].value >= amount,
      ),
    )
    .map(({ name }) => name)
    .join(", ");

const official = (f: CostFacts) => f.price * f.gpuHours;
const dollars = (amount: number) => money(amount, "dollars");

/** What lesson 07 assumes, with the numbers that may be changed here. */
function rangesOf(f: CostFacts): ReturnType<typeof assumedRanges> {
  const ranges = assumedRanges(f);
  const { low, high } = ranges["other experiments"];
  const likely = f.otherExperiments;
  const experiments = {
    ...ranges["other experiments"],
    low: Math.min(low, likely),
    likely,
    high: Math.max(high, likely),
  };
  return { ...ranges, "other experiments": experiments };
}

/** The cost of the whole project in official runs, with every assumption at one end, or at its mean. */
function multipleOf(f: CostFacts, at: "low" | "high" | "mean"): number {
  const ranges = rangesOf(f);
  const ends = (end: "low" | "high") =>
    Object.fromEntries(Object.entries(ranges).map(([name, range]) => [name, range[end]])) as Assumed;
  return projectModel().cost(at === "mean" ? meansOf(ranges) : ends(at)).multiple;
}

/** GPT-4 as a multiple of V3's bill, by each figure that there is. */
const timesV3 = (f: CostFacts, gpt4: number) => gpt4 / official(f);

const price = { key: "price", name: "price of a GPU-hour", unit: "dollars", low: 0.3, high: 15 } as const;

export const costRules = ruleSet(costFacts, [
  {
    id: "cost-total",
    judge: (f) => ({
      verdict: weigh([about(official(f), claimed("cost-total", "dollars")) ? "right if" : "wrong"]),
      evidence:
        `${fixed(f.gpuHours / 1e6, 3)}M hours at $${fixed(f.price)} are ${money(official(f), "dollars", 4)}. The hours are a ` +
        "measurement. The price is the report's assumption, near what owning costs; nobody sent this bill.",
    }),
    turns: price,
  },
  {
    id: "cost-days",
    judge: (f) => {
      const days = daysOn(f.gpus, f.gpuHours);
      const off = Math.abs(days / claimed("cost-days", "days") - 1);
      return {
        verdict: weigh([off < 0.02 ? "right" : off < 0.1 ? "right if" : "wrong"]),
        evidence:
          `${fixed(daysOn(f.gpus, f.preTrainingHours), 1)} days of pre-training and ${fixed(days, 1)} in all, if all ` +
          `${fixed(f.gpus, 0)} GPUs worked all the time: rounded up.`,
      };
    },
    turns: { key: "gpus", name: "GPUs that worked", unit: "GPUs", low: 1000, high: 4000 },
  },
  {
    id: "cost-excludes",
    judge: (f) => ({
      verdict: weigh([f.visibleResearch > 0 ? "right" : "open", "wrong"]),
      evidence:
        `Staff, data and failed attempts are not in it; the report itself leaves out research and ablations, of which ` +
        `${percent(f.visibleResearch)} of a run is visible in its tables. But depreciation is in it: $${fixed(f.price)} an hour is a ` +
        "rent, and a rent pays for the machine's loss of value, its building and its power. To add them again counts them twice. " +
        "(Storage, idle machines and those of development a rent does not pay for; there the claim is right.)",
    }),
    turns: "A bill in which the hours are charged without the machines.",
  },
  {
    id: "cost-all-in",
    judge: (f) => {
      const [low, mean, high] = [multipleOf(f, "low"), multipleOf(f, "mean"), multipleOf(f, "high")];
      const stated = { low: claimed("cost-all-in", "low"), high: claimed("cost-all-in", "high") };
      const apart = high < stated.low || low > stated.high;
      const within = low >= stated.low && high <= stated.high;
      return {
        verdict: weigh([apart ? "wrong" : within ? "right if" : "open"]),
        evidence:
          `Nobody has published it. With our assumptions at their means it is ${fixed(mean, 1)} times, with all of them at their ` +
          `low end ${fixed(low, 1)}, at their high end ${fixed(high, 1)}. ${fixed(stated.low, 0)} to ${fixed(stated.high, 0)} lies ` +
          "among what can be assumed; nothing that is known decides it.",
      };
    },
    turns: "DeepSeek's own count of experiments, people and failed runs.",
  },
  {
    id: "cost-comparable",
    judge: (f) => ({
      verdict: weigh([f.hoursPublished > 0 ? "right" : "open"]),
      evidence:
        `Counted alike, yes: hours of the last run on like GPUs, at one price, compare, and ${fixed(f.hoursPublished, 0)} other models in our data ` +
        `have their hours published. What is published in dollars is not counted alike: Llama 3.1 405B differs by ` +
        `${times(f.llamaCloud / f.llamaOwned)} between owning and a cloud. And of GPT-4, with which the article compares, no hours are published.`,
    }),
    turns: {
      key: "hoursPublished",
      name: "other models with published hours",
      unit: "models",
      low: 0,
      high: 50,
      whole: true,
    },
  },
  {
    id: "cost-llama",
    judge: (f) => {
      const [here, wanted] = [f.llamaHours * f.price, claimed("cost-llama", "dollars")];
      const between = wanted >= f.llamaOwned && wanted <= f.llamaCloud;
      return {
        verdict: weigh([about(here, wanted, 0.25) ? "right" : between ? "right if" : "wrong"]),
        evidence:
          `${dollars(here)} at V3's price of $${fixed(f.price)}, ${dollars(f.llamaOwned)} owned, ${dollars(f.llamaCloud)} in a ` +
          `cloud: the claim lies between, on no basis in particular. It needs $${fixed(wanted / f.llamaHours)} an hour.`,
      };
    },
    turns: price,
  },
  {
    id: "cost-gpt4",
    judge: (f) => {
      const [low, high] = [claimed("cost-gpt4", "low"), claimed("cost-gpt4", "high")];
      const within = (x: number) => x >= low && x <= high;
      return {
        verdict: weigh([
          within(f.gpt4Cloud) || within(f.gpt4Owned) ? "right" : within(f.gpt4Stated) ? "right if" : "wrong",
        ]),
        evidence:
          `Published estimates are lower: ${dollars(f.gpt4Owned)} owned, ${dollars(f.gpt4Cloud)} in a cloud. For it speaks ` +
          `what its maker's chief executive said in 2023, as reported: more than ${dollars(f.gpt4Stated)}. A bound, no figure.`,
      };
    },
    turns: { key: "gpt4Cloud", name: "GPT-4's price in a cloud", unit: "dollars", low: 20e6, high: 500e6 },
  },
  {
    id: "cost-undisclosed",
    judge: (f) => ({
      verdict: weigh([f.gpt4Published === 0 ? "right" : "wrong"]),
      evidence:
        "OpenAI has published none: its report gives neither hardware nor training compute (section 2). There are estimates of " +
        "others, and what its chief executive said in 2023, which bounds the cost from below.",
    }),
    turns: { key: "gpt4Published", name: "figures published by OpenAI", unit: "figures", low: 0, high: 5, whole: true },
  },
  {
    id: "cost-fiftieth",
    judge: (f) => {
      const most = timesV3(f, Math.max(f.gpt4Owned, f.gpt4Cloud, f.gpt4Stated, f.gpt4Highest));
      const [ratio, hundred] = [claimed("cost-fiftieth", "ratio"), 10 ** claimed("cost-fiftieth", "orders")];
      return {
        verdict: weigh([most >= 0.9 * ratio ? "right" : "wrong", most >= 0.9 * hundred ? "right" : "wrong"]),
        evidence:
          `By the article's own figures for GPT-4 it is ${fixed(timesV3(f, claimed("cost-gpt4", "low")), 0)} to ` +
          `${fixed(timesV3(f, f.gpt4Highest), 0)} times, by published estimates ${fixed(timesV3(f, f.gpt4Owned), 0)} to ` +
          `${fixed(timesV3(f, f.gpt4Cloud), 0)}. A fiftieth needs a GPT-4 for ${dollars(ratio * official(f))}, two orders of ` +
          `magnitude one for ${dollars(hundred * official(f))}. Against Llama 3.1 405B it is ${times(f.llamaHours / f.gpuHours)} ` +
          "in hours.",
      };
    },
    turns: { key: "gpt4Highest", name: "GPT-4's highest figure", unit: "dollars", low: 50e6, high: 1e9 },
  },
  {
    id: "cost-no-breakthrough",
    judge: (f) => {
      const ratio = compareRuns(
        { flops: f.llamaFlops, gpuHours: f.llamaHours },
        { flops: f.v3Flops, gpuHours: f.gpuHours },
      );
      const sparsity = Math.log(f.llamaActive / f.v3Active) / Math.log(ratio.hours);
      return {
        verdict: weigh(["right"], { leavesOut: sparsity > 0.5 }),
        evidence:
          `Main parts were published before (cost-community), and the report measures some of them one by one. But they don't weigh alike: of the ` +
          `${times(ratio.hours)} fewer hours than Llama 3.1 405B, ${times(f.llamaActive / f.v3Active)} is fewer active ` +
          "parameters, the mixture of experts alone.",
      };
    },
    turns: { key: "v3Active", name: "active parameters of V3", unit: "parameters", low: 10e9, high: 400e9 },
  },
  {
    id: "cost-community",
    judge: (f) => ({
      verdict: weigh([
        f.recent > 0 ? "right" : "wrong",
        f.recent < f.techniques || f.ownTechniques > 0 ? "right if" : "right",
      ]),
      evidence:
        `Of ${f.techniques} techniques that the report builds on, ${f.recent} were published within two years before it. ` +
        `${f.ownTechniques} of them by DeepSeek itself: fine-grained experts, latent attention, the bias. Experts as such (2017) and ` +
        "eight-bit training (2022) are older.",
    }),
    turns: {
      key: "recent",
      name: "techniques younger than two years",
      unit: "techniques",
      low: 0,
      high: 7,
      whole: true,
    },
  },
  {
    id: "access-cscs",
    judge: (f) => {
      const share = official(f) / f.cscs;
      const first = about(share, claimed("access-cscs", "share"), 0.2);
      const years = (dear: number) => dear / f.cscs;
      const several = claimed("access-cscs", "years");
      return {
        verdict: weigh([
          first ? "right if" : "wrong",
          years(f.gpt4Cloud) >= several ? "right" : years(f.gpt4Highest) >= several ? "right if" : "wrong",
        ]),
        evidence:
          `One run is ${percent(share)} of ${dollars(f.cscs)} a year: right, for the last run alone. Ten are ` +
          `${percent(claimed("access-cscs", "runs") * share)} of all that the centre has. A GPT-4 takes ` +
          `${fixed(years(claimed("cost-gpt4", "low")), 1)} to ${fixed(years(f.gpt4Highest), 1)} years of it by the article's own ` +
          `figures, ${fixed(years(f.gpt4Owned), 1)} to ${fixed(years(f.gpt4Cloud), 1)} by published estimates.`,
      };
    },
    turns: { key: "cscs", name: "budget of CSCS", unit: "dollars a year", low: 5e6, high: 500e6 },
  },
  {
    id: "access-who",
    judge: (f) => {
      const done = f.apertusFlops / f.v3Flops;
      return {
        verdict: weigh([done >= 1 ? "right if" : "open"]),
        evidence:
          `A public centre has trained with ${times(done)} V3's arithmetic: Apertus 70B. The hours cost ` +
          `${dollars(official(f))}; but whoever owns the machine has paid ${dollars(f.gpus * f.gpuPrice)} for its GPUs, and what ` +
          "comes before the last run has its own price (cost-all-in). And it takes the people.",
      };
    },
    turns: { key: "apertusFlops", name: "largest public training", unit: "FLOP", low: 1e23, high: 1e26 },
  },
  {
    id: "access-largest",
    judge: (f) => ({
      verdict: weigh([f.dearestPublic >= 100e6 ? "right if" : "right"]),
      evidence:
        `As the price of one model: the runs in our data with an estimate of $100M or more are ${runsAbove(100e6)}, none of them of a ` +
        "university or a public centre. As a sum of money: " +
        `no. Public bodies have bought machines for more, up to ${fixed(f.dearestPublic / 1e6, 0)} million (of their currency); but ` +
        "for years of use, shared by thousands.",
    }),
    turns: { key: "dearestPublic", name: "dearest public machine", unit: "dollars", low: 1e6, high: 1e9 },
  },
]);
