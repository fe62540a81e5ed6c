/**
 * From the price of the last run to the price of getting there. The parts are explicit, and those that nobody has
 * published are the caller's assumptions. Only one part of the research is visible: experiments whose size the report
 * gives.
 */
import { entries, fact, value } from "./facts";
import { trainingCompute } from "./flops";
import type { Values } from "./uncertainty";

/** An experiment that a report describes. */
export interface Experiment {
  name: string;
  active: number; // parameters per token
  tokens: number; // of one run
  runs: number;
}

/**
 * The ablations of the DeepSeek-V3 report that say how large and how long they were: tables 4 and 5 and appendix B.1.
 * Each of the twelve runs is counted; if two tables share a baseline, it is fewer.
 */
export function publishedAblations(): Experiment[] {
  return entries("training-runs")
    .filter(({ id }) => id.startsWith("v3-ablation-"))
    .map(({ name, facts }) => ({
      name,
      active: facts.activeParameters.value,
      tokens: facts.tokens.value,
      runs: facts.runs.value,
    }));
}

/** FLOPs of experiments, by 6 · N · D. */
export function experimentFlops(experiments: Experiment[]): number {
  return experiments.reduce((sum, { active, tokens, runs }) => sum + runs * trainingCompute(active, tokens), 0);
}

/** FLOPs of the published ablations as a share of DeepSeek-V3's pre-training, both by 6 · N · D: about 19%. */
export function visibleResearchShare(): number {
  const final = trainingCompute(
    value("training-runs", "deepseek-v3", "activeParameters"),
    value("training-runs", "deepseek-v3", "tokens"),
  );
  return experimentFlops(publishedAblations()) / final;
}

/** What a project takes besides its official run. Shares are of the official run's cost. */
export interface AllInParts {
  official: number; // dollars
  ablations: number; // share: experiments that are published
  research: number; // share: experiments that are not
  failed: number; // share: runs that crashed, diverged or were restarted
  people: number; // researchers and engineers
  salary: number; // dollars per person and year, with everything an employer pays
  years: number; // that they worked on it
  data: number; // dollars: collecting, cleaning, annotating
  infrastructure: number; // share of all computing: storage, idle machines, development clusters
}

export interface AllIn {
  parts: { name: string; dollars: number }[];
  dollars: number;
  multiple: number; // of the official run
}

/** What a project costs, by part and in all. */
export function allIn(p: AllInParts): AllIn {
  const compute = p.official * (1 + p.ablations + p.research + p.failed);
  const parts = [
    { name: "official run", dollars: p.official },
    { name: "published ablations", dollars: p.official * p.ablations },
    { name: "other experiments", dollars: p.official * p.research },
    { name: "failed runs", dollars: p.official * p.failed },
    { name: "people", dollars: p.people * p.salary * p.years },
    { name: "data", dollars: p.data },
    { name: "infrastructure", dollars: compute * p.infrastructure },
  ];
  const dollars = parts.reduce((sum, part) => sum + part.dollars, 0);
  return { parts, dollars, multiple: dollars / p.official };
}

/** What a reader of lesson 07 may choose: the middle of the ranges below. */
export interface ChosenAssumptions {
  price: number; // dollars per GPU-hour
  people: number;
  salary: number; // dollars a year
  years: number;
}

/** What lesson 07 and the audit begin with: the report's price; the rest is our assumption. */
export function ourAssumptions(): ChosenAssumptions {
  return { price: value("training-runs", "deepseek-v3", "price"), people: 150, salary: 100e3, years: 0.6 };
}

/**
 * All that nobody has published of what V3 took, as ranges. A few ends are facts; where it says "assumption", nothing
 * but our judgement stands behind the numbers.
 */
export function assumedRanges({ price, people, salary, years }: ChosenAssumptions) {
  const staff = fact("training-runs", "deepseek-company", "researchStaff");
  const half = (likely: number) => ({ low: likely / 2, likely, high: likely * 2 });
  return {
    "price of a GPU-hour": {
      low: Math.min(price, value("prices", "rent-h100", "lowest2025")),
      likely: price,
      high: Math.max(price, value("prices", "rent-h800", "offer")),
      basis: "lowest H100 contract of 2025; the chosen price; the H800 offer",
    },
    "other experiments": { low: 0.2, likely: 1, high: 4, basis: "assumption, in official runs; beside the published" },
    "failed runs": { low: 0, likely: 0.05, high: 0.3, basis: "assumption; the report says that it never rolled back" },
    people: {
      low: Math.min(people, staff.low!) / 2,
      likely: people,
      high: Math.max(people, staff.high!),
      basis: "the chosen number; counts in the press; half of them on other projects",
    },
    "cost of a person": { ...half(salary), basis: "assumption, dollars a year: half to twice the chosen cost" },
    years: { ...half(years), basis: "the chosen time; V2's report is of May 2024, V3's of December" },
    data: { low: 0.5e6, likely: 2e6, high: 10e6, basis: "assumption, dollars" },
    infrastructure: { low: 0.1, likely: 0.2, high: 0.5, basis: "assumption, share of all computing" },
  };
}

/** A value for each assumption. */
export type Assumed = Values<ReturnType<typeof assumedRanges>>;

/** What the assumptions make of the whole project. The facts are read once, since a Monte Carlo asks thousands of times. */
export function projectModel(): {
  /** All costs, by part. */
  cost: (v: Assumed) => AllIn;
  /** All computing for research and training, in official runs: without people, data and machines at rest. */
  computing: (v: Pick<Assumed, "other experiments" | "failed runs">) => number;
} {
  const hours = value("training-runs", "deepseek-v3", "gpuHours");
  const ablations = visibleResearchShare();
  return {
    cost: (v) =>
      allIn({
        official: v["price of a GPU-hour"] * hours,
        ablations,
        research: v["other experiments"],
        failed: v["failed runs"],
        people: v.people,
        salary: v["cost of a person"],
        years: v.years,
        data: v.data,
        infrastructure: v.infrastructure,
      }),
    computing: (v) => 1 + ablations + v["other experiments"] + v["failed runs"],
  };
}
