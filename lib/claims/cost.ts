/** Claims about cost, and about who could pay it: decided by hours, prices and budgets (lesson 07). */
import { allIn, visibleResearchShare } from "../economics/all-in";
import { fact, value } from "../economics/facts";
import { trainingCompute } from "../economics/flops";
import { compareRuns, daysOn } from "../economics/training-cost";
import { fixed, money, percent, times } from "../notebook/format";
import { claimed } from "./claims";
import { about, ruleSet } from "./rule";

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
    /** Assumptions of lesson 07: people on the model, dollars a year for each, years; other experiments in official runs. */
    people: 150,
    salary: 100e3,
    years: 0.6,
    otherExperiments: 1,
    finalRunShareLow: run("frontier-labs", "finalRunShare").low!,
    finalRunShareHigh: run("frontier-labs", "finalRunShare").high!,
    llamaHours: run("llama-3.1-405b", "gpuHours").value,
    llamaOwned: llama.value,
    llamaCloud: run("llama-3.1-405b", "costCloud").value,
    gpt4Owned: gpt4.value,
    gpt4Cloud: run("gpt-4", "costCloud").value,
    gpt4Stated: run("gpt-4", "costStated").value,
    gpt4Bought: run("gpt-4", "costAcquisition").value,
    llamaActive: run("llama-3.1-405b", "activeParameters").value,
    llamaFlops: run("llama-3.1-405b", "flops").value,
    v3Active: v3("activeParameters"),
    v3Flops: trainingCompute(v3("activeParameters"), v3("tokens")),
    /** Dollars a year. */
    cscs: (value("budgets", "cscs", "operations") + value("budgets", "cscs", "investment")) / francsPerDollar,
    apertusFlops: trainingCompute(run("apertus-70b", "activeParameters").value, run("apertus-70b", "tokens").value),
    /** Dollars for one GPU of the cluster. */
    gpuPrice: value("prices", "buy-h800", "purchase"),
  };
}
type CostFacts = ReturnType<typeof costFacts>;

const official = (f: CostFacts) => f.price * f.gpuHours;
const dollars = (amount: number) => money(amount, "dollars");

/** All costs by lesson 07's likeliest assumptions, as a multiple of the official run. */
function multipleOf(f: CostFacts): number {
  return allIn({
    official: official(f),
    ablations: f.visibleResearch,
    research: f.otherExperiments,
    failed: 0.05,
    people: f.people,
    salary: f.salary,
    years: f.years,
    data: 2e6,
    infrastructure: 0.2,
  }).multiple;
}

const price = { key: "price", name: "price of a GPU-hour", unit: "dollars", low: 0.3, high: 15 } as const;

export const costRules = ruleSet(costFacts, [
  {
    id: "cost-total",
    judge: (f) => ({
      verdict: about(official(f), claimed("cost-total", "dollars")) ? "holds" : "contradicted",
      evidence:
        `${fixed(f.gpuHours / 1e6, 3)}M hours at $${fixed(f.price)} are ${money(official(f), "dollars", 4)}. The price is the ` +
        "report's assumption, and near what owning costs; nobody sent this bill.",
    }),
    turns: price,
  },
  {
    id: "cost-days",
    judge: (f) => {
      const days = daysOn(f.gpus, f.gpuHours);
      const off = Math.abs(days / claimed("cost-days", "days") - 1);
      return {
        verdict: off < 0.02 ? "holds" : off < 0.1 ? "holds with a condition" : "contradicted",
        evidence:
          `${fixed(daysOn(f.gpus, f.preTrainingHours), 1)} days of pre-training and ${fixed(days, 1)} in all, if all ` +
          `${fixed(f.gpus, 0)} GPUs worked all the time: rounded up.`,
      };
    },
    turns: { key: "gpus", name: "GPUs that worked", unit: "GPUs", low: 1000, high: 4000 },
  },
  {
    id: "cost-excludes",
    judge: (f) => {
      const multiple = multipleOf(f);
      const [low, high] = [claimed("cost-excludes", "low"), claimed("cost-excludes", "high")];
      return {
        verdict: multiple >= low && multiple <= high ? "holds with a condition" : "contradicted",
        evidence:
          `That something is missing is the report's own word; ${percent(f.visibleResearch)} is visible in its ablations. How ` +
          `much is assumption: ours make it ${fixed(multiple, 1)} times, and other laboratories' share of final runs ` +
          `(${percent(f.finalRunShareLow)} to ${percent(f.finalRunShareHigh)}) would make it ` +
          `${fixed(1 / f.finalRunShareHigh, 0)} to ${fixed(1 / f.finalRunShareLow, 0)}.`,
      };
    },
    turns: { key: "otherExperiments", name: "unpublished experiments", unit: "official runs", low: 0.01, high: 20 },
  },
  {
    id: "cost-comparable",
    judge: (f) => {
      const spread = Math.max(f.llamaCloud / f.llamaOwned, f.gpt4Cloud / f.gpt4Owned);
      return {
        verdict: spread < 1.1 ? "holds" : "holds with a condition",
        evidence:
          `Only if all are counted alike, and published figures are not: Llama 3.1 405B moves by ` +
          `${times(f.llamaCloud / f.llamaOwned)} between owning and a cloud, GPT-4 by ${times(f.gpt4Bought / f.gpt4Owned)} ` +
          "between its machines' wear and their purchase.",
      };
    },
    turns: "Figures of all models as hours of the final run, at one price.",
  },
  {
    id: "cost-llama",
    judge: (f) => {
      const [here, wanted] = [f.llamaHours * f.price, claimed("cost-llama", "dollars")];
      const between = wanted >= f.llamaOwned && wanted <= f.llamaCloud;
      return {
        verdict: about(here, wanted, 0.25) ? "holds" : between ? "holds with a condition" : "contradicted",
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
        verdict:
          within(f.gpt4Cloud) || within(f.gpt4Owned)
            ? "holds"
            : within(f.gpt4Stated)
              ? "holds with a condition"
              : "contradicted",
        evidence:
          `${dollars(f.gpt4Owned)} owned, ${dollars(f.gpt4Cloud)} in a cloud: both below. For it speaks one remark, ` +
          `"much more" than ${dollars(f.gpt4Stated)}, on the training of foundation models, at second hand.`,
      };
    },
    turns: { key: "gpt4Cloud", name: "GPT-4's price in a cloud", unit: "dollars", low: 20e6, high: 500e6 },
  },
  {
    id: "cost-fiftieth",
    judge: (f) => {
      const most = Math.max(f.gpt4Owned, f.gpt4Cloud, f.gpt4Stated) / official(f);
      return {
        verdict: most >= 0.9 * claimed("cost-fiftieth", "ratio") ? "holds" : "contradicted",
        evidence:
          `${fixed(f.gpt4Owned / official(f), 0)} to ${fixed(most, 0)} times by published figures. A fiftieth needs a GPT-4 ` +
          `for ${dollars(claimed("cost-fiftieth", "ratio") * official(f))}, two orders of magnitude one for ` +
          `${dollars(10 ** claimed("cost-fiftieth", "orders") * official(f))}. Against Llama 3.1 405B it is ` +
          `${times(f.llamaHours / f.gpuHours)} in hours.`,
      };
    },
    turns: { key: "gpt4Stated", name: "GPT-4's highest figure", unit: "dollars", low: 50e6, high: 1e9 },
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
        verdict: sparsity > 0.5 ? "incomplete" : "holds",
        evidence:
          `Each part was known or small by itself, and all were needed. But they don't weigh alike: of the ` +
          `${times(ratio.hours)} fewer hours than Llama 3.1 405B, ${times(f.llamaActive / f.v3Active)} is fewer active ` +
          `parameters, the mixture of experts alone; arithmetic per GPU-hour is equal (${times(ratio.rate)}).`,
      };
    },
    turns: { key: "v3Active", name: "active parameters of V3", unit: "parameters", low: 10e9, high: 400e9 },
  },
  {
    id: "access-cscs",
    judge: (f) => {
      const share = official(f) / f.cscs;
      const first = about(share, claimed("access-cscs", "share"), 0.2);
      const years = Math.max(f.gpt4Owned, f.gpt4Cloud, f.gpt4Stated) / f.cscs;
      const several = years >= claimed("access-cscs", "years");
      return {
        verdict: first && several ? "holds" : first ? "incomplete" : "contradicted",
        evidence:
          `One run is ${percent(share)} of ${dollars(f.cscs)} a year: right, for the last run alone. Ten are ` +
          `${percent(claimed("access-cscs", "runs") * share)} of all that the centre has. A GPT-4 is ` +
          `${fixed(f.gpt4Owned / f.cscs, 1)} to ${fixed(years, 1)} years of money by published figures, not several.`,
      };
    },
    turns: { key: "cscs", name: "budget of CSCS", unit: "dollars a year", low: 5e6, high: 500e6 },
  },
  {
    id: "access-who",
    judge: (f) => {
      const done = f.apertusFlops / f.v3Flops;
      return {
        verdict: done >= 1 ? "holds with a condition" : "cannot be checked",
        evidence:
          `A public centre has trained with ${times(done)} V3's arithmetic: Apertus 70B. The hours cost ` +
          `${dollars(official(f))}; but all-in it is ${fixed(multipleOf(f), 1)} times that, and whoever owns the machine has ` +
          `paid ${dollars(f.gpus * f.gpuPrice)} for its GPUs. And it takes the people.`,
      };
    },
    turns: { key: "apertusFlops", name: "largest public training", unit: "FLOP", low: 1e23, high: 1e26 },
  },
]);
