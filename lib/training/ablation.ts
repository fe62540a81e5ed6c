/**
 * The ablation: what each idea of DeepSeek-V3 changes under one budget of FLOPs. Recorded runs are read and checked here,
 * and made a table: each variant against V3, in pairs of a seed, with the words "cannot tell" where the seeds leave it
 * open.
 */
import type { AblationRun } from "./ablation-run";

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
