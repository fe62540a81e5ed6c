/**
 * The ablation: what each idea of DeepSeek-V3 changes under one budget of FLOPs. Recorded runs are read and checked here,
 * and made a table: each variant against V3, in pairs of a seed, with the words "cannot tell" where the seeds leave it
 * open.
 */
import { readJson } from "../checkpoint/json-file";
import { tell } from "../checkpoint/shorten";
import { host } from "../host";
import type { Comparison } from "../statistics/comparison";
import { mean } from "../statistics/interval";
import type { AblationRun, RunCosts } from "./ablation-run";
import { compareSeeds, RUN_MEASURES } from "./compare-seeds";

/** The course's own runs, from the project's root. */
export const RECORDED_ABLATION = host.paths.join("data", "ablation");

/** The variant that all others are compared with. */
const WHOLE = "v3";

/** The file of a run. */
export function ablationFile(variant: string, seed: number): string {
  return `${variant}-seed-${seed}.json`;
}

export const INDEX_FILE = "index.json";

/** What must agree for a file to be the run that is planned, as text. */
export function settingsOf({ variant, budgetFlops, heldOut, run }: PlannedRun): string {
  return JSON.stringify({ variant, budgetFlops, heldOut, corpus: run.corpus, options: run.options });
}

type PlannedRun = Pick<AblationRun, "variant" | "budgetFlops" | "heldOut"> & {
  run: Pick<AblationRun["run"], "corpus" | "options">;
};

/** What a folder's index says of a run. */
export interface IndexedRun {
  file: string;
  variant: string;
  seed: number;
  steps: number;
  flops: number;
  /** At the end, by kind of held-out text. */
  bitsPerByte: Record<string, number>;
}

export interface AblationIndex {
  about: string;
  /** Of the runs, each once. */
  commits: string[];
  corpora: string[];
  budgets: number[];
  runs: IndexedRun[];
}

/** The index of some runs, in their order. */
export function ablationIndex(runs: readonly AblationRun[]): AblationIndex {
  const each = <T>(of: (run: AblationRun) => T) => [...new Set(runs.map(of))];
  return {
    about:
      "Runs of npm run ablation, one file each: V3, dense models of its size, and V3 without one idea at a time, all under one budget of FLOPs.",
    commits: each(({ run }) => run.commit),
    corpora: each(({ run }) => run.corpus),
    budgets: each(({ budgetFlops }) => budgetFlops),
    runs: runs.map(({ variant, seed, run, costs, evaluations }) => ({
      file: ablationFile(variant, seed),
      variant,
      seed,
      steps: Number(run.options.steps),
      flops: costs.flops,
      bitsPerByte: evaluations[evaluations.length - 1].bitsPerByte,
    })),
  };
}

/**
 * The runs that a folder's index lists, in its order: those of npm run ablation.
 *
 * @throws if a file is missing or no run, or if the runs cannot be compared (checkComparable)
 */
export function recordedAblation(folder = RECORDED_ABLATION): AblationRun[] {
  const index = host.paths.join(folder, INDEX_FILE);
  const { runs: listed } = readJson(index) as Partial<AblationIndex>;
  if (!Array.isArray(listed) || listed.length === 0) throw new Error(`${index}: it lists no runs`);
  const runs = listed.map(({ file }) => readRun(host.paths.join(folder, String(file))));
  checkComparable(runs);
  return runs;
}

function readRun(file: string): AblationRun {
  const run = readJson(file) as Partial<AblationRun>;
  const whole =
    typeof run.variant === "string" &&
    typeof run.seed === "number" &&
    typeof run.run?.options === "object" &&
    typeof run.costs === "object" &&
    Array.isArray(run.evaluations) &&
    run.evaluations.length > 0;
  if (!whole) throw new Error(`${file}: it is no run of npm run ablation`);
  return run as AblationRun;
}

/** What must be one for all runs of a table. */
const ALIKE: [name: string, of: (run: AblationRun) => unknown][] = [
  ["corpus", ({ run }) => run.corpus],
  ["commit", ({ run }) => run.commit],
  ["budget of FLOPs", ({ budgetFlops }) => budgetFlops],
  ["held-out text", ({ heldOut: { windows, length, seed } }) => ({ windows, length, seed })],
  ["batch", ({ run }) => run.options.batch],
  ["length", ({ run }) => run.options.length],
  ["learning rate", ({ run }) => run.options.learningRate],
];

/** What must be one for all seeds of a variant. */
const ALIKE_OF_VARIANT: typeof ALIKE = [
  ["configuration", ({ run }) => run.config],
  ["options", ({ run }) => ({ ...run.options, seed: undefined })],
];

/**
 * Holds runs to be such that their losses can be compared.
 *
 * @throws if V3 itself is missing, a run is there twice, or one was made in another way than V3, saying in what
 */
export function checkComparable(runs: readonly AblationRun[]): void {
  const whole = runs.find(({ variant }) => variant === WHOLE);
  if (whole === undefined) throw new Error("ablation: there is no run of V3 itself to compare with");
  for (const [i, run] of runs.entries()) {
    const name = `${run.variant}, seed ${run.seed}`;
    const first = runs.findIndex(({ variant, seed }) => variant === run.variant && seed === run.seed);
    if (first !== i) throw new Error(`ablation: ${name} is there twice`);
    holdAlike(name, run, "V3's", whole, ALIKE);
    const ofVariant = runs.find(({ variant }) => variant === run.variant)!;
    holdAlike(name, run, `seed ${ofVariant.seed}'s`, ofVariant, ALIKE_OF_VARIANT);
  }
}

function holdAlike(name: string, run: AblationRun, whose: string, other: AblationRun, alike: typeof ALIKE): void {
  for (const [what, of] of alike) {
    const [own, theirs] = [of(run), of(other)];
    if (JSON.stringify(own) === JSON.stringify(theirs)) continue;
    throw new Error(`ablation: ${name} cannot be compared: its ${what} is ${tell(own)}, ${whose} is ${tell(theirs)}`);
  }
}

/** A variant of the table: all its seeds together. */
export interface AblationRow {
  variant: string;
  title: string;
  change: string;
  /** That were trained, ascending. */
  seeds: number[];
  /** Seeds that V3 was trained with and this variant was not. */
  missing: number[];
  /** Steps of a run: with them its FLOPs come nearest to the budget. */
  steps: number;
  /** On held-out text at the end: the mean over the kinds of text, and over the seeds. */
  bitsPerByte: number;
  /** Beside V3, in pairs of a seed: what is said, and the difference with its interval. Null for V3 itself. */
  loss: Comparison | null;
  /** As of one run; of the measured peaks the highest. */
  costs: RunCosts;
}

/**
 * A row for each variant, V3 first and the others in their order.
 *
 * @param nameOf what a variant is called in "is lower … than …"
 * @throws as checkComparable, and if a variant has no seed in common with V3
 */
export function ablationRows(
  runs: readonly AblationRun[],
  nameOf: (run: AblationRun) => string = ({ title }) => `for ${title}`,
): AblationRow[] {
  checkComparable(runs);
  const of = (variant: string) => runs.filter((run) => run.variant === variant).sort((a, b) => a.seed - b.seed);
  const whole = of(WHOLE);
  const named = (all: AblationRun[]) => ({ name: nameOf(all[0]), runs: all });
  return [...new Set([WHOLE, ...runs.map(({ variant }) => variant)])].map((variant) => {
    const own = of(variant);
    const seeds = own.map(({ seed }) => seed);
    const missing = whole.map(({ seed }) => seed).filter((seed) => !seeds.includes(seed));
    if (missing.length === whole.length) {
      const has = whole.map(({ seed }) => seed).join(", ");
      throw new Error(`ablation: ${variant} has no seed in common with V3: it has ${seeds.join(", ")}, V3 has ${has}`);
    }
    const [{ title, change, run, costs }] = own;
    return {
      variant,
      title,
      change,
      seeds,
      missing,
      steps: Number(run.options.steps),
      bitsPerByte: mean(own.map(RUN_MEASURES.bitsPerByte.of)),
      loss: variant === WHOLE ? null : compareSeeds(named(own), named(whole), RUN_MEASURES.bitsPerByte),
      costs: { ...costs, peakTensorBytes: Math.max(...own.map((each) => each.costs.peakTensorBytes)) },
    };
  });
}
