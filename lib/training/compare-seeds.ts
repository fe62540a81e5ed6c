/**
 * What recorded runs came to on held-out text, and what a comparison of them can say: seeds of two kinds of run are taken
 * in pairs, and where their differences leave it open which kind is better, the sentence says so.
 */
import { DOMAINS, type Domain } from "../corpus/corpus";
import { compare, type Comparison } from "../statistics/comparison";
import { mean } from "../statistics/interval";
import { maxVio } from "./balance";
import { seedOf, type CurveEvaluation, type RecordedRun } from "./record";
import { mutualInformation } from "./specialisation";

/** A number of a finished run, and how a sentence calls it. */
export interface RunMeasure {
  readonly quantity: string;
  readonly unit?: string;
  readonly digits?: number;
  readonly of: (run: RecordedRun) => number;
}

/** A run's last evaluation. */
export function finalEvaluation({ evaluations }: RecordedRun): CurveEvaluation {
  return evaluations[evaluations.length - 1];
}

/** Tokens of each expert at the end, a row for each sparse layer of the main model: [layer][E]. */
export function finalLoads(run: RecordedRun): number[][] {
  return ofLayers(run, finalEvaluation(run).loads);
}

/** What belongs to the main model's layers, of a list with a place for each router. */
export function ofLayers<T>({ routers }: Pick<RecordedRun, "routers">, perRouter: readonly T[]): T[] {
  return perRouter.filter((_, router) => routers[router] !== "MTP");
}

/** Experts that see less than a tenth of the mean load. */
export function idleExperts(loads: readonly number[]): number {
  return loads.filter((load) => load < 0.1 * mean(loads)).length;
}

/** The share of the tokens that goes to the busiest quarter of the experts. */
export function busiestQuarter(loads: readonly number[]): number {
  const sorted = [...loads].sort((a, b) => b - a);
  return mean(sorted.slice(0, Math.round(loads.length / 4))) / (4 * mean(loads));
}

/** What is compared. Of loads: the mean over the main model's sparse layers. */
export const RUN_MEASURES = {
  bitsPerByte: {
    quantity: "the loss on held-out text",
    unit: "bits per byte",
    of: (run) => mean(DOMAINS.map((domain) => finalEvaluation(run).bitsPerByte[domain])),
  },
  maxVio: {
    quantity: "MaxVio on held-out text",
    digits: 2,
    of: (run) => mean(finalLoads(run).map((loads) => maxVio(loads))),
  },
  idleShare: {
    quantity: "the share of idle experts",
    of: (run) => mean(finalLoads(run).map((loads) => idleExperts(loads) / loads.length)),
  },
  busiestQuarter: {
    quantity: "the share of the busiest quarter of the experts",
    of: (run) => mean(finalLoads(run).map(busiestQuarter)),
  },
  information: {
    quantity: "what an expert gives away of the kind of text",
    unit: "bits",
    of: (run) => {
      const byKind = DOMAINS.map((domain) => ofLayers(run, run.loads![domain])); // [kind][layer][E]
      return mean(byKind[0].map((_, layer) => mutualInformation(byKind.map((layers) => layers[layer]))));
    },
  },
} as const satisfies Record<string, RunMeasure>;

/** The loss on held-out text of one kind. */
export function bitsPerByteIn(domain: Domain): RunMeasure {
  return {
    quantity: `the loss on held-out ${domain}`,
    unit: "bits per byte",
    of: (run) => finalEvaluation(run).bitsPerByte[domain],
  };
}

/** Runs of one kind, by the name that a sentence gives them: "with the bias". */
export interface NamedRuns {
  readonly name: string;
  readonly runs: readonly RecordedRun[];
}

/** Runs of two kinds, one of each for every seed that both have, in the order of the seeds. */
export function pairsOf(a: NamedRuns, b: NamedRuns): [RecordedRun, RecordedRun][] {
  return [...a.runs]
    .sort((x, y) => seedOf(x) - seedOf(y))
    .flatMap((run) =>
      b.runs.filter((other) => seedOf(other) === seedOf(run)).map((other): [RecordedRun, RecordedRun] => [run, other]),
    );
}

/** Says whether runs of one kind are lower or higher than those of another, in pairs of the same seed. */
export function compareSeeds(a: NamedRuns, b: NamedRuns, { of, ...wording }: RunMeasure): Comparison {
  const pairs = pairsOf(a, b);
  return compare(
    { name: a.name, values: pairs.map(([run]) => of(run)) },
    { name: b.name, values: pairs.map(([, run]) => of(run)) },
    { ...wording, of: "seeds", paired: true },
  );
}
