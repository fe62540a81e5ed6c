/**
 * From the price of the last run to the price of getting there. The parts are explicit, and those that nobody has
 * published are the caller's assumptions. Only one part of the research is visible: experiments whose size the report
 * gives.
 */
import { entries, value } from "./facts";
import { trainingCompute } from "./flops";

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
  infrastructure: number; // share of all computing: storage, network, idle machines, development clusters
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
