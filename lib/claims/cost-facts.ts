/** What the claims about cost, and about who could pay it, are decided by: hours, prices and budgets (lesson 07). */
import { assumedRanges, ourAssumptions, projectModel, visibleResearchShare, type Assumed } from "../economics/all-in";
import { entries, fact, value } from "../economics/facts";
import { trainingCompute } from "../economics/flops";
import { likeliestOf, meansOf } from "../economics/uncertainty";
import { money } from "../notebook/format";
import { claimed, claimFact, findClaim } from "./claims";

const v3 = (key: string) => value("training-runs", "deepseek-v3", key);
const run = (id: string, key: string) => fact("training-runs", id, key);

/** What the claims on cost are judged by; each of these numbers can be changed to see a verdict turn. */
export function costFacts() {
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
export const runsAbove = (amount: number) =>
  entries("training-runs")
    .filter(({ facts }) =>
      ["costCloud", "costAmortised", "costStated"].some(
        (key) => facts[key] !== undefined && facts[key].value >= amount,
      ),
    )
    .map(({ name }) => name)
    .join(", ");

/** The bill: hours at the price. */
export const official = (f: CostFacts) => f.price * f.gpuHours;
export const dollars = (amount: number) => money(amount, "dollars");

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
export function multipleOf(f: CostFacts, at: "low" | "high" | "mean"): number {
  const ranges = rangesOf(f);
  const ends = (end: "low" | "high") =>
    Object.fromEntries(Object.entries(ranges).map(([name, range]) => [name, range[end]])) as Assumed;
  return projectModel().cost(at === "mean" ? meansOf(ranges) : ends(at)).multiple;
}

/** GPT-4 as a multiple of V3's bill, by each figure that there is. */
export const timesV3 = (f: CostFacts, gpt4: number) => gpt4 / official(f);
